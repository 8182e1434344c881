#pragma once
// Prints lines of logs on standard output, for people or as JSON. One thread.

#include <string>

#include "cli/terminal/style.hpp"
#include "supervisor/logs/reader.hpp"

namespace cli {

struct LogLayout {
  bool json = false;
  bool prefix = true;
  bool time = false;
};

class LogPrinter {
 public:
  explicit LogPrinter(const LogLayout& layout);

  // `width` and `rank` are those of LogSources.
  void print(const std::string& instance, std::size_t width, std::size_t rank, const logs::Line& line);
  // What was printed so far reaches its reader.
  void flush();

  // One object on one line; `ascii` for a terminal, which must not see control characters of any kind.
  static std::string json(const std::string& instance, const logs::Line& line, bool ascii);

 private:
  LogLayout layout_;
  bool terminal_;
  Style style_;
};

}  // namespace cli
