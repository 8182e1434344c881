#pragma once
// Asking a running service for an operation, through the door that chassis services have in a local cluster
// (docs/adr/0023). Blocking.

#include <filesystem>
#include <string>

#include "cli/session/place.hpp"

namespace cli {

// The secret of a local instance's doors, from the configuration that the supervisor wrote for it; empty when it has
// none.
std::string local_secret(const std::filesystem::path& config);

// `request` null asks for the state of things. Any ready instance of the service answers for all of them. Errors:
// not_found (no such operation there), unavailable with the next step, and what the service says.
base::Result<base::Json> operate(const Place& place, const std::vector<control::ServiceView>& views,
                                 const std::string& service, const std::string& operation, const base::Json& request);

}  // namespace cli
