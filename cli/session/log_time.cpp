#include "cli/session/log_time.hpp"

#include <array>
#include <charconv>
#include <ctime>
#include <optional>
#include <string>

namespace cli {
namespace {

constexpr std::int64_t second_us = 1'000'000;
constexpr std::int64_t longest_s = 100LL * 366 * 86400;

// Takes things off the front of a text.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}
  bool at_end() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }
  bool skip(char wanted) {
    if (rest_.empty() || rest_.front() != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // A number of `least` to `most` digits.
  std::optional<std::int64_t> number(std::size_t least, std::size_t most) {
    const std::size_t digits = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
    std::int64_t value = 0;
    if (digits < least || digits > most) return std::nullopt;
    std::from_chars(rest_.data(), rest_.data() + digits, value);
    rest_.remove_prefix(digits);
    return value;
  }
  std::string_view word() {
    const std::size_t letters = std::min(rest_.find_first_of("0123456789"), rest_.size());
    const auto taken = rest_.substr(0, letters);
    rest_.remove_prefix(letters);
    return taken;
  }

 private:
  std::string_view rest_;
};

std::optional<std::int64_t> duration_us(std::string_view text) {
  Cursor cursor(text);
  std::int64_t sum = 0;
  while (!cursor.at_end()) {
    const auto count = cursor.number(1, 12);
    const auto unit = cursor.word();
    std::int64_t scale = 0;
    if (unit == "ms") scale = 1000;
    if (unit == "s") scale = second_us;
    if (unit == "m") scale = 60 * second_us;
    if (unit == "h") scale = 3600 * second_us;
    if (unit == "d") scale = 86400 * second_us;
    if (unit == "w") scale = 7 * 86400 * second_us;
    if (!count || scale == 0 || *count > longest_s * second_us / scale) return std::nullopt;
    sum += *count * scale;
    if (sum > longest_s * second_us) return std::nullopt;
  }
  return text.empty() ? std::nullopt : std::optional(sum);
}

// HH:MM, HH:MM:SS or with a fraction. Microseconds since midnight go into `fraction_us` and the hands of `time`.
bool clock(Cursor& cursor, std::tm& time, std::int64_t& fraction_us) {
  const auto hour = cursor.number(1, 2);
  if (!hour || !cursor.skip(':')) return false;
  const auto minute = cursor.number(2, 2);
  const auto second = cursor.skip(':') ? cursor.number(2, 2) : std::optional<std::int64_t>(0);
  if (!minute || !second || *hour > 23 || *minute > 59 || *second > 60) return false;
  time.tm_hour = static_cast<int>(*hour);
  time.tm_min = static_cast<int>(*minute);
  time.tm_sec = static_cast<int>(*second);
  if (!cursor.skip('.')) return true;
  const std::size_t before = cursor.rest().size();
  auto fraction = cursor.number(1, 9);
  if (!fraction) return false;
  for (std::size_t digits = before - cursor.rest().size(); digits < 9; ++digits) *fraction *= 10;
  fraction_us = *fraction / 1000;
  return true;
}

bool date(Cursor& cursor, std::tm& time) {
  const auto year = cursor.number(4, 4);
  if (!year || !cursor.skip('-')) return false;
  const auto month = cursor.number(2, 2);
  if (!month || !cursor.skip('-')) return false;
  const auto day = cursor.number(2, 2);
  if (!day || *month < 1 || *month > 12 || *day < 1 || *day > 31) return false;
  time.tm_year = static_cast<int>(*year) - 1900;
  time.tm_mon = static_cast<int>(*month) - 1;
  time.tm_mday = static_cast<int>(*day);
  std::tm same = time;
  ::timegm(&same);
  return same.tm_mday == time.tm_mday;  // 30 February would have become a day of March
}

// Z, +02:00 or nothing: seconds east of Greenwich, or none for local time. False when it is neither.
bool zone(Cursor& cursor, std::optional<std::int64_t>& east_s) {
  if (cursor.at_end()) return true;
  if (cursor.skip('Z') || cursor.skip('z')) return east_s = 0, cursor.at_end();
  const bool east = cursor.skip('+');
  if (!east && !cursor.skip('-')) return false;
  const auto hours = cursor.number(2, 2);
  const bool colon = cursor.skip(':');
  const auto minutes = cursor.number(2, 2);
  if (!hours || !colon || !minutes || *hours > 23 || *minutes > 59) return false;
  east_s = (*hours * 3600 + *minutes * 60) * (east ? 1 : -1);
  return cursor.at_end();
}

std::int64_t local_us(std::tm time) {
  time.tm_isdst = -1;
  return static_cast<std::int64_t>(::mktime(&time)) * second_us;
}

std::optional<std::int64_t> moment_us(std::string_view text) {
  Cursor cursor(text);
  std::tm time{};
  std::int64_t fraction_us = 0;
  if (!date(cursor, time)) return std::nullopt;
  if (cursor.at_end()) return local_us(time);
  if (!cursor.skip('T') && !cursor.skip('t') && !cursor.skip(' ')) return std::nullopt;
  std::optional<std::int64_t> east_s;
  if (!clock(cursor, time, fraction_us) || !zone(cursor, east_s)) return std::nullopt;
  if (!east_s) return local_us(time) + fraction_us;
  return (static_cast<std::int64_t>(::timegm(&time)) - *east_s) * second_us + fraction_us;
}

std::optional<std::int64_t> today_us(std::string_view text, std::int64_t now_us) {
  Cursor cursor(text);
  const auto now_s = static_cast<std::time_t>(now_us / second_us);
  std::tm time{};
  std::int64_t fraction_us = 0;
  ::localtime_r(&now_s, &time);
  if (!clock(cursor, time, fraction_us) || !cursor.at_end()) return std::nullopt;
  return local_us(time) + fraction_us;
}

}  // namespace

base::Result<std::int64_t> parse_log_time(std::string_view text, std::int64_t now_us) {
  if (const auto back = duration_us(text)) return now_us - *back;
  if (const auto moment = moment_us(text)) return *moment;
  if (const auto today = today_us(text, now_us)) return *today;
  return base::fail(base::ErrorCode::malformed,
                    "expected how long ago (10m, 1h30m, 2d), a time of today (14:05) or an RFC 3339 time "
                    "(2026-01-31T14:05:00Z), got \"" +
                        std::string(text) + "\"");
}

}  // namespace cli
