#include <algorithm>
#include <map>
#include <set>

#include "cli/schema/diff.hpp"

namespace schema {

namespace {

// A step of a JSON pointer (RFC 6901) as it was.
std::string unescaped(const std::string& step) {
  std::string text;
  for (std::size_t i = 0; i < step.size(); ++i) {
    const char code = step[i] == '~' && i + 1 < step.size() ? step[i + 1] : ' ';
    text += code == '0' ? '~' : code == '1' ? '/' : step[i];
    if (code == '0' || code == '1') ++i;
  }
  return text;
}

}  // namespace

std::string field_of(const std::string& pointer) {
  std::vector<std::string> steps;
  for (std::size_t at = pointer.find('/'); at != std::string::npos;) {
    const auto next = pointer.find('/', at + 1);
    steps.push_back(pointer.substr(at + 1, next == std::string::npos ? next : next - at - 1));
    at = next;
  }
  std::string field;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    static const std::set<std::string> before_names = {"properties", "required", "dependencies", "patternProperties"};
    if (before_names.contains(steps[i]) && i + 1 < steps.size()) {
      field += (field.empty() ? "" : ".") + unescaped(steps[++i]);
    } else if (steps[i] == "items" && i + 1 < steps.size() &&
               steps[i + 1].find_first_not_of("0123456789") == std::string::npos) {
      field += "[" + steps[++i] + "]";
    } else if (steps[i] == "items") {
      field += "[]";
    }
  }
  return field.empty() ? "the whole event" : field;
}

std::string sentence_of(const std::string& rule) {
  static const std::map<std::string, std::string> sentences = {
      {"TYPE_CHANGED", "it has another type"},
      {"TYPE_NARROWED", "numbers became whole numbers"},
      {"TYPE_EXTENDED", "whole numbers became numbers"},
      {"REQUIRED_ATTRIBUTE_ADDED", "the property became required"},
      {"REQUIRED_ATTRIBUTE_REMOVED", "the property is no longer required"},
      {"REQUIRED_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL", "a required property came"},
      {"REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL", "a required property came"},
      {"OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL", "an optional property came"},
      {"OPTIONAL_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL", "an optional property came"},
      {"PROPERTY_REMOVED_FROM_OPEN_CONTENT_MODEL", "the property went"},
      {"PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL", "the property went, and others are forbidden"},
      {"ENUM_ARRAY_NARROWED", "values went"},
      {"ENUM_ARRAY_EXTENDED", "values came"},
      {"ENUM_ARRAY_CHANGED", "values came and went"},
      {"CONDITION_ADDED", "a condition (if, then, else) came"},
      {"CONDITION_CHANGED", "the condition (if, then, else) is another one"},
      {"PROPERTY_NAMES_ADDED", "names of properties became restricted"},
      {"CONTAINS_ADDED", "the list must contain something now"},
      {"ADDITIONAL_PROPERTIES_REMOVED", "further properties became forbidden"},
      {"COMBINED_TYPE_SUBSCHEMAS_CHANGED", "an alternative has no partner any more"},
  };
  if (const auto found = sentences.find(rule); found != sentences.end()) return found->second;
  std::string text = rule;
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c == '_' ? ' ' : c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

}  // namespace schema
