#include "services/legacy_payments/domain/booking.hpp"

#include <gtest/gtest.h>

namespace legacy_payments::domain {
namespace {

TEST(Thousandths, ReadsAmountsAsTheCurrencyWritesThem) {
  EXPECT_EQ(thousandths("12,50", "978"), 12'500);
  EXPECT_EQ(thousandths("0,01", "978"), 10);
  EXPECT_EQ(thousandths("1250", "392"), 1'250'000);
  EXPECT_EQ(thousandths("1,250", "048"), 1'250);
}

TEST(Thousandths, RefusesAnyOtherForm) {
  for (const auto* text :
       {"", ",", "12", "12,5", "12,500", "12.50", "-1,00", "+1,00", "01,00", "1,0a", "1 0,00", "123456789012345,00"}) {
    EXPECT_FALSE(thousandths(text, "978")) << text;
  }
  EXPECT_FALSE(thousandths("12,50", "392"));
  EXPECT_FALSE(thousandths("12,", "392"));
  EXPECT_FALSE(thousandths("12,50", "048"));
}

TEST(Stamp, IsTheTimeInUtc) {
  const base::Wall time(std::chrono::milliseconds(1'795'242'645'007));
  EXPECT_EQ(stamp(time), "20261121063045007");
  EXPECT_TRUE(is_stamp(stamp(time)));
  EXPECT_LT(stamp(time), stamp(time + std::chrono::milliseconds(1)));
  EXPECT_FALSE(is_stamp("2026-11-21T06:30Z"));
}

TEST(WellFormed, WantsEveryField) {
  const Wanted good{"BUCHUNG", "r-1", "12,50", "978", "20261121063045007"};
  EXPECT_TRUE(is_well_formed(good));
  for (auto Wanted::*field :
       {&Wanted::kind, &Wanted::reference, &Wanted::amount, &Wanted::currency, &Wanted::valid_until}) {
    Wanted without = good;
    (without.*field).clear();
    EXPECT_FALSE(is_well_formed(without));
  }
  Wanted odd = good;
  odd.reference = "a;b";
  EXPECT_FALSE(is_well_formed(odd));
  odd.reference = std::string(65, 'a');
  EXPECT_FALSE(is_well_formed(odd));
}

}  // namespace
}  // namespace legacy_payments::domain
