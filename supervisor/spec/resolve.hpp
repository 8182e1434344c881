#pragma once
// resolve() of cluster.hpp with what lies outside of the cluster handed in. Internal to spec; pure.

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "supervisor/spec/cluster.hpp"

namespace spec {

struct Outside {
  std::function<std::optional<std::string>(const std::string& name)> variable;
  std::function<base::Result<std::string>(const std::filesystem::path& file)> content;
  // true: the result is text for a cluster file again: ${port:…} stays while its number is 0, and what must not be
  // taken for a replacement is escaped.
  bool for_file = false;
  // In place of a variable's default, when it is used; none: the default itself.
  std::function<std::string(const std::string& name, const std::string& fallback)> fallback;
};

// The process's environment, then the cluster's; files as they are. `cluster` is lent.
Outside real_outside(const Cluster& cluster);

// The text with every ${ escaped, so that resolve() gives it back.
std::string as_literal(const std::string& text);

// A file's absolute path from how ${file:PATH} names it.
std::filesystem::path file_path(const Cluster& cluster, const std::string& name);

base::Result<std::string> resolve_with(const Cluster& cluster, const std::string& service, const std::string& text,
                                       const Outside& outside);

// The absolute paths of all ${file:…} in a text whose other parts can be resolved.
std::vector<std::string> files_of(const Cluster& cluster, const std::string& service, const std::string& text);

// The part of check_environment() that is about secrets: every file that holds one is closed to others.
base::Result<void> check_secret_files(const Cluster& cluster, const std::vector<std::string>& services);

}  // namespace spec
