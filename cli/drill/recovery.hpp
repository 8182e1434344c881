#pragma once
// When the system was back, from the load alone. Pure.

#include <cstdint>
#include <optional>
#include <vector>

#include "cli/drill/attempt.hpp"

namespace drill {

// From `from_us` until the answer to the first request of a run of successes that goes on for `run_us`, that is, every
// request that was due within it was acknowledged, and there was one at its end or later. None while it cannot be told
// yet. Sign-ups do not count: they come once a second only. `attempts` are in the order in which they were due.
std::optional<std::int64_t> back_after_us(const std::vector<Attempt>& attempts, std::int64_t from_us,
                                          std::int64_t run_us);

// Of some requests.
struct Share {
  std::size_t sent = 0;
  std::size_t acknowledged = 0;
  std::size_t refused = 0;
  std::int64_t p50_us = 0;  // of acknowledged ones, from when they were due
  std::int64_t p99_us = 0;
  std::int64_t longest_us = 0;
};

// A fault from its beginning until everybody was back, and when the one before it was over.
struct Span {
  std::int64_t since_us = 0;
  std::int64_t began_us = 0;
  std::int64_t over_us = 0;
};
// Of what was due since then and had its answer when the fault began.
Share share_before(const std::vector<Attempt>& attempts, const Span& span);
// Of what was due while it lasted, or since then and had no answer yet when it began. `attempts` have all their
// answers.
Share share_during(const std::vector<Attempt>& attempts, const Span& span);

}  // namespace drill
