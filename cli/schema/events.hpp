#pragma once
// The schemas of events as files: FOLDER/events/TYPE.vN.schema.json of the service that publishes TYPE. Reads files;
// otherwise pure.

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "cli/api/preferences.hpp"
#include "cli/schema/diff.hpp"
#include "supervisor/spec/cluster.hpp"

namespace schema {

enum class Mode : std::uint8_t {
  none,
  backward,
  backward_transitive,
  forward,
  forward_transitive,
  full,
  full_transitive
};

std::string_view name_of(Mode mode);
// Errors: invalid, with the modes that there are.
base::Result<Mode> mode_of(const std::string& name);

struct Version {
  int number = 0;
  std::string file;  // relative to the root
  base::Json schema;
};

struct Event {
  std::string type;
  std::string service;  // that publishes it
  Mode mode = Mode::full_transitive;
  Policy policy = Policy::extensible;
  std::vector<Version> versions;                  // by number
  std::vector<std::string> consumers;             // services
  std::map<std::string, std::vector<int>> knows;  // consumers to the versions they know, of those whose sources say so
};

// A file that is no good, or an event without one.
struct Fault {
  std::string service;
  std::string event;
  std::string rule;  // EVENT_HAS_SCHEMA, SCHEMA_HAS_EVENT, SCHEMA_VALID, COPY_DIFFERS
  std::string file;
  std::string message;
  std::vector<std::string> consumers;
};

struct Catalogue {
  std::vector<Event> events;  // by type
  std::vector<Fault> faults;
};

// Of all services. Errors: as api::read_preferences, and invalid for an unknown mode or policy.
base::Result<Catalogue> read_catalogue(const spec::Cluster& cluster);

// Of an event, by its own key or the default. Errors: invalid, for an unknown mode.
base::Result<Mode> mode_for(const api::Preferences& preferences, const std::string& type);
std::vector<std::string> consumers_of(const spec::Cluster& cluster, const std::string& type);

struct FileName {
  std::string type;
  int number = 0;
};
// Of `order.placed.v1.schema.json`; nothing for another name.
std::optional<FileName> parse_name(const std::string& name);

inline constexpr auto events_folder = "events";

}  // namespace schema
