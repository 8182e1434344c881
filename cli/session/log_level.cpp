#include "cli/session/log_level.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <utility>

namespace cli {
namespace {

// A level stands near the line's begin; further on are the words of what happened.
constexpr std::size_t looked_at = 160;

constexpr auto level_names = std::to_array<std::pair<std::string_view, Level>>({
    {"trace", Level::trace}, {"trc", Level::trace},       {"verbose", Level::trace}, {"debug", Level::debug},
    {"dbg", Level::debug},   {"info", Level::info},       {"inf", Level::info},      {"information", Level::info},
    {"notice", Level::info}, {"log", Level::info},        {"warn", Level::warn},     {"warning", Level::warn},
    {"wrn", Level::warn},    {"error", Level::error},     {"err", Level::error},     {"severe", Level::error},
    {"fail", Level::error},  {"fatal", Level::fatal},     {"ftl", Level::fatal},     {"critical", Level::fatal},
    {"crit", Level::fatal},  {"crt", Level::fatal},       {"panic", Level::fatal},   {"alert", Level::fatal},
    {"emerg", Level::fatal}, {"emergency", Level::fatal}, {"t", Level::trace},       {"d", Level::debug},
    {"i", Level::info},      {"w", Level::warn},          {"e", Level::error},       {"f", Level::fatal},
});

// First lines of what a dying process says.
constexpr std::array<std::string_view, 7> crashes{
    "Traceback (most recent call last)",
    "terminate called ",
    "Segmentation fault",
    "panic: ",
    "Unhandled exception",
    "Uncaught exception",
    "Exception in thread ",
};

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

std::optional<Level> glog_level(std::string_view line) {
  if (line.size() < 6 || !std::all_of(line.begin() + 1, line.begin() + 5, is_digit) || line[5] != ' ') return {};
  switch (line.front()) {
    case 'I':
      return Level::info;
    case 'W':
      return Level::warn;
    case 'E':
      return Level::error;
    case 'F':
      return Level::fatal;
    default:
      return {};
  }
}

// Whether the word at [begin, end) is meant as a level and not as a part of a sentence.
bool stands_out(std::string_view line, std::size_t begin, std::size_t end) {
  const auto word = line.substr(begin, end - begin);
  const char before = begin > 0 ? line[begin - 1] : ' ';
  const char after = end < line.size() ? line[end] : ' ';
  if (word.size() > 2 && std::all_of(word.begin(), word.end(), is_upper)) return true;
  if ((before == '[' && after == ']') || (before == '<' && after == '>')) return true;
  if (before == '=' && line.substr(0, begin).ends_with("level=")) return true;
  if (before == '"' && line.substr(0, begin).ends_with("level=\"")) return true;
  return word.size() > 2 && after == ':' && (begin == 0 || before == ' ');
}

}  // namespace

std::string_view level_name(Level level) {
  static constexpr std::array<std::string_view, 6> shown{"trace", "debug", "info", "warn", "error", "fatal"};
  return shown.at(static_cast<std::size_t>(level));
}

std::optional<Level> level_named(std::string_view word) {
  std::string lower(word);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const auto* const found =
      std::find_if(level_names.begin(), level_names.end(), [&lower](const auto& one) { return one.first == lower; });
  return found == level_names.end() ? std::nullopt : std::optional(found->second);
}

std::optional<Level> level_of_fields(const base::Json& fields) {
  for (const auto* key : {"level", "severity", "lvl", "log.level", "@level"}) {
    const auto found = fields.find(key);
    if (found == fields.end()) continue;
    if (found->is_string()) return level_named(found->get_ref<const std::string&>());
    if (!found->is_number_integer()) continue;
    const auto tens = std::clamp<std::int64_t>(found->get<std::int64_t>() / 10, 1, 6);  // pino and bunyan
    return static_cast<Level>(tens - 1);
  }
  return {};
}

std::optional<Level> level_of_text(std::string_view line) {
  for (const auto crash : crashes) {
    if (line.starts_with(crash)) return Level::error;
  }
  if (line.starts_with("*** ") && line.find(" crashed: ") != std::string_view::npos) return Level::fatal;
  if (line.find(": runtime error: ") != std::string_view::npos) return Level::error;
  if (const auto glog = glog_level(line)) return glog;
  const auto head = line.substr(0, looked_at);
  for (std::size_t begin = 0; begin < head.size();) {
    if (!is_word(head[begin])) {
      ++begin;
      continue;
    }
    std::size_t end = begin;
    while (end < head.size() && is_word(head[end])) ++end;
    if (end - begin <= 11 && stands_out(head, begin, end)) {
      if (const auto level = level_named(head.substr(begin, end - begin))) return level;
    }
    begin = end;
  }
  return {};
}

bool is_continuation(std::string_view line) { return line.starts_with(' ') || line.starts_with('\t'); }

}  // namespace cli
