#pragma once
// How a service that is a container image runs: by podman, or else docker, as a process in the foreground.

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "supervisor/ports/prober.hpp"
#include "supervisor/ports/process_host.hpp"
#include "supervisor/spec/cluster.hpp"

namespace app {

// Everything before the image's own arguments. `env` is what the engine's process gets; values of variables stay out
// of the command line, which all users see. Errors: not_found, when neither engine is installed.
base::Result<std::vector<std::string>> container_command(const spec::Cluster& cluster, const spec::Service& service,
                                                         const std::map<std::string, std::string>& env);

// What must be good before such a command is started: the engine's own `info`, which needs its storage or its daemon.
ports::Question engine_question(const ports::SpawnSpec& spawn, const std::filesystem::path& root);

// What removes the container should it be there still: the engine's process was killed, and with docker the container
// is no child of it.
ports::Question container_removal(const ports::SpawnSpec& spawn, const std::filesystem::path& root);

}  // namespace app
