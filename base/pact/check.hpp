#pragma once
// One value against matching rules, inside the module. Values of headers, queries, paths and metadata are texts, in
// which a number is one that is spelled out; in JSON a text is no number.

#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/pact/match.hpp"

namespace base::pact {

enum class Reading : std::uint8_t { json, text };

std::optional<std::string> check(const Rule& rule, const Json& expected, const Json& actual, bool cascaded,
                                 Reading reading);

// All rules of a list, or one of them with OR. What does not fit, with the rule that said so.
struct Finding {
  std::string rule;
  std::string message;
};
std::vector<Finding> check(const RuleList& list, const Json& expected, const Json& actual, bool cascaded,
                           Reading reading);

// Equality of two values that are no collections. 1 and 1.0 differ: consumers that read whole numbers refuse the
// second.
bool same_value(const Json& expected, const Json& actual);

// `the text "x"`, `the number 3`, `a list of 2`, `null`: for sentences.
std::string shown(const Json& value);
// At most 200 characters of it, never cut within a character.
std::string shortened(std::string text);
// A text as it is, else JSON.
std::string plain_text(const Json& value);

Mismatch mismatch(Place where, std::string path, std::string rule, const Json& expected, const Json& actual,
                  std::string message);

}  // namespace base::pact
