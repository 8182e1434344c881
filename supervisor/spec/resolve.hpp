#pragma once
// resolve() of cluster.hpp with the environment handed in. Internal to spec; pure.

#include <functional>
#include <optional>
#include <string>

#include "supervisor/spec/cluster.hpp"

namespace spec {

using Environment = std::function<std::optional<std::string>(const std::string& name)>;

base::Result<std::string> resolve_with(const Cluster& cluster, const std::string& service, const std::string& text,
                                       const Environment& environment);

}  // namespace spec
