#include "cli/libexec/broker/is_text.hpp"

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

}  // namespace broker
