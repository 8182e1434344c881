#pragma once
// Comma-separated values as RFC 4180 says: a header line, quotes around what has commas, quotes or line ends in it. A
// byte order mark and blank lines are passed over. Pure.

#include <string_view>

#include "base/json.hpp"
#include "base/result.hpp"

namespace load {

inline constexpr std::size_t max_csv_cells = 2'000'000;

// A list of maps from column to text. Errors: malformed, `line 3: 2 values for 4 columns`.
base::Result<base::Json> read_csv(std::string_view text);

}  // namespace load
