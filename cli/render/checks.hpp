#pragma once
// What must hold between rendered objects, whichever form made them: looked at before anything is written. Each rule
// has a name, so that a message says what is broken and docs/deploy.md can list them. Pure.

#include <string>
#include <vector>

#include "cli/render/targets.hpp"

namespace render {

struct Broken {
  std::string rule;
  std::string path;  // of the rendered file
  std::string message;
};

// `model` tells which calls are declared. `whole`: all services were rendered, so that what is not there is missing.
std::vector<Broken> cross_check(const std::vector<Object>& objects, const base::Json& model, bool whole);

// Names of all rules, in the order they are looked at.
std::vector<std::string> rule_names();

}  // namespace render
