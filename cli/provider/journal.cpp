#include "cli/provider/journal.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>

namespace provider {
namespace {

using Fields = std::map<std::string, std::string, std::less<>>;

constexpr std::size_t most_digits = 18;

// Number and name of each currency of ISO 4217, eight characters each with a space.
constexpr std::string_view currencies =
    "008ALL 012DZD 032ARS 036AUD 044BSD 048BHD 050BDT 051AMD 052BBD 060BMD 064BTN 068BOB 072BWP 084BZD 090SBD "
    "096BND 104MMK 108BIF 116KHR 124CAD 132CVE 136KYD 144LKR 152CLP 156CNY 170COP 174KMF 188CRC 192CUP 203CZK "
    "208DKK 214DOP 222SVC 230ETB 232ERN 238FKP 242FJD 262DJF 270GMD 292GIP 320GTQ 324GNF 328GYD 332HTG 340HNL "
    "344HKD 348HUF 352ISK 356INR 360IDR 364IRR 368IQD 376ILS 388JMD 392JPY 398KZT 400JOD 404KES 408KPW 410KRW "
    "414KWD 417KGS 418LAK 422LBP 426LSL 430LRD 434LYD 446MOP 454MWK 458MYR 462MVR 480MUR 484MXN 496MNT 498MDL "
    "504MAD 512OMR 516NAD 524NPR 532ANG 533AWG 548VUV 554NZD 558NIO 566NGN 578NOK 586PKR 590PAB 598PGK 600PYG "
    "604PEN 608PHP 634QAR 643RUB 646RWF 654SHP 682SAR 690SCR 694SLL 702SGD 704VND 706SOS 710ZAR 728SSP 748SZL "
    "752SEK 756CHF 760SYP 764THB 776TOP 780TTD 784AED 788TND 800UGX 807MKD 818EGP 826GBP 834TZS 840USD 858UYU "
    "860UZS 882WST 886YER 901TWD 925SLE 926VED 928VES 929MRU 930STN 932ZWL 933BYN 934TMT 936GHS 938SDG 941RSD "
    "943MZN 944AZN 946RON 949TRY 950XAF 951XCD 952XOF 953XPF 967ZMW 968SRD 969MGA 971AFN 972TJS 973AOA 975BGN "
    "976CDF 977BAM 978EUR 980UAH 981GEL 985PLN 986BRL ";
constexpr std::size_t width = 7;

base::Error unreadable(std::string_view line) {
  return base::fail(base::ErrorCode::malformed,
                    "the provider's journal has a line that cannot be read: " + std::string(line.substr(0, 80)));
}

// NAME=VALUE between semicolons.
Fields fields_of(std::string_view line) {
  Fields fields;
  while (!line.empty()) {
    const auto part = line.substr(0, line.find(';'));
    line.remove_prefix(std::min(line.size(), part.size() + 1));
    const auto equals = part.find('=');
    if (equals != std::string_view::npos) fields.emplace(part.substr(0, equals), part.substr(equals + 1));
  }
  return fields;
}

std::optional<std::int64_t> number_of(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool is_whole = error == std::errc() && end == text.data() + text.size() && value >= 0;
  return is_whole && text.size() <= most_digits ? std::optional(value) : std::nullopt;
}

// It writes as many decimals as the currency has, so minor units are the digits.
std::optional<std::int64_t> amount_of(std::string text) {
  const auto comma = text.find(',');
  if (comma != std::string::npos) text.erase(comma, 1);
  return number_of(text);
}

std::optional<Booking> booking_of(Fields fields) {
  const auto amount = amount_of(fields["BETRAG"]);
  const bool is_refund = fields["SATZART"] == "STORNO";
  if (!amount || fields["HAENDLER_REF"].empty() || (!is_refund && fields["SATZART"] != "BUCHUNG")) return std::nullopt;
  return Booking{fields["HAENDLER_REF"], is_refund, currency_of(fields["WAEHRUNG"]), *amount};
}

std::string_view take_line(std::string_view& text) {
  const auto line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(text.size(), line.size() + 1));
  return line;
}

}  // namespace

std::string currency_of(std::string_view number) {
  for (std::size_t at = 0; number.size() == 3 && at + width <= currencies.size(); at += width) {
    if (currencies.substr(at, 3) == number) return std::string(currencies.substr(at + 3, 3));
  }
  return "ISO " + std::string(number);
}

std::string journal_target(std::int64_t from) { return "/journal?ab=" + std::to_string(from); }

base::Result<JournalPage> read_journal(std::string_view text) {
  const auto head = take_line(text);
  auto page_head = fields_of(head);
  const auto count = number_of(page_head["ANZAHL"]);
  if (!count) return unreadable(head);
  JournalPage page;
  std::int64_t last = 0;
  for (std::int64_t i = 0; i < *count; ++i) {
    const auto line = take_line(text);
    const auto fields = fields_of(line);
    const auto number = fields.find("BELEG");
    const auto beleg = number == fields.end() ? std::nullopt : number_of(number->second);
    auto booking = booking_of(fields);
    if (!beleg || !booking) return unreadable(line);
    last = *beleg;
    page.bookings.push_back(std::move(*booking));
  }
  const auto end = take_line(text);
  if (end != "ENDE") return unreadable(end);
  if (page_head["MEHR"] == "JA") page.next = last + 1;
  return page;
}

}  // namespace provider
