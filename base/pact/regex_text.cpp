// A text that a regular expression matches: a small recursive reader that writes while it reads.
#include <algorithm>
#include <array>
#include <bitset>
#include <charconv>

#include "base/pact/generators.hpp"

namespace base::pact {
namespace {

constexpr int max_group_depth = 50;
constexpr std::size_t max_made_bytes = 10'000;
constexpr std::size_t max_regex_bytes = 10'000;
constexpr std::size_t beyond_minimum = 10;  // how many more a repetition without an end may take

using Characters = std::bitset<128>;

Characters range(unsigned char from, unsigned char to) {
  Characters set;
  for (unsigned c = from; c <= to && c < 128; ++c) set.set(c);
  return set;
}

Characters printable() { return range(' ', '~'); }

Characters words() { return range('a', 'z') | range('A', 'Z') | range('0', '9') | range('_', '_'); }

// \d, \w, \s and what they are not; empty when the letter is none of them.
Characters class_of(char letter) {
  switch (letter) {
    case 'd':
      return range('0', '9');
    case 'D':
      return printable() & ~range('0', '9');
    case 'w':
      return words();
    case 'W':
      return printable() & ~words();
    case 's':
      return range(' ', ' ');
    case 'S':
      return printable() & ~range(' ', ' ');
    default:
      return {};
  }
}

class RegexWriter {
 public:
  RegexWriter(std::string_view expression, base::Random& random) : text_(expression), random_(random) {}

  Result<std::string> run() {
    if (text_.size() > max_regex_bytes) return problem("it is longer than 10000 characters");
    TRY(auto made, alternatives(0));
    if (at_ < text_.size()) return problem("a ) without (");
    return made;
  }

