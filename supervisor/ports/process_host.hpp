#pragma once
// Starts and ends the processes of instances. One thread; callbacks run on it, never from inside a call to the host.
// A process is named by the pid that spawn() returned until its exit was reported.

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace ports {

struct SpawnSpec {
  std::string service;
  std::vector<std::string> argv;  // argv[0] is looked up in PATH and sbin when it has no '/'
  std::vector<std::string> env;   // NAME=value, the whole environment of the process
  std::filesystem::path folder;   // working folder
  std::filesystem::path log;      // standard output and error are appended here
  std::uint64_t log_from = 0;     // size of that file now, in bytes: what follows is this process's own
};

// How a process ended, as wait(2) reports it: exit 9 and a death by SIGKILL are different things.
struct WaitStatus {
  int native = 0;
  bool success() const { return native == 0; }
};

// "exit code 9" or "signal 9 (SIGKILL)".
std::string describe(WaitStatus status);

// A process for good: pids are used again, a pid and its start time are not until the machine boots again.
struct ProcessId {
  pid_t pid = 0;
  std::uint64_t start_time = 0;  // clock ticks since boot, field 22 of /proc/PID/stat
  bool operator==(const ProcessId&) const = default;
};

class ProcessHost {
 public:
  // `pid` and all that it had started in its session are gone.
  using OnExit = std::function<void(pid_t pid, WaitStatus status)>;

  virtual ~ProcessHost() = default;
  // Set once, before the first spawn.
  virtual void on_exit(OnExit callback) = 0;
  // Returns once the program runs in a session of its own with descriptors 0, 1 and 2 only.
  // Errors: not_found (no such program), permission, unavailable (no more processes), internal.
  virtual base::Result<ProcessId> spawn(const SpawnSpec& spec) = 0;
  // SIGTERM, then SIGCONT, to the process and everything it started.
  virtual void terminate(pid_t pid) = 0;
  // SIGKILL to the same.
  virtual void kill(pid_t pid) = 0;
};

}  // namespace ports
