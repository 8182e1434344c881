#include "supervisor/posix/process_host.hpp"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "supervisor/posix/file.hpp"
#include "supervisor/posix/launch.hpp"

namespace posix {
namespace {

// New members can appear while the old ones are killed; a fork bomb loses after a few rounds, since every round first
// stops all it sees.
constexpr int kill_rounds = 50;

}  // namespace

ProcessHost::ProcessHost(boost::asio::io_context& io) : io_(io), child_signal_(io, SIGCHLD) {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  await_child();
}

base::Result<ports::ProcessId> ProcessHost::spawn(const ports::SpawnSpec& spec) {
  TRY(const Descriptor log, open_log(spec.log));
  TRY(const pid_t pid, launch(io_, spec, log.get()));
  instances_[pid] = Instance{spec.service};
  const auto stat = read_stat(pid);  // unreaped, so it is there even if it has ended
  return ports::ProcessId{pid, stat ? stat->id.start_time : 0};
}

void ProcessHost::terminate(pid_t pid) {
  const auto found = instances_.find(pid);
  if (found == instances_.end()) return;
  if (found->second.phase == Phase::running) found->second.phase = Phase::terminating;
  signal_all(pid, found->second, SIGTERM);
  signal_all(pid, found->second, SIGCONT);  // a stopped process cannot act on SIGTERM
}

void ProcessHost::kill(pid_t pid) {
  const auto found = instances_.find(pid);
  if (found == instances_.end()) return;
  if (found->second.phase != Phase::draining) found->second.phase = Phase::killing;
  kill_all(pid, found->second);
}

void ProcessHost::await_child() {
  child_signal_.async_wait([this](boost::system::error_code error, int /*signal*/) {
    if (error) return;
    reap();
    await_child();
  });
}

void ProcessHost::reap() {
  for (;;) {
    siginfo_t info{};
    // Peek first: until it is reaped, the pid and the group's id cannot be used again.
    if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) break;
    if (instances_.contains(info.si_pid)) {
      first_process_ended(info.si_pid);
    } else {
      ::waitpid(info.si_pid, nullptr, WNOHANG);
    }
  }
  report_drained();
}

void ProcessHost::first_process_ended(pid_t pid) {
  Instance& instance = instances_.at(pid);
  // What a crash leaves behind may hold the ports that the next start needs.
  if (instance.phase == Phase::running || instance.phase == Phase::killing) kill_all(pid, instance);
  int native = 0;
  ::waitpid(pid, &native, 0);
  instance.status.native = native;
  instance.phase = Phase::draining;
}

void ProcessHost::report_drained() {
  std::vector<std::pair<pid_t, ports::WaitStatus>> gone;
  for (const auto& [pid, instance] : instances_) {
    if (instance.phase != Phase::draining || !alive_members(pid, instance).empty()) continue;
    gone.emplace_back(pid, instance.status);
  }
  for (const auto& [pid, status] : gone) instances_.erase(pid);
  for (const auto& [pid, status] : gone) on_exit_(pid, status);
}

std::vector<ProcessStat> ProcessHost::members(pid_t pid, const Instance& instance) const {
  std::vector<ProcessStat> found;
  if (instance.phase != Phase::draining) found = descendants_of(pid);
  for (const pid_t child : children_of(::getpid())) {
    if (instances_.contains(child)) continue;
    const auto orphan = read_stat(child);
    if (!orphan) continue;
    if (orphan->session != pid && environment_value(child, "MSCTL_SERVICE") != instance.service) continue;
    found.push_back(*orphan);
    for (auto& below : descendants_of(child)) found.push_back(below);
  }
  return found;
}

std::vector<ProcessStat> ProcessHost::alive_members(pid_t pid, const Instance& instance) const {
  auto found = members(pid, instance);
  std::erase_if(found, [](const ProcessStat& stat) { return stat.zombie(); });
  return found;
}

void ProcessHost::signal_all(pid_t pid, const Instance& instance, int signal) const {
  const auto others = alive_members(pid, instance);
  if (instance.phase != Phase::draining) ::kill(-pid, signal);  // ours and unreaped: the group is the right one
  for (const auto& stat : others) {
    if (instance.phase == Phase::draining || stat.group != pid) send_signal(stat.id, signal);
  }
}

void ProcessHost::kill_all(pid_t pid, const Instance& instance) const {
  for (int round = 0; round < kill_rounds; ++round) {
    signal_all(pid, instance, SIGSTOP);
    signal_all(pid, instance, SIGKILL);
    if (alive_members(pid, instance).empty()) return;
  }
}

void ProcessHost::end_everything() {
  for (int round = 0; round < kill_rounds; ++round) {
    const auto left = descendants_of(::getpid());
    if (left.empty()) return;
    for (const auto& stat : left) send_signal(stat.id, SIGSTOP);
    for (const auto& stat : left) send_signal(stat.id, SIGKILL);
    while (::waitpid(-1, nullptr, 0) > 0) {
    }
    if (errno == ECHILD) return;
  }
}

}  // namespace posix
