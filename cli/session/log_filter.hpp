#pragma once
// Which lines `msctl logs` shows. Values; one thread.

#include <regex.h>

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/result.hpp"
#include "cli/session/log_level.hpp"
#include "supervisor/logs/reader.hpp"

namespace cli {

// An extended regular expression as `grep -E` takes it, and `\d`. Unlike std::regex, matching takes no stack, however
// long the line.
class Pattern {
 public:
  // Errors: malformed, with what is wrong with it.
  static base::Result<Pattern> compile(const std::string& text);
  bool matches(const std::string& line) const;

 private:
  struct Free {
    void operator()(regex_t* regex) const {
      ::regfree(regex);
      delete regex;
    }
  };
  std::unique_ptr<regex_t, Free> regex_;
};

// The line as a JSON object, if it is one.
std::optional<base::Json> fields_of(const std::string& line);

struct LogFilter {
  std::int64_t since_us = std::numeric_limits<std::int64_t>::min();
  std::int64_t until_us = std::numeric_limits<std::int64_t>::max();
  std::optional<Pattern> grep;
  std::optional<Level> least;  // lines without a level do not pass; indented ones go with the line before them

  bool chooses() const { return grep || least; }
  bool shows_all_by_default() const;
};

// Remembers for one instance which level the last line had.
class FilteredLines {
 public:
  FilteredLines(logs::Reader reader, const LogFilter& filter) : reader_(std::move(reader)), filter_(&filter) {}

  std::optional<logs::Line> next();
  bool is_soon() const { return reader_.is_soon(); }

 private:
  bool passes(const logs::Line& line);

  logs::Reader reader_;
  const LogFilter* filter_;
  std::array<bool, 4> severe_{};  // by stream
};

}  // namespace cli
