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

// SIGTERM to all, after `grace` SIGKILL; returns how many there were. `spared` and what descends from them stay.
std::size_t end_leftovers(const std::vector<ports::ProcessId>& roots, const std::filesystem::path& state,
                          const std::set<pid_t>& spared, std::chrono::milliseconds grace);

// SIGKILL to the family of one instance, but for what descends from `spared`: other keepers, perhaps of the same
// instance during a rolling restart.
void kill_family(const std::vector<ports::ProcessId>& roots, const std::filesystem::path& state,
                 const std::string& instance, const std::set<pid_t>& spared = {});

}  // namespace posix
