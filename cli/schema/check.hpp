#pragma once
// `msctl schema check`: the versions of each event against each other, and what is published against git.

#include <string>
#include <vector>

#include "base/result.hpp"
#include "cli/schema/events.hpp"

namespace schema {

struct Finding {
  std::string event;
  std::string service;
  std::string rule;  // of diff.hpp or Fault::rule, PUBLISHED_SCHEMA_CHANGED or PUBLISHED_SCHEMA_DELETED
  std::string file;
  std::string field;  // items[].sku
  std::string pointer;
  std::string message;
  std::vector<std::string> breaks = {};  // consumers
};

struct Outcome {
  std::vector<Event> events;  // those that were looked at
  std::vector<Finding> findings;
};

// `names` are events or services; empty: all. `rev` empty: nothing is compared with git. Errors: as read_catalogue and
// affected::difference; not_found for a name that is none.
base::Result<Outcome> check(const spec::Cluster& cluster, const std::vector<std::string>& names,
                            const std::string& rev);

// What there is of those names. Errors: as check.
base::Result<Catalogue> catalogue_of(const spec::Cluster& cluster, const std::vector<std::string>& names);

// The pairs that a mode compares, each as the versions of writer and reader.
std::vector<std::pair<const Version*, const Version*>> pairs_of(const Event& event);

}  // namespace schema
