#pragma once
// Divides the time that requests took among the services: what each took itself, and what passed on the way to it.
// Pure.
//
// A service's own time is what it took to answer less what its own calls took. The way to a service is what its callers
// waited for its answers less what it says it took for them: connecting, a slow network, its accept queue, the time in
// which it was stopped, and the way back.

#include <string>
#include <vector>

#include "base/json.hpp"
#include "cli/load/metrics.hpp"

namespace load {

struct Facts {
  std::vector<Call> calls;
  std::set<std::string> measured;  // services that measure their calls
  Callers callers;
  base::Json sampled = base::Json::array();  // `own_us` of endpoints by sampled requests, for services that do not
  double seen_count = 0;                     // answers that load waited for
  double seen_us = 0;                        // and for how long in all
};

// Puts "routes", most time first, "calls", "entry" when load's requests can be told from others, and "summary" when
// there is a time to speak of, into `cluster`. Mean times a request:
//   routes: "own_us" (and "own_from": "metrics" or "logs"), "way_us", "share" of the whole time. A service that gave no
//           metrics has a row of what its callers saw, with "way_us" alone and "unmeasured": true.
//   calls:  "caller", "caller_endpoint", "service", "endpoint", "count", "mean_us", "way_us"
//   entry:  "count", "mean_us" as load saw it, "way_us" between load and the cluster, "share"
//   summary: a sentence about where most of it went
void attribute(base::Json& cluster, base::Json routes, const Facts& facts);

}  // namespace load
