#pragma once
// Format patterns for dates and times as java.time.format.DateTimeFormatter has them, which Pact uses:
// yyyy-MM-dd'T'HH:mm:ss.SSSXXX. Texts are English; zones are read as offsets or names, and written as UTC. Values.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace base::pact {

class DatePattern {
 public:
  // Errors: malformed, naming the letter that we do not know.
  static Result<DatePattern> parse(std::string_view pattern);

  // Whether a text has this form and its numbers are in their ranges (30 February is not). Empty when it does, else
  // what does not fit: "at 5: a month (01 to 12) is expected".
  std::optional<std::string> mismatch(std::string_view text) const;

  // The time in UTC in this form.
  std::string format(std::chrono::sys_time<std::chrono::milliseconds> time) const;

 private:
  struct Token {
    char letter = 0;  // 0 is literal text
    std::size_t count = 1;
    std::string text = {};
    bool optional_begin = false;  // [
    bool optional_end = false;    // ]
  };
  friend class DateReader;

  std::vector<Token> tokens_;
};

}  // namespace base::pact
