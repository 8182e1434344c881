#pragma once
// `up --sanitize SERVICE=KIND`: that service is built by the sanitized build of its file and runs what that makes.
// Internal to spec; pure.

#include <map>
#include <string>

#include "supervisor/spec/cluster.hpp"

namespace spec {

// Errors: invalid, when a service or kind is unknown or the service says no way to build it so.
base::Result<void> apply_sanitizers(Cluster& cluster, const std::map<std::string, std::string>& kinds);

}  // namespace spec
