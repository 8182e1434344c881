#pragma once
// MD5 (RFC 1321) as 32 hexadecimal digits. Only as a name for descriptors in Pact files, where the protobuf plugin uses
// it; it protects nothing.

#include <string>
#include <string_view>

namespace base::pact {

std::string md5_hex(std::string_view bytes);

}  // namespace base::pact
