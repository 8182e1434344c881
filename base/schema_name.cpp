#include "base/schema_name.hpp"

#include <charconv>

namespace base {
namespace {

constexpr std::string_view prefix = "urn:msctl:event:";
constexpr std::size_t most_digits = 9;

}  // namespace

std::optional<SchemaName> parse_schema_name(std::string_view name) {
  if (!name.starts_with(prefix)) return std::nullopt;
  name.remove_prefix(prefix.size());
  const auto colon = name.find(':');
  if (colon == 0 || colon == std::string_view::npos) return std::nullopt;
  const auto digits = name.substr(colon + 1);
  SchemaName parsed{std::string(name.substr(0, colon)), 0};
  // One name only for each version: no leading zero, no sign.
  if (digits.empty() || digits.size() > most_digits || digits[0] < '1' || digits[0] > '9') return std::nullopt;
  const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), parsed.version);
  if (error != std::errc() || stop != digits.data() + digits.size()) return std::nullopt;
  return parsed;
}

std::string schema_name(std::string_view type, int version) {
  return std::string(prefix) + std::string(type) + ":" + std::to_string(version);
}

}  // namespace base
