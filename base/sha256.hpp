#pragma once
// SHA-256 (FIPS 180-4) of a text, in hexadecimal. Pure.

#include <string>
#include <string_view>

namespace base {

std::string sha256(std::string_view text);

}  // namespace base
