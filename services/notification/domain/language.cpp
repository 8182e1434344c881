#include "services/notification/domain/language.hpp"

#include <algorithm>
#include <array>

namespace notification_service::domain {
namespace {

constexpr std::string_view everybody = "en";
constexpr std::size_t longest_tag = 35;  // as long as any needs to be (RFC 5646 §4.4.1)

bool is_tag_character(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; }

std::string lower(std::string_view text) {
  std::string copy(text);
  for (char& c : copy) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return copy;
}

// Without its last part, and without a single letter before that, which only introduces the part.
std::string shortened(const std::string& tag) {
  const auto last = tag.rfind('-');
  if (last == std::string::npos) return {};
  std::string rest = tag.substr(0, last);
  const bool is_introduced = rest.size() >= 2 && rest[rest.size() - 2] == '-';
  return is_introduced ? rest.substr(0, rest.size() - 2) : rest;
}

struct Exponent {
  std::string_view currency;
  int digits;
};

// ISO 4217 as of 2026, amendment 177; those that have 2 are left out.
constexpr std::array<Exponent, 26> exponents{
    {{"BIF", 0}, {"CLP", 0}, {"DJF", 0}, {"GNF", 0}, {"ISK", 0}, {"JPY", 0}, {"KMF", 0}, {"KRW", 0}, {"PYG", 0},
     {"RWF", 0}, {"UGX", 0}, {"UYI", 0}, {"VND", 0}, {"VUV", 0}, {"XAF", 0}, {"XOF", 0}, {"XPF", 0}, {"BHD", 3},
     {"IQD", 3}, {"JOD", 3}, {"KWD", 3}, {"LYD", 3}, {"OMR", 3}, {"TND", 3}, {"CLF", 4}, {"UYW", 4}}};

std::string grouped(const std::string& digits, std::string_view separator) {
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += separator;
    text += digits[i];
  }
  return text;
}

}  // namespace

std::vector<std::string> fallbacks(std::string_view wished) {
  std::vector<std::string> languages;
  std::string tag = wished.size() <= longest_tag ? lower(wished) : std::string();
  if (!std::all_of(tag.begin(), tag.end(), is_tag_character)) tag.clear();
  for (; !tag.empty(); tag = shortened(tag)) languages.push_back(tag);
  if (languages.empty() || languages.back() != everybody) languages.emplace_back(everybody);
  return languages;
}

std::optional<NumberStyle> number_style(std::string_view language) {
  const auto main = language.substr(0, language.find('-'));
  if (main == "en") return NumberStyle{",", ".", true};
  if (main == "de") return NumberStyle{".", ",", false};
  return std::nullopt;
}

int exponent_of(std::string_view currency) {
  const auto found = std::find_if(exponents.begin(), exponents.end(),
                                  [currency](const Exponent& one) { return one.currency == currency; });
  return found == exponents.end() ? 2 : found->digits;
}

std::string money(std::int64_t minor_units, std::string_view currency, const NumberStyle& style) {
  const auto exponent = static_cast<std::size_t>(exponent_of(currency));
  // The smallest number has no positive counterpart, so the digits are made without a sign.
  const bool is_negative = minor_units < 0;
  const auto magnitude = is_negative ? 0 - static_cast<std::uint64_t>(minor_units) : std::uint64_t(minor_units);
  std::string digits = std::to_string(magnitude);
  if (digits.size() <= exponent) digits.insert(0, exponent + 1 - digits.size(), '0');
  const auto whole = digits.size() - exponent;
  std::string amount = (is_negative ? "-" : "") + grouped(digits.substr(0, whole), style.group);
  if (exponent > 0) amount.append(style.decimal).append(digits, whole);
  const std::string code(currency);
  return style.currency_first ? code + " " + amount : amount + " " + code;
}

}  // namespace notification_service::domain
