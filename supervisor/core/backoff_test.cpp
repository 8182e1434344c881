#include "supervisor/core/backoff.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstdint>

namespace core {
namespace {

using std::chrono::milliseconds;

// Gives the same byte for ever: 0 is the lowest draw.
class FixedRandom final : public base::Random {
 public:
  explicit FixedRandom(std::uint8_t byte) : byte_(byte) {}
  void fill(std::span<std::uint8_t> bytes) override { std::fill(bytes.begin(), bytes.end(), byte_); }

 private:
  std::uint8_t byte_;
};

BackoffSettings settings(int limit) { return {milliseconds(100), milliseconds(1000), milliseconds(5000), limit}; }

TEST(Backoff, FirstRestartComesAtOnce) {
  FixedRandom random(255);
  Backoff backoff(settings(0), random);
  EXPECT_EQ(backoff.next(), milliseconds(0));
  EXPECT_NE(backoff.next(), milliseconds(0));
  backoff.reset();
  EXPECT_EQ(backoff.next(), milliseconds(0));
}

TEST(Backoff, LowestDrawDoublesUpToHalfTheCap) {
  FixedRandom random(0);
  Backoff backoff(settings(0), random);
  backoff.next();
  for (int expected : {50, 100, 200, 400, 500, 500, 500}) EXPECT_EQ(backoff.next(), milliseconds(expected));
}

TEST(Backoff, EveryDrawIsBetweenHalfAndWhole) {
  for (int byte = 0; byte < 256; ++byte) {
    FixedRandom random(static_cast<std::uint8_t>(byte));
    Backoff backoff(settings(0), random);
    backoff.next();
    for (int whole : {100, 200, 400, 800, 1000, 1000}) {
      const milliseconds delay = backoff.next().value();
      EXPECT_GE(delay, milliseconds(whole / 2));
      EXPECT_LE(delay, milliseconds(whole));
    }
  }
}

TEST(Backoff, DrawsDiffer) {
  base::SystemRandom random;
  std::set<milliseconds> seen;
  for (int i = 0; i < 50; ++i) {
    Backoff backoff(settings(0), random);
    backoff.next();
    seen.insert(backoff.next().value());
  }
  EXPECT_GT(seen.size(), 1U);
}

TEST(Backoff, LimitEndsIt) {
  FixedRandom random(0);
  Backoff backoff(settings(2), random);
  EXPECT_TRUE(backoff.next());
  EXPECT_FALSE(backoff.exhausted());
  EXPECT_TRUE(backoff.next());
  EXPECT_TRUE(backoff.exhausted());
  EXPECT_FALSE(backoff.next());
  EXPECT_EQ(backoff.restarts_in_a_row(), 2);
  backoff.reset();
  EXPECT_EQ(backoff.next(), milliseconds(0));
  EXPECT_EQ(backoff.next(), milliseconds(50));
}

TEST(Backoff, OnlyAStableTimeInReadyForgets) {
  FixedRandom random(0);
  Backoff backoff(settings(0), random);
  backoff.next();
  backoff.was_ready(milliseconds(4999));
  EXPECT_EQ(backoff.restarts_in_a_row(), 1);
  backoff.was_ready(milliseconds(5000));
  EXPECT_EQ(backoff.restarts_in_a_row(), 0);
}

TEST(Backoff, ExtremeSettingsStayInBounds) {
  FixedRandom random(255);
  Backoff huge({milliseconds::max() / 2, milliseconds::max(), milliseconds(0), 0}, random);
  for (int i = 0; i < 100; ++i) EXPECT_GE(huge.next().value(), milliseconds(0));
  Backoff zero({milliseconds(0), milliseconds(0), milliseconds(0), 0}, random);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(zero.next().value(), milliseconds(0));
}

}  // namespace
}  // namespace core
