#pragma once
// Structured logs: one JSON object a line with time, level, service, message and fields. Control characters in values
// are escaped by the JSON form itself, so a hostile value cannot make a second line. Thread-safe.

#include <cstdint>
#include <string_view>

#include "base/json.hpp"

namespace chassis {

enum class Level : std::uint8_t { debug, info, warning, error };

class Log {
 public:
  virtual ~Log() = default;
  // `fields` is an object; its members stand beside time, level, service and message.
  virtual void write(Level level, std::string_view message, const base::Json& fields) = 0;

  void info(std::string_view message, const base::Json& fields = base::Json::object()) {
    write(Level::info, message, fields);
  }
  void warning(std::string_view message, const base::Json& fields = base::Json::object()) {
    write(Level::warning, message, fields);
  }
  void error(std::string_view message, const base::Json& fields = base::Json::object()) {
    write(Level::error, message, fields);
  }
};

}  // namespace chassis
