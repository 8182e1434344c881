#pragma once
// The state folder `.msctl` of a cluster on disk: its layout, the lock that makes a supervisor the only one, and what
// a service gets written there before it starts.
//
//   .msctl/.gitignore   run/NAME.json (MSCTL_CONFIG of an instance)   run/instances.json (what is known of each)
//   run/launch.json, ports.json      run/keepers/NAME@N.sock, .notify
//   logs/NAME.log       control/supervisor.sock, supervisor.lock    data/… (the services' own)

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "supervisor/ports/process_host.hpp"
#include "supervisor/posix/file.hpp"
#include "supervisor/spec/cluster.hpp"

namespace app {

// Makes the folders, each closed to other users. Errors: permission, internal.
base::Result<void> make_workspace(const std::filesystem::path& state);

// Keeps the folder out of `git status`. Only for who holds the lock.
base::Result<void> hide_from_git(const std::filesystem::path& state);

// Errors: conflict when another supervisor has it.
base::Result<posix::Descriptor> lock_workspace(const std::filesystem::path& state);

std::filesystem::path keepers_path(const std::filesystem::path& state);
std::filesystem::path launch_path(
    const std::filesystem::path& state);  // how the cluster was started, LoadOptions as JSON
std::filesystem::path book_path(const std::filesystem::path& state);
std::filesystem::path log_path(const std::filesystem::path& state, const std::string& service);

// Resolves the command and environment of a service, writes its configuration file and makes its data folder. The
// environment is `inherited` and on top PATH-like what the service declares, PORT_<NAME> for each port,
// MSCTL_SERVICE, MSCTL_INSTANCE, MSCTL_CONFIG and MSCTL_STATE. Errors: malformed (an unknown ${…}), internal.
base::Result<ports::SpawnSpec> plan_spawn(const spec::Cluster& cluster, const spec::Service& service,
                                          const std::vector<std::string>& inherited);

}  // namespace app
