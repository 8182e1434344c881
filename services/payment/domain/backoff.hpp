#pragma once
// How long to wait before the provider is asked again. Pure.

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "base/random.hpp"

namespace payment_service::domain {

struct Backoff {
  std::chrono::milliseconds first{250};
  std::chrono::milliseconds cap{30'000};
};

// Doubles with each try in vain, the first of which is number 0, up to the cap; the second half of it is random.
inline std::chrono::milliseconds pause_after(const Backoff& backoff, std::int64_t tries, base::Random& random) {
  const auto doubled = backoff.first * (std::int64_t{1} << std::clamp<std::int64_t>(tries, 0, 20));
  const auto pause = std::min<std::chrono::milliseconds>(doubled, backoff.cap);
  return pause / 2 + std::chrono::milliseconds(random.below(static_cast<std::uint32_t>(pause.count() / 2 + 1)));
}

}  // namespace payment_service::domain
