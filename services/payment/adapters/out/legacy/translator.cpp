#include "services/payment/adapters/out/legacy/translator.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <map>

#include "base/http/message.hpp"
#include "services/payment/adapters/out/legacy/currencies.hpp"

namespace payment_service::legacy {
namespace {

using base::ErrorCode;
using ports::Outcome;
using ports::Verdict;

constexpr std::size_t stamp_length = 17;
constexpr std::string_view last_line = "ENDE";

bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

template <class Number>
std::optional<Number> number_of(std::string_view text) {
  Number value{};
  if (!is_digits(text)) return std::nullopt;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string_view kind_of(const ports::Demand& demand) {
  return demand.purpose == ports::Purpose::charge ? "BUCHUNG" : "STORNO";
}

// By what the provider says no. Others, and 96 above all, say nothing about what was booked.
struct Refusal {
  std::string_view code;
  const char* reason;
};
constexpr std::array<Refusal, 5> refusals{{{"05", "card_refused"},
                                           {"25", "provider_refused"},
                                           {"30", "provider_refused"},
                                           {"51", "insufficient_funds"},
                                           {"61", "limit_exceeded"}}};

using Fields = std::map<std::string_view, std::string_view>;

// NAME=VALUE between semicolons. Empty when a part is not of that form, or a name comes twice.
Fields fields_of(std::string_view line) {
  Fields fields;
  while (!line.empty()) {
    const auto end = line.find(';');
    const auto part = line.substr(0, end);
    line = end == std::string_view::npos ? std::string_view() : line.substr(end + 1);
    const auto equals = part.find('=');
    if (equals == std::string_view::npos || equals == 0) return {};
    if (!fields.emplace(part.substr(0, equals), part.substr(equals + 1)).second) return {};
  }
  return fields;
}

std::string_view at(const Fields& fields, std::string_view name) {
  const auto found = fields.find(name);
  return found == fields.end() ? std::string_view() : found->second;
}

// What stands before the mark that the answer is whole; empty when that is not there.
std::string_view before_end(std::string_view body, char separator) {
  if (body.ends_with('\n')) body.remove_suffix(1);
  if (!body.ends_with(last_line)) return {};
  body.remove_suffix(last_line.size());
  if (!body.ends_with(separator)) return {};
  return body.substr(0, body.size() - 1);
}

// Whether the line is a booking of this very demand.
bool is_booking_of(const Fields& fields, const ports::Demand& demand) {
  const auto* currency = currency_of(demand.currency);
  return is_digits(at(fields, "BELEG")) && at(fields, "SATZART") == kind_of(demand) &&
         at(fields, "HAENDLER_REF") == demand.reference && currency != nullptr &&
         at(fields, "WAEHRUNG") == currency->number &&
         from_amount(at(fields, "BETRAG"), demand.currency) == demand.amount_cents;
}

Outcome in_doubt(const std::string& why) { return {Verdict::unknown, why}; }

base::Error unreadable(const std::string& why) {
  return base::fail(ErrorCode::bad_gateway, "the provider's list of bookings " + why);
}

}  // namespace

std::optional<std::string> to_amount(std::int64_t minor_units, std::string_view currency) {
  const auto* known = currency_of(currency);
  if (known == nullptr || minor_units < 0) return std::nullopt;
  auto digits = std::to_string(minor_units);
  if (known->decimals == 0) return digits;
  if (digits.size() <= known->decimals) digits.insert(0, known->decimals + 1 - digits.size(), '0');
  return digits.insert(digits.size() - known->decimals, ",");
}

std::optional<std::int64_t> from_amount(std::string_view amount, std::string_view currency) {
  std::string digits(amount);
  std::erase(digits, ',');
  const auto value = number_of<std::int64_t>(digits);
  // Written anew it is the same, or it was written in another way.
  if (!value || to_amount(*value, currency) != amount) return std::nullopt;
  return value;
}

std::string to_stamp(base::Wall time) {
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

std::optional<base::Wall> from_stamp(std::string_view text) {
  using namespace std::chrono;
  if (text.size() != stamp_length || !is_digits(text)) return std::nullopt;
  const auto part = [&](std::size_t from, std::size_t count) { return *number_of<int>(text.substr(from, count)); };
  const year_month_day date{year(part(0, 4)), month(static_cast<unsigned>(part(4, 2))),
                            day(static_cast<unsigned>(part(6, 2)))};
  if (!date.ok() || part(8, 2) > 23 || part(10, 2) > 59 || part(12, 2) > 59) return std::nullopt;
  return base::Wall(milliseconds(sys_days(date).time_since_epoch()) + hours(part(8, 2)) + minutes(part(10, 2)) +
                    seconds(part(12, 2)) + milliseconds(part(14, 3)));
}

base::Result<std::string> to_form(const ports::Demand& demand) {
  const auto amount = to_amount(demand.amount_cents, demand.currency);
  if (!amount) return base::fail(ErrorCode::invalid, "the provider knows no currency " + demand.currency);
  return "SATZART=" + std::string(kind_of(demand)) + "&HAENDLER_REF=" + base::http::percent_encode(demand.reference) +
         "&BETRAG=" + base::http::percent_encode(*amount) +
         "&WAEHRUNG=" + std::string(currency_of(demand.currency)->number) +
         "&GUELTIG_BIS=" + to_stamp(demand.valid_until);
}

std::string to_search(const ports::Demand& demand) {
  return "/suche?HAENDLER_REF=" + base::http::percent_encode(demand.reference);
}

Outcome read_answer(const ports::Demand& demand, int status, std::string_view body) {
  if (status != 200) return in_doubt("HTTP status " + std::to_string(status));
  const auto fields = fields_of(before_end(body, ';'));
  const auto code = at(fields, "CODE");
  if (code == "00") {
    if (is_booking_of(fields, demand)) return {Verdict::authorized, {}};
    return in_doubt("a booking, but not of what was demanded");
  }
  // Only of a form that could not be read the provider does not know whose it was.
  const bool is_ours = at(fields, "HAENDLER_REF") == demand.reference || (code == "30" && fields.size() == 1);
  for (const auto& refusal : refusals) {
    if (refusal.code == code && is_ours) return {Verdict::declined, refusal.reason};
  }
  return in_doubt(code.empty() ? "the answer cannot be read" : "code " + std::string(code));
}

base::Result<ports::Finding> read_findings(const ports::Demand& demand, int status, std::string_view body) {
  if (status != 200) return unreadable("came with HTTP status " + std::to_string(status));
  auto rest = before_end(body, '\n');
  const auto head_end = rest.find('\n');
  const auto head = fields_of(rest.substr(0, head_end));
  const auto count = number_of<std::size_t>(at(head, "ANZAHL"));
  const auto as_of = from_stamp(at(head, "UHR"));
  if (!count || !as_of) return unreadable("cannot be read");
  ports::Finding finding{0, *as_of};
  std::size_t lines = 0;
  rest = head_end == std::string_view::npos ? std::string_view() : rest.substr(head_end + 1);
  while (!rest.empty()) {
    const auto end = rest.find('\n');
    const auto fields = fields_of(rest.substr(0, end));
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    ++lines;
    if (at(fields, "HAENDLER_REF") != demand.reference) return unreadable("has one that nobody asked for");
    if (at(fields, "SATZART") != kind_of(demand)) continue;
    if (!is_booking_of(fields, demand)) return unreadable("has one over another amount");
    ++finding.times;
  }
  if (lines != *count) return unreadable("is not as long as it says");
  return finding;
}

}  // namespace payment_service::legacy
