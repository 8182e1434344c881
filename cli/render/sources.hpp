#pragma once
// What of the workspace a build needs: the folders and files that its inputs name. Reads the disk.

#include <filesystem>
#include <string>
#include <vector>

#include "supervisor/spec/cluster.hpp"

namespace render {

// Paths relative to `root`, sorted, none within another one: of each glob the part without wildcards, when that is
// there and below the root.
std::vector<std::string> sources_of(const std::filesystem::path& root, const std::vector<std::string>& globs);

// Of the service's build: its inputs, or its own folder.
std::vector<std::string> sources_of(const spec::Cluster& cluster, const spec::Service& service);

}  // namespace render
