#pragma once
// What `msctl verify invariants` prints. Pure.

#include <string>
#include <vector>

#include "base/json.hpp"
#include "cli/invariants/judge.hpp"
#include "cli/terminal/style.hpp"

namespace invariants {

inline constexpr std::size_t most_named = 10;  // breaches of one invariant that are named; the others are counted

// A row for each invariant; below a broken one, a line for each kind of breach with whom it is about.
std::string table(const std::vector<Finding>& findings, const cli::Style& style);
// "14 hold, 1 broken, 1 skipped, over 120 orders".
std::string summary(const std::vector<Finding>& findings, std::size_t orders);
base::Json document(const std::vector<Finding>& findings);

std::string list_table();
base::Json list_document();

// Whether the command has failed: something is broken, or skipped while all is wanted.
bool is_failure(const std::vector<Finding>& findings, bool needs_all);

}  // namespace invariants
