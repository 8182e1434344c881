#pragma once
// A check of one pattern, and the choice among them. The table of all is patterns/patterns.hpp.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "cli/verify/finding.hpp"
#include "cli/verify/world.hpp"

namespace verify {

// Errors are findings, too: what a check cannot do or see has failed, with the error's sentence as its evidence.
using Look = base::Result<Finding> (*)(World&);

struct Check {
  int number;              // 1 to 22 in the list of patterns; 0: what belongs to the system beside them
  std::string_view name;   // as one types it
  std::string_view title;  // of the pattern
  std::string_view does;   // what the check does to the cluster, in a line
  Look look;               // nullptr: nothing of the pattern is looked at yet
  Ms limit{10'000};
};

// "9"; "-" without a number.
std::string number_text(const Check& check);

// By number or name; none asked for: all. In the order of the table, each once. Errors: not_found, with the names.
base::Result<std::vector<const Check*>> choose(std::span<const Check> all, const std::vector<std::string>& asked);

struct Outcome {
  const Check* check = nullptr;
  Finding finding;
  double seconds = 0;
};

// Cuts evidence to one line of bounded length.
Finding tidy(Finding finding);

// Runs one check to its end; never throws.
Outcome perform(const Check& check, World& world);

}  // namespace verify
