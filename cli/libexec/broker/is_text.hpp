#pragma once
// Which payloads can stand in JSON as they are; others go there as base64. Pure.

#include <string_view>

namespace broker {

bool is_text(std::string_view bytes);  // UTF-8 without control characters but tab, line feed and carriage return

}  // namespace broker
