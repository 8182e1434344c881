#include "services/payment/adapters/out/legacy/translator.hpp"

#include <gtest/gtest.h>

#include "services/payment/adapters/out/legacy/currencies.hpp"

namespace payment_service::legacy {
namespace {

using ports::Demand;
using ports::Purpose;
using ports::Verdict;

base::Wall at(std::int64_t ms) { return base::Wall(std::chrono::milliseconds(ms)); }

Demand demand(Purpose purpose = Purpose::charge) { return {purpose, "p-1", 1250, "EUR", at(1'795'242'645'007)}; }

const std::string booked =
    "CODE=00;BELEG=0000000007;SATZART=BUCHUNG;HAENDLER_REF=p-1;BETRAG=12,50;WAEHRUNG=978;ZEIT=20261121063045000;ENDE\n";

std::string with(std::string text, const std::string& old, const std::string& now) {
  const auto at = text.find(old);
  EXPECT_NE(at, std::string::npos) << old;
  return text.replace(at, old.size(), now);
}

TEST(Amounts, InBothDirections) {
  struct Case {
    std::int64_t minor_units;
    const char* currency;
    const char* amount;
  };
  for (const auto& one :
       {Case{1250, "EUR", "12,50"}, Case{5, "EUR", "0,05"}, Case{100, "USD", "1,00"}, Case{0, "EUR", "0,00"},
        Case{1250, "JPY", "1250"}, Case{0, "JPY", "0"}, Case{1250, "BHD", "1,250"}, Case{5, "BHD", "0,005"},
        Case{1'000'000'000'000'000, "EUR", "10000000000000,00"}}) {
    EXPECT_EQ(to_amount(one.minor_units, one.currency), one.amount);
    EXPECT_EQ(from_amount(one.amount, one.currency), one.minor_units) << one.amount;
  }
}

TEST(Amounts, OfNoOtherForm) {
  EXPECT_FALSE(to_amount(-1, "EUR"));
  EXPECT_FALSE(to_amount(1, "XXX"));
  for (const auto* text : {"", "12", "12.50", "12,5", "12,500", "012,50", "-12,50", "1,2,50", " 12,50", ",50",
                           "99999999999999999999,00"}) {
    EXPECT_FALSE(from_amount(text, "EUR")) << text;
  }
  EXPECT_FALSE(from_amount("12,50", "JPY"));
  EXPECT_FALSE(from_amount("12,50", "BHD"));
}

TEST(Currencies, AreKnownByNumberAndDecimals) {
  struct Case {
    const char* code;
    const char* number;
    std::size_t decimals;
  };
  for (const auto& one : {Case{"AED", "784", 2}, Case{"BHD", "048", 3}, Case{"CHF", "756", 2}, Case{"EUR", "978", 2},
                          Case{"ISK", "352", 0}, Case{"JPY", "392", 0}, Case{"TND", "788", 3}, Case{"ZMW", "967", 2}}) {
    const auto* found = currency_of(one.code);
    ASSERT_NE(found, nullptr) << one.code;
    EXPECT_EQ(found->number, one.number);
    EXPECT_EQ(found->decimals, one.decimals) << one.code;
  }
  for (const auto* none : {"", "EU", "EURO", "eur", "AAA", "ZZZ", "XXX"}) EXPECT_EQ(currency_of(none), nullptr) << none;
}

TEST(Stamps, InBothDirections) {
  for (const std::int64_t ms : {1'795'242'645'007LL, 0LL, 951'782'400'000LL}) {
    EXPECT_EQ(from_stamp(to_stamp(at(ms))), at(ms));
  }
  EXPECT_EQ(to_stamp(at(1'795'242'645'007)), "20261121063045007");
  for (const auto* none : {"", "2026112106304500", "20261121T63045007", "20261321063045007", "20260230063045007",
                           "20261121243045007", "20261121066045007"}) {
    EXPECT_FALSE(from_stamp(none)) << none;
  }
}

TEST(Form, SaysItInTheProvidersWords) {
  EXPECT_EQ(to_form(demand()).value(),
            "SATZART=BUCHUNG&HAENDLER_REF=p-1&BETRAG=12%2C50&WAEHRUNG=978&GUELTIG_BIS=20261121063045007");
  auto odd = demand(Purpose::refund);
  odd.reference = "a&b=c";
  odd.currency = "JPY";
  EXPECT_EQ(to_form(odd).value(),
            "SATZART=STORNO&HAENDLER_REF=a%26b%3Dc&BETRAG=1250&WAEHRUNG=392&GUELTIG_BIS=20261121063045007");
  EXPECT_EQ(to_search(odd), "/suche?HAENDLER_REF=a%26b%3Dc");
  odd.currency = "XXX";
  EXPECT_EQ(to_form(odd).error().code, base::ErrorCode::invalid);
}

TEST(Answer, OfTheDemandIsASuccess) {
  EXPECT_EQ(read_answer(demand(), 200, booked).verdict, Verdict::authorized);
  EXPECT_EQ(read_answer(demand(Purpose::refund), 200, with(booked, "BUCHUNG", "STORNO")).verdict, Verdict::authorized);
}

TEST(Answer, OfAnythingElseIsADoubtAndNeverASuccess) {
  for (const auto& body :
       {with(booked, "p-1", "p-2"), with(booked, "12,50", "12,51"), with(booked, "12,50", "12.50"),
        with(booked, "978", "840"), with(booked, "BUCHUNG", "STORNO"), with(booked, "BELEG=0000000007;", ""),
        with(booked, "BELEG=0000000007", "BELEG="), with(booked, "CODE=00", "CODE=0"), with(booked, "CODE=00", "CODE="),
        with(booked, ";ENDE", ""), with(booked, "ENDE", "END"), booked + booked, with(booked, "ZEIT", "BETRAG"),
        with(booked, ";SATZART", ";;SATZART"), std::string(), std::string("ENDE"), std::string(";ENDE"),
        std::string("<html></html>"), std::string("{\"CODE\":\"00\"}")}) {
    EXPECT_EQ(read_answer(demand(), 200, body).verdict, Verdict::unknown) << body;
  }
  for (std::size_t length = 0; length + 1 < booked.size(); ++length) {
    EXPECT_EQ(read_answer(demand(), 200, booked.substr(0, length)).verdict, Verdict::unknown) << length;
  }
  for (const int status : {201, 302, 404, 500, 503}) {
    EXPECT_EQ(read_answer(demand(), status, booked).verdict, Verdict::unknown) << status;
  }
}

TEST(Answer, CodesAreReasons) {
  struct Case {
    const char* code;
    Verdict verdict;
    const char* reason;
  };
  for (const auto& one :
       {Case{"05", Verdict::declined, "card_refused"}, Case{"51", Verdict::declined, "insufficient_funds"},
        Case{"61", Verdict::declined, "limit_exceeded"}, Case{"25", Verdict::declined, "provider_refused"},
        Case{"30", Verdict::declined, "provider_refused"}, Case{"96", Verdict::unknown, "code 96"},
        Case{"68", Verdict::unknown, "code 68"}, Case{"99", Verdict::unknown, "code 99"},
        Case{"5", Verdict::unknown, "code 5"}}) {
    const auto outcome = read_answer(demand(), 200, std::string("CODE=") + one.code + ";HAENDLER_REF=p-1;ENDE\n");
    EXPECT_EQ(outcome.verdict, one.verdict) << one.code;
    EXPECT_EQ(outcome.reason, one.reason);
  }
}

TEST(Answer, ARefusalOfAnotherDemandIsNone) {
  EXPECT_EQ(read_answer(demand(), 200, "CODE=05;HAENDLER_REF=p-2;ENDE\n").verdict, Verdict::unknown);
  EXPECT_EQ(read_answer(demand(), 200, "CODE=05;ENDE\n").verdict, Verdict::unknown);
  EXPECT_EQ(read_answer(demand(), 200, "CODE=05;HAENDLER_REF=p-1").verdict, Verdict::unknown);
  EXPECT_EQ(read_answer(demand(), 200, "CODE=30;ENDE\n").verdict, Verdict::declined);
}

const std::string line = "BELEG=0000000007;SATZART=BUCHUNG;HAENDLER_REF=p-1;BETRAG=12,50;WAEHRUNG=978;ZEIT=1\n";

std::string list(int count, const std::string& lines) {
  return "ANZAHL=" + std::to_string(count) + ";UHR=20261121063045008\n" + lines + "ENDE\n";
}

TEST(Findings, CountBookingsOfTheDemand) {
  const auto none = read_findings(demand(), 200, list(0, ""));
  ASSERT_TRUE(none);
  EXPECT_EQ(none.value().times, 0);
  EXPECT_EQ(none.value().as_of, at(1'795'242'645'008));
  EXPECT_EQ(read_findings(demand(), 200, list(1, line)).value().times, 1);
  EXPECT_EQ(read_findings(demand(), 200, list(2, line + line)).value().times, 2);
  const auto both = list(2, line + with(line, "BUCHUNG", "STORNO"));
  EXPECT_EQ(read_findings(demand(), 200, both).value().times, 1);
  EXPECT_EQ(read_findings(demand(Purpose::refund), 200, both).value().times, 1);
  EXPECT_EQ(read_findings(demand(Purpose::refund), 200, list(1, line)).value().times, 0);
}

// Above all, never as if nothing had been booked.
TEST(Findings, ThatCannotBeReadAreNone) {
  for (const auto& body :
       {std::string(), std::string("ENDE\n"), std::string("CODE=96;ENDE\n"), list(1, ""), list(0, line), list(2, line),
        list(1, with(line, "p-1", "p-2")), list(1, with(line, "12,50", "12,51")), list(1, with(line, "978", "840")),
        with(list(0, ""), "ENDE\n", ""), with(list(0, ""), "UHR=2026", "UHR=x026"),
        with(list(0, ""), "ANZAHL=0", "ANZAHL="), with(list(0, ""), ";UHR=20261121063045008", ""),
        std::string("<html></html>")}) {
    const auto found = read_findings(demand(), 200, body);
    ASSERT_FALSE(found) << body;
    EXPECT_EQ(found.error().code, base::ErrorCode::bad_gateway);
  }
  EXPECT_FALSE(read_findings(demand(), 500, list(0, "")));
  const auto whole = list(1, line);
  for (std::size_t length = 0; length + 1 < whole.size(); ++length) {
    EXPECT_FALSE(read_findings(demand(), 200, whole.substr(0, length))) << length;
  }
}

}  // namespace
}  // namespace payment_service::legacy
