#pragma once
// `msctl verify invariants`: what must hold over all services, read from the running cluster.

#include <string>
#include <vector>

#include "cli/terminal/document.hpp"

namespace cli {

struct InvariantsOptions {
  std::string since;  // as people type times
  std::vector<std::string> orders;
  std::string wait;  // durations; empty: the default
  std::string bound;
  bool list = false;
  bool require_all = false;
  Format format = Format::table;

  bool any_given() const { return !since.empty() || !orders.empty() || !wait.empty() || !bound.empty(); }
};

// Returns the exit code.
int verify_invariants(const InvariantsOptions& options);

}  // namespace cli
