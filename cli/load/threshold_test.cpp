#include "cli/load/threshold.hpp"

#include <gmock/gmock.h>

namespace load {
namespace {

using ::testing::HasSubstr;

base::Json result() {
  return {
      {"rps", 990.5},
      {"sent", 1000},
      {"completed", 998},
      {"errors", 2},
      {"missed", 0},
      {"error_rate", 0.002},
      {"latency_us",
       {{"count", 1000}, {"p50", 900.0}, {"p99", 49'000.0}, {"p999", 60'000.0}, {"max", 70'000.0}, {"mean", 1200.0}}},
      {"percentile_curve", {{50.0, 900.0}, {97.0, 40'000.0}, {99.5, 55'000.0}, {100.0, 70'000.0}}},
      {"steps",
       {{{"name", "place the order"},
         {"completed", 10},
         {"errors", 0},
         {"latency_us", {{"count", 10}, {"p99", 90'000.0}}}}}}};
}

bool holds(const std::string& text) {
  const auto threshold = read_threshold(text);
  EXPECT_TRUE(threshold) << threshold.error().message;
  return judge({threshold.value()}, result()).front().held;
}

TEST(Threshold, EachMetricIsComparedInItsUnit) {
  EXPECT_TRUE(holds("p99<50ms"));
  EXPECT_FALSE(holds("p99<49ms"));
  EXPECT_TRUE(holds("p99<=49ms"));
  EXPECT_TRUE(holds("p99.9 < 0.061s"));
  EXPECT_TRUE(holds("p999<61ms"));
  EXPECT_FALSE(holds("max<70000us"));
  EXPECT_TRUE(holds("mean>1ms"));
  EXPECT_TRUE(holds("error_rate<0.3%"));
  EXPECT_FALSE(holds("error_rate<0.1%"));
  EXPECT_TRUE(holds("error_rate<=0.002"));
  EXPECT_TRUE(holds("rps>990"));
  EXPECT_FALSE(holds("rps>=1000"));
  EXPECT_TRUE(holds("errors<3"));
  EXPECT_TRUE(holds("missed<=0"));
  EXPECT_TRUE(holds("completed>=998"));
}

TEST(Threshold, APercentileThatIsNotListedComesFromTheCurve) {
  EXPECT_TRUE(holds("p99.2<56ms"));
  EXPECT_FALSE(holds("p99.2<55ms"));  // the next known point is taken, never a better one
}

TEST(Threshold, OfAStep) {
  EXPECT_TRUE(holds("place the order: p99<100ms"));
  EXPECT_FALSE(holds("place the order: p99<80ms"));
  EXPECT_FALSE(holds("no such step: p99<80ms"));
}

TEST(Threshold, EachStepOfThatNameHasToKeepToIt) {
  base::Json several = result();
  several["steps"].push_back({{"name", "place the order"},
                              {"completed", 10},
                              {"errors", 0},
                              {"latency_us", {{"count", 10}, {"p99", 200'000.0}}}});
  const auto verdict = judge({read_threshold("place the order: p99<100ms").value()}, several).front();
  EXPECT_FALSE(verdict.held);
  EXPECT_EQ(verdict.actual, 200'000.0);
  EXPECT_TRUE(judge({read_threshold("place the order: p99<300ms").value()}, several).front().held);
}

TEST(Threshold, WithoutAnyRequestNothingHolds) {
  const base::Json empty{{"completed", 0}, {"errors", 0}, {"latency_us", {{"count", 0}, {"p99", 0.0}}}};
  for (const char* text : {"p99<50ms", "error_rate<1%"}) {
    const auto verdict = judge({read_threshold(text).value()}, empty).front();
    EXPECT_FALSE(verdict.held);
    EXPECT_EQ(verdict.shown, "no request");
  }
}

TEST(Threshold, MistakesAreNamed) {
  for (const auto& [text, why] :
       std::vector<std::pair<std::string, std::string>>{{"p99", "no < or >"},
                                                        {"", "no < or >"},
                                                        {"p99<50", "expected a duration"},
                                                        {"p99<", "expected a duration"},
                                                        {"p100.5<1ms", "no metric"},
                                                        {"p101<1ms", "no metric"},
                                                        {"p200<1ms", "no metric"},
                                                        {"latency<5ms", "no metric"},
                                                        {"rps>fast", "expected a number"},
                                                        {"error_rate<200%", "expected a percentage"},
                                                        {"error_rate<-1", "expected a percentage"},
                                                        {": p99<1ms", "no step before the colon"}}) {
    const auto read = read_threshold(text);
    ASSERT_FALSE(read) << text;
    EXPECT_THAT(read.error().message, HasSubstr(why)) << text;
  }
}

}  // namespace
}  // namespace load
