#include "cli/load/histogram.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace load {
namespace {

using Values = std::vector<std::uint64_t>;

std::uint64_t exact(Values values, double percentile) {
  std::sort(values.begin(), values.end());
  const auto rank = static_cast<std::size_t>(std::ceil(percentile / 100 * static_cast<double>(values.size()) - 1e-9));
  return values[std::max<std::size_t>(rank, 1) - 1];
}

Histogram of(const Values& values) {
  Histogram histogram(1);
  for (const auto value : values) histogram.record(value);
  return histogram;
}

// Never below the exact value, and above it by less than a thousandth: three digits.
TEST(Histogram, PercentilesAgreeWithExactOnes) {
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> latencies(12, 2);
  std::uniform_int_distribution<std::uint64_t> even(1, 5'000'000'000);
  for (const int kind : {0, 1, 2}) {
    Values values;
    for (int i = 0; i < 50'000; ++i) {
      const double value = kind == 0 ? latencies(random) : kind == 1 ? static_cast<double>(even(random)) : i % 300;
      values.push_back(static_cast<std::uint64_t>(std::clamp(value, 0.0, 3e12)));
    }
    const Histogram histogram = of(values);
    for (const double percentile : {0.0, 1.0, 25.0, 50.0, 90.0, 99.0, 99.9, 99.99, 100.0}) {
      const auto want = static_cast<double>(exact(values, percentile));
      const auto got = static_cast<double>(histogram.percentile(percentile));
      EXPECT_GE(got, want) << percentile;
      EXPECT_LE(got, want * 1.001 + 1) << percentile;
    }
    EXPECT_EQ(histogram.max(), *std::max_element(values.begin(), values.end()));
    EXPECT_EQ(histogram.min(), *std::min_element(values.begin(), values.end()));
  }
}

TEST(Histogram, EveryValueFallsIntoABucketThatHoldsIt) {
  for (const std::uint64_t lowest : {1ULL, 64ULL, 128ULL, 1000ULL}) {
    for (std::uint64_t value = 1; value < 3'600'000'000'000; value = value * 3 + 1) {
      Histogram histogram(lowest);
      histogram.record(value);
      const auto found = histogram.percentile(50);
      EXPECT_EQ(found, value);  // alone, it is its own minimum and maximum
      EXPECT_EQ(histogram.count_up_to(value), 1U);
      const auto below = value / 2;
      EXPECT_EQ(histogram.count_up_to(below), below >= lowest * 2 ? 0U : histogram.count_up_to(below));
    }
  }
}

TEST(Histogram, ValuesAboveTheHighestCountAsIt) {
  Histogram histogram(1, 1000, 2);
  histogram.record(5000);
  EXPECT_EQ(histogram.max(), 1000U);
  EXPECT_EQ(histogram.percentile(100), 1000U);
}

TEST(Histogram, AddedUpItIsAsIfRecordedInOne) {
  Values all;
  Histogram sum(1);
  for (std::uint64_t part = 1; part <= 3; ++part) {
    Histogram one(1);
    for (std::uint64_t i = 0; i < 1000; ++i) {
      one.record(i * part * 977);
      all.push_back(i * part * 977);
    }
    sum.add(one);
  }
  const Histogram whole = of(all);
  EXPECT_EQ(sum.total(), whole.total());
  for (const double percentile : {10.0, 50.0, 99.0})
    EXPECT_EQ(sum.percentile(percentile), whole.percentile(percentile));
  EXPECT_DOUBLE_EQ(sum.mean(), whole.mean());
}

// As HdrHistogram does it: a value of 1000 where 100 is usual stands for those sent 100, 200, … later, too.
TEST(Histogram, CorrectedAddsWhatWasNotSentMeanwhile) {
  Histogram histogram(1);
  histogram.record(100, 90);
  histogram.record(1000);
  const Histogram corrected = histogram.corrected(100);
  EXPECT_EQ(corrected.total(), 91U + 9U);  // 900, 800, …, 100
  EXPECT_EQ(corrected.count_up_to(100), 91U);
  EXPECT_EQ(corrected.count_up_to(500), 95U);
  EXPECT_EQ(corrected.max(), 1000U);
  EXPECT_EQ(histogram.corrected(0).total(), 91U);
  EXPECT_EQ(histogram.corrected(2000).total(), 91U);
}

TEST(Histogram, CorrectingAnHourAmongMicrosecondsIsCheapAndComplete) {
  Histogram histogram;
  histogram.record(3'600'000'000'000);
  const Histogram corrected = histogram.corrected(20'000);
  EXPECT_NEAR(static_cast<double>(corrected.total()), 3.6e12 / 20'000, 5);
  EXPECT_NEAR(static_cast<double>(corrected.percentile(50)), 1.8e12, 4e9);
}

TEST(Histogram, EmptyHasNoValues) {
  const Histogram histogram;
  EXPECT_EQ(histogram.percentile(99), 0U);
  EXPECT_EQ(histogram.min(), 0U);
  EXPECT_EQ(histogram.max(), 0U);
  EXPECT_EQ(histogram.mean(), 0);
  EXPECT_TRUE(histogram.curve().empty());
}

TEST(Histogram, CurveRisesToTheMaximum) {
  Histogram histogram(1);
  for (std::uint64_t i = 1; i <= 10'000; ++i) histogram.record(i);
  const auto curve = histogram.curve();
  ASSERT_GT(curve.size(), 20U);
  EXPECT_TRUE(std::is_sorted(curve.begin(), curve.end()));
  EXPECT_EQ(curve.back().first, 100);
  EXPECT_EQ(curve.back().second, 10'000U);
}

}  // namespace
}  // namespace load
