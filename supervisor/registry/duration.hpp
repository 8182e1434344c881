#pragma once
// Durations as Go's time package writes and reads them, which is what Consul's API speaks. Pure.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace registry {

using Ms = std::chrono::milliseconds;

// "300ms", "1.5h", "1m30s", "-2s"; finer than a millisecond is cut off, more than 100 years is refused, as is anything
// that time.ParseDuration refuses.
std::optional<Ms> parse_duration(std::string_view text);

// "0s", "250ms", "10s", "1m0s", "1h30m0s".
std::string format_duration(Ms duration);

}  // namespace registry
