#pragma once
// Calls back once after a while. One thread; callbacks run on it, never from inside after().

#include <chrono>
#include <cstdint>
#include <functional>

namespace ports {

using TimerId = std::uint64_t;  // never 0

class Timers {
 public:
  virtual ~Timers() = default;
  virtual TimerId after(std::chrono::milliseconds delay, std::function<void()> callback) = 0;
  // A cancelled callback is not called; unknown ids and 0 are ignored.
  virtual void cancel(TimerId id) = 0;
};

}  // namespace ports
