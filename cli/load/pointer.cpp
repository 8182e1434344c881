#include "cli/load/pointer.hpp"

#include <algorithm>
#include <charconv>
#include <string>

namespace load {
namespace {

std::string unescaped(std::string_view token) {
  std::string text;
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] != '~' || i + 1 == token.size()) {
      text += token[i];
    } else {
      text += token[++i] == '0' ? '~' : '/';
    }
  }
  return text;
}

const base::Json* element(const base::Json& list, const std::string& token) {
  std::size_t index = 0;
  const auto end = std::from_chars(token.data(), token.data() + token.size(), index);
  const bool is_number = end.ec == std::errc() && end.ptr == token.data() + token.size();
  if (!is_number || (token.size() > 1 && token.front() == '0') || index >= list.size()) return nullptr;
  return &list[index];
}

}  // namespace

bool is_pointer(std::string_view pointer) {
  if (!pointer.empty() && pointer.front() != '/') return false;
  for (std::size_t i = 0; i < pointer.size(); ++i) {
    if (pointer[i] == '~' && (i + 1 == pointer.size() || (pointer[i + 1] != '0' && pointer[i + 1] != '1')))
      return false;
  }
  return true;
}

const base::Json* find_at(const base::Json& json, std::string_view pointer) {
  const base::Json* at = &json;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    const std::size_t end = std::min(pointer.find('/'), pointer.size());
    const std::string token = unescaped(pointer.substr(0, end));
    pointer.remove_prefix(end);
    if (at->is_object()) {
      const auto found = at->find(token);
      at = found == at->end() ? nullptr : &*found;
    } else {
      at = at->is_array() ? element(*at, token) : nullptr;
    }
    if (at == nullptr) return nullptr;
  }
  return at;
}

}  // namespace load
