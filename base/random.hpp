#pragma once
// Randomness as a port, so that a seed replays a run. Implementations are thread-safe.

#include <cstdint>
#include <span>

namespace base {

class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::uint8_t> bytes) = 0;
  // Uniform in [0, bound); 0 when bound is 0. For jitter, not for keys: the modulo bias is below 2^-32.
  std::uint64_t below(std::uint32_t bound);
};

// getrandom(2): fit for ids, salts and keys.
class SystemRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> bytes) override;
};

}  // namespace base
