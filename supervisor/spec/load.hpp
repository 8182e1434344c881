#pragma once
// load_cluster() of cluster.hpp with the program's folder handed in. Internal to spec.

#include <filesystem>

#include "supervisor/spec/cluster.hpp"

namespace spec {

base::Result<Cluster> load_cluster_with(const std::filesystem::path& file, const std::filesystem::path& bin);

}  // namespace spec
