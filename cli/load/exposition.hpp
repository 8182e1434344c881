#pragma once
// Reads metrics in the Prometheus text format (exposition format 0.0.4), as far as a difference of two readings wants
// it. Pure.

#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace load {

using Labels = std::map<std::string, std::string>;
using Series = std::map<std::pair<std::string, Labels>, double>;  // name and labels to value

// Lines that are none are passed over.
Series read_exposition(std::string_view text);

}  // namespace load
