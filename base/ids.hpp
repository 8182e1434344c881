#pragma once
// Identifiers. Pure functions over the clock and randomness ports; thread-safe as far as those are.

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/random.hpp"

namespace base {

// UUID version 7 (RFC 9562 §5.7): 48 bits of Unix milliseconds, then 74 random bits. Sorts by creation time between
// milliseconds; two ids of one millisecond sort at random.
std::string uuid_v7(const Clock& clock, Random& random);

// True for 8-4-4-4-12 hexadecimal digits of either case.
bool is_uuid(std::string_view text);

// Lower-case hexadecimal of `bytes` random bytes.
std::string random_hex(Random& random, std::size_t bytes);

// DNS label (RFC 1123): 1–63 of a-z, 0-9 and '-', neither first nor last a '-'. Names of services are labels.
bool is_dns_label(std::string_view text);

}  // namespace base
