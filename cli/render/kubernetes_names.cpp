#include "cli/render/kubernetes_names.hpp"

#include <algorithm>
#include <cctype>

#include "base/sha256.hpp"

namespace render {
namespace {

constexpr std::size_t longest_label = 63;
constexpr std::size_t longest_port = 15;

bool is_alphanumeric(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }
bool is_letter(char c) { return c >= 'a' && c <= 'z'; }

bool has_ends(const std::string& text) { return is_alphanumeric(text.front()) && is_alphanumeric(text.back()); }

}  // namespace

bool is_service_name(const std::string& text) {
  if (text.empty() || text.size() > longest_label || !is_letter(text.front()) || !has_ends(text)) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '-'; });
}

bool is_label_value(const std::string& text) {
  if (text.empty()) return true;
  if (text.size() > longest_label || !has_ends(text)) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; });
}

bool is_label_key(const std::string& text) {
  const auto slash = text.find('/');
  const std::string name = slash == std::string::npos ? text : text.substr(slash + 1);
  return !name.empty() && is_label_value(name) && (slash == std::string::npos || (slash > 0 && slash <= 253));
}

std::string label_value(const std::string& text) {
  std::string value;
  for (const char c : text) {
    if (is_alphanumeric(c) || c == '-' || c == '_' || c == '.') value += c;
  }
  value.erase(0, static_cast<std::size_t>(std::find_if(value.begin(), value.end(), is_alphanumeric) - value.begin()));
  if (value.size() > longest_label) value.resize(longest_label);
  while (!value.empty() && !is_alphanumeric(value.back())) value.pop_back();
  return value;
}

std::string port_name(const std::string& name) {
  const bool fits = name.size() <= longest_port && is_label_value(name) && name.find("--") == std::string::npos &&
                    std::any_of(name.begin(), name.end(), is_letter);
  if (fits) return name;
  std::string begin;
  for (const char c : name.substr(0, longest_port - 5)) {
    if (c != '-' || (!begin.empty() && begin.back() != '-')) begin += c;
  }
  while (!begin.empty() && begin.back() == '-') begin.pop_back();
  if (std::none_of(begin.begin(), begin.end(), is_letter)) begin = "port";
  return begin + "-" + base::sha256(name).substr(0, 4);
}

}  // namespace render
