#include "supervisor/spec/scalar.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

namespace spec {
namespace {

using base::Json;

bool one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

std::size_t digits_at(std::string_view text, std::size_t from) {
  const std::size_t end = text.find_first_not_of("0123456789", from);
  return (end == std::string_view::npos ? text.size() : end) - from;
}

template <class T>
std::optional<T> whole(std::string_view digits, int radix) {
  T value{};
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, radix);
  if (error != std::errc() || end != digits.data() + digits.size() || digits.empty()) return std::nullopt;
  return value;
}

bool is_float(std::string_view unsigned_text) {
  const std::size_t before = digits_at(unsigned_text, 0);
  std::size_t at = before;
  std::size_t after = 0;
  if (at < unsigned_text.size() && unsigned_text[at] == '.') {
    after = digits_at(unsigned_text, at + 1);
    at += 1 + after;
  }
  if (before + after == 0) return false;
  if (at == unsigned_text.size()) return true;
  if (unsigned_text[at] != 'e' && unsigned_text[at] != 'E') return false;
  ++at;
  if (at < unsigned_text.size() && (unsigned_text[at] == '-' || unsigned_text[at] == '+')) ++at;
  const std::size_t exponent = digits_at(unsigned_text, at);
  return exponent > 0 && at + exponent == unsigned_text.size();
}

Json floating(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range) value = std::numeric_limits<double>::infinity();
  return value;
}

std::optional<Json> prefixed_number(std::string_view text) {
  const int radix = text.starts_with("0x") ? 16 : text.starts_with("0o") ? 8 : 0;
  if (radix == 0 || text.size() < 3 || text[2] == '-') return std::nullopt;
  if (auto value = whole<std::uint64_t>(text.substr(2), radix)) return Json(*value);
  return std::nullopt;
}

}  // namespace

Json plain_scalar(const std::string& text) {
  if (one_of(text, {"", "~", "null", "Null", "NULL"})) return nullptr;
  if (one_of(text, {"true", "True", "TRUE"})) return true;
  if (one_of(text, {"false", "False", "FALSE"})) return false;
  if (one_of(text, {".nan", ".NaN", ".NAN"})) return std::numeric_limits<double>::quiet_NaN();
  if (auto number = prefixed_number(text)) return *number;

  const bool has_sign = text[0] == '-' || text[0] == '+';
  const std::string_view rest = std::string_view(text).substr(has_sign ? 1 : 0);
  const std::string_view number = text[0] == '+' ? rest : std::string_view(text);  // from_chars knows no plus sign
  if (one_of(rest, {".inf", ".Inf", ".INF"})) {
    return (text[0] == '-' ? -1 : 1) * std::numeric_limits<double>::infinity();
  }
  if (!is_float(rest)) return text;
  if (digits_at(rest, 0) < rest.size()) return floating(number);
  if (auto value = whole<std::int64_t>(number, 10)) return *value;
  if (auto value = whole<std::uint64_t>(number, 10)) return *value;
  return floating(number);
}

}  // namespace spec
