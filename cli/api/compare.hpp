#pragma once
// Two states of an interface compared by the rules of rules.hpp. Pure.
//
// The rules are those of `buf breaking` (https://buf.build/docs/breaking/rules): files are paired by path, messages,
// enums and services by full name, fields and values by number, methods by name. What has no partner breaks the
// NO_DELETE rules only. As there, the entry of a map counts as a message of its own.

#include <set>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "cli/api/finding.hpp"
#include "cli/api/model.hpp"

namespace api {

using Rules = std::set<std::string>;

// Collects findings of the chosen rules only.
class Findings {
 public:
  explicit Findings(const Rules& rules) : rules_(rules) {}
  bool wants(const std::string& rule) const { return rules_.contains(rule); }
  void add(const std::string& rule, const std::string& file, int line, const std::string& subject,
           std::string message) {
    if (wants(rule)) list_.push_back({"", rule, file, line, subject, std::move(message)});
  }
  std::vector<Finding> take() { return std::move(list_); }

 private:
  const Rules& rules_;
  std::vector<Finding> list_;
};

std::vector<Finding> compare(const Interface& before, const Interface& now, const Rules& rules);

// Parts of it.
void compare_files(const Interface& before, const Interface& now, Findings& findings);
void compare_services(const Interface& before, const Interface& now, Findings& findings);
void compare_enum(const Enum& before, const Enum& now, Findings& findings);
void compare_message(const Message& before, const Message& now, const Interface& all_before, const Interface& all_now,
                     Findings& findings);
// Reserved or extension ranges: the parts of `before` that `now` does not cover any more.
std::vector<Range> missing_ranges(const std::vector<Range>& before, std::vector<Range> now);
// `the number 4`, `the numbers 2 to 5 and 9`.
std::string shown(const std::vector<Range>& ranges);

// Two OpenAPI documents of one service by the REST rules; null stands for none. `file` is what findings name.
std::vector<Finding> compare_rest(const base::Json& before, const base::Json& now, const std::string& file,
                                  const Rules& rules);

}  // namespace api
