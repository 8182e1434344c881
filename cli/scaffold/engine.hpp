#pragma once
// Text templates: mustache (mustache.github.io) in strict mode. A name that the data does not have is an error with its
// line, never an empty place; nothing is escaped; partials and lambdas do not exist. Our own, since the libraries at
// hand have no strict mode, and the packaged one leaves an empty line where a section is not taken. Pure.

#include <set>
#include <string>

#include "base/json.hpp"
#include "base/result.hpp"

namespace scaffold {

// Looks at a template without rendering it, so that a mistake in a section that is not taken is found as well. `known`
// are the names that data may have at any depth. Errors: invalid, as `FILE:LINE: there is no variable nmae`.
base::Result<void> check_template(const std::string& file, const std::string& text, const std::set<std::string>& known);

// `data` is a map of texts, booleans and lists of texts or of such maps; in a list of texts each is {{.}}. A template
// that holds {{ as its own text changes the delimiters first: {{=<% %>=}}. Errors: invalid, as above.
base::Result<std::string> render(const std::string& file, const std::string& text, const base::Json& data);

}  // namespace scaffold
