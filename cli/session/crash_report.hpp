#pragma once
// What a dying program says of itself: the backtrace of the chassis' crash handler, a sanitizer's report, a Python
// traceback, or what gdb makes of a core. Pure.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "supervisor/logs/reader.hpp"

namespace cli {

// So many lines of a report are shown, and of the output searched for one.
inline constexpr std::size_t shown_report_lines = 30;
inline constexpr std::size_t searched_log_lines = 400;

struct CrashReport {
  std::string title;               // "backtrace" or "sanitizer"
  std::vector<std::string> lines;  // at most shown_report_lines
  std::string detail;              // the report in one line: its summary, or the first frame of the program's own
};

// The last report in `output`, the last lines of one start. Reports go to standard error; what came on standard output
// meanwhile, by a pipe of its own, may stand anywhere between and is no part of one. Nothing when the program went on
// after it, so that an old mishap is not taken for the reason of the end.
std::optional<CrashReport> find_crash_report(const std::vector<logs::Line>& output);

// The report in the output of gdb's `bt`; nothing when gdb found no frames.
std::optional<CrashReport> gdb_report(const std::vector<std::string>& output);

// "checkout at cart.cpp:12" of the first stack frame that has a source line outside of the system's own, or empty.
std::string first_own_frame(const std::vector<std::string>& lines);

}  // namespace cli
