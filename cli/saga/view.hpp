#pragma once
// What `msctl saga` prints of the sagas that services tell of at their door /_ops/saga. `now_us` is since 1970, for
// those that have not ended. Pure.

#include <cstdint>
#include <string>

#include "base/json.hpp"
#include "cli/terminal/style.hpp"

namespace saga {

// The order in which lists are shown: what began last comes first.
void sort_newest_first(base::Json& sagas);

// A row for each object of the list, which has `service` beside what the service said.
std::string table(const base::Json& sagas, std::int64_t now_us, const cli::Style& style);
// One whole, its steps in a table.
std::string story(const base::Json& saga, std::int64_t now_us, const cli::Style& style);

// "83 ms" below a second, else as format_duration() has it; "-" when one of the two times cannot be read. An empty end
// is `now_us`.
std::string took(const std::string& began, const std::string& ended, std::int64_t now_us);

}  // namespace saga
