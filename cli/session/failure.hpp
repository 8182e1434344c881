#pragma once
// Prints why a service does not start.

#include "cli/session/place.hpp"
#include "cli/session/standing.hpp"

namespace cli {

// One block on standard error about `cause`, which `standing` gave, with what its present start wrote last or the
// report of its crash, and what the supervisor still knows of its probes.
void report_failure(const Place& place, const Standing& standing, const Standing::Cause& cause);

}  // namespace cli
