#pragma once
// Following a cluster on its way down. Blocking.

#include <cstdint>

#include "cli/session/place.hpp"
#include "cli/terminal/style.hpp"

namespace cli {

// Prints a line per service that stops until the supervisor is gone, then a total line. Returns the number of services
// that stopped. Errors: timeout, when the supervisor is still there after all grace times.
base::Result<std::size_t> follow_down(const Place& place, pid_t supervisor, std::uint64_t after, std::size_t name_width,
                                      const Style& style);

}  // namespace cli
