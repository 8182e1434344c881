#pragma once
// Ends processes that are nobody's any more: a killed supervisor's or a killed keeper's. A process belongs to a family
// when it is one of the roots or descends from one, or when it was started for this state folder (MSCTL_STATE and
// MSCTL_SERVICE in its environment). Blocking; stateless.

#include <chrono>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "supervisor/ports/process_host.hpp"

namespace posix {

// What there was to end: how many processes, and of which instances as far as their environment says so.
struct Ended {
  std::size_t processes = 0;
  std::set<std::string> instances;
};

// SIGTERM to all, after `grace` SIGKILL. `spared` and what descends from them stay.
Ended end_leftovers(const std::vector<ports::ProcessId>& roots, const std::filesystem::path& state,
                    const std::set<pid_t>& spared, std::chrono::milliseconds grace);

// SIGKILL to the family of one instance, but for what descends from `spared`: other keepers, perhaps of the same
// instance during a rolling restart.
void kill_family(const std::vector<ports::ProcessId>& roots, const std::filesystem::path& state,
                 const std::string& instance, const std::set<pid_t>& spared = {});

}  // namespace posix
