#pragma once
// load_cluster() of cluster.hpp with the program's folder handed in, and with what the values came from. Internal to
// spec.

#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "supervisor/spec/cluster.hpp"
#include "supervisor/spec/layers.hpp"
#include "supervisor/spec/link.hpp"

namespace spec {

struct Loaded {
  Cluster cluster;
  std::unique_ptr<Layers> layers;
  ServiceSources sources;                                           // of the left out ones, too
  std::map<std::string, std::string> env_origins;                   // of cluster.env: `.env:3`
  std::map<std::string, std::map<std::string, std::string>> given;  // service, variable of an env file: `a/.env:3`
  std::set<std::string> secret_env;                                 // of cluster.env: from a file of secrets
  std::map<std::string, std::set<std::string>> secret_given;        // of `given`: the same
  std::vector<std::string> profiles;                                // the chosen ones
};

base::Result<Loaded> load_with(const LoadOptions& options, const std::filesystem::path& bin);

base::Result<Cluster> load_cluster_with(const std::filesystem::path& file, const std::filesystem::path& bin);

// The folder of the running program.
std::filesystem::path program_folder();

}  // namespace spec
