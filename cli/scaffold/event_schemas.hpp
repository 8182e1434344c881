#pragma once
// The schemas of events that a new service consumes: where they are published, what stands in for one that nobody
// here publishes, and an example of the data that one describes. Pure but for read_event_schemas().

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"

namespace scaffold {

struct EventSchema {
  std::string type;
  int version = 0;
  std::string text;  // the file
};

using EventSchemas = std::map<std::string, std::vector<EventSchema>>;  // by type, in the order of versions

// What its $id says that it is; nothing for another file.
std::optional<EventSchema> parse_event_schema(const std::string& text);

// A version that is known already stays as it is.
void add_event_schema(EventSchemas& into, EventSchema schema);

// FOLDER/*.schema.json. What cannot be read, or is no event's schema, is passed over: `msctl schema check` tells of it.
EventSchemas read_event_schemas(const std::filesystem::path& folder);

// Version 1 of a type of which nothing is known but its name.
EventSchema unknown_event_schema(const std::string& type, const std::string& consumer);

// Data that the schema takes, as short as it may be and the same each time, in one line. Empty when a keyword is in the
// way for which none can be made with certainty.
std::string example_of(const base::Json& schema);

}  // namespace scaffold
