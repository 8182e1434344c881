#include "cli/load/exposition.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace load {
namespace {

void skip_blanks(std::string_view& text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
}

// {a="b",c="d"}; false when it is broken.
bool read_labels(std::string_view& text, Labels& labels) {
  text.remove_prefix(1);
  while (true) {
    skip_blanks(text);
    if (text.starts_with('}')) return text.remove_prefix(1), true;
    const std::size_t equal = text.find('=');
    if (equal == std::string_view::npos || equal + 1 >= text.size() || text[equal + 1] != '"') return false;
    const std::string name(text.substr(0, equal));
    text.remove_prefix(equal + 2);
    std::string value;
    while (!text.empty() && text.front() != '"') {
      if (text.front() == '\\' && text.size() > 1) {
        text.remove_prefix(1);
        value += text.front() == 'n' ? '\n' : text.front();
      } else {
        value += text.front();
      }
      text.remove_prefix(1);
    }
    if (text.empty()) return false;
    text.remove_prefix(1);
    labels[name] = value;
    skip_blanks(text);
    if (text.starts_with(',')) text.remove_prefix(1);
  }
}

}  // namespace

Series read_exposition(std::string_view text) {
  Series series;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    skip_blanks(line);
    if (line.empty() || line.front() == '#') continue;
    const std::size_t name_end = std::min(line.find_first_of("{ \t"), line.size());
    std::pair<std::string, Labels> key{std::string(line.substr(0, name_end)), Labels{}};
    line.remove_prefix(name_end);
    if (line.starts_with('{') && !read_labels(line, key.second)) continue;
    skip_blanks(line);
    const std::string number(line.substr(0, std::min(line.find_first_of(" \t\r"), line.size())));
    char* stop = nullptr;
    const double value = std::strtod(number.c_str(), &stop);
    if (number.empty() || *stop != '\0' || std::isnan(value)) continue;
    series[std::move(key)] = value;
  }
  return series;
}

}  // namespace load
