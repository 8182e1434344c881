#pragma once
// What `msctl verify` prints and writes. Pure.

#include <string>
#include <vector>

#include "base/json.hpp"
#include "cli/terminal/style.hpp"
#include "cli/verify/check.hpp"

namespace verify {

struct Report {
  std::string cluster;
  std::string time;  // RFC 3339
  std::vector<Outcome> outcomes;
  bool needs_all = false;  // what is absent or skipped is a failure
  double seconds = 0;
};

// Whether the outcome makes the command fail.
bool is_failure(const Report& report, const Outcome& outcome);

// Evidence is wrapped when `width` (columns of the terminal) is not 0.
std::string table(const Report& report, const cli::Style& style, std::size_t width);
std::string summary(const Report& report);  // "11 passed, 1 failed, 10 absent in 7.4 s"
base::Json document(const Report& report);
std::string junit(const Report& report);
std::string html(const Report& report);

std::string list_table(const std::vector<const Check*>& checks);
base::Json list_document(const std::vector<const Check*>& checks);

// Lines of at most `width` columns, broken at spaces; a longer word is a line of its own.
std::vector<std::string> wrapped(const std::string& text, std::size_t width);

}  // namespace verify
