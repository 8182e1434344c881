#pragma once
// A clock for the registry's tests, which moves when they say so.

#include "base/clock.hpp"

namespace registry {

class FakeClock final : public base::Clock {
 public:
  base::Monotonic monotonic() const override { return base::Monotonic{} + since_start; }
  base::Wall wall() const override { return base::Wall(std::chrono::milliseconds(1'795'000'000'000)) + since_start; }
  std::chrono::milliseconds since_start{1'000};
};

}  // namespace registry
