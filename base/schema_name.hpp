#pragma once
// What the schema of an event is called: `urn:msctl:event:order.placed:1`. It is the schema's `$id` and what an event
// carries as `dataschema`; a name, not an address to fetch. Pure.

#include <optional>
#include <string>
#include <string_view>

namespace base {

struct SchemaName {
  std::string type;  // order.placed
  int version = 0;   // from 1 on
};

// Nothing for another name.
std::optional<SchemaName> parse_schema_name(std::string_view name);

std::string schema_name(std::string_view type, int version);

}  // namespace base
