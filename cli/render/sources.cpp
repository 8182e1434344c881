#include "cli/render/sources.hpp"

#include <algorithm>
#include <set>

namespace render {

namespace fs = std::filesystem;

std::vector<std::string> sources_of(const fs::path& root, const std::vector<std::string>& globs) {
  std::set<std::string> found;
  for (const auto& glob : globs) {
    fs::path base;
    for (const auto& part : fs::path(glob)) {
      if (part.string().find_first_of("*?[") != std::string::npos) break;
      base /= part;
    }
    std::string path = base.lexically_normal().string();
    while (path.ends_with('/')) path.pop_back();
    if (path.empty()) path = ".";
    std::error_code failed;
    // What a Dockerfile could take for something else is not named in one.
    const bool plain = path.find_first_of("$\\\"'`*?[") == std::string::npos;
    if (path.starts_with("..") || base.is_absolute() || !plain || !fs::exists(root / path, failed)) continue;
    found.insert(path);
  }
  std::vector<std::string> outermost;
  for (const auto& path : found) {
    const auto within = [&](const std::string& outer) { return outer == "." || path.starts_with(outer + "/"); };
    if (std::none_of(outermost.begin(), outermost.end(), within)) outermost.push_back(path);
  }
  return outermost;
}

std::vector<std::string> sources_of(const spec::Cluster& cluster, const spec::Service& service) {
  if (!service.build) return {};
  if (!service.build->inputs.empty()) return sources_of(cluster.root, service.build->inputs);
  return sources_of(cluster.root, {service.folder.lexically_relative(cluster.root).string()});
}

}  // namespace render
