#pragma once
// How long a crashed instance waits until its next start, and when it has been tried often enough. One per instance;
// not thread-safe; the Random is lent and must outlive it.

#include <chrono>
#include <optional>

#include "base/random.hpp"

namespace core {

// The first restart comes at once, as kubelet does it: most crashes do not repeat, and a request that waits in the
// backlog of a held socket should not wait for nothing. Delay before restart n (from 1): random in [d/2, d] with
// d = min(first * 2^(n-1), cap). The random half keeps services that died of one cause from coming back in step ("equal
// jitter", Brooker, AWS 2015).
struct BackoffSettings {
  std::chrono::milliseconds first{100};
  std::chrono::milliseconds cap{10000};
  std::chrono::milliseconds stable{10000};  // this long in state ready forgets earlier crashes
  int limit = 10;                           // restarts in a row; 0 = no limit
};

class Backoff {
 public:
  Backoff(const BackoffSettings& settings, base::Random& random);

  // The delay before the next restart, which it counts; nothing once `limit` restarts in a row are used up.
  std::optional<std::chrono::milliseconds> next();

  // True when next() would give nothing. Ask when the process has ended, to choose between exited_again and
  // exited_failed, after was_ready().
  bool exhausted() const;

  // The instance just ended after this time in state ready (0 when it never was).
  void was_ready(std::chrono::milliseconds duration);

  void reset();
  // Other settings from the next restart on; what was counted counts.
  void use(const BackoffSettings& settings) { settings_ = settings; }

  int restarts_in_a_row() const { return restarts_; }

 private:
  BackoffSettings settings_;
  base::Random& random_;
  int restarts_ = 0;
};

}  // namespace core
