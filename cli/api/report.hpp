#pragma once
// What a check found as text, as a document and as JUnit XML. Pure.

#include <string>

#include "base/json.hpp"
#include "cli/api/check.hpp"
#include "cli/terminal/style.hpp"

namespace api {

std::size_t count(const Outcome& outcome);

// `base` is how the user named what was compared with.
std::string text_of(const Outcome& outcome, const std::string& base, const cli::Style& style);
base::Json document_of(const Outcome& outcome, const std::string& base);
std::string junit_of(const Outcome& outcome);

}  // namespace api
