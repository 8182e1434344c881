#include "supervisor/core/backoff.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>

namespace core {

using std::chrono::milliseconds;

Backoff::Backoff(const BackoffSettings& settings, base::Random& random) : settings_(settings), random_(random) {}

std::optional<milliseconds> Backoff::next() {
  if (exhausted()) return std::nullopt;
  if (restarts_ == 0) {
    ++restarts_;
    return milliseconds(0);
  }
  milliseconds ceiling = std::min(settings_.first, settings_.cap);
  for (int n = 1; n < restarts_ && ceiling < settings_.cap && ceiling.count() > 0; ++n) {
    // Compared before it is doubled, so that no setting overflows.
    ceiling = ceiling > settings_.cap / 2 ? settings_.cap : ceiling * 2;
  }
  if (restarts_ < std::numeric_limits<int>::max()) ++restarts_;
  const milliseconds half = ceiling / 2;
  const std::int64_t span =
      std::min<std::int64_t>((ceiling - half).count() + 1, std::numeric_limits<std::uint32_t>::max());
  return half + milliseconds(static_cast<std::int64_t>(random_.below(static_cast<std::uint32_t>(span))));
}

bool Backoff::exhausted() const { return settings_.limit > 0 && restarts_ >= settings_.limit; }

void Backoff::was_ready(milliseconds duration) {
  if (duration >= settings_.stable && duration.count() > 0) reset();
}

void Backoff::reset() { restarts_ = 0; }

}  // namespace core
