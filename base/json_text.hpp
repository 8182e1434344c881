#pragma once
// Reading documents that others wrote, where a member may be missing or of another type. Pure.

#include <string>

#include "base/json.hpp"

namespace base {

// The text of that member; empty when `object` is none, has no such member or it is no text.
inline std::string text_at(const Json& object, const std::string& key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace base
