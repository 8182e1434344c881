#pragma once
// Programs that the command line itself starts. Blocking.

#include <sys/types.h>

#include <atomic>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "cli/session/place.hpp"

namespace cli {

enum class Launched : unsigned char { fresh, already_there };

// Starts msctl again as the supervisor of the cluster: in a session of its own, with none of our descriptors, its
// output in logs/supervisor.log. Returns once it answers on its socket, or has said why it cannot.
// Errors: internal (with its reason), timeout.
base::Result<Launched> launch_supervisor(const Place& place);

// Runs argv in `folder` to its end, in a process group of its own, output to `log`, which is emptied first. `group` is
// that group while the program runs, for somebody who wants to end it, and 0 before and after. Returns the native wait
// status. Errors: not_found (no such program).
base::Result<int> run_program(const std::vector<std::string>& argv, const std::filesystem::path& folder,
                              const std::filesystem::path& log, std::atomic<pid_t>& group);

// Replaces this process. Only returns when that fails.
base::Error replace_process(const std::vector<std::string>& argv, const std::vector<std::string>& extra_environment,
                            const std::filesystem::path& folder);

// Waits until a process that is not our child has ended; true when it has.
bool await_process_end(pid_t pid, std::chrono::milliseconds timeout);

}  // namespace cli
