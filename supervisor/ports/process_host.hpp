#pragma once
// Starts and ends the processes of instances, each through a keeper of its own that outlives the supervisor. One
// thread; the listener is called on it, never from inside a call to the host. What becomes of an instance is named by
// its slot: a name that is used for one keeper only.

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "supervisor/spec/cluster.hpp"

namespace ports {

using Slot = std::string;

// INSTANCE@N, where N tells the keepers of a cluster apart: what a slot is made of, and back. A name that is no slot is
// of generation 0.
Slot slot_of(const std::string& instance, std::uint64_t generation);
std::string instance_of(const Slot& slot);
std::uint64_t generation_of(const Slot& slot);

// A listening socket that the process inherits. The descriptor is lent.
struct HeldSocket {
  std::string name;
  int fd = -1;
};

struct SpawnSpec {
  std::string service;
  std::string instance;
  std::vector<std::string> argv;  // argv[0] is looked up in PATH and sbin when it has no '/'
  std::vector<std::string> env;   // NAME=value, the whole environment of the process
  std::filesystem::path folder;   // working folder
  std::filesystem::path log;      // standard output and error are appended here
  std::uint64_t log_from = 0;     // size of that file now, in bytes
  spec::LogKeeping logs;
  spec::Resources resources;
  std::vector<HeldSocket> sockets;
  std::string memo;  // kept by the keeper and given back in Found
};

// How a process ended, as wait(2) reports it: exit 9 and a death by SIGKILL are different things.
struct WaitStatus {
  int native = 0;
  bool success() const { return native == 0; }
  // The code of a process that exited by itself.
  std::optional<int> exit_code() const;
};

// "exit code 9" or "signal 9 (SIGKILL)".
std::string describe(WaitStatus status);

// A process for good: pids are used again, a pid and its start time are not until the machine boots again.
struct ProcessId {
  pid_t pid = 0;
  std::uint64_t start_time = 0;  // clock ticks since boot, field 22 of /proc/PID/stat
  bool operator==(const ProcessId&) const = default;
};

struct Spawned {
  ProcessId process;
  pid_t keeper = 0;
  std::uint64_t since_us = 0;  // wall clock, microseconds since 1970
  base::Monotonic since;
};

// A keeper that an earlier supervisor left.
struct Found {
  Slot slot;
  std::string memo;
  std::optional<Spawned> running;  // also when it ended meanwhile, together with `ended`
  std::optional<WaitStatus> ended;
  bool terminating = false;           // it was asked to end
  std::vector<std::string> notified;  // what the process said through NOTIFY_SOCKET
  std::vector<HeldSocket> sockets;    // owned by the receiver
};

class ProcessHost {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void spawned(const Slot& slot, const Spawned& what) = 0;
    // Errors: not_found (no such program), permission, unavailable, internal. The slot is free again.
    virtual void spawn_failed(const Slot& slot, const base::Error& error) = 0;
    // The process and all that it had started are gone. `note` says what there is to know beside the status.
    virtual void exited(const Slot& slot, WaitStatus status, const std::string& note) = 0;
    // A datagram of the sd_notify protocol.
    virtual void notified(const Slot& slot, const std::string& text) = 0;
  };

  virtual ~ProcessHost() = default;
  // Set once, before the first spawn.
  virtual void listen(Listener& listener) = 0;
  // Runs the program in a session of its own with descriptors 0, 1, 2 and the held sockets only. A slot without a
  // keeper gets one. Answered by spawned() or spawn_failed().
  virtual void spawn(const Slot& slot, const SpawnSpec& spec) = 0;
  // SIGTERM, then SIGCONT, to the process and everything it started.
  virtual void terminate(const Slot& slot) = 0;
  // SIGKILL to the same.
  virtual void kill(const Slot& slot) = 0;
  // A fault, from outside: SIGKILL to the first process alone, as anybody may send it; nobody has asked for its end.
  virtual void shoot(const Slot& slot) = 0;
  // SIGSTOP to the process and everything it started, until resume(), SIGCONT. When the supervisor is gone, the keeper
  // resumes it.
  virtual void suspend(const Slot& slot) = 0;
  virtual void resume(const Slot& slot) = 0;
  // Replaces the memo.
  virtual void remember(const Slot& slot, const std::string& memo) = 0;
  // The keeper ends, and with it its hold on the sockets. Nothing may run in it.
  virtual void release(const Slot& slot) = 0;
};

}  // namespace ports
