#pragma once
// What a compiler really read for a service, as ninja noted it down, against the inputs that the service names. Reads
// the build folder; asks ninja.

#include <string>
#include <vector>

#include "base/result.hpp"
#include "supervisor/spec/cluster.hpp"

namespace affected {

struct Compiled {
  std::string service;
  std::size_t files = 0;             // of the workspace that went into its program
  std::vector<std::string> missing;  // those that none of its inputs names, relative to the root
  std::string skipped;               // why nothing is known of it, or empty
};

// For each of `services` (empty: all) that has a build. Errors: not_found without ninja.
base::Result<std::vector<Compiled>> compare_inputs(const spec::Cluster& cluster,
                                                   const std::vector<std::string>& services);

}  // namespace affected
