#pragma once
// How a route is to be used, beyond what it does: which requests need a key against repetition, and which routes are on
// their way out. Plain values.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.hpp"

namespace chassis {

// Whether a request may, or must, bring an Idempotency-Key (ledger/ledger.hpp).
enum class OnceKey : std::uint8_t { ignored, honoured, required };

// RFC 9745 and RFC 8594: since when a route is deprecated, when it may go, and what to use instead.
struct Deprecation {
  std::chrono::sys_days since;
  std::chrono::sys_days sunset;
  std::string successor;  // a path: /v2/orders
};

struct RouteOptions {
  OnceKey key = OnceKey::ignored;
  std::optional<Deprecation> deprecation = {};
};

}  // namespace chassis
