#pragma once
// The keywords of JSON Schema that services on the chassis check events by (services/chassis/event_schema), with those
// that only explain. With another one in a schema they do not start, which `msctl schema check` says before.

#include <algorithm>
#include <array>
#include <string_view>

namespace base {

inline constexpr std::array<std::string_view, 34> event_keywords = {
    // checked
    "type", "enum", "const", "properties", "required", "additionalProperties", "items", "minItems", "maxItems",
    "uniqueItems", "minLength", "maxLength", "pattern", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
    "allOf", "anyOf", "oneOf", "not", "$ref", "$defs",
    // notes
    "$schema", "$id", "title", "description", "examples", "$comment", "default", "deprecated", "readOnly", "writeOnly",
    "format"};

constexpr bool is_event_keyword(std::string_view key) {
  return std::find(event_keywords.begin(), event_keywords.end(), key) != event_keywords.end();
}

}  // namespace base
