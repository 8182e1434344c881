#pragma once
// Sizes as people write them. Pure.

#include <cstdint>
#include <string>

#include "base/json.hpp"

namespace spec {

inline constexpr std::int64_t least_size = 1024;
inline constexpr std::int64_t most_size = std::int64_t{1} << 50;

// 4096, "256M", "1.5GiB": K, M, G and T are powers of 1024. The value has passed the schema's definition `size`; 0 when
// it is outside of the limits above.
std::int64_t size_of(const base::Json& value);

// The shortest exact way to write it: 268435456 as 256M.
std::string format_size(std::int64_t bytes);

}  // namespace spec
