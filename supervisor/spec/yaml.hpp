#pragma once
// YAML as our files use it, read by yaml-cpp's events into JSON that remembers the line of each value. Stricter than
// YAML: one document, text keys that occur once, no tags but !!str, no NUL, bounded size, depth and aliases; so hostile
// text costs little and never more than the limits say. Plain scalars mean what the YAML 1.2 core schema says (`no` and
// `on` are text). Pure functions.

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "base/result.hpp"

namespace spec {

inline constexpr std::size_t max_yaml_bytes = 1 << 20;
inline constexpr std::size_t max_yaml_depth = 32;
inline constexpr std::size_t max_yaml_aliases = 64;
inline constexpr std::size_t max_yaml_nodes = 100'000;  // aliases count as what they stand for
inline constexpr std::size_t max_yaml_flow = 50'000;    // `[`, `{` and `,`: yaml-cpp buffers a flow collection whole

struct YamlDocument {
  base::Json value;
  std::map<std::string, int> lines;  // JSON pointer to line from 1; of a map's value, the line of its key
};

// `file` is how messages name it. Errors: malformed, as `msctl.yaml:3: key "web" occurs twice`.
base::Result<YamlDocument> parse_yaml(std::string_view text, const std::string& file);

// The line of the value at `pointer`, or of the nearest one around it (what an alias brought in has no lines).
int line_of(const YamlDocument& document, std::string_view pointer);

bool is_utf8(std::string_view text);

// One more step of a JSON pointer (RFC 6901), escaped.
std::string child_pointer(const std::string& parent, std::string_view key);

}  // namespace spec
