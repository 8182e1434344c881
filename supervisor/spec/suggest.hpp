#pragma once
// "Did you mean". Pure.

#include <string>
#include <string_view>
#include <vector>

namespace spec {

// The known word nearest to `word` by edit distance (Levenshtein with swaps of neighbours), if it is near enough to be
// a slip: at most a third of its letters. Empty when none is.
std::string nearest(std::string_view word, const std::vector<std::string>& known);

}  // namespace spec
