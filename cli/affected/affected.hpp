#pragma once
// Which services a change affects, and why: by the inputs of their builds, by what the cluster's files say of them now
// and said before, and by the environments that they are deployed to. Pure.

#include <map>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "supervisor/spec/cluster.hpp"

namespace affected {

// What has to be done anew for a service.
struct Effect {
  bool build = false;
  bool test = false;
  bool deploy = false;
  std::vector<std::string> reasons;  // `services/user/main.cpp`, `msctl.yaml: ports`, `environments/staging.yaml: tag`
};

// A caller and whom it calls, when either is built anew: their contract is to be tested.
struct Pair {
  std::string consumer;
  std::string provider;
};

struct Answer {
  std::map<std::string, Effect> services;  // only those affected
  std::vector<Pair> contracts;
  std::vector<std::string> removed;  // services that there were
};

struct Change {
  std::vector<std::string> files;         // absolute
  const spec::Cluster* before = nullptr;  // null: it could not be read
  std::string why_not;                    // then
  // Environment file, relative to the root, to its value before and now; null where there was or is none.
  std::map<std::string, std::pair<base::Json, base::Json>> environments;
  std::vector<std::string> setup_inputs;  // of any environment: what every Dockerfile copies before the sources
};

Answer affected_by(const spec::Cluster& now, const Change& change);

}  // namespace affected
