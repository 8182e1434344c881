#pragma once
// How the sandbox is to misbehave. A plain value, and what follows from it for one request. Pure.

#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "base/random.hpp"
#include "services/legacy_payments/domain/booking.hpp"

namespace legacy_payments::domain {

struct Lab {
  std::chrono::milliseconds before{0};  // from the request to the booking
  std::chrono::milliseconds after{0};   // from the booking to the answer
  // Of a hundred requests; together at most 100.
  int refused = 0;                                // 05, of charges only
  int fault = 0;                                  // 96; half of them after the booking
  int garbled = 0;                                // booked, and the answer cannot be read
  int silent = 0;                                 // booked, and no answer comes
  std::int64_t limit = 100'000;                   // in whole units of any currency; above it: 61
  std::set<std::string> refused_references = {};  // 05
  std::set<std::string> refused_amounts = {};     // 51
};

enum class Mood : std::uint8_t { straight, refuse, fault_before, fault_after, garbled, silent };

Mood mood_of(const Lab& lab, base::Random& random);

// The code by which a charge is refused before it is booked; empty when nothing speaks against it.
std::string_view refusal(const Lab& lab, const Wanted& wanted);

}  // namespace legacy_payments::domain
