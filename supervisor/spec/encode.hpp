#pragma once
// From values to keys: the opposite of decode. Internal to spec; pure.

#include "base/json.hpp"
#include "supervisor/spec/cluster.hpp"

namespace spec {

// All keys of the service with their defaults; texts as they are in it. `folder` is relative to the cluster's root.
base::Json encode_service(const Cluster& cluster, const Service& service);

}  // namespace spec
