#pragma once
// How the provider's sandbox is told to misbehave: GET, PUT (a form) and DELETE of `laboratory`. Pure.

#include <cstdint>
#include <string>
#include <string_view>

namespace provider {

inline constexpr const char* laboratory = "/labor";
// Every request is carried out, and none is answered.
inline constexpr const char* silent = "STUMM_PROZENT=100";

// There is no cover (code 51) for an amount of so many whole units of a currency with two decimals.
std::string without_cover(std::int64_t units);

// A word of the provider's that is in the text; empty when there is none.
std::string word_in(std::string_view text);

}  // namespace provider
