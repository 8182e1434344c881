#pragma once
// Base64 (RFC 4648 §4). Pure.

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace base {

// With padding.
std::string to_base64(std::string_view bytes);

// Also without padding and in the alphabet for URLs (§5), since both occur in the wild. Errors: malformed.
Result<std::string> from_base64(std::string_view text);

}  // namespace base
