#pragma once
// How severe a log line says it is, whatever wrote it. Pure.

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/json.hpp"

namespace cli {

enum class Level : std::uint8_t { trace, debug, info, warn, error, fatal };

std::string_view level_name(Level level);

// A level by one of the names in use: "warn", "WARNING", "wrn", "E", … Nothing for other words.
std::optional<Level> level_named(std::string_view word);

// The level of a JSON line: `level`, `severity`, `lvl`, `log.level` or `@level`, a name or a number as pino writes it.
std::optional<Level> level_of_fields(const base::Json& fields);

// The level of a line of text: a name in capitals or in brackets, `level=warn`, `error:`, glog's `E0131 14:05…`, or the
// first line of a crash report.
std::optional<Level> level_of_text(std::string_view line);

// True for a line that goes on with what the one before it said: it is indented, as stack traces are.
bool is_continuation(std::string_view line);

}  // namespace cli
