#pragma once
// The load that a drill keeps on, and what can be said afterwards of what it was acknowledged. A port: orders.hpp has
// the load on the reference system, scenario_load.hpp a scenario of `msctl load`. All but the constructor may be called
// from any thread.

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "cli/drill/attempt.hpp"
#include "cli/drill/judge.hpp"
#include "cli/drill/plan.hpp"

namespace drill {

// "50", "0.5"
inline std::string rate_text(double rate) {
  auto text = std::to_string(rate);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

class Load {
 public:
  virtual ~Load() = default;

  // Whatever it needs before it can begin. Blocks. Errors: unavailable, with what was answered; internal.
  virtual base::Result<void> prepare() = 0;
  virtual void start() = 0;
  // No more requests; returns when the last one was answered or has timed out.
  virtual void stop() = 0;
  // What is due from now on belongs to the fault of that number.
  virtual void enter(int phase) = 0;
  // What was due at or after that time, in the order in which it was due.
  virtual std::vector<Attempt> attempts(std::int64_t from_us = 0) const = 0;
  // Why it ended by itself; empty while it goes on.
  virtual std::string problem() const { return {}; }
  // "50 orders a second"
  virtual std::string text() const = 0;

  // After stop(): what is there. Waits until all has come to rest, at most `within`; `stopped` ends it early. `since`,
  // RFC 3339, is when the drill began. Errors: unavailable, internal (what cannot be read back cannot be judged).
  virtual base::Result<Evidence> look(const std::string& since, Ms within,
                                      const std::function<bool()>& stopped) const = 0;

  // Since the load was made.
  std::int64_t now_us() const {
    const auto passed = std::chrono::steady_clock::now() - began_;
    return std::chrono::duration_cast<std::chrono::microseconds>(passed).count();
  }

 protected:
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

}  // namespace drill
