#include "cli/load/schedule.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

namespace load {
namespace {

constexpr std::uint64_t second = 1'000'000'000;

std::vector<std::uint64_t> times(const std::vector<Stage>& stages, unsigned threads = 1, bool poisson = false) {
  std::vector<std::uint64_t> all;
  for (unsigned i = 0; i < threads; ++i) {
    Arrivals arrivals(stages, i, threads, poisson, 1);
    std::uint64_t before = 0;
    while (const auto time = arrivals.next()) {
      EXPECT_GE(*time, before);
      before = *time;
      all.push_back(*time);
    }
    EXPECT_EQ(arrivals.next(), std::nullopt);
  }
  std::sort(all.begin(), all.end());
  return all;
}

TEST(Schedule, AConstantRateHasEvenGaps) {
  const auto all = times({{1000, 1000, 2 * second}});
  ASSERT_EQ(all.size(), 2000U);
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i], i * 1'000'000);
}

TEST(Schedule, ThreadsShareOneSchedule) {
  const std::vector<Stage> stages{{100, 100, second}, {100, 900, second}};
  EXPECT_EQ(times(stages, 3), times(stages, 1));
}

TEST(Schedule, ARampHasTheAreaUnderItsLine) {
  const auto all = times({{0, 1000, 10 * second}});
  EXPECT_EQ(all.size(), 5000U);
  // A quarter of all in the first half.
  const auto half = std::count_if(all.begin(), all.end(), [](std::uint64_t time) { return time < 5 * second; });
  EXPECT_NEAR(static_cast<double>(half), 1250, 1);
  const auto down = times({{1000, 0, 10 * second}});
  EXPECT_EQ(down.size(), 5000U);
}

TEST(Schedule, StagesFollowEachOther) {
  const std::vector<Stage> stages{{10, 10, second}, {0, 0, 5 * second}, {20, 20, second}};
  const auto all = times(stages);
  ASSERT_EQ(all.size(), 30U);
  EXPECT_LT(all[9], second);
  EXPECT_EQ(all[10], 6 * second);
  EXPECT_EQ(duration_of(stages), 7 * second);
  EXPECT_DOUBLE_EQ(arrivals_in(stages), 30);
  EXPECT_EQ(rate_at(stages, second / 2), 10);
  EXPECT_EQ(rate_at(stages, 3 * second), 0);
  EXPECT_EQ(rate_at(stages, 8 * second), 0);
}

TEST(Schedule, FractionsOfARateAreNotLost) {
  EXPECT_EQ(times({{0.5, 0.5, 10 * second}}).size(), 5U);
  EXPECT_EQ(times({{0.3, 0.3, 5 * second}, {0.3, 0.3, 5 * second}}).size(), 3U);
}

// Exponential gaps: mean and standard deviation are the same.
TEST(Schedule, PoissonHasRandomGapsOfTheSameRate) {
  for (const unsigned threads : {1U, 4U}) {
    const auto all = times({{5000, 5000, 10 * second}}, threads, true);
    EXPECT_NEAR(static_cast<double>(all.size()), 50'000, 1000);
    double sum = 0;
    double squares = 0;
    for (std::size_t i = 1; i < all.size(); ++i) {
      const auto gap = static_cast<double>(all[i] - all[i - 1]);
      sum += gap;
      squares += gap * gap;
    }
    const double n = static_cast<double>(all.size() - 1);
    const double deviation = std::sqrt(squares / n - sum / n * sum / n);
    EXPECT_NEAR(deviation / (sum / n), 1, 0.03) << threads;
  }
}

}  // namespace
}  // namespace load
