#pragma once
// What `doctor` found out about one thing. Plain values.

#include <cstdint>
#include <string>
#include <vector>

namespace machine {

enum class Level : std::uint8_t { ok, warn, fail };

struct Finding {
  std::string check;  // "port 8080"
  Level level = Level::ok;
  std::string text;    // one line
  std::string remedy;  // a command or what to do; empty when all is well
};

using Findings = std::vector<Finding>;

inline const char* name(Level level) { return level == Level::ok ? "ok" : level == Level::warn ? "warn" : "fail"; }

}  // namespace machine
