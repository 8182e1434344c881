#pragma once
// Named texts against an example with rules: queries, headers, forms. Inside the module.

#include <string>
#include <vector>

#include "base/pact/match.hpp"

namespace base::pact {

// The values of one name. Without a rule they must be the same in number, order and content.
std::vector<Mismatch> match_values(Place where, const std::string& name, const std::vector<std::string>& expected,
                                   const std::vector<std::string>& actual, const RuleCategory& rules);

// All names; one that the example does not have is a mismatch when `strict`.
std::vector<Mismatch> match_fields(Place where, const Fields& expected, const Fields& actual, const RuleCategory& rules,
                                   bool strict);

// Headers: names without regard to case, others may come, white space after commas and the order of parameters of a
// content type do not matter.
std::vector<Mismatch> match_headers(const Fields& expected, const base::http::Headers& actual,
                                    const RuleCategory& rules);

// Decoded pairs of a query or a form, grouped by name. '+' is a space.
Fields parse_fields(std::string_view text);

}  // namespace base::pact
