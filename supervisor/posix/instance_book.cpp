#include "supervisor/posix/instance_book.hpp"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <csignal>

#include "base/json.hpp"
#include "supervisor/posix/file.hpp"
#include "supervisor/posix/process_tree.hpp"

namespace posix {
namespace {

using ports::ProcessId;
using Found = std::map<pid_t, ProcessId>;

std::vector<ProcessId> recorded(const std::filesystem::path& book) {
  std::vector<ProcessId> ids;
  const auto json = base::parse_json(read_small_file(book.string()));
  if (!json || !json.value().is_object()) return ids;
  const auto boot = json.value().find("boot");
  if (boot == json.value().end() || *boot != boot_id()) return ids;  // start times of another boot mean nothing
  const auto instances = json.value().find("instances");
  if (instances == json.value().end() || !instances->is_object()) return ids;
  for (const auto& [name, one] : instances->items()) {
    if (!one.is_object() || !one.contains("pid") || !one["pid"].is_number_integer()) continue;
    if (!one.contains("start_time") || !one["start_time"].is_number_unsigned()) continue;
    ids.push_back({one["pid"].get<pid_t>(), one["start_time"].get<std::uint64_t>()});
  }
  return ids;
}

void add(Found& found, const ProcessStat& stat) {
  if (!stat.zombie() && stat.id.pid != ::getpid()) found[stat.id.pid] = stat.id;
}

Found find_leftovers(const std::vector<ProcessId>& ids, const std::filesystem::path& state) {
  Found found;
  for (const auto& id : ids) {
    const auto stat = read_stat(id.pid);
    if (!stat || stat->id != id) continue;
    add(found, *stat);
    for (const auto& below : descendants_of(id.pid)) add(found, below);
  }
  for (const pid_t pid : all_processes()) {
    if (environment_value(pid, "MSCTL_STATE") != state.string() || environment_value(pid, "MSCTL_SERVICE").empty()) {
      continue;
    }
    if (const auto stat = read_stat(pid)) add(found, *stat);
    for (const auto& below : descendants_of(pid)) add(found, below);
  }
  return found;
}

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

}  // namespace

base::Result<void> InstanceBook::write(const std::map<std::string, ProcessId>& running) {
  base::Json instances = base::Json::object();
  for (const auto& [name, id] : running) instances[name] = {{"pid", id.pid}, {"start_time", id.start_time}};
  const base::Json book = {{"version", 1}, {"boot", boot_id()}, {"instances", std::move(instances)}};
  return replace_file(file_, base::dump_json(book) + "\n");
}

std::size_t end_leftovers(const std::filesystem::path& book, const std::filesystem::path& state,
                          std::chrono::milliseconds grace) {
  if (!std::filesystem::exists(book)) return 0;
  const auto ids = recorded(book);
  Found found = find_leftovers(ids, state);
  const std::size_t count = found.size();
  for (const auto& [pid, id] : found) {
    send_signal(id, SIGTERM);
    send_signal(id, SIGCONT);
  }
  await_end(found, grace);
  constexpr int rounds = 20;  // for children that appear while their parents are killed
  for (int round = 0; round < rounds; ++round) {
    for (const auto& [pid, id] : find_leftovers(ids, state)) found[pid] = id;
    std::erase_if(found, [](const auto& one) {
      const auto stat = read_stat(one.first);
      return !stat || stat->id != one.second || stat->zombie();
    });
    if (found.empty()) break;
    for (const auto& [pid, id] : found) send_signal(id, SIGKILL);
    await_end(found, std::chrono::milliseconds(1000));
  }
  return count;
}

}  // namespace posix
