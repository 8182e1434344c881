#pragma once
// What disturbs a cluster on purpose does so alone: two drills would blame each other's faults, and a check of `verify`
// that is hit by a drill says nothing about its pattern.

#include "base/result.hpp"
#include "cli/files/lock.hpp"
#include "cli/session/place.hpp"

namespace cli {

// Held until it is destroyed or its holder has ended. Errors: conflict, while another one holds it; internal.
base::Result<files::Lock> take_cluster(const Place& place);

}  // namespace cli
