#pragma once
// Completion scripts for shells, made of the command line's own description. Pure.

#include <string>
#include <vector>

#include "cli/verbs/verb_view.hpp"

namespace cli {

std::string bash_completion(const std::vector<VerbView>& verbs);
std::string zsh_completion(const std::vector<VerbView>& verbs);
std::string fish_completion(const std::vector<VerbView>& verbs);

}  // namespace cli
