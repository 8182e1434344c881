#pragma once
// `msctl api check`: the interface of each service in the work tree against the one it had in git.

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "cli/api/finding.hpp"
#include "cli/api/model.hpp"
#include "supervisor/spec/cluster.hpp"

namespace api {

// One service's interface as files say it.
struct Checked {
  std::string service;
  std::vector<std::string> files;  // what was compared, relative to the root
  std::vector<Finding> findings;
};

struct Outcome {
  std::string base;               // the commit
  std::vector<Checked> services;  // those that have or had an interface
};

// `services` empty: all. `rev` is where the work tree is compared from: the commit that it and HEAD have in common.
// Errors: as affected::difference, and malformed for a proto file or compatibility.yaml that cannot be read.
base::Result<Outcome> check(const spec::Cluster& cluster, const std::string& rev,
                            const std::vector<std::string>& services);

// The .proto files below FOLDER/proto, relative to `root`, sorted.
std::vector<std::string> proto_files(const std::filesystem::path& root, const std::filesystem::path& folder);

// Who breaks when that service does: who calls it by `calls`, and the callers of public routes.
std::vector<std::string> consumers_of(const spec::Cluster& cluster, const std::string& service);

// The OpenAPI document of a service, a file that its tests keep up to date.
inline constexpr auto openapi_file = "openapi.json";

}  // namespace api
