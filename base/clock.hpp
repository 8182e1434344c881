#pragma once
// Time as a port. `monotonic` measures durations and never jumps; `wall` is what people and other machines call the
// time and may jump. Implementations are thread-safe.

#include <chrono>
#include <string>

namespace base {

using Monotonic = std::chrono::steady_clock::time_point;
using Wall = std::chrono::sys_time<std::chrono::milliseconds>;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Monotonic monotonic() const = 0;
  virtual Wall wall() const = 0;
};

class SystemClock final : public Clock {
 public:
  Monotonic monotonic() const override { return std::chrono::steady_clock::now(); }
  Wall wall() const override {
    return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
  }
};

// RFC 3339 in UTC with milliseconds: 2026-11-21T06:30:45.123Z
std::string to_rfc3339(Wall time);

}  // namespace base
