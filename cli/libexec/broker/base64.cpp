#include "cli/libexec/broker/base64.hpp"

#include <algorithm>

#include "base/json.hpp"

namespace broker {

bool is_text(std::string_view bytes) {
  const bool plain = std::all_of(bytes.begin(), bytes.end(), [](unsigned char c) {
    return (c >= ' ' && c != 0x7f) || c == '\t' || c == '\n' || c == '\r';
  });
  if (!plain) return false;
  try {
    // Strict about UTF-8, as dump_json() is not.
    static_cast<void>(base::Json(std::string(bytes)).dump());
    return true;
  } catch (const base::Json::exception&) {
    return false;
  }
}

std::string base64(std::string_view bytes) {
  static constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8U | (k < count ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) text += k <= count ? digits[group >> (18 - 6 * k) & 0x3fU] : '=';
  }
  return text;
}

}  // namespace broker
