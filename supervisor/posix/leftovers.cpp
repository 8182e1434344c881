#include "supervisor/posix/leftovers.hpp"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <map>

#include "supervisor/posix/file.hpp"
#include "supervisor/posix/process_tree.hpp"

namespace posix {
namespace {

using ports::ProcessId;
using Found = std::map<pid_t, ProcessId>;

constexpr int kill_rounds = 20;  // for children that appear while their parents are killed
constexpr std::chrono::milliseconds kill_wait{1'000};

struct Search {
  const std::vector<ProcessId>& roots;
  const std::filesystem::path& state;
  std::set<pid_t> spared;
  std::string instance;  // empty: any

  void add(Found& found, const ProcessStat& stat) const {
    if (!stat.zombie() && stat.id.pid != ::getpid() && !spared.contains(stat.id.pid)) found[stat.id.pid] = stat.id;
  }

  void add_family(Found& found, pid_t pid) const {
    if (const auto stat = read_stat(pid)) add(found, *stat);
    for (const auto& below : descendants_of(pid)) add(found, below);
  }

  Found run() const {
    Found found;
    for (const auto& id : roots) {
      const auto stat = read_stat(id.pid);
      if (stat && stat->id == id) add_family(found, id.pid);
    }
    for (const pid_t pid : all_processes()) {
      if (spared.contains(pid) || environment_value(pid, "MSCTL_STATE") != state.string()) continue;
      const std::string of = environment_value(pid, "MSCTL_INSTANCE");
      if (of.empty() || (!instance.empty() && of != instance)) continue;
      add_family(found, pid);
    }
    // Anew, for those that were born while this looked.
    for (const pid_t keeper : spared) {
      for (const auto& below : descendants_of(keeper)) found.erase(below.id.pid);
    }
    return found;
  }
};

// True when all are gone in time.
bool await_end(const Found& found, std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  for (const auto& [pid, id] : found) {
    const Descriptor handle(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    const auto stat = read_stat(pid);
    if (!handle || !stat || stat->id != id || stat->zombie()) continue;
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd ended{handle.get(), POLLIN, 0};
    if (::poll(&ended, 1, std::max<int>(0, static_cast<int>(left.count()))) <= 0) return false;
  }
  return true;
}

void kill_all(const Search& search, Found found) {
  for (int round = 0; round < kill_rounds; ++round) {
    for (const auto& [pid, id] : search.run()) found[pid] = id;
    std::erase_if(found, [](const auto& one) {
      const auto stat = read_stat(one.first);
      return !stat || stat->id != one.second || stat->zombie();
    });
    if (found.empty()) return;
    for (const auto& [pid, id] : found) send_signal(id, SIGKILL);
    await_end(found, kill_wait);
  }
}

}  // namespace

Ended end_leftovers(const std::vector<ProcessId>& roots, const std::filesystem::path& state,
                    const std::set<pid_t>& spared, std::chrono::milliseconds grace) {
  Search search{roots, state, spared, {}};
  for (const pid_t keeper : spared) {
    for (const auto& below : descendants_of(keeper)) search.spared.insert(below.id.pid);
  }
  const Found found = search.run();
  Ended ended{found.size(), {}};
  for (const auto& [pid, id] : found) {
    ended.instances.insert(environment_value(pid, "MSCTL_INSTANCE"));
    send_signal(id, SIGTERM);
    send_signal(id, SIGCONT);
  }
  await_end(found, grace);
  kill_all(search, found);
  ended.instances.erase("");
  return ended;
}

void kill_family(const std::vector<ProcessId>& roots, const std::filesystem::path& state, const std::string& instance,
                 const std::set<pid_t>& spared) {
  kill_all(Search{roots, state, spared, instance}, {});
}

}  // namespace posix
