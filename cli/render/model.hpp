#pragma once
// What templates are filled from: the cluster that `up` runs, as it looks in containers of an environment, as one JSON
// object. Its keys are listed in docs/deploy.md. Pure but for reading the files that the cluster is built from.

#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "cli/render/environment.hpp"
#include "supervisor/spec/cluster.hpp"

namespace render {

struct Model {
  base::Json value;
  std::vector<std::string> notes;  // what has no equivalent or deserves a second thought, one sentence each
};

// Errors: invalid, all mistakes with a line each: what cannot run in a container, and what the environment must say.
base::Result<Model> make_model(const spec::Cluster& cluster, const Environment& environment);

}  // namespace render
