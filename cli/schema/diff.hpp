#pragma once
// What changed from one JSON Schema to another, and whether a reader with the later one still reads what was written
// with the earlier. Kinds of change, their names and their paths are those of Confluent's Schema Registry
// (json-schema-provider, SchemaDiff), so that whoever knows its answers knows these. Pure.

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"

namespace schema {

struct Difference {
  std::string rule;     // REQUIRED_ATTRIBUTE_ADDED
  std::string pointer;  // #/properties/total_cents
  bool operator==(const Difference&) const = default;
};

// What counts as compatible. They differ in open content models, which is what a schema has that does not forbid
// further properties. `strict`: what was written may have had a property of that name and another type, so none may be
// added (Confluent's default). `extensible`: nobody writes properties that no schema names, so an optional one may be
// added. `lenient`: properties may also be removed from closed models (Confluent's lenient).
enum class Policy : std::uint8_t { strict, extensible, lenient };

bool is_compatible(const std::string& rule, Policy policy);

// From `before` to `now`, in the order of the documents. Errors: too_large, for schemas that refer to each other in too
// many ways to compare.
base::Result<std::vector<Difference>> differences(const base::Json& before, const base::Json& now, Policy policy);

// `#/properties/items/items/properties/sku` as people say it: `items[].sku`.
std::string field_of(const std::string& pointer);
// `the property is required now`.
std::string sentence_of(const std::string& rule);

}  // namespace schema
