#pragma once
// LoadOptions as JSON, for the way from the command line to the supervisor and for the state folder. Pure.

#include "base/json.hpp"
#include "base/result.hpp"
#include "supervisor/spec/cluster.hpp"

namespace spec {

base::Json to_json(const LoadOptions& options);
// Errors: malformed.
base::Result<LoadOptions> load_options(const base::Json& json);

// Where the cluster in `root` keeps its state: root/.msctl, or a folder of its own below that for a project. Errors:
// invalid, when the project's name is no DNS label.
base::Result<std::filesystem::path> state_folder(const std::filesystem::path& root, const std::string& project);

}  // namespace spec
