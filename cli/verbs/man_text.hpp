#pragma once
// The manual page, made of the command line's own description. Pure.

#include <string>
#include <vector>

#include "cli/verbs/verb_view.hpp"

namespace cli {

// In troff with the macros of man(7).
std::string man_page(const std::vector<VerbView>& verbs, const std::string& version);

}  // namespace cli
