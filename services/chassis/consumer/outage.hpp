#pragma once
// When what handlers need is away: their own database, or a service that they call. Pure; internal to consumer.

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/random.hpp"

namespace chassis::consumer {

// Says "not now", which tells nothing of the event. All others are the event's own.
inline bool is_not_now(base::ErrorCode code) {
  switch (code) {
    case base::ErrorCode::unavailable:
    case base::ErrorCode::timeout:  // of the store, or of a call: a handler's own deadline is the nearest of all
    case base::ErrorCode::bad_gateway:
    case base::ErrorCode::cancelled:  // the store is being closed
      return true;
    default:
      return false;
  }
}

// A random part of `most`, so that those that wait for the same do not come at once ("full jitter").
inline std::chrono::milliseconds jittered(std::chrono::milliseconds most, base::Random& random) {
  return std::chrono::milliseconds(random.below(static_cast<std::uint32_t>(most.count() + 1)));
}

// While it lasts, one event at a time is tried, after growing pauses, until one is handled. For one that hangs, the
// next does not wait longer than for the longest pause.
class Outage {
 public:
  static constexpr std::chrono::milliseconds first_pause{100};
  static constexpr std::chrono::milliseconds longest_pause{5'000};

  bool is_on() const { return pause_.count() > 0; }
  base::Monotonic next_try() const { return next_try_; }

  // It begins, or the event that was tried has shown that it lasts.
  void go_on(base::Monotonic now, base::Random& random) {
    pause_ = std::clamp(pause_ * 2, first_pause, longest_pause);
    next_try_ = now + jittered(pause_, random);
  }
  // No further one before that.
  void try_at(base::Monotonic time) { next_try_ = time; }
  void end() { pause_ = std::chrono::milliseconds(0); }

 private:
  std::chrono::milliseconds pause_{0};
  base::Monotonic next_try_{};
};

// How often, and for how long, one event was told "not now" while others were handled. In an outage that is never.
struct Alone {
  int times = 0;
  std::chrono::nanoseconds lasted{0};

  // `handled` events were handled before this.
  void failed(base::Monotonic now, std::uint64_t handled) {
    if (is_known_ && handled != handled_) {
      ++times;
      lasted += now - last_;
    }
    is_known_ = true;
    last_ = now;
    handled_ = handled;
  }

 private:
  bool is_known_ = false;
  base::Monotonic last_{};
  std::uint64_t handled_ = 0;
};

}  // namespace chassis::consumer
