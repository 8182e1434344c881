#include "cli/session/log_filter.hpp"

#include <array>
#include <utility>

namespace cli {
namespace {

// `\d` and `\D`, which people expect and POSIX does not have; not within brackets.
std::string with_digits(const std::string& text) {
  std::string out;
  bool bracket = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!bracket && text[i] == '\\' && i + 1 < text.size()) {
      const char escaped = text[++i];
      if (escaped == 'd') {
        out += "[0-9]";
      } else if (escaped == 'D') {
        out += "[^0-9]";
      } else {
        out += {'\\', escaped};
      }
      continue;
    }
    out += text[i];
    if (!bracket && text[i] == '[') {
      bracket = true;
      // A bracket right at the start of a set is one of its characters.
      if (i + 1 < text.size() && text[i + 1] == '^') out += text[++i];
      if (i + 1 < text.size() && text[i + 1] == ']') out += text[++i];
    } else if (bracket && text[i] == ']') {
      bracket = false;
    }
  }
  return out;
}

}  // namespace

base::Result<Pattern> Pattern::compile(const std::string& text) {
  auto regex = std::make_unique<regex_t>();
  const int problem = ::regcomp(regex.get(), with_digits(text).c_str(), REG_EXTENDED);
  Pattern pattern;
  if (problem == 0) {
    pattern.regex_.reset(regex.release());
    return pattern;
  }
  std::array<char, 200> why{};
  ::regerror(problem, regex.get(), why.data(), why.size());
  return base::fail(base::ErrorCode::malformed,
                    "--grep: not a regular expression: " + std::string(why.data()) + ": \"" + text + "\"");
}

bool Pattern::matches(const std::string& line) const {
  regmatch_t range{0, static_cast<regoff_t>(line.size())};
  return ::regexec(regex_.get(), line.c_str(), 1, &range, REG_STARTEND) == 0;
}

std::optional<base::Json> fields_of(const std::string& line) {
  const auto begin = line.find_first_not_of(" \t");
  if (begin == std::string::npos || line[begin] != '{') return std::nullopt;
  auto json = base::parse_json(line);
  if (!json || !json.value().is_object()) return std::nullopt;
  return std::move(json.value());
}

bool LogFilter::shows_all_by_default() const {
  return chooses() || since_us != std::numeric_limits<std::int64_t>::min() ||
         until_us != std::numeric_limits<std::int64_t>::max();
}

bool FilteredLines::passes(const logs::Line& line) {
  if (filter_->least) {
    bool& severe = severe_.at(static_cast<std::size_t>(line.stream));
    if (!is_continuation(line.text)) {
      const auto fields = fields_of(line.text);
      const auto level = fields ? level_of_fields(*fields) : level_of_text(line.text);
      severe = line.stream == logs::Stream::own || (level && *level >= *filter_->least);
    }
    if (!severe) return false;
  }
  if (line.time_us < filter_->since_us || line.time_us > filter_->until_us) return false;
  return !filter_->grep || filter_->grep->matches(line.text);
}

std::optional<logs::Line> FilteredLines::next() {
  while (auto line = reader_.next()) {
    if (passes(*line)) return line;
  }
  return std::nullopt;
}

}  // namespace cli
