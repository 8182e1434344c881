#pragma once
// What a run must keep: `p99<50ms`, `error_rate<0.1%`, `rps>1000`, of the whole run, or of one step as
// `place order: p99<80ms`. Pure.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"

namespace load {

struct Threshold {
  enum class Compare : std::uint8_t { below, at_most, above, at_least };

  std::string text;    // as it was written
  std::string step;    // empty: the whole run
  std::string metric;  // pNN, max, mean, error_rate, errors, missed, rps, completed
  Compare compare = Compare::below;
  double limit = 0;  // microseconds, a share, or a number
};

// Metrics are p50 to p99.999 (or p999 for p99.9), max and mean with a duration; error_rate with a percentage or a
// share; errors, missed, completed and rps with a number. Errors: malformed, with what was expected.
base::Result<Threshold> read_threshold(std::string_view text);

struct Verdict {
  Threshold threshold;
  bool held = false;
  double actual = 0;
  std::string shown;  // the actual value for people: "61.2 ms"
};

// `result` is what the load program gave (result.hpp). A metric without any request is missed; a step that does not
// exist is, too. Latencies are the corrected ones.
std::vector<Verdict> judge(const std::vector<Threshold>& thresholds, const base::Json& result);

}  // namespace load
