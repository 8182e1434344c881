#pragma once
// A result for people: text, JUnit and one page of HTML. All of it comes from the JSON that msctl-load gave and what
// was added to it, so that a saved result can be shown again. Pure.

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "cli/load/threshold.hpp"

namespace load {

enum class Mark : std::uint8_t { plain, good, bad, doubtful, faint };
// Text of a mark, as the terminal or the page wants it.
using Paint = std::string (*)(Mark mark, const std::string& text);

// Some lines: rate and counts, percentiles both ways, steps, errors by kind, thresholds, where the time went, what
// restarted, and whether the generator spoiled it.
std::string show_text(const base::Json& result, const Paint& paint);

// One line about an interval: "12.4 s  1,998/s  p50 1.2 ms  p99 8.1 ms  0 errors".
std::string show_progress(const base::Json& progress);

std::string show_page(const base::Json& result);
std::string show_junit(const base::Json& result);

// Of the whole run or of a step; empty when there was none.
std::string first_error(const base::Json& figures);

// Adds {"thresholds": [{"threshold", "step", "held", "actual"}]} and "passed" to those that the result has already.
void add_verdicts(base::Json& result, const std::vector<Threshold>& thresholds);

// The keys that scripts want, without samples and other material of the report.
base::Json for_scripts(base::Json result);

}  // namespace load
