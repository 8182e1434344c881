#include "cli/import/words.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace cli {

std::optional<std::vector<std::string>> split_words(std::string_view line) {
  std::vector<std::string> words;
  bool is_in_word = false;
  char quote = '\0';
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    const bool is_space = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (quote == '\0' && is_space) {
      is_in_word = false;
      continue;
    }
    if (!is_in_word) words.emplace_back();
    is_in_word = true;
    if (c == quote) {
      quote = '\0';
    } else if (quote == '\0' && (c == '"' || c == '\'')) {
      quote = c;
    } else if (c == '\\' && quote != '\'' && i + 1 < line.size()) {
      const char next = line[++i];
      const bool is_escape = quote == '\0' || std::string_view("$`\"\\\n").find(next) != std::string_view::npos;
      if (!is_escape) words.back() += '\\';
      if (next != '\n') words.back() += next;
    } else {
      words.back() += c;
    }
  }
  if (quote != '\0') return std::nullopt;
  return words;
}

bool needs_shell(std::string_view line) {
  char quote = '\0';
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '\\' && quote != '\'') {
      ++i;
    } else if (quote == '\'') {
      if (c == '\'') quote = '\0';
    } else if (c == '$' || c == '`') {
      return true;
    } else if (c == '"') {
      quote = quote == '"' ? '\0' : '"';
    } else if (quote == '\0') {
      const bool starts_word = i == 0 || line[i - 1] == ' ' || line[i - 1] == '\t';
      if (c == '\'') quote = '\'';
      if (std::string_view("|&;<>()*?[]{}\n").find(c) != std::string_view::npos) return true;
      if (starts_word && (c == '~' || c == '#' || c == '!')) return true;
    }
  }
  return false;
}

std::string literal(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '$' && i + 1 < text.size() && text[i + 1] == '{') out += '$';
    out += text[i];
  }
  return out;
}

std::string label(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool is_upper = c >= 'A' && c <= 'Z';
    if (is_upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
      out += is_upper ? static_cast<char>(c - 'A' + 'a') : c;
    } else if (!out.empty() && out.back() != '-') {
      out += '-';
    }
  }
  out.resize(std::min<std::size_t>(out.size(), 63));
  while (!out.empty() && out.back() == '-') out.pop_back();
  return out.empty() ? "service" : out;
}

std::optional<std::int64_t> duration_ms(std::string_view text) {
  double total = 0;
  if (text.empty() || text.size() > 32) return std::nullopt;
  while (!text.empty()) {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
    if (digits == 0 || digits > 12) return std::nullopt;
    const double number = std::strtod(std::string(text.substr(0, digits)).c_str(), nullptr);
    text.remove_prefix(digits);
    const std::size_t letters = std::min(text.find_first_of("0123456789."), text.size());
    const std::string_view unit = text.substr(0, letters);
    text.remove_prefix(letters);
    const double factor = unit == "ms"                  ? 1
                          : unit == "s" || unit.empty() ? 1000
                          : unit == "m"                 ? 60'000
                          : unit == "h"                 ? 3'600'000
                          : unit == "us"                ? 0.001
                                                        : -1;
    if (factor < 0) return std::nullopt;
    total += number * factor;
  }
  if (total > 86'400'000) return std::nullopt;
  return static_cast<std::int64_t>(std::llround(total));
}

}  // namespace cli
