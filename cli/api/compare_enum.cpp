#include <algorithm>

#include "cli/api/compare.hpp"

#include "base/joined.hpp"

namespace api {
namespace {

using Names = std::set<std::string>;

// An alias gives one number several names.
std::map<std::int64_t, Names> names_by_number(const Enum& type) {
  std::map<std::int64_t, Names> names;
  for (const auto& value : type.values) names[value.number].insert(value.name);
  return names;
}

int line_of_number(const Enum& type, std::int64_t number) {
  for (const auto& value : type.values) {
    if (value.number == number) return value.line;
  }
  return type.line;
}

void deleted_value(const Enum& before, const Enum& now, std::int64_t number, const Names& names, Findings& findings) {
  const auto subject = before.full_name + "." + *names.begin();
  const auto what = "the value " + std::to_string(number) + " (" + base::joined(names) + ") was deleted";
  findings.add("ENUM_VALUE_NO_DELETE", now.file, now.line, subject, what);
  if (!missing_ranges({{number, number}}, now.reserved).empty()) {
    findings.add("ENUM_VALUE_NO_DELETE_UNLESS_NUMBER_RESERVED", now.file, now.line, subject,
                 what + "; reserve its number: reserved " + std::to_string(number) + ";");
  }
  const bool reserved = std::all_of(names.begin(), names.end(), [&now](const std::string& name) {
    return std::find(now.reserved_names.begin(), now.reserved_names.end(), name) != now.reserved_names.end();
  });
  if (!reserved) {
    findings.add("ENUM_VALUE_NO_DELETE_UNLESS_NAME_RESERVED", now.file, now.line, subject,
                 what + "; reserve its name: reserved \"" + *names.begin() + "\";");
  }
}

}  // namespace

void compare_enum(const Enum& before, const Enum& now, Findings& findings) {
  const auto values = names_by_number(now);
  for (const auto& [number, names] : names_by_number(before)) {
    const auto found = values.find(number);
    if (found == values.end()) {
      deleted_value(before, now, number, names, findings);
    } else if (!std::includes(found->second.begin(), found->second.end(), names.begin(), names.end())) {
      findings.add("ENUM_VALUE_SAME_NAME", now.file, line_of_number(now, number),
                   before.full_name + "." + *names.begin(),
                   "the value " + std::to_string(number) + " changed its name from " + base::joined(names) + " to " +
                       base::joined(found->second));
    }
  }
  for (const auto& range : before.reserved) {
    const auto missing = missing_ranges({range}, now.reserved);
    if (missing.empty()) continue;
    findings.add("RESERVED_ENUM_NO_DELETE", now.file, now.line, now.full_name,
                 shown(missing) + " is no longer reserved");
  }
  for (const auto& name : before.reserved_names) {
    if (std::find(now.reserved_names.begin(), now.reserved_names.end(), name) != now.reserved_names.end()) continue;
    findings.add("RESERVED_ENUM_NO_DELETE", now.file, now.line, now.full_name,
                 "the name " + name + " is no longer reserved");
  }
  if (before.proto3 != now.proto3) {
    findings.add("ENUM_SAME_TYPE", now.file, now.line, now.full_name,
                 before.proto3 ? "the enum changed from open to closed" : "the enum changed from closed to open");
  }
  if (before.proto3 && !now.proto3) {
    findings.add("ENUM_SAME_JSON_FORMAT", now.file, now.line, now.full_name,
                 "proto2 does not promise the JSON form that proto3 has");
  }
}

}  // namespace api
