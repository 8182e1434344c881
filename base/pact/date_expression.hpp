#pragma once
// Dates and times that generators reckon with: "today + 2 days", "next monday", "noon - 1 hour", and for both
// "tomorrow @ 10 o'clock am + 5 minutes". The words are those of Pact's implementations for the JVM and Rust. Inside
// the module.

#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace base::pact {

enum class ExpressionKind : std::uint8_t { date, time, both };

// UTC. An empty expression is now. Errors: invalid, with the word that is not understood.
Result<base::Wall> reckon(std::string_view expression, ExpressionKind kind, base::Wall now);

}  // namespace base::pact
