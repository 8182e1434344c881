#include "supervisor/spec/env_file.hpp"

#include <algorithm>
#include <map>

#include "supervisor/spec/secrets.hpp"

namespace spec {
namespace {

using base::ErrorCode;

bool is_name(std::string_view text) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !text.empty() && text.size() <= 255 && is_letter(text.front()) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

// A value in quotes, `text` beginning with the first. Returns the mistake, empty when there is none.
std::string unquote(std::string_view text, std::string& value) {
  const char quote = text.front();
  std::size_t i = 1;
  for (; i < text.size() && text[i] != quote; ++i) {
    if (quote == '"' && text[i] == '\\' && i + 1 < text.size()) {
      const char c = text[++i];
      if (std::string_view("ntr\"\\$").find(c) == std::string_view::npos) value += '\\';
      value += c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
    } else {
      value += text[i];
    }
  }
  if (i == text.size()) return "the quote is not closed in this line; within \"…\", \\n is a new line";
  const std::string_view rest = trimmed(text.substr(i + 1));
  return rest.empty() || rest.front() == '#' ? "" : "text after the closing quote";
}

// One line, not blank and no comment. Returns the mistake, empty when there is none.
std::string parse_line(std::string_view line, EnvEntry& entry) {
  if (line.starts_with("export ") || line.starts_with("export\t")) line = trimmed(line.substr(7));
  const auto equals = line.find('=');
  if (equals == std::string_view::npos) return "expected NAME=value";
  const std::string_view name = trimmed(line.substr(0, equals));
  if (!is_name(name)) {
    return "expected a name of letters, digits and _ before the =, got " + shown(base::Json(std::string(name)));
  }
  entry.name = name;
  std::string_view rest = trimmed(line.substr(equals + 1));
  if (!rest.empty() && (rest.front() == '"' || rest.front() == '\'')) {
    const std::string mistake = unquote(rest, entry.value);
    return mistake.empty() ? "" : entry.name + ": " + mistake;
  }
  for (std::size_t i = 0; i < rest.size(); ++i) {
    const bool is_comment = rest[i] == '#' && (i == 0 || rest[i - 1] == ' ' || rest[i - 1] == '\t');
    if (is_comment) rest = rest.substr(0, i);
  }
  entry.value = trimmed(rest);
  return "";
}

}  // namespace

std::vector<EnvEntry> parse_env(std::string_view text, const std::string& file, Problems& problems) {
  std::vector<EnvEntry> entries;
  std::map<std::string, int> seen;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  for (int number = 1; !text.empty() && !problems.full(); ++number) {
    const std::string_view whole = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(whole.size() + 1, text.size()));
    const std::string_view line = trimmed(whole);
    if (line.empty() || line.front() == '#') continue;
    EnvEntry entry{.line = number};
    std::string mistake =
        whole.find('\0') == std::string_view::npos ? parse_line(line, entry) : "a NUL character cannot be in text";
    if (mistake.empty()) {
      const auto [first, is_new] = seen.emplace(entry.name, number);
      if (!is_new) mistake = entry.name + " occurs twice, first in line " + std::to_string(first->second);
    }
    if (mistake.empty()) {
      entries.push_back(std::move(entry));
    } else {
      problems.add(base::fail(ErrorCode::malformed, file + ":" + std::to_string(number) + ": " + mistake));
    }
  }
  return entries;
}

std::vector<EnvEntry> read_env_file(const std::filesystem::path& path, const std::string& shown,
                                    const std::string& asked_by, bool is_secret, Problems& problems) {
  auto text = read_text(path, shown, max_env_file_bytes);
  if (!text) {
    problems.add(base::fail(ErrorCode::malformed, asked_by + ": " + text.error().message));
    return {};
  }
  if (!is_utf8(text.value())) {
    problems.add(base::fail(ErrorCode::malformed, shown + ":1: not UTF-8 text"));
    return {};
  }
  auto entries = parse_env(text.value(), shown, problems);
  for (const EnvEntry& entry : entries) {
    if (entry.value.empty() || !(is_secret || names_a_secret(entry.name))) continue;
    const std::string why = open_to_others(path, shown);
    if (why.empty()) break;
    problems.add(
        base::fail(ErrorCode::malformed, shown + ":" + std::to_string(entry.line) + ": " + entry.name + ": " + why));
    if (is_secret) break;  // each of them is one
  }
  return entries;
}

}  // namespace spec
