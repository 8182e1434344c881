#pragma once
// The two lists of verbs that `msctl` and `msctl help all` print. Pure.

#include <map>
#include <string>
#include <vector>

#include "cli/verbs/verb_view.hpp"

namespace cli {

// "up [SERVICE...]"
std::string synopsis(const VerbView& verb);

// The ten verbs to begin with, of those that there are.
std::string first_help(const std::vector<VerbView>& verbs);

// All by group, then the cluster's own commands, name to help.
std::string all_help(const std::vector<VerbView>& verbs, const std::map<std::string, std::string>& own);

}  // namespace cli
