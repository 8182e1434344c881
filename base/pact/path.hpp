#pragma once
// The path expressions of matching rules and generators: `$.items[*].id`, `$['a.b'].*`, `$[0]`. A subset of JSONPath
// as the Pact specification defines it (version 3, "Matcher Path expressions in bodies"). Pure values.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace base::pact {

// Where a value lies in a document: keys and indices from the root, which itself is no part. An index is a decimal.
using Where = std::vector<std::string>;

class PathExpression {
 public:
  enum class Kind : std::uint8_t { key, index, any_key, any_index };
  struct Token {
    Kind kind = Kind::key;
    std::string text;  // the key, or the index as decimal; empty for the two wildcards

    bool operator==(const Token&) const = default;
  };

  // Reads an expression; a missing `$` is taken as written, as older libraries leave it out. Errors: malformed, with
  // the place: "`$.a[` at 4: an index, * or a quoted key is expected".
  static Result<PathExpression> parse(std::string_view text);

  // How well it fits a place: 0 when it does not fit, else the product over its tokens, 2 for an exact one and 1 for
  // a wildcard, times 2 for the root. An expression that is shorter than the place fits it as a rule of its ancestors
  // does (rules cascade).
  std::uint64_t weight(const Where& place) const;

  const std::vector<Token>& tokens() const { return tokens_; }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::vector<Token> tokens_;
};

// `$.a[0]['b c']`: how a place is written in reports and files.
std::string to_text(const Where& place);

}  // namespace base::pact
