#pragma once
// Which languages to look for, and how each writes an amount of money. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace notification_service::domain {

// From the wish to what everybody gets: de-AT gives de-at, de, en (RFC 4647 §3.4, lookup). Lower case, since languages
// are compared without regard to it. What is no BCP 47 tag gives en alone.
std::vector<std::string> fallbacks(std::string_view wished);

struct NumberStyle {
  std::string_view group;    // between groups of three digits
  std::string_view decimal;  // before the minor units
  bool currency_first;
};

// Empty for a language that is not known here. `language` in lower case.
std::optional<NumberStyle> number_style(std::string_view language);

// How many digits of an amount are minor units: 2 but for currencies where ISO 4217 says otherwise.
int exponent_of(std::string_view currency);

// `EUR 1,234.50`, `1.234,50 EUR`.
std::string money(std::int64_t minor_units, std::string_view currency, const NumberStyle& style);

}  // namespace notification_service::domain
