#pragma once
// Single facts about processes and programs that commands need. Pure reads; thread-safe.

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace machine {

using Environment = std::vector<std::string>;  // NAME=value

Environment own_environment();

// What the process was started with. Errors: not_found (it is gone), permission.
base::Result<Environment> environment_of(pid_t pid);

// Empty when it cannot be read.
std::filesystem::path working_folder_of(pid_t pid);

// The process that traces `pid`, 0 when none does.
pid_t tracer_of(pid_t pid);

// Where the supervisor would find the program: in PATH of `environment`, then in the sbin folders; a name with a slash
// as it is, relative to `folder`. Errors: not_found.
base::Result<std::string> find_program(const std::string& name, const Environment& environment,
                                       const std::filesystem::path& folder);

struct Leftover {
  pid_t pid = 0;
  std::string service;
};

// Processes that were started for the cluster with this state folder.
std::vector<Leftover> processes_of_cluster(const std::filesystem::path& state);

}  // namespace machine
