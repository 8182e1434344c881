#pragma once
// `up --watch`: builds and restarts services as the inputs of their builds change.

#include <functional>
#include <string>
#include <vector>

#include "cli/session/place.hpp"
#include "cli/session/spawn.hpp"
#include "cli/watch/watcher.hpp"

namespace cli {

// Asks for the restart of one service.
using RestartService = std::function<base::Result<void>(const std::string& service)>;

// Restarts through the supervisor; a service that somebody stopped stays so.
RestartService restart_by(const control::Client& client);

// One round after the other until `stop` is requested: waits for changes, builds the services they concern in the order
// of `wanted` (dependencies first), and restarts each that could be built, and nothing else. A failed build is shown
// and leaves its service running as it was. Prints a line per step; blocking; one thread.
// `watcher` should be opened before the first build, so that no change is missed.
// Errors: unavailable, when the files can be watched no more.
base::Result<void> run_watch(const Place& place, const spec::Cluster& cluster, const std::vector<std::string>& wanted,
                             watch::Watcher& watcher, const RestartService& restart, const Cancel& stop);

// The same with a watcher of its own and the cluster's supervisor.
base::Result<void> run_watch(const Place& place, const spec::Cluster& cluster, const std::vector<std::string>& wanted,
                             const Cancel& stop);

}  // namespace cli
