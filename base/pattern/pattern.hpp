#pragma once
// Regular expressions for text that others write, such as log lines: RE2, which needs time linear in the text and no
// stack, whatever the expression. std::regex recurses once per character and ends the process on a long line.
// The syntax is that of RE2: as in ECMAScript, without look-ahead, look-behind and back references.
// A Pattern is a value, cheap to copy, and may be used from several threads.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace re2 {
class RE2;
}

namespace base {

class Pattern {
 public:
  // Errors: malformed, "not a regular expression: missing ): (ready".
  static Result<Pattern> make(const std::string& text);

  // Whether it matches anywhere in the text. `^` and `$` are the text's begin and end.
  bool found_in(std::string_view text) const;
  // The first group of the first match, or all of that where there is no group; nothing without a match. A view into
  // the text.
  std::optional<std::string_view> first_in(std::string_view text) const;

 private:
  explicit Pattern(std::shared_ptr<const re2::RE2> compiled) : compiled_(std::move(compiled)) {}
  std::shared_ptr<const re2::RE2> compiled_;
};

}  // namespace base
