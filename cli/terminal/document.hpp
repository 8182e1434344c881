#pragma once
// Prints a value for machines. Pure.

#include <cstdint>
#include <map>
#include <string>

#include "base/json.hpp"

namespace cli {

enum class Format : std::uint8_t { table, json, yaml };

// "json" or "yaml" text of the value, with a newline at the end. Strings that YAML could read as another type are
// quoted.
std::string format_document(const base::Json& value, Format format);

// YAML for people: strings without quotes where any reader takes them for text, lists of plain values in one line.
// `comments` go behind the values and lists that their JSON pointers name.
std::string format_yaml(const base::Json& value, const std::map<std::string, std::string>& comments = {});

}  // namespace cli