 private:
  Error problem(const std::string& what) const {
    return fail(ErrorCode::invalid, "no text can be made for `" + std::string(text_.substr(0, 100)) + "`: " + what);
  }
  bool more() const { return at_ < text_.size(); }
  bool take(char c) {
    if (!more() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  // Every alternative is written and one kept: the reader must pass them all anyway.
  Result<std::string> alternatives(int depth) {
    if (depth > max_group_depth) return problem("nested too deep");
    std::vector<std::string> all;
    do {
      TRY(auto one, sequence(depth));
      all.push_back(std::move(one));
    } while (take('|'));
    return all[random_.below(static_cast<std::uint32_t>(all.size()))];
  }

  Result<std::string> sequence(int depth) {
    std::string made;
    while (more() && text_[at_] != '|' && text_[at_] != ')') {
      const auto begin = at_;
      TRY(auto one, atom(depth));
      TRY(const auto count, repetition());
      const auto after = at_;
      // The atom is read again for each repetition, so that each is another text.
      for (std::size_t i = 0; i < count; ++i) {
        if (i > 0) {
          at_ = begin;
          TRY(one, atom(depth));
        }
        made += one;
        if (made.size() > max_made_bytes || ++steps_ > 10 * max_made_bytes) return problem("the text becomes too long");
      }
      at_ = after;
    }
    return made;
  }

  Result<std::string> atom(int depth) {
    const char c = text_[at_++];
    switch (c) {
      case '(':
        return group(depth);
      case '[':
        return bracket();
      case '\\':
        return escape();
      case '.':
        return pick(words());
      case '^':
      case '$':
        return std::string();
      case '*':
      case '+':
      case '?':
        return problem("nothing to repeat");
      default:
        return std::string{c};
    }
  }

  Result<std::string> group(int depth) {
    if (take('?')) {
      if (take('P') ||
          (more() && text_[at_] == '<' && at_ + 1 < text_.size() && text_[at_ + 1] != '=' && text_[at_ + 1] != '!')) {
        const auto end = text_.find('>', at_);
        if (end == std::string_view::npos) return problem("a ( is not closed");
        at_ = end + 1;
      } else if (!take(':')) {
        const auto end = text_.find_first_not_of("imsU-", at_);
        if (end == std::string_view::npos || (text_[end] != ':' && text_[end] != ')')) {
          return problem("look-around is not supported");
        }
        at_ = end + 1;
        if (text_[end] == ')') return std::string();
      }
    }
    TRY(auto inner, alternatives(depth + 1));
    if (!take(')')) return problem("a ( is not closed");
    return inner;
  }

  Result<Characters> escaped_in_class() {
    if (!more()) return problem("it ends in a backslash");
    const char c = text_[at_++];
    auto set = class_of(c);
    if (set.none()) {
      const char literal = c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
      if (static_cast<unsigned char>(literal) < 128) set.set(static_cast<unsigned char>(literal));
    }
    return set;
  }

  Result<std::string> bracket() {
    const bool negated = take('^');
    Characters set;
    bool first = true;
    while (more() && (text_[at_] != ']' || first)) {
      first = false;
      if (text_.substr(at_, 2) == "[:") {
        TRY(const auto named, posix());
        set |= named;
        continue;
      }
      const char c = text_[at_++];
      if (c == '\\') {
        TRY(const auto escaped, escaped_in_class());
        set |= escaped;
      } else if (at_ + 1 < text_.size() && text_[at_] == '-' && text_[at_ + 1] != ']' && text_[at_ + 1] != '\\') {
        set |= range(static_cast<unsigned char>(c), static_cast<unsigned char>(text_[at_ + 1]));
        at_ += 2;
      } else if (static_cast<unsigned char>(c) < 128) {
        set.set(static_cast<unsigned char>(c));
      }
    }
    if (!take(']')) return problem("a [ is not closed");
    return pick(negated ? printable() & ~set : set);
  }

  Result<Characters> posix() {
    const auto end = text_.find(":]", at_);
    const auto name = text_.substr(at_ + 2, end == std::string_view::npos ? 0 : end - at_ - 2);
    at_ = end + 2;
    if (name == "digit") return range('0', '9');
    if (name == "alpha") return range('a', 'z') | range('A', 'Z');
    if (name == "alnum") return range('a', 'z') | range('A', 'Z') | range('0', '9');
    if (name == "lower") return range('a', 'z');
    if (name == "upper") return range('A', 'Z');
    if (name == "xdigit") return range('0', '9') | range('a', 'f') | range('A', 'F');
    if (name == "space") return range(' ', ' ');
    return problem("a class that is not known");
  }

  Result<std::string> escape() {
    if (!more()) return problem("it ends in a backslash");
    const char c = text_[at_++];
    if (const auto set = class_of(c); set.any()) return pick(set);
    if (c >= '1' && c <= '9') return problem("back references are not supported");
    switch (c) {
      case 'A':
      case 'z':
      case 'Z':
      case 'b':
      case 'B':
        return std::string();
      case 'n':
        return std::string("\n");
      case 't':
        return std::string("\t");
      case 'r':
        return std::string("\r");
      case 'p':
      case 'P':
      case 'Q':
      case 'x':
      case 'u':
        return problem(std::string("\\") + c + " is not supported");
      default:
        return std::string{c};
    }
  }

  Result<std::string> pick(const Characters& set) {
    if (set.none()) return problem("an empty class");
    auto index = random_.below(static_cast<std::uint32_t>(set.count()));
    for (unsigned c = 0; c < 128; ++c) {
      if (set.test(c) && index-- == 0) return std::string{static_cast<char>(c)};
    }
    return std::string();
  }

  std::size_t between(std::size_t least, std::size_t most) {
    return least + random_.below(static_cast<std::uint32_t>(most - least + 1));
  }

  std::optional<std::size_t> count() {
    std::size_t value = 0;
    const auto* begin = text_.data() + at_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), value);
    if (error != std::errc() || value > max_made_bytes) return {};
    at_ += static_cast<std::size_t>(end - begin);
    return value;
  }

  Result<std::size_t> repetition() {
    std::size_t many = 1;
    if (take('*')) {
      many = between(0, beyond_minimum);
    } else if (take('+')) {
      many = between(1, beyond_minimum);
    } else if (take('?')) {
      many = between(0, 1);
    } else if (take('{')) {
      const auto least = count();
      if (!least) return problem("a { that is no repetition");
      auto most = least;
      if (take(',')) {
        most = more() && text_[at_] == '}' ? *least + beyond_minimum : count();
      }
      if (!most || *most < *least || !take('}')) return problem("a { that is no repetition");
      many = between(*least, *most);
    } else {
      return many;
    }
    if (!take('?')) take('+');  // lazy, possessive
    return many;
  }

  std::string_view text_;
  base::Random& random_;
  std::size_t at_ = 0;
  std::size_t steps_ = 0;
};

}  // namespace

Result<std::string> text_for_regex(const std::string& expression, base::Random& random) {
  return RegexWriter(expression, random).run();
}

}  // namespace base::pact
