#include "base/pact/date_pattern.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/http/message.hpp"

namespace base::pact {
namespace {

constexpr std::size_t max_pattern = 200;
constexpr std::string_view letters = "GuyYDMLdQqwWEecFahKkHmsSAnNVzOXxZ";
constexpr std::string_view numbers = "uyYDMLdQqwWecFhKkHmsSAnN";  // those that may be written as digits

constexpr std::array<std::string_view, 12> months = {"January",   "February", "March",    "April",
                                                     "May",       "June",     "July",     "August",
                                                     "September", "October",  "November", "December"};
constexpr std::array<std::string_view, 7> weekdays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                      "Thursday", "Friday", "Saturday"};

struct Range {
  std::int64_t least;
  std::int64_t most;
  std::string_view what;
};

Range range_of(char letter) {
  switch (letter) {
    case 'M':
    case 'L':
      return {1, 12, "a month"};
    case 'd':
      return {1, 31, "a day of the month"};
    case 'D':
      return {1, 366, "a day of the year"};
    case 'Q':
    case 'q':
      return {1, 4, "a quarter"};
    case 'w':
      return {1, 53, "a week of the year"};
    case 'W':
    case 'F':
      return {0, 6, "a week of the month"};
    case 'e':
    case 'c':
      return {1, 7, "a day of the week"};
    case 'h':
      return {1, 12, "an hour"};
    case 'K':
      return {0, 11, "an hour"};
    case 'k':
      return {1, 24, "an hour"};
    case 'H':
      return {0, 23, "an hour"};
    case 'm':
      return {0, 59, "a minute"};
    case 's':
      return {0, 60, "a second"};  // 60: a leap second
    case 'A':
      return {0, 86'399'999, "a millisecond of the day"};
    case 'n':
      return {0, 999'999'999, "a nanosecond"};
    case 'N':
      return {0, 86'399'999'999'999, "a nanosecond of the day"};
    case 'S':
      return {0, 999'999'999, "a fraction of a second"};
    default:
      return {0, 9'999'999'999, "a year"};
  }
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Written as words from this count on.
bool in_words(char letter, std::size_t count) {
  return letter == 'G' || letter == 'a' || letter == 'E' || ((letter == 'M' || letter == 'L') && count >= 3) ||
         ((letter == 'Q' || letter == 'q' || letter == 'e' || letter == 'c') && count >= 3);
}

std::string padded(std::int64_t number, std::size_t width) {
  auto text = std::to_string(number);
  if (text.size() < width) text.insert(0, width - text.size(), '0');
  return text;
}

int days_of(int month, int year) {
  constexpr std::array<int, 12> days = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (month != 2) return days[static_cast<std::size_t>(month - 1)];
  return std::chrono::year(year < 0 ? 2000 : year).is_leap() ? 29 : 28;
}

}  // namespace

// Reads a text along the tokens of a pattern.
class DateReader {
 public:
  DateReader(const DatePattern& pattern, std::string_view text) : tokens_(pattern.tokens_), text_(text) {}

  std::optional<std::string> run() {
    if (auto wrong = section(0, tokens_.size())) return wrong;
    if (at_ != text_.size()) return expected("the end");
    if (month_ > 0 && day_ > days_of(month_, year_)) {
      return "month " + std::to_string(month_) + " has no day " + std::to_string(day_);
    }
    return {};
  }

 private:
  using Token = DatePattern::Token;

  std::optional<std::string> expected(const std::string& what) const {
    return "at " + std::to_string(at_) + ": " + what + " is expected";
  }

  std::size_t end_of_optional(std::size_t begin) const {
    int depth = 0;
    for (auto i = begin; i < tokens_.size(); ++i) {
      if (tokens_[i].optional_begin) ++depth;
      if (tokens_[i].optional_end && --depth == 0) return i;
    }
    return tokens_.size();
  }

  std::optional<std::string> section(std::size_t from, std::size_t to) {
    for (auto i = from; i < to; ++i) {
      const auto& token = tokens_[i];
      if (token.optional_end) continue;
      if (token.optional_begin) {
        const auto end = end_of_optional(i);
        const auto before = at_;
        if (section(i + 1, end)) at_ = before;
        i = end;
        continue;
      }
      const bool adjacent = i + 1 < to && numbers.find(tokens_[i + 1].letter) != std::string_view::npos &&
                            tokens_[i + 1].letter != 0 && !in_words(tokens_[i + 1].letter, tokens_[i + 1].count);
      if (auto wrong = one(token, adjacent)) return wrong;
    }
    return {};
  }

  std::optional<std::string> one(const Token& token, bool adjacent) {
    if (token.letter == 0) {
      if (!text_.substr(at_).starts_with(token.text)) return expected("\"" + token.text + "\"");
      at_ += token.text.size();
      return {};
    }
    switch (token.letter) {
      case 'G':
        return word({"AD", "BC", "CE", "BCE", "Anno Domini", "Before Christ", "A", "B"}, "an era");
      case 'a':
        return word({"AM", "PM", "am", "pm", "a.m.", "p.m."}, "AM or PM");
      case 'X':
      case 'x':
      case 'Z':
        return offset(token);
      case 'O':
      case 'V':
      case 'z':
        return zone();
      default:
        break;
    }
    if (in_words(token.letter, token.count)) return named(token);
    return number(token, adjacent);
  }

  std::optional<std::string> word(std::initializer_list<std::string_view> words, const std::string& what) {
    std::size_t longest = 0;
    for (const auto one : words) {
      if (text_.substr(at_).starts_with(one)) longest = std::max(longest, one.size());
    }
    if (longest == 0) return expected(what);
    at_ += longest;
    return {};
  }

  template <std::size_t N>
  int name_of(const std::array<std::string_view, N>& names, std::size_t count) {
    for (std::size_t i = 0; i < N; ++i) {
      const auto name = count == 3 ? names[i].substr(0, 3) : count == 4 ? names[i] : names[i].substr(0, 1);
      if (http::iequals(text_.substr(at_, name.size()), name)) {
        at_ += name.size();
        return static_cast<int>(i) + 1;
      }
    }
    return 0;
  }

  std::optional<std::string> named(const Token& token) {
    if (token.letter == 'M' || token.letter == 'L') {
      month_ = name_of(months, token.count);
      if (month_ == 0) return expected("the name of a month");
      if (token.count == 5) month_ = 0;  // one letter says no month for sure
      return {};
    }
    if (token.letter == 'Q' || token.letter == 'q') {
      return word({"Q1", "Q2", "Q3", "Q4", "1st quarter", "2nd quarter", "3rd quarter", "4th quarter"}, "a quarter");
    }
    const auto count = token.letter == 'E' ? std::max<std::size_t>(token.count, 3) : token.count;
    if (name_of(weekdays, count) == 0) return expected("the name of a weekday");
    return {};
  }

  std::optional<std::string> number(const Token& token, bool adjacent) {
    const auto range = range_of(token.letter);
    const bool year = token.letter == 'y' || token.letter == 'u' || token.letter == 'Y';
    // Java: one letter takes as many digits as there are, more letters a fixed width; of years only two and adjacent
    // numbers are fixed.
    std::size_t least = token.count;
    std::size_t most = token.count;
    if (token.count == 1 && !adjacent && token.letter != 'S') most = 19;
    if (year && token.count != 2 && !adjacent) most = 10;
    if (year && token.count == 2) most = 2;
    if (year && at_ < text_.size() && (text_[at_] == '-' || text_[at_] == '+') && token.count > 2) ++at_;
    const auto begin = at_;
    std::int64_t value = 0;
    while (at_ < text_.size() && is_digit(text_[at_]) && at_ - begin < std::min<std::size_t>(most, 18)) {
      value = value * 10 + (text_[at_++] - '0');
    }
    if (at_ - begin < least || value < range.least || value > range.most) {
      at_ = begin;
      auto what = std::string(range.what);
      if (!year && token.letter != 'S') {
        what += " (" + padded(range.least, token.count) + " to " + std::to_string(range.most) + ")";
      } else {
        what += " of " + std::to_string(token.count) + " digits";
      }
      return expected(what);
    }
    if (token.letter == 'M' || token.letter == 'L') month_ = static_cast<int>(value);
    if (token.letter == 'd') day_ = static_cast<int>(value);
    if ((token.letter == 'y' || token.letter == 'u') && token.count != 2) year_ = static_cast<int>(value % 1'000'000);
    return {};
  }

  bool two_digits(int most) {
    if (at_ + 1 >= text_.size() || !is_digit(text_[at_]) || !is_digit(text_[at_ + 1])) return false;
    if ((text_[at_] - '0') * 10 + (text_[at_ + 1] - '0') > most) return false;
    at_ += 2;
    return true;
  }
  bool colon(bool wanted) {
    if (!wanted) return true;
    if (at_ >= text_.size() || text_[at_] != ':') return false;
    ++at_;
    return true;
  }

  // +hh, +hhmm, +hh:mm, +hhmmss, +hh:mm:ss by the count of letters; Z for zero where the letter is X, or ZZZZZ.
  std::optional<std::string> offset(const Token& token) {
    const auto count = token.letter == 'Z' ? (token.count <= 3 ? 2 : token.count) : token.count;
    const bool z_allowed = token.letter == 'X' || (token.letter == 'Z' && token.count == 5);
    if (token.letter == 'Z' && token.count == 4) return zone();
    const auto begin = at_;
    const auto wrong = [&] {
      at_ = begin;
      return expected(std::string("an offset like ") +
                      (count == 1   ? "+02"
                       : count == 2 ? "+0200"
                       : count == 3 ? "+02:00"
                       : count == 4 ? "+0200"
                                    : "+02:00") +
                      (z_allowed ? " or Z" : ""));
    };
    if (z_allowed && at_ < text_.size() && text_[at_] == 'Z') {
      ++at_;
      return {};
    }
    if (at_ >= text_.size() || (text_[at_] != '+' && text_[at_] != '-')) return wrong();
    ++at_;
    const bool colons = count == 3 || count == 5;
    if (!two_digits(18)) return wrong();
    if (count == 1) {
      two_digits(59);
      return {};
    }
    if (!colon(colons) || !two_digits(59)) return wrong();
    if (count >= 4) {
      const auto before = at_;
      if (!colon(colons) || !two_digits(59)) at_ = before;
    }
    return {};
  }

  std::optional<std::string> zone() {
    const auto begin = at_;
    while (at_ < text_.size()) {
      const auto c = static_cast<unsigned char>(text_[at_]);
      if (std::isalnum(c) == 0 && c != '/' && c != '_' && c != '+' && c != '-' && c != ':') break;
      ++at_;
    }
    if (at_ == begin) return expected("a time zone");
    return {};
  }

  const std::vector<Token>& tokens_;
  std::string_view text_;
  std::size_t at_ = 0;
  int year_ = -1;
  int month_ = 0;
  int day_ = 0;
};

Result<DatePattern> DatePattern::parse(std::string_view pattern) {
  if (pattern.size() > max_pattern) return fail(ErrorCode::malformed, "a date format is longer than 200 characters");
  DatePattern made;
  const auto literal = [&](std::string text) {
    if (!made.tokens_.empty() && made.tokens_.back().letter == 0 && !made.tokens_.back().optional_begin &&
        !made.tokens_.back().optional_end) {
      made.tokens_.back().text += text;
    } else {
      made.tokens_.push_back({0, 1, std::move(text)});
    }
  };
  int open = 0;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '\'') {
      const auto end = pattern.find('\'', i + 1);
      if (end == std::string_view::npos) return fail(ErrorCode::malformed, "a quote is not closed in the date format");
      literal(end == i + 1 ? "'" : std::string(pattern.substr(i + 1, end - i - 1)));
      i = end;
    } else if (c == '[' || c == ']') {
      open += c == '[' ? 1 : -1;
      if (open < 0) return fail(ErrorCode::malformed, "a ] without [ in the date format");
      Token token;
      token.optional_begin = c == '[';
      token.optional_end = c == ']';
      made.tokens_.push_back(token);
    } else if (std::isalpha(static_cast<unsigned char>(c)) != 0) {
      if (letters.find(c) == std::string_view::npos) {
        return fail(ErrorCode::malformed, std::string("the letter ") + c + " is not known in date formats");
      }
      const auto end = std::min(pattern.find_first_not_of(c, i), pattern.size());
      made.tokens_.push_back({c, end - i});
      i = end - 1;
    } else {
      literal(std::string{c});
    }
  }
  if (open != 0) return fail(ErrorCode::malformed, "a [ is not closed in the date format");
  return made;
}

