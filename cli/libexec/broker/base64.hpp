#pragma once
// How bytes go into JSON: as text when they are, else as Base64 (RFC 4648 §4, padded). Pure.

#include <string>
#include <string_view>

namespace broker {

bool is_text(std::string_view bytes);  // UTF-8 without control characters but tab, line feed and carriage return
std::string base64(std::string_view bytes);

}  // namespace broker
