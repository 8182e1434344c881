#include "cli/drill/recovery.hpp"

#include <gtest/gtest.h>

namespace drill {
namespace {

// One request every 10 ms, answered 2 ms later: '+' acknowledged, '-' refused, '?' no answer yet.
std::vector<Attempt> load(const std::string& picture) {
  std::vector<Attempt> attempts;
  for (std::size_t i = 0; i < picture.size(); ++i) {
    Attempt attempt;
    attempt.intended_us = static_cast<std::int64_t>(i) * 10'000;
    attempt.done_us = attempt.intended_us + 2'000;
    attempt.outcome = picture[i] == '+'   ? Outcome::acknowledged
                      : picture[i] == '-' ? Outcome::refused
                                          : Outcome::waiting;
    attempts.push_back(attempt);
  }
  return attempts;
}

TEST(Recovery, IsTheFirstOfARunOfSuccesses) {
  struct Row {
    const char* picture;
    std::optional<std::int64_t> after_us;  // from 15 ms on, a run of 30 ms
  };
  const std::vector<Row> rows{
      {"++++++", 7'000},           // nobody noticed: the next answer
      {"++--++++", 27'000},        // two were refused
      {"++-++-++++", 47'000},      // a relapse does not count as back
      {"++-+++", std::nullopt},    // not long enough yet
      {"++----", std::nullopt},    //
      {"++?+++++", std::nullopt},  // the first may still fail
      {"", std::nullopt},
  };
  for (const auto& row : rows) EXPECT_EQ(back_after_us(load(row.picture), 15'000, 30'000), row.after_us) << row.picture;
}

TEST(Recovery, SignUpsDoNotCount) {
  auto attempts = load("++-++++");
  attempts[2].what = What::user;
  EXPECT_EQ(back_after_us(attempts, 15'000, 30'000), 17'000);
}

TEST(Share, CountsWhatWasDueInTheTime) {
  const auto share = share_during(load("++-+-+"), {0, 10'000, 50'000});
  EXPECT_EQ(share.sent, 4U);
  EXPECT_EQ(share.acknowledged, 2U);
  EXPECT_EQ(share.refused, 2U);
  EXPECT_EQ(share.p99_us, 2'000);
  EXPECT_EQ(share_before({}, {0, 1, 2}).p50_us, 0);
}

TEST(Share, WhatWasUnderWayWhenTheFaultBeganIsItsOwn) {
  auto attempts = load("+++-+++");
  attempts[2].done_us = 70'000;  // due before the fault, and answered after it began
  attempts[3].done_us = 60'000;
  const Span span{10'000, 35'000, 55'000};
  const auto before = share_before(attempts, span);
  EXPECT_EQ(before.sent, 1U);
  EXPECT_EQ(before.refused, 0U);
  EXPECT_EQ(before.longest_us, 2'000);
  const auto during = share_during(attempts, span);
  EXPECT_EQ(during.sent, 4U);
  EXPECT_EQ(during.refused, 1U);
  EXPECT_EQ(during.longest_us, 50'000);
  attempts[3].outcome = Outcome::waiting;
  EXPECT_EQ(share_before(attempts, span).sent, 1U);
  EXPECT_EQ(share_before(load("++++"), {20'000, 40'000, 50'000}).sent, 2U) << "of the fault before";
}

}  // namespace
}  // namespace drill
