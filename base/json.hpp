#pragma once
// JSON as RFC 8259 says, and no more lenient: duplicate keys, trailing input, invalid UTF-8 and nesting deeper than
// `max_depth` are errors. Pure functions.

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/result.hpp"

namespace base {

// Objects keep the order in which their keys were written.
using Json = nlohmann::ordered_json;

inline constexpr int max_json_depth = 64;

// Errors: ErrorCode::malformed with a sentence that says where (`at byte 17: …`).
Result<Json> parse_json(std::string_view text, int max_depth = max_json_depth);

// One line; bytes that are not UTF-8 become U+FFFD, so that this never throws.
std::string dump_json(const Json& value);
std::string dump_json_pretty(const Json& value);

}  // namespace base
