#include "supervisor/registry/duration.hpp"

#include <array>
#include <charconv>
#include <utility>

namespace registry {
namespace {

constexpr double longest_ms = 100.0 * 365 * 24 * 3600 * 1000;

// Of a unit in milliseconds, and the text cut behind it; 0 when there is none.
double take_unit(std::string_view& text) {
  static constexpr std::array<std::pair<std::string_view, double>, 8> units{{{"ns", 1e-6},
                                                                             {"us", 1e-3},
                                                                             {"\xC2\xB5s", 1e-3},
                                                                             {"\xCE\xBCs", 1e-3},
                                                                             {"ms", 1},
                                                                             {"s", 1e3},
                                                                             {"m", 60e3},
                                                                             {"h", 3600e3}}};
  for (const auto& [name, ms] : units) {
    if (!text.starts_with(name)) continue;
    text.remove_prefix(name.size());
    return ms;
  }
  return 0;
}

}  // namespace

std::optional<Ms> parse_duration(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text == "0") return Ms(0);
  if (text.empty()) return std::nullopt;
  double total = 0;
  while (!text.empty()) {
    // from_chars would take a sign, "inf" or "nan" as well.
    if (text[0] != '.' && (text[0] < '0' || text[0] > '9')) return std::nullopt;
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (error != std::errc()) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const double unit = take_unit(text);
    if (unit == 0) return std::nullopt;
    total += number * unit;
    if (total > longest_ms) return std::nullopt;
  }
  return Ms(static_cast<std::int64_t>(negative ? -total : total));
}

std::string format_duration(Ms duration) {
  const auto ms = duration.count();
  if (ms == 0) return "0s";
  if (ms < 0) return "-" + format_duration(-duration);
  if (ms < 1000) return std::to_string(ms) + "ms";
  std::string text;
  if (ms >= 3600'000) text += std::to_string(ms / 3600'000) + "h";
  if (ms >= 60'000) text += std::to_string(ms / 60'000 % 60) + "m";
  text += std::to_string(ms / 1000 % 60);
  if (const auto rest = ms % 1000; rest != 0) {
    std::string digits = std::to_string(1000 + rest).substr(1);
    digits.erase(digits.find_last_not_of('0') + 1);
    text += "." + digits;
  }
  return text + "s";
}

}  // namespace registry
