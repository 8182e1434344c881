#pragma once
// Durations, shares and sizes as people write them in scenario files and thresholds. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace load {

// "250ms", "30s", "1m30s", "2h", "50us" in ns, at most 24 h. Errors: nothing.
std::optional<std::uint64_t> parse_duration(std::string_view text);

// "0.1%" is 0.001, "0.05" is itself; 0 to 1.
std::optional<double> parse_share(std::string_view text);

std::optional<double> parse_number(std::string_view text);

// "87 µs", "1.24 ms", "3.1 s": three digits.
std::string show_duration_us(double us);
// "12,345"; below 100 with a decimal.
std::string show_count(double count);
std::string show_share(double share);  // "0.12 %"

}  // namespace load
