#pragma once
// Prints a value for machines. Pure.

#include <cstdint>
#include <string>

#include "base/json.hpp"

namespace cli {

enum class Format : std::uint8_t { table, json, yaml };

// "json" or "yaml" text of the value, with a newline at the end. Strings that YAML could read as another type are
// quoted.
std::string format_document(const base::Json& value, Format format);

}  // namespace cli
