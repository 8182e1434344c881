#pragma once
// Validates JSON against the part of JSON Schema (draft 2020-12) that our schemas use, with messages made for the
// person who wrote the file. Our own because each message must say what was expected: a schema's `title`, where it has
// one, is that text. Knows: type (one), properties, required, additionalProperties, propertyNames, items, minItems,
// enum, pattern, minLength, maxLength, minimum, maximum, oneOf and $ref (within a document or into one that is embedded
// in $defs under its $id). Stateless; thread-safe.

#include <cstddef>
#include <string>
#include <vector>

#include "base/json.hpp"

namespace spec {

struct Violation {
  std::string pointer;  // JSON pointer to the value at fault; for an unknown key, to that key
  std::string subject;  // JSON pointer to what the message speaks of; for an unknown key, the map around it
  std::string message;  // `expected a list of strings, got 9000`
};

// At most `max` of them, in the order of the value.
std::vector<Violation> violations(const base::Json& schema, const base::Json& value, std::size_t max);

// Keywords in the schema that violations() would pass over in silence. A test keeps this empty for our schemas.
std::vector<std::string> unknown_keywords(const base::Json& schema);

// A value as messages show it: `9000`, `"eighty"` (escaped and cut), `a list`, `a map`, `nothing`.
std::string shown(const base::Json& value);

}  // namespace spec
