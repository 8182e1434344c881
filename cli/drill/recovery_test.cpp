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
  const auto share = share_of(load("++-+-+"), 10'000, 50'000);
  EXPECT_EQ(share.sent, 4U);
  EXPECT_EQ(share.acknowledged, 2U);
  EXPECT_EQ(share.refused, 2U);
  EXPECT_EQ(share.p99_us, 2'000);
  EXPECT_EQ(share_of({}, 0, 1).p50_us, 0);
}

}  // namespace
}  // namespace drill
