#pragma once
// Processes as /proc shows them. Pure reads but for send_signal; thread-safe. A process that ends while it is read
// counts as gone.

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "supervisor/ports/process_host.hpp"

namespace posix {

struct ProcessStat {
  ports::ProcessId id;
  pid_t parent = 0;
  pid_t group = 0;
  pid_t session = 0;
  char state = '?';  // R, S, D, T, Z, … as in proc(5)
  bool zombie() const { return state == 'Z' || state == 'X'; }
};

std::optional<ProcessStat> read_stat(pid_t pid);

// Direct children of all threads of `pid`.
std::vector<pid_t> children_of(pid_t pid);

// `pid`'s children, their children and so on, without `pid`; zombies included.
std::vector<ProcessStat> descendants_of(pid_t pid);

// Every process of this machine that can be seen.
std::vector<pid_t> all_processes();

// Value of a variable in the environment the process was started with; empty when it cannot be read.
std::string environment_value(pid_t pid, const std::string& name);

// Command line with spaces between arguments, control characters replaced, at most 120 bytes.
std::string command_line(pid_t pid);

// Sends through a pidfd after the start time was checked, so a stranger with a reused pid is never hit.
// True when the process was still there.
bool send_signal(const ports::ProcessId& id, int signal);

// An id of this boot of the machine: start times from another one mean nothing.
std::string boot_id();

}  // namespace posix