std::optional<std::string> DatePattern::mismatch(std::string_view text) const { return DateReader(*this, text).run(); }

std::string DatePattern::format(std::chrono::sys_time<std::chrono::milliseconds> time) const {
  namespace ch = std::chrono;
  const auto day = ch::floor<ch::days>(time);
  const ch::year_month_day date(day);
  const ch::hh_mm_ss clock(time - day);
  const auto hour = clock.hours().count();
  const auto month = static_cast<unsigned>(date.month());
  const auto weekday = ch::weekday(day).c_encoding();
  const auto year = static_cast<int>(date.year());
  const auto of_year = (day - ch::sys_days(date.year() / 1 / 1)).count() + 1;
  const auto millis = (time - day).count();
  std::string out;
  for (const auto& [letter, count, text, begin, end] : tokens_) {
    const auto named = [&, letter = letter, count = count](std::string_view name) {
      return std::string(count == 5 ? name.substr(0, 1) : count == 4 ? name : name.substr(0, 3));
    };
    switch (letter) {
      case 0:
        out += text;
        break;
      case 'G':
        out += "AD";
        break;
      case 'u':
      case 'y':
      case 'Y':
        out += count == 2 ? padded(year % 100, 2) : padded(year, count);
        break;
      case 'D':
        out += padded(of_year, count);
        break;
      case 'M':
      case 'L':
        out += count >= 3 ? named(months[month - 1]) : padded(month, count);
        break;
      case 'd':
        out += padded(static_cast<unsigned>(date.day()), count);
        break;
      case 'Q':
      case 'q':
        out += (count >= 3 ? "Q" : "") + padded((month - 1) / 3 + 1, count >= 3 ? 1 : count);
        break;
      case 'w':
        out += padded((of_year + 6) / 7, count);
        break;
      case 'W':
      case 'F':
        out += padded((static_cast<unsigned>(date.day()) + 6) / 7, count);
        break;
      case 'E':
        out += named(weekdays[weekday]);
        break;
      case 'e':
      case 'c':
        out += count >= 3 ? named(weekdays[weekday]) : padded(weekday + 1, count);
        break;
      case 'a':
        out += hour < 12 ? "AM" : "PM";
        break;
      case 'h':
        out += padded((hour + 11) % 12 + 1, count);
        break;
      case 'K':
        out += padded(hour % 12, count);
        break;
      case 'k':
        out += padded(hour == 0 ? 24 : hour, count);
        break;
      case 'H':
        out += padded(hour, count);
        break;
      case 'm':
        out += padded(clock.minutes().count(), count);
        break;
      case 's':
        out += padded(clock.seconds().count(), count);
        break;
      case 'S':
        out += (padded(clock.subseconds().count(), 3) + "000000").substr(0, std::min<std::size_t>(count, 9));
        break;
      case 'A':
        out += padded(millis, count);
        break;
      case 'n':
        out += padded(clock.subseconds().count() * 1'000'000, count);
        break;
      case 'N':
        out += padded(millis * 1'000'000, count);
        break;
      case 'V':
        out += "UTC";
        break;
      case 'z':
        out += "UTC";
        break;
      case 'O':
        out += "GMT";
        break;
      case 'X':
        out += "Z";
        break;
      case 'x':
        out += count == 1 ? "+00" : count == 2 || count == 4 ? "+0000" : "+00:00";
        break;
      case 'Z':
        out += count == 5 ? "Z" : count == 4 ? "GMT" : "+0000";
        break;
      default:
        break;
    }
  }
  return out;
}

}  // namespace base::pact
