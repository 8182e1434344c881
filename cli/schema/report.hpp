#pragma once
// What a check of schemas found as text, as a document and as JUnit XML. Pure.

#include <string>

#include "base/json.hpp"
#include "cli/schema/check.hpp"
#include "cli/terminal/style.hpp"

namespace schema {

std::string text_of(const Outcome& outcome, const cli::Style& style);
base::Json document_of(const Outcome& outcome);
std::string junit_of(const Outcome& outcome);

// Every event with its versions.
std::string list_text(const Catalogue& catalogue);
base::Json list_document(const Catalogue& catalogue);

}  // namespace schema
