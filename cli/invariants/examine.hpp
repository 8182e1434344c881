#pragma once
// Waits until a system is at rest, then reads it whole and judges it. Time and reading are lent, so that a test needs
// neither a cluster nor patience.

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "cli/invariants/judge.hpp"

namespace invariants {

struct Plan {
  Scope scope;
  Bounds bounds;
  std::chrono::milliseconds wait{30'000};  // until it is at rest; then it is judged as it is
};

struct World {
  std::function<base::Result<Facts>(bool with_events)> read;
  std::function<void(std::chrono::milliseconds)> pause;
  std::function<void(const std::vector<std::string>& waits)> on_wait;  // what is waited for
  const base::Clock& clock;
};

struct Outcome {
  std::vector<Finding> findings;
  std::size_t orders = 0;              // that were looked at
  std::vector<std::string> unsettled;  // what was not at rest in time
};

// What is broken is read a second time before it is told, since lists that are read one after the other while somebody
// places orders do not fit each other. Errors: those of reading, when they last.
base::Result<Outcome> examine(const World& world, const Plan& plan);

}  // namespace invariants
