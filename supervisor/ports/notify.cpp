#include "supervisor/ports/notify.hpp"

#include <algorithm>

namespace ports {
namespace {

constexpr std::size_t max_key_bytes = 64;

bool is_key(std::string_view text) {
  if (text.empty() || text.size() > max_key_bytes) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; });
}

bool is_control(char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }

// Where to cut so that no UTF-8 character is cut in two.
std::size_t cut_at(std::string_view text, std::size_t max_bytes) {
  if (text.size() <= max_bytes) return text.size();
  std::size_t end = max_bytes;
  while (end > 0 && max_bytes - end < 3 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return end;
}

}  // namespace

std::string one_line(std::string_view text, std::size_t max_bytes) {
  const auto blank = [](char c) { return c == ' ' || is_control(c); };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  std::string line(text.substr(0, cut_at(text, max_bytes)));
  while (!line.empty() && blank(line.back())) line.pop_back();
  std::replace_if(line.begin(), line.end(), is_control, ' ');
  return line;
}

Assignments parse_notify(std::string_view datagram) {
  Assignments found;
  if (datagram.size() > max_notify_bytes) return found;
  while (!datagram.empty()) {
    const std::string_view line = datagram.substr(0, datagram.find('\n'));
    datagram.remove_prefix(std::min(line.size() + 1, datagram.size()));
    const auto equals = line.find('=');
    if (equals == std::string_view::npos || !is_key(line.substr(0, equals))) continue;
    const std::string key(line.substr(0, equals));
    if (found.size() >= max_notify_keys && !found.contains(key)) continue;
    found[key] = one_line(line.substr(equals + 1), max_notify_value);
  }
  return found;
}

}  // namespace ports
