#pragma once
// The JSON Schemas of events: files TYPE.vN.schema.json. Those of the events that a service publishes are compiled in
// by msctl_events(), so that what a schema refuses is never published; those that it knows of others' events by
// msctl_consumes(), so that its handlers read nothing else (chassis/consumer).
//
// Knows of draft 2020-12: type, enum, const, properties, required, additionalProperties, items, minItems, maxItems,
// uniqueItems, minLength, maxLength (in code points), pattern (as RE2), minimum, maximum, exclusiveMinimum,
// exclusiveMaximum, allOf, anyOf, oneOf, not and $ref within the document; `format` is a note. A schema with another
// keyword is refused when it is read, since it would promise what nobody checks.

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"

namespace chassis {

// Immutable, cheap to copy, thread-safe.
class EventSchema {
 public:
  // Errors: malformed, with the place in the schema.
  static base::Result<EventSchema> read(std::string_view text);

  // Errors: invalid, with each field at fault.
  base::Result<void> check(const base::Json& data) const;
  const std::string& id() const;  // its $id

 private:
  struct Compiled;
  explicit EventSchema(std::shared_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}
  std::shared_ptr<const Compiled> compiled_;
};

// By $id. Thread-safe once made.
class EventSchemas {
 public:
  EventSchemas() = default;
  // Errors: as EventSchema::read, and malformed for a name that occurs twice or is missing.
  static base::Result<EventSchemas> read(const std::vector<std::string_view>& texts);

  // Errors: invalid, for data that the schema refuses, and when there is no schema of that name.
  base::Result<void> check(const std::string& id, const base::Json& data) const;

  // Those of a type, by their names; empty for a type without a schema.
  const std::set<int>& versions_of(const std::string& type) const;

 private:
  std::map<std::string, EventSchema> schemas_;
  std::map<std::string, std::set<int>> versions_;
};

}  // namespace chassis
