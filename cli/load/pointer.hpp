#pragma once
// JSON pointers (RFC 6901) as scenarios use them on answers, without exceptions. Pure.

#include <string_view>

#include "base/json.hpp"

namespace load {

// Empty, or begins with a slash, and each ~ is followed by 0 or 1.
bool is_pointer(std::string_view pointer);

// The value there, or null when there is none.
const base::Json* find_at(const base::Json& json, std::string_view pointer);

}  // namespace load
