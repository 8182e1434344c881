#pragma once
// A result that was saved from `msctl load --output json`, which anybody may have edited or cut off. Pure.

#include <string>
#include <string_view>

#include "base/json.hpp"
#include "base/result.hpp"

namespace load {

// What show.hpp and judge() read is of the types that they expect, or missing; other keys may hold anything. Errors:
// malformed, with `name` and the first key that does not fit.
base::Result<base::Json> read_saved(std::string_view text, const std::string& name);

// Of read_saved; unit tests hold it against unknown keywords.
const base::Json& saved_schema();

}  // namespace load
