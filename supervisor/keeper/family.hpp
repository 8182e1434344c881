#pragma once
// The process of an instance and everything it started, seen from the keeper, which is their parent and the reaper of
// whatever they leave behind (PR_SET_CHILD_SUBREAPER): so all descendants of the keeper are the family, also after a
// double fork and setsid. One thread, one per process, because it reaps every child.

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "supervisor/ports/process_host.hpp"

namespace keeper {

// How the first process is started: everything is ready to be used between fork and exec.
struct Start {
  std::string program;  // path, as for execve
  std::vector<std::string> argv;
  std::vector<std::string> env;
  std::string folder;
  int out = -1;
  int err = -1;
  std::vector<int> sockets;          // become descriptors 3, 4, …
  std::string socket_names;          // LISTEN_FDNAMES
  std::int64_t open_files = 0;       // RLIMIT_NOFILE, 0 = as it is
  std::int64_t memory_bytes = 0;     // RLIMIT_DATA, 0 = as it is
  std::vector<std::string> cgroups;  // cgroup.procs files to enter
};

class Family {
 public:
  enum class Phase : std::uint8_t { none, running, terminating, killing, draining };

  // Becomes the subreaper.
  Family();

  // In a session of its own, with /dev/null as 0, `out` and `err`, the sockets and no other descriptor, default
  // signals. Errors: with what could not be done; the message is for the user.
  base::Result<ports::ProcessId> start(const Start& start);
  void terminate();
  void kill();
  // SIGSTOP, and SIGCONT, to all of them. A process that ends while it is stopped is only seen to end.
  void suspend() const;
  void resume() const;

  // Reaps what has ended. The first process's status once all of the family are gone.
  std::optional<int> reap();

  Phase phase() const { return phase_; }
  bool runs() const { return phase_ != Phase::none; }
  const ports::ProcessId& first() const { return first_; }
  // Somebody asked for its end; also once it has come, until the next start.
  bool terminating() const { return stopping_; }

 private:
  void first_ended();
  bool anybody_left() const;
  void signal_all(int signal) const;
  void kill_all() const;

  Phase phase_ = Phase::none;
  ports::ProcessId first_;
  bool stopping_ = false;
  int status_ = 0;
};

}  // namespace keeper
