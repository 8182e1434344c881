#pragma once
// What a plain YAML scalar means. Pure.

#include <string>

#include "base/json.hpp"

namespace spec {

// null, true, 1, 0x1f, 0o17, 1.5e3, .inf or, as anything else, text: the tag resolution of YAML 1.2, section 10.3.2.
// Whole numbers that do not fit 64 bits become floating-point.
base::Json plain_scalar(const std::string& text);

}  // namespace spec
