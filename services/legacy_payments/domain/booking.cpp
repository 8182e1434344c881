#include "services/legacy_payments/domain/booking.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

namespace legacy_payments::domain {
namespace {

constexpr std::size_t stamp_length = 17;
constexpr std::size_t longest_reference = 64;
constexpr std::size_t most_digits = 14;

// ISO 4217 numbers of currencies with other than two decimals.
constexpr std::array<std::string_view, 16> without_decimals{"108", "152", "174", "262", "324", "352", "392", "410",
                                                            "548", "600", "646", "704", "800", "950", "952", "953"};
constexpr std::array<std::string_view, 7> with_three{"048", "368", "400", "414", "434", "512", "788"};

bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::size_t decimals_of(std::string_view currency) {
  const auto among = [&](const auto& list) { return std::find(list.begin(), list.end(), currency) != list.end(); };
  return among(without_decimals) ? 0 : among(with_three) ? 3 : 2;
}

}  // namespace

std::optional<std::int64_t> thousandths(std::string_view amount, std::string_view currency) {
  const auto comma = amount.find(',');
  const auto whole = amount.substr(0, comma);
  const auto rest = comma == std::string_view::npos ? std::string_view() : amount.substr(comma + 1);
  if (!is_digits(whole) || whole.size() > most_digits || (whole.size() > 1 && whole[0] == '0')) return std::nullopt;
  if (rest.size() != decimals_of(currency) || (comma != std::string_view::npos && !is_digits(rest))) {
    return std::nullopt;
  }
  const std::string digits = std::string(whole) + std::string(rest) + std::string(3 - rest.size(), '0');
  std::int64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

bool is_amount(std::string_view text) {
  const auto fits = [&](std::string_view currency) { return thousandths(text, currency).has_value(); };
  return fits(without_decimals.front()) || fits("978") || fits(with_three.front());
}

bool is_stamp(std::string_view text) { return text.size() == stamp_length && is_digits(text); }

std::string stamp(base::Wall time) {
  using namespace std::chrono;
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d%02u%02u%02d%02d%02d%03d", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return text.data();
}

bool is_well_formed(const Wanted& wanted) {
  const bool is_kind = wanted.kind == charge || wanted.kind == reversal;
  const bool is_reference = !wanted.reference.empty() && wanted.reference.size() <= longest_reference &&
                            wanted.reference.find_first_of(";=\r\n") == std::string::npos;
  const bool is_currency = wanted.currency.size() == 3 && is_digits(wanted.currency);
  return is_kind && is_reference && is_currency && is_stamp(wanted.valid_until) &&
         thousandths(wanted.amount, wanted.currency).has_value();
}

}  // namespace legacy_payments::domain
