#pragma once
// Points in time as people type them. Pure but for the local time zone.

#include <cstdint>
#include <string_view>

#include "base/result.hpp"

namespace cli {

// Microseconds since 1970 of `10m`, `1h30m`, `2d` (that long before now), of RFC 3339 (without a zone: local time;
// without a clock: midnight), or of `14:05`, `14:05:30` today. Errors: malformed, with what is expected.
base::Result<std::int64_t> parse_log_time(std::string_view text, std::int64_t now_us);

}  // namespace cli
