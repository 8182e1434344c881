#include "base/pact/date_expression.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <string>
#include <vector>

namespace base::pact {
namespace {

namespace ch = std::chrono;

constexpr std::int64_t furthest = 100'000;  // days, months, hours: more is no date that anybody means

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at < text.size();) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (std::isspace(c) != 0) {
      ++at;
      continue;
    }
    std::size_t end = at + 1;
    if (std::isdigit(c) != 0) {
      while (end < text.size() && std::isdigit(static_cast<unsigned char>(text[end])) != 0) ++end;
    } else if (std::isalpha(c) != 0) {
      while (end < text.size() && (std::isalpha(static_cast<unsigned char>(text[end])) != 0 || text[end] == '\''))
        ++end;
    }
    std::string word(text.substr(at, end - at));
    std::transform(word.begin(), word.end(), word.begin(), [](unsigned char l) { return std::tolower(l); });
    words.push_back(std::move(word));
    at = end;
  }
  return words;
}

class Reckoner {
 public:
  Reckoner(std::string_view text, base::Wall now) : text_(text), words_(words_of(text)), time_(now) {}

  Result<base::Wall> date() {
    const auto clock = time_ - ch::floor<ch::days>(time_);
    if (word() == "yesterday") {
      time_ -= ch::days(1);
      ++at_;
    } else if (word() == "tomorrow") {
      time_ += ch::days(1);
      ++at_;
    } else if (word() == "today" || word() == "now") {
      ++at_;
    }
    TRY(adjust(ExpressionKind::date));
    time_ = ch::floor<ch::days>(time_) + clock;
    return time_;
  }

  Result<base::Wall> time() {
    const auto day = ch::floor<ch::days>(time_);
    if (word() == "now") {
      ++at_;
    } else if (word() == "midnight") {
      time_ = day;
      ++at_;
    } else if (word() == "noon") {
      time_ = day + ch::hours(12);
      ++at_;
    } else if (number()) {
      TRY(o_clock(day));
    }
    TRY(adjust(ExpressionKind::time));
    return time_;
  }

 private:
  std::string_view word() const { return at_ < words_.size() ? std::string_view(words_[at_]) : std::string_view(); }
  Error problem() const {
    return fail(ErrorCode::invalid, "the date expression \"" + std::string(text_.substr(0, 100)) +
                                        "\" is not understood" +
                                        (word().empty() ? " at its end" : " at \"" + std::string(word()) + "\""));
  }

  std::optional<std::int64_t> number() const {
    const auto text = word();
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc() || end != text.data() + text.size() || value > furthest) return {};
    return value;
  }

  // 10 o'clock am
  Result<void> o_clock(ch::sys_days day) {
    auto hour = *number();
    ++at_;
    if (word() != "o'clock" || hour > 23) return problem();
    ++at_;
    if (word() == "am" || word() == "pm") {
      if (hour > 12) return problem();
      hour = hour % 12 + (word() == "pm" ? 12 : 0);
      ++at_;
    }
    time_ = day + ch::hours(hour);
    return success();
  }

  Result<void> adjust(ExpressionKind kind) {
    while (at_ < words_.size()) {
      const auto operation = word();
      int sign = 1;
      std::int64_t count = 1;
      if (operation == "+" || operation == "-") {
        sign = operation == "-" ? -1 : 1;
        ++at_;
        if (!number()) return problem();
        count = *number();
      } else if (operation == "next" || operation == "last") {
        sign = operation == "last" ? -1 : 1;
      } else {
        return problem();
      }
      ++at_;
      const bool done =
          kind == ExpressionKind::date ? by_days(count * sign) || by_name(count, sign) : by_clock(count * sign);
      if (!done) return problem();
      ++at_;
    }
    return success();
  }

  bool by_clock(std::int64_t count) {
    const auto unit = singular();
    if (unit == "hour") {
      time_ += ch::hours(count);
    } else if (unit == "minute") {
      time_ += ch::minutes(count);
    } else if (unit == "second") {
      time_ += ch::seconds(count);
    } else if (unit == "millisecond") {
      time_ += ch::milliseconds(count);
    } else {
      return false;
    }
    return true;
  }

  bool by_days(std::int64_t count) {
    const auto unit = singular();
    if (unit == "day") {
      time_ += ch::days(count);
    } else if (unit == "week") {
      time_ += ch::weeks(count);
    } else if (unit == "fortnight") {
      time_ += ch::weeks(2 * count);
    } else if (unit == "month") {
      by_months(count);
    } else if (unit == "year") {
      by_months(12 * count);
    } else {
      return false;
    }
    return true;
  }

  std::string_view singular() const {
    auto unit = word();
    if (unit.ends_with('s')) unit.remove_suffix(1);
    return unit;
  }

  // The 31st of a month that has fewer days becomes its last.
  void by_months(std::int64_t count) {
    const auto day = ch::floor<ch::days>(time_);
    ch::year_month_day date(day);
    const auto target = date.year() / date.month() + ch::months(count);
    date = target / date.day();
    if (!date.ok()) date = target / ch::last;
    time_ = ch::sys_days(date) + (time_ - day);
  }

  // The next (last) weekday or month of that name; with a count the n-th one.
  bool by_name(std::int64_t count, int sign) {
    constexpr std::array weekdays = {"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"};
    constexpr std::array months = {"january", "february", "march",     "april",   "may",      "june",
                                   "july",    "august",   "september", "october", "november", "december"};
    const auto is = [this](std::string_view name) {
      return word() == name || (word().size() >= 3 && name.starts_with(word()) && word().size() <= 5);
    };
    const auto today = ch::floor<ch::days>(time_);
    for (unsigned i = 0; i < weekdays.size(); ++i) {
      if (!is(weekdays.at(i))) continue;
      const auto now = ch::weekday(today).c_encoding();
      const auto ahead = sign > 0 ? (i + 6 - now) % 7 + 1 : (now + 6 - i) % 7 + 1;
      time_ += ch::days(sign * (static_cast<std::int64_t>(ahead) + 7 * (count - 1)));
      return true;
    }
    for (unsigned i = 0; i < months.size(); ++i) {
      if (!is(months.at(i))) continue;
      const auto now = static_cast<unsigned>(ch::year_month_day(today).month()) - 1;
      const auto ahead = sign > 0 ? (i + 11 - now) % 12 + 1 : (now + 11 - i) % 12 + 1;
      by_months(sign * (static_cast<std::int64_t>(ahead) + 12 * (count - 1)));
      return true;
    }
    return false;
  }

  std::string_view text_;
  std::vector<std::string> words_;
  std::size_t at_ = 0;
  base::Wall time_;
};

}  // namespace

Result<base::Wall> reckon(std::string_view expression, ExpressionKind kind, base::Wall now) {
  if (expression.size() > 500) return fail(ErrorCode::invalid, "a date expression is longer than 500 characters");
  switch (kind) {
    case ExpressionKind::date:
      return Reckoner(expression, now).date();
    case ExpressionKind::time:
      return Reckoner(expression, now).time();
    case ExpressionKind::both:
      break;
  }
  const auto at = expression.find('@');
  TRY(const auto day, Reckoner(expression.substr(0, at), now).date());
  if (at == std::string_view::npos) return day;
  return Reckoner(expression.substr(at + 1), day).time();
}

}  // namespace base::pact
