#pragma once
// Texts in a row: "a, b, c".

#include <string>
#include <string_view>

namespace base {

// `texts` is any range of strings. Empty ones at the front leave no trace.
template <class Texts>
std::string joined(const Texts& texts, std::string_view between = ", ") {
  std::string all;
  for (const auto& text : texts) {
    if (!all.empty()) all += between;
    all += text;
  }
  return all;
}

}  // namespace base
