#include "cli/load/units.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace load {
namespace {

constexpr double longest_ns = 24.0 * 3600 * 1e9;

std::string formatted(const char* format, double value) {
  std::array<char, 64> text{};
  const int length = std::snprintf(text.data(), text.size(), format, value);
  return {text.data(), static_cast<std::size_t>(length)};
}

// Three digits of a value that is not above a thousand or so.
std::string three_digits(double value) {
  if (value >= 99.95) return formatted("%.0f", value);
  return formatted(value >= 9.995 ? "%.1f" : "%.2f", value);
}

std::optional<double> unit_ns(std::string_view unit) {
  if (unit == "ns") return 1;
  if (unit == "us" || unit == "µs") return 1e3;
  if (unit == "ms") return 1e6;
  if (unit == "s") return 1e9;
  if (unit == "m" || unit == "min") return 60e9;
  if (unit == "h") return 3600e9;
  return std::nullopt;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::optional<double> parse_number(std::string_view text) {
  double value = 0;
  if (text.empty() || !(is_digit(text.front()) || text.front() == '.')) return std::nullopt;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (end.ec != std::errc() || end.ptr != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> parse_duration(std::string_view text) {
  if (text.empty()) return std::nullopt;
  double sum = 0;
  while (!text.empty()) {
    std::size_t digits = 0;
    while (digits < text.size() && (is_digit(text[digits]) || text[digits] == '.')) ++digits;
    std::size_t end = digits;
    while (end < text.size() && !is_digit(text[end]) && text[end] != '.') ++end;
    const auto number = parse_number(text.substr(0, digits));
    const auto unit = unit_ns(text.substr(digits, end - digits));
    if (!number || !unit) return std::nullopt;
    sum += *number * *unit;
    text.remove_prefix(end);
  }
  if (sum > longest_ns) return std::nullopt;
  return static_cast<std::uint64_t>(std::llround(sum));
}

std::optional<double> parse_share(std::string_view text) {
  const bool percent = text.ends_with('%');
  if (percent) text.remove_suffix(1);
  const auto number = parse_number(text);
  if (!number) return std::nullopt;
  const double share = percent ? *number / 100 : *number;
  return share > 1 ? std::nullopt : std::optional(share);
}

std::string show_duration_us(double us) {
  if (us < 1000) return (us < 99.95 ? three_digits(us) : formatted("%.0f", us)) + " µs";
  if (us < 1e6) return three_digits(us / 1e3) + " ms";
  return three_digits(us / 1e6) + " s";
}

std::string show_count(double count) {
  std::string text = formatted(count != 0 && count < 100 && count != std::floor(count) ? "%.1f" : "%.0f", count);
  const std::size_t point = std::min(text.find('.'), text.size());
  for (std::size_t at = point; at > 3 && point > 3; at -= 3) text.insert(at - 3, at > 3 && at - 3 > 0 ? "," : "");
  return text;
}

std::string show_share(double share) {
  const double percent = share * 100;
  return percent == 0 ? "0 %" : percent < 0.01 ? "< 0.01 %" : formatted("%.2f", percent) + " %";
}

}  // namespace load
