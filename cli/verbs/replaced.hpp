#pragma once
// Quoting for other languages (shells, DOT, Mermaid). Pure.

#include <map>
#include <string>

namespace cli {

// The text with each of these characters replaced, the others as they are.
inline std::string replaced(const std::string& text, const std::map<char, std::string>& replacements) {
  std::string out;
  for (const char c : text) {
    const auto found = replacements.find(c);
    if (found == replacements.end()) {
      out += c;
    } else {
      out += found->second;
    }
  }
  return out;
}

}  // namespace cli
