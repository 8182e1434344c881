#include "cli/provider/laboratory.hpp"

#include <algorithm>
#include <array>

namespace provider {

std::string without_cover(std::int64_t units) { return "SPERR_BETRAG=" + std::to_string(units) + "%2C00"; }

std::string word_in(std::string_view text) {
  static constexpr std::array words{"CODE", "SATZART", "HAENDLER", "BETRAG", "WAEHRUNG", "BUCHUNG", "STORNO", "BELEG"};
  const auto found = std::find_if(words.begin(), words.end(),
                                  [&](const char* word) { return text.find(word) != std::string_view::npos; });
  return found == words.end() ? std::string() : *found;
}

}  // namespace provider
