#include <algorithm>
#include <cmath>

#include "cli/schema/compare.hpp"

namespace schema {
namespace {

using base::Json;

std::optional<double> number_under(const Json& schema, const char* key) {
  const Json* value = member(schema, key);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  return value->get<double>();
}

bool is_multiple(double number, double of) {
  if (of == 0) return false;
  const double times = number / of;
  return std::abs(times - std::round(times)) < 1e-9 * std::max(1.0, std::abs(times));
}

void compare_multiples(Comparison& comparison, const Json& before, const Json& now) {
  const auto old = number_under(before, "multipleOf");
  const auto current = number_under(now, "multipleOf");
  if (old == current) return;
  if (!old) return comparison.add("MULTIPLE_OF_ADDED", "multipleOf");
  if (!current) return comparison.add("MULTIPLE_OF_REMOVED", "multipleOf");
  if (is_multiple(*current, *old)) return comparison.add("MULTIPLE_OF_EXPANDED", "multipleOf");
  comparison.add(is_multiple(*old, *current) ? "MULTIPLE_OF_REDUCED" : "MULTIPLE_OF_CHANGED", "multipleOf");
}

}  // namespace

void compare_demand(Comparison& comparison, const Json& before, const Json& now, const char* key,
                    const std::string& rule) {
  const Json* old = member(before, key);
  const Json* current = member(now, key);
  if (old == nullptr && current == nullptr) return;
  if (old == nullptr || current == nullptr) return comparison.add(rule + (old == nullptr ? "_ADDED" : "_REMOVED"), key);
  const Comparison::Step step(comparison, key);
  comparison.compare(*old, *current);
}

void compare_bound(Comparison& comparison, const Json& before, const Json& now, const char* key,
                   const std::string& rule) {
  // As JSON numbers: a double does not tell 2^53 from 2^53 + 1.
  const auto bound = [key](const Json& schema) {
    const Json* value = member(schema, key);
    return value != nullptr && value->is_number() ? value : nullptr;
  };
  const Json* old = bound(before);
  const Json* current = bound(now);
  if (old == nullptr && current == nullptr) return;
  if (old != nullptr && current != nullptr && *old == *current) return;
  const char* what = old == nullptr       ? "_ADDED"
                     : current == nullptr ? "_REMOVED"
                     : *old < *current    ? "_INCREASED"
                                          : "_DECREASED";
  comparison.add(rule + what, key);
}

void compare_strings(Comparison& comparison, const Json& before, const Json& now) {
  compare_bound(comparison, before, now, "maxLength", "MAX_LENGTH");
  compare_bound(comparison, before, now, "minLength", "MIN_LENGTH");
  const Json* old = member(before, "pattern");
  const Json* current = member(now, "pattern");
  if (old == nullptr && current != nullptr) comparison.add("PATTERN_ADDED", "pattern");
  if (old != nullptr && current == nullptr) comparison.add("PATTERN_REMOVED", "pattern");
  if (old != nullptr && current != nullptr && *old != *current) comparison.add("PATTERN_CHANGED", "pattern");
}

void compare_numbers(Comparison& comparison, const Shape& before, const Shape& now) {
  compare_bound(comparison, *before.json, *now.json, "maximum", "MAXIMUM");
  compare_bound(comparison, *before.json, *now.json, "minimum", "MINIMUM");
  compare_bound(comparison, *before.json, *now.json, "exclusiveMaximum", "EXCLUSIVE_MAXIMUM");
  compare_bound(comparison, *before.json, *now.json, "exclusiveMinimum", "EXCLUSIVE_MINIMUM");
  compare_multiples(comparison, *before.json, *now.json);
  if (before.integer != now.integer) comparison.add(before.integer ? "TYPE_EXTENDED" : "TYPE_NARROWED");
}

void compare_choices(Comparison& comparison, const Json& before, const Json& now) {
  // A constant is a choice of one.
  const auto values = [](const Json& schema) {
    return schema.contains("enum") ? schema["enum"] : Json::array({schema["const"]});
  };
  const Json old = values(before);
  const Json current = values(now);
  const auto within = [](const Json& part, const Json& whole) {
    return part.is_array() && whole.is_array() && std::all_of(part.begin(), part.end(), [&whole](const Json& value) {
             return std::find(whole.begin(), whole.end(), value) != whole.end();
           });
  };
  const bool grew = within(old, current);
  const bool shrank = within(current, old);
  if (grew && shrank) return;
  comparison.add(grew ? "ENUM_ARRAY_EXTENDED" : shrank ? "ENUM_ARRAY_NARROWED" : "ENUM_ARRAY_CHANGED", "enum");
}

}  // namespace schema
