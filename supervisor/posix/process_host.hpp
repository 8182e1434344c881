#pragma once
// Real processes. Makes this process the reaper of everything its children leave behind (PR_SET_CHILD_SUBREAPER), so
// that a daemonised grandchild cannot get away. One per process, because it reaps every child; io_context's thread.
//
// A process belongs to an instance when it descends from the instance's first process, is in its session, or carries
// its MSCTL_SERVICE in its environment (after a double fork and setsid).

#include <map>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include "supervisor/ports/process_host.hpp"
#include "supervisor/posix/process_tree.hpp"

namespace posix {

class ProcessHost final : public ports::ProcessHost {
 public:
  explicit ProcessHost(boost::asio::io_context& io);

  void on_exit(OnExit callback) override { on_exit_ = std::move(callback); }
  base::Result<ports::ProcessId> spawn(const ports::SpawnSpec& spec) override;
  void terminate(pid_t pid) override;
  void kill(pid_t pid) override;

  // Kills and reaps every descendant of this process. For the very end; blocks for as long as the kernel needs.
  void end_everything();

 private:
  enum class Phase : std::uint8_t { running, terminating, killing, draining };

  struct Instance {
    std::string service;
    Phase phase = Phase::running;
    ports::WaitStatus status = {};  // set in phase draining: the first process is reaped, others of it live
  };

  void await_child();
  void reap();
  void first_process_ended(pid_t pid);
  void report_drained();
  std::vector<ProcessStat> members(pid_t pid, const Instance& instance) const;
  std::vector<ProcessStat> alive_members(pid_t pid, const Instance& instance) const;
  void signal_all(pid_t pid, const Instance& instance, int signal) const;
  void kill_all(pid_t pid, const Instance& instance) const;

  boost::asio::io_context& io_;
  boost::asio::signal_set child_signal_;
  OnExit on_exit_;
  std::map<pid_t, Instance> instances_;  // by their first process
};

}  // namespace posix
