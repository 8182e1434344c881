#pragma once
// From names of services to where they listen, and from a command line to a document. Pure.

#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "supervisor/control/wire.hpp"

namespace load {

// Puts under `resolved` where the services that the document asks for listen: {"gateway.http": {"ports": [8080]}}, a
// port per instance that is up. Errors: not_found (no such service or port, with what there is), unavailable (none of
// its instances runs).
base::Result<void> resolve_targets(base::Json& document, const std::vector<control::ServiceView>& services);

}  // namespace load
