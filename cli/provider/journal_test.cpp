#include "cli/provider/journal.hpp"

#include <gtest/gtest.h>

#include "cli/provider/sample_journal.hpp"

namespace provider {
namespace {

TEST(Journal, ReadsBookingsInOurWords) {
  const auto page = read_journal(
      "ANZAHL=3;MEHR=NEIN;UHR=20261127100000000\n"
      "BELEG=0000000001;SATZART=BUCHUNG;HAENDLER_REF=p-1;BETRAG=12,50;WAEHRUNG=978;ZEIT=20261127095959000\n"
      "BELEG=0000000002;SATZART=STORNO;HAENDLER_REF=p-1;BETRAG=12,50;WAEHRUNG=978;ZEIT=20261127095959500\n"
      "BELEG=0000000003;SATZART=BUCHUNG;HAENDLER_REF=p-2;BETRAG=700;WAEHRUNG=392;ZEIT=20261127095959900\n"
      "ENDE\n");
  ASSERT_TRUE(page) << page.error().message;
  const auto& bookings = page.value().bookings;
  ASSERT_EQ(bookings.size(), 3U);
  EXPECT_EQ(page.value().next, 0);
  EXPECT_EQ(bookings[0].reference, "p-1");
  EXPECT_FALSE(bookings[0].is_refund);
  EXPECT_EQ(bookings[0].amount, 1250);
  EXPECT_EQ(bookings[0].currency, "EUR");
  EXPECT_TRUE(bookings[1].is_refund);
  EXPECT_EQ(bookings[2].amount, 700);
  EXPECT_EQ(bookings[2].currency, "JPY");
}

TEST(Journal, GoesOnAfterTheLastNumber) {
  const auto page = read_journal(
      "ANZAHL=1;MEHR=JA;UHR=20261127100000000\n"
      "BELEG=0000000500;SATZART=BUCHUNG;HAENDLER_REF=p;BETRAG=0,010;WAEHRUNG=048;ZEIT=20261127095959000\nENDE\n");
  ASSERT_TRUE(page);
  EXPECT_EQ(page.value().next, 501);
  EXPECT_EQ(page.value().bookings[0].amount, 10);
  EXPECT_EQ(page.value().bookings[0].currency, "BHD");
}

TEST(Journal, LeavesNothingOut) {
  const std::string head = "ANZAHL=1;MEHR=NEIN;UHR=20261127100000000\n";
  const std::string good = "BELEG=1;SATZART=BUCHUNG;HAENDLER_REF=p;BETRAG=1,00;WAEHRUNG=978;ZEIT=2";
  for (const auto& text : {std::string(), std::string("CODE=96;ENDE\n"), std::string("<html>"), head + "ENDE\n",
                           head + good + "\n", head + good + "\n" + good + "\nENDE\n",
                           head + "BELEG=1;SATZART=GUTSCHRIFT;HAENDLER_REF=p;BETRAG=1,00;WAEHRUNG=978\nENDE\n",
                           head + "BELEG=1;SATZART=BUCHUNG;HAENDLER_REF=p;BETRAG=1.00;WAEHRUNG=978\nENDE\n",
                           head + "SATZART=BUCHUNG;HAENDLER_REF=p;BETRAG=1,00;WAEHRUNG=978\nENDE\n"}) {
    const auto page = read_journal(text);
    EXPECT_FALSE(page) << text;
  }
  EXPECT_TRUE(read_journal(head + good + "\nENDE\n"));
}

TEST(Journal, ReadsWhatTestsSayInItsName) {
  const auto page = read_journal(testing::journal_text({{"p-1", false, "EUR", 5}, {"p-1", true, "JPY", 1250}}, true));
  ASSERT_TRUE(page) << page.error().message;
  ASSERT_EQ(page.value().bookings.size(), 2U);
  EXPECT_EQ(page.value().bookings[0].amount, 5);
  EXPECT_TRUE(page.value().bookings[1].is_refund);
  EXPECT_EQ(page.value().bookings[1].amount, 1250);
  EXPECT_EQ(page.value().bookings[1].currency, "JPY");
  EXPECT_EQ(page.value().next, 3);
}

TEST(Journal, KnowsCurrenciesByTheirNumbers) {
  EXPECT_EQ(currency_of("008"), "ALL");
  EXPECT_EQ(currency_of("840"), "USD");
  EXPECT_EQ(currency_of("986"), "BRL");
  EXPECT_EQ(currency_of("999"), "ISO 999");
  EXPECT_EQ(currency_of("97"), "ISO 97");
  EXPECT_EQ(currency_of(""), "ISO ");
}

}  // namespace
}  // namespace provider
