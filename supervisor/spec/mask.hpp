#pragma once
// Texts without their secrets, for showing. Pure.

#include <string>
#include <vector>

namespace spec {

inline constexpr const char* masked = "****";

// Passwords in URLs (//user:password@host) masked; a text that has one and a ${…} is masked as a whole.
std::string mask_urls(const std::string& text);

// Arguments of a command: as above, and the value of `--token=x`, `TOKEN=x` and `--token x`.
std::vector<std::string> mask_arguments(std::vector<std::string> arguments);

}  // namespace spec
