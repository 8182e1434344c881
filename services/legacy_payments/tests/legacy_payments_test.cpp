// The sandbox as a whole: what it books, what it refuses, and how it misbehaves when it is told to.
#include "services/legacy_payments/legacy_payments_service.hpp"

#include <gmock/gmock.h>

#include "services/chassis/testing/fake_environment.hpp"
#include "services/legacy_payments/domain/booking.hpp"

namespace legacy_payments {
namespace {

using namespace std::chrono_literals;
using base::http::Response;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

chassis::Config config() {
  chassis::Config config;
  config.name = config.instance = "legacy-payments";
  config.version = "0.1.0";
  config.ports = {{"http", 8093}};
  config.database_url = "sqlite::memory:";
  return config;
}

class LegacyPayments : public testing::Test {
 protected:
  explicit LegacyPayments(chassis::Config own = config()) : world(std::move(own)) { world.start(run); }

  std::string stamp_in(std::chrono::milliseconds later) { return domain::stamp(world.clock.wall() + later); }
  std::string form(const std::string& kind, const std::string& reference, const std::string& amount,
                   const std::string& currency = "978") {
    return "SATZART=" + kind + "&HAENDLER_REF=" + reference + "&BETRAG=" + amount + "&WAEHRUNG=" + currency +
           "&GUELTIG_BIS=" + stamp_in(2s);
  }
  std::string pay(const std::string& form) { return world.request("POST", "/zahlung", form).body; }
  std::string charge(const std::string& reference, const std::string& amount = "12,50") {
    return pay(form("BUCHUNG", reference, amount));
  }
  std::string find(const std::string& reference) {
    return world.request("GET", "/suche?HAENDLER_REF=" + reference).body;
  }
  Response lab(const std::string& form) { return world.request("PUT", "/labor", form); }

