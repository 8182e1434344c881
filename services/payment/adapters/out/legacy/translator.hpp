#pragma once
// Between this service's words and the provider's (docs/patterns/13-anti-corruption-layer.md has the two side by side).
// Whatever is not, in every part, the answer to what was asked is no answer: a wrong success would cost somebody money,
// a doubt costs a search. Pure.

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "services/payment/ports/provider.hpp"

namespace payment_service::legacy {

// 1250 of EUR as 12,50; of JPY as 1250. Empty for a currency that is not known or an amount below 0.
std::optional<std::string> to_amount(std::int64_t minor_units, std::string_view currency);
// Back. Empty unless it is written exactly so.
std::optional<std::int64_t> from_amount(std::string_view amount, std::string_view currency);

// YYYYMMDDhhmmssSSS in UTC, and back.
std::string to_stamp(base::Wall time);
std::optional<base::Wall> from_stamp(std::string_view text);

// The form that demands it. Errors: invalid for what the provider has no words for.
base::Result<std::string> to_form(const ports::Demand& demand);
// The path and query that search for it.
std::string to_search(const ports::Demand& demand);

ports::Outcome read_answer(const ports::Demand& demand, int status, std::string_view body);
// Errors: bad_gateway.
base::Result<ports::Finding> read_findings(const ports::Demand& demand, int status, std::string_view body);

inline constexpr std::string_view payment_path = "/zahlung";
inline constexpr std::string_view state_path = "/stand";

}  // namespace payment_service::legacy
