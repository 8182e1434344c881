#include "base/pact/path.hpp"

#include <algorithm>

namespace base::pact {
namespace {

constexpr std::size_t max_path_bytes = 4096;
constexpr std::size_t max_path_tokens = 62;  // a weight of 2^63 still fits

using Token = PathExpression::Token;
using Kind = PathExpression::Kind;

bool digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

class PathReader {
 public:
  explicit PathReader(std::string_view text) : text_(text) {}

  Result<std::vector<Token>> read() {
    if (text_.size() > max_path_bytes) return fail(ErrorCode::malformed, "a path expression is longer than 4096 bytes");
    if (text_.starts_with('$')) {
      at_ = 1;
    } else if (!text_.empty() && text_[0] != '[') {
      TRY(name());
    }
    while (at_ < text_.size()) {
      if (tokens_.size() > max_path_tokens) return problem("more than 62 elements");
      if (text_[at_] == '.') {
        ++at_;
        TRY(name());
      } else if (text_[at_] == '[') {
        ++at_;
        TRY(bracket());
      } else {
        return problem("a . or [ is expected");
      }
    }
    return std::move(tokens_);
  }

 private:
  Error problem(const std::string& what) const {
    return fail(ErrorCode::malformed, "`" + std::string(text_) + "` at " + std::to_string(at_) + ": " + what);
  }

  Result<void> name() {
    const auto end = std::min(text_.find_first_of(".[", at_), text_.size());
    const auto word = text_.substr(at_, end - at_);
    if (word.empty()) return problem("a name or * is expected");
    at_ = end;
    if (word == "*") {
      tokens_.push_back({Kind::any_key, {}});
    } else {
      tokens_.push_back({Kind::key, std::string(word)});
    }
    return success();
  }

  Result<void> bracket() {
    if (at_ < text_.size() && (text_[at_] == '\'' || text_[at_] == '"')) return quoted(text_[at_++]);
    const auto end = text_.find(']', at_);
    const auto word = text_.substr(at_, end == std::string_view::npos ? 0 : end - at_);
    if (word == "*") {
      tokens_.push_back({Kind::any_index, {}});
    } else if (digits(word) && word.size() < 10) {
      tokens_.push_back({Kind::index, std::to_string(std::stoul(std::string(word)))});
    } else {
      return problem("an index, * or a quoted key is expected");
    }
    at_ = end + 1;
    return success();
  }

  Result<void> quoted(char quote) {
    std::string key;
    for (; at_ < text_.size() && text_[at_] != quote; ++at_) {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      key += text_[at_];
    }
    if (text_.substr(at_, 2) != std::string{quote, ']'}) return problem("a closing quote and ] are expected");
    at_ += 2;
    tokens_.push_back({Kind::key, std::move(key)});
    return success();
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<Token> tokens_;
};

// 2 where it fits exactly, 1 where by a wildcard, 0 where it does not fit.
std::uint64_t fit(const Token& token, const std::string& element) {
  switch (token.kind) {
    case Kind::any_key:
      return 1;
    case Kind::any_index:
      return digits(element) || element == "*" ? 1 : 0;
    case Kind::key:
    case Kind::index:
      return token.text == element ? 2 : 0;
  }
  return 0;
}

bool plain(std::string_view key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '@' || c == '#' || c == ':';
  });
}

}  // namespace

Result<PathExpression> PathExpression::parse(std::string_view text) {
  PathExpression made;
  made.text_ = text;
  TRY(made.tokens_, PathReader(text).read());
  return made;
}

std::uint64_t PathExpression::weight(const Where& place) const {
  if (tokens_.size() > place.size()) return 0;
  std::uint64_t weight = 2;
  for (std::size_t i = 0; i < tokens_.size() && weight != 0; ++i) weight *= fit(tokens_[i], place[i]);
  return weight;
}

std::string to_text(const Where& place) {
  std::string text = "$";
  for (const auto& element : place) {
    if (digits(element)) {
      text += "[" + element + "]";
    } else if (plain(element)) {
      text += "." + element;
    } else {
      text += "['";
      for (const char c : element) text += c == '\'' || c == '\\' ? std::string{'\\', c} : std::string{c};
      text += "']";
    }
  }
  return text;
}

}  // namespace base::pact
