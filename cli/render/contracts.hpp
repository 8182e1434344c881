#pragma once
// Which services have contracts with each other, for the pipelines. Reads the Pact files of the services.

#include <set>
#include <string>

#include "supervisor/spec/cluster.hpp"

namespace render {

// Consumers and providers of the Pact files at contracts/pacts of the services, as far as they are services themselves.
std::set<std::string> services_with_contracts(const spec::Cluster& cluster);

// Lines for a shell that verify the contracts of $SERVICE; empty when no service has any.
std::string contract_test_line(const spec::Cluster& cluster, const std::string& msctl);

}  // namespace render
