#pragma once
// `up --mock SERVICE`: in place of that service runs a stub of it, made from the contracts of its consumers. Internal
// to spec, but for contract_folders; pure.

#include <filesystem>
#include <string>
#include <vector>

#include "supervisor/spec/cluster.hpp"

namespace spec {

// Where the cluster's Pact files are: `contracts/pacts` in each service's folder and at the root.
std::vector<std::filesystem::path> contract_folders(const Cluster& cluster);

// Name, ports, held sockets, routes, registry entry and logs stay; the command is msctl's own stub, nothing is required
// and nothing is built. Errors: invalid, when a service is unknown or external.
base::Result<void> apply_mocks(Cluster& cluster, const std::vector<std::string>& names);

}  // namespace spec