  chassis::testing::FakeEnvironment world;
};

TEST_F(LegacyPayments, BooksAndFindsByReference) {
  EXPECT_EQ(charge("r-1"), "CODE=00;BELEG=0000000001;SATZART=BUCHUNG;HAENDLER_REF=r-1;BETRAG=12,50;WAEHRUNG=978;ZEIT=" +
                               stamp_in(0s) + ";ENDE\n");
  EXPECT_EQ(find("r-1"), "ANZAHL=1;UHR=" + stamp_in(0s) +
                             "\nBELEG=0000000001;SATZART=BUCHUNG;HAENDLER_REF=r-1;BETRAG=12,50;WAEHRUNG=978;ZEIT=" +
                             stamp_in(0s) + "\nENDE\n");
  EXPECT_EQ(find("r-2"), "ANZAHL=0;UHR=" + stamp_in(0s) + "\nENDE\n");
}

TEST_F(LegacyPayments, IsNotIdempotent) {
  charge("r-1");
  EXPECT_THAT(charge("r-1"), HasSubstr("BELEG=0000000002"));
  EXPECT_THAT(find("r-1"), StartsWith("ANZAHL=2"));
}

TEST_F(LegacyPayments, TakesBackWhatWasCharged) {
  EXPECT_THAT(pay(form("STORNO", "r-1", "12,50")), StartsWith("CODE=25"));
  charge("r-1");
  EXPECT_THAT(pay(form("STORNO", "r-1", "12,50")), StartsWith("CODE=00;BELEG=0000000002;SATZART=STORNO"));
}

TEST_F(LegacyPayments, RefusesWhatIsAboveTheLimit) {
  EXPECT_THAT(charge("r-1", "100000,00"), StartsWith("CODE=00"));
  EXPECT_THAT(charge("r-2", "100000,01"), StartsWith("CODE=61;HAENDLER_REF=r-2;ENDE"));
  EXPECT_THAT(pay(form("BUCHUNG", "r-3", "100001", "392")), StartsWith("CODE=61"));
  EXPECT_THAT(find("r-2"), StartsWith("ANZAHL=0"));
}

TEST_F(LegacyPayments, WhatItCannotReadIsNotBooked) {
  EXPECT_EQ(pay("SATZART=BUCHUNG"), "CODE=30;ENDE\n");
  EXPECT_EQ(pay("{}"), "CODE=30;ENDE\n");
  EXPECT_EQ(charge("r-1", "12.50"), "CODE=30;ENDE\n");
  EXPECT_EQ(pay(form("BUCHUNG", "r-1", "1,00") + "&BETRAG=2,00"), "CODE=30;ENDE\n");
  EXPECT_THAT(find("r-1"), StartsWith("ANZAHL=0"));
}

TEST_F(LegacyPayments, NeverBooksAfterTheTimeGiven) {
  const auto late = form("BUCHUNG", "r-1", "12,50");
  ASSERT_EQ(lab("VORLAUF_MS=2001").status, 200);
  base::http::Request request{"POST", "/zahlung", {}, late};
  const base::http::Target here{"127.0.0.1", 8093, {}};
  EXPECT_FALSE(world.ask(world.http.send(here, request, 10s)).has_value()) << "it waits before it books";
  world.advance(3s);
  lab("VORLAUF_MS=0");
  EXPECT_THAT(find("r-1"), StartsWith("ANZAHL=0"));
  EXPECT_THAT(pay(late), StartsWith("CODE=68"));
}

TEST_F(LegacyPayments, MisbehavesAsItIsTold) {
  ASSERT_EQ(lab("STUMM_PROZENT=100").status, 200);
  EXPECT_EQ(world.request("POST", "/zahlung", form("BUCHUNG", "r-1", "12,50")).status, 0) << "no answer";
  ASSERT_EQ(lab("STUMM_PROZENT=0&MURKS_PROZENT=100").status, 200);
  EXPECT_THAT(charge("r-2"), Not(HasSubstr("ENDE")));
  ASSERT_EQ(lab("MURKS_PROZENT=0&ABLEHNUNG_PROZENT=100").status, 200);
  EXPECT_THAT(charge("r-3"), StartsWith("CODE=05"));
  EXPECT_THAT(pay(form("STORNO", "r-2", "12,50")), StartsWith("CODE=00")) << "refunds are not refused";
  EXPECT_EQ(world.request("DELETE", "/labor").status, 200);
  for (const auto* booked : {"r-1", "r-2"}) EXPECT_THAT(find(booked), Not(StartsWith("ANZAHL=0"))) << booked;
  EXPECT_THAT(find("r-3"), StartsWith("ANZAHL=0"));
}

TEST_F(LegacyPayments, AFaultSaysNothingAboutTheBooking) {
  lab("STOERUNG_PROZENT=100");
  for (int i = 0; i < 40; ++i) EXPECT_THAT(charge("r-" + std::to_string(i)), StartsWith("CODE=96"));
  lab("STOERUNG_PROZENT=0");
  int booked = 0;
  for (int i = 0; i < 40; ++i) booked += find("r-" + std::to_string(i)).starts_with("ANZAHL=1") ? 1 : 0;
  EXPECT_GT(booked, 5);
  EXPECT_LT(booked, 35);
}

TEST_F(LegacyPayments, ListsOfTheLabAreRefused) {
  ASSERT_EQ(lab("SPERR_REF=r-1&SPERR_REF=r-2&SPERR_BETRAG=7,00").status, 200);
  EXPECT_THAT(charge("r-2"), StartsWith("CODE=05"));
  EXPECT_THAT(charge("r-3", "7,00"), StartsWith("CODE=51"));
  EXPECT_THAT(charge("r-3"), StartsWith("CODE=00"));
}

TEST_F(LegacyPayments, TheLabRefusesWhatIsNoSetting) {
  EXPECT_EQ(lab("VORLAUF=1").status, 400);
  EXPECT_EQ(lab("VORLAUF_MS=x").status, 400);
  EXPECT_EQ(lab("STOERUNG_PROZENT=60&MURKS_PROZENT=41").status, 400);
  for (const std::string never : {"7.00", "7,0", "07,00", "x"}) {
    const auto answer = lab("SPERR_BETRAG=" + never);
    EXPECT_EQ(answer.status, 400) << never << " matches no amount";
    EXPECT_THAT(answer.body, HasSubstr("7,00"));
  }
  for (const std::string good : {"7,00", "700", "7,000"}) EXPECT_EQ(lab("SPERR_BETRAG=" + good).status, 200) << good;
  EXPECT_THAT(lab("SPERR_BETRAG=").body, Not(HasSubstr("SPERR")));
  EXPECT_THAT(world.request("GET", "/labor").body, HasSubstr("STOERUNG_PROZENT=0&MURKS_PROZENT=0"));
}

TEST_F(LegacyPayments, TheJournalHasPages) {
  for (int i = 0; i < 501; ++i) charge("r-" + std::to_string(i));
  const auto first = world.request("GET", "/journal?ab=0").body;
  EXPECT_THAT(first, StartsWith("ANZAHL=500;MEHR=JA"));
  const auto second = world.request("GET", "/journal?ab=501").body;
  EXPECT_THAT(second, StartsWith("ANZAHL=1;MEHR=NEIN"));
  EXPECT_THAT(second, HasSubstr("HAENDLER_REF=r-500"));
}

TEST_F(LegacyPayments, HasAnAnswerOfItsOwnToEverythingElse) {
  EXPECT_EQ(world.request("GET", "/stand").body, "STAND=BEREIT;ENDE\n");
  const auto unknown = world.request("GET", "/health");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(unknown.headers.get("Content-Type"), "text/plain; charset=ISO-8859-1");
}

class OfTheEnvironment : public LegacyPayments {
 protected:
  OfTheEnvironment() : LegacyPayments(own()) {}
  static chassis::Config own() {
    auto own = config();
    own.settings =
        chassis::Settings(std::map<std::string, std::string>{{"LABOR_ABLEHNUNG_PROZENT", "100"}, {"LABOR_LIMIT", "7"}});
    return own;
  }
};

TEST_F(OfTheEnvironment, TheLabBegins) {
  EXPECT_THAT(charge("r-1"), StartsWith("CODE=05"));
  EXPECT_THAT(world.request("GET", "/labor").body, HasSubstr("LIMIT=7"));
  world.request("DELETE", "/labor");
  EXPECT_THAT(charge("r-1"), StartsWith("CODE=00"));
}

TEST(LegacyPaymentsStart, ABadSettingEndsIt) {
  auto own = config();
  own.settings = chassis::Settings(std::map<std::string, std::string>{{"LABOR_VORLAUF_MS", "soon"}});
  chassis::testing::FakeEnvironment world(own);
  world.start(run);
  ASSERT_TRUE(world.outcome && !*world.outcome);
  EXPECT_THAT(world.outcome->error().message, HasSubstr("LABOR_VORLAUF_MS"));
}

}  // namespace
}  // namespace legacy_payments
