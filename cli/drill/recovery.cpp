#include "cli/drill/recovery.hpp"

#include <algorithm>
#include <cmath>

namespace drill {
namespace {

bool was_answered(const Attempt& attempt, std::int64_t at_us) {
  return attempt.outcome != Outcome::waiting && attempt.done_us < at_us;
}

template <class Counts>
Share share_of(const std::vector<Attempt>& attempts, const Counts& counts) {
  Share share;
  std::vector<std::int64_t> times;
  for (const auto& attempt : attempts) {
    if (!counts(attempt)) continue;
    ++share.sent;
    if (attempt.outcome == Outcome::refused) ++share.refused;
    if (attempt.outcome != Outcome::acknowledged) continue;
    ++share.acknowledged;
    if (attempt.what != What::user) times.push_back(attempt.done_us - attempt.intended_us);
  }
  if (times.empty()) return share;
  std::sort(times.begin(), times.end());
  const auto at = [&](double part) {
    const auto rank = static_cast<std::size_t>(std::ceil(part * static_cast<double>(times.size())));
    return times[std::max<std::size_t>(rank, 1) - 1];
  };
  share.p50_us = at(0.5);
  share.p99_us = at(0.99);
  share.longest_us = times.back();
  return share;
}

}  // namespace

std::optional<std::int64_t> back_after_us(const std::vector<Attempt>& attempts, std::int64_t from_us,
                                          std::int64_t run_us) {
  const Attempt* first = nullptr;
  for (const auto& attempt : attempts) {
    if (attempt.what == What::user || attempt.intended_us < from_us) continue;
    if (attempt.outcome == Outcome::waiting) return std::nullopt;  // it may still fail
    if (attempt.outcome == Outcome::refused) {
      first = nullptr;
      continue;
    }
    if (first == nullptr) first = &attempt;
    if (attempt.intended_us - first->intended_us >= run_us) return first->done_us - from_us;
  }
  return std::nullopt;
}

Share share_before(const std::vector<Attempt>& attempts, const Span& span) {
  return share_of(attempts, [&](const Attempt& one) {
    return one.intended_us >= span.since_us && one.intended_us < span.began_us && was_answered(one, span.began_us);
  });
}

Share share_during(const std::vector<Attempt>& attempts, const Span& span) {
  return share_of(attempts, [&](const Attempt& one) {
    if (one.intended_us >= span.began_us) return one.intended_us < span.over_us;
    return one.intended_us >= span.since_us && !was_answered(one, span.began_us);
  });
}

}  // namespace drill
