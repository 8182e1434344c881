#pragma once
// A drill's report in each of its forms. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "cli/drill/drill.hpp"
#include "cli/report/report.hpp"

namespace drill {

// Limits that the user set; none: anything goes.
struct Limits {
  std::optional<double> refused_percent;  // of what was sent from a fault's beginning until all were back
  std::optional<std::int64_t> refused;    // … or their number
  std::optional<std::int64_t> back_ms;    // for each fault
};

// "20" or "5%". Errors: malformed.
base::Result<void> read_refused(const std::string& text, Limits& limits);

// Sentences, one for each limit that was missed.
std::vector<std::string> missed(const Report& report, const Limits& limits);

std::vector<std::string> header();
std::vector<std::vector<std::string>> rows(const Report& report);
// Below the table: what was found, what was missed, and one line that sums up.
std::vector<std::string> remarks(const Report& report, const Limits& limits);

base::Json to_json(const Report& report, const Limits& limits);
std::vector<report::Suite> suites(const Report& report, const Limits& limits);
std::string html(const Report& report, const Limits& limits);

}  // namespace drill
