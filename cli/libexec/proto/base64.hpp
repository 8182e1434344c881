#pragma once
// Base64 with padding (RFC 4648, section 4). Pure.

#include <optional>
#include <string>
#include <string_view>

namespace proto {

std::string to_base64(std::string_view bytes);

// Also without padding and in the alphabet for URLs, since both occur in the wild; nothing when it is neither.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace proto
