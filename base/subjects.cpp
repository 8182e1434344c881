#include "base/subjects.hpp"

#include <algorithm>
#include <cctype>

namespace base {
namespace {

std::string_view next_token(std::string_view& rest) {
  const auto dot = std::min(rest.find('.'), rest.size());
  const auto token = rest.substr(0, dot);
  rest.remove_prefix(std::min(dot + 1, rest.size()));
  return token;
}

}  // namespace

bool subject_matches(std::string_view pattern, std::string_view subject) {
  return subjects_in_both(pattern, subject) == subject;
}

std::optional<std::string> subjects_in_both(std::string_view a, std::string_view b) {
  std::string both;
  while (!a.empty() && !b.empty()) {
    if (!both.empty()) both += '.';
    if (a == ">") return both.append(b);
    if (b == ">") return both.append(a);
    const auto left = next_token(a);
    const auto right = next_token(b);
    if (left != right && left != "*" && right != "*") return std::nullopt;
    both += left == "*" ? right : left;
  }
  if (!a.empty() || !b.empty()) return std::nullopt;
  return both;
}

std::string stream_name(std::string_view service) {
  std::string name(service);
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::toupper(c); });
  return name;
}

}  // namespace base
