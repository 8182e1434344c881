#include "cli/load/find_max.hpp"

#include <gmock/gmock.h>

namespace load {
namespace {

// A target that holds up to a rate, and a generator that can send up to another one.
struct World {
  double capacity = 1000;
  double generator = 1e9;
  int trials = 0;
  int interrupt_at = 0;

  Trial trial() {
    return [this](double rate, double seconds) -> base::Result<base::Json> {
      ++trials;
      const bool spoiled = rate > generator;
      const bool held = rate <= capacity && !spoiled;
      base::Json result{{"planned", rate * seconds},
                        {"iterations", rate * seconds},
                        {"passed", held},
                        {"missed", 0},
                        {"rps", rate},
                        {"stopped", trials == interrupt_at ? "interrupted" : ""},
                        {"latency_us", {{"p50", 1.0}, {"p99", 2.0}}},
                        {"generator", {{"spoiled", spoiled}}}};
      return result;
    };
  }
};

base::Json search(World& world, SearchLimits limits = {}) {
  return find_max(world.trial(), limits, [] { return false; }).value();
}

TEST(FindMax, FindsTheCapacityWithinFourPercentAndConfirmsIt) {
  for (const double capacity : {3.0, 90.0, 100.0, 1234.0, 50'000.0}) {
    World world{capacity};
    const auto result = search(world);
    const auto& found = result["find_max"];
    EXPECT_TRUE(found["confirmed"]) << capacity;
    EXPECT_EQ(found["limit"], "rule");
    EXPECT_LE(found["rate"].get<double>(), capacity);
    EXPECT_GE(found["rate"].get<double>(), capacity / 1.05 - 0.2) << capacity;
    EXPECT_TRUE(result["passed"]);
    EXPECT_EQ(found["trials"].back()["seconds"], SearchLimits().confirm_s);
    EXPECT_LE(world.trials, SearchLimits().most_trials + SearchLimits().most_confirms);
  }
}

TEST(FindMax, SaysWhenTheGeneratorWasTheLimit) {
  World world{1e9, 700};
  EXPECT_EQ(search(world)["find_max"]["limit"], "generator");
}

TEST(FindMax, WhatNeverHoldsHasNoRate) {
  World world{0};
  const auto result = search(world);
  EXPECT_EQ(result["find_max"]["rate"], 0);
  EXPECT_FALSE(result["find_max"]["confirmed"]);
  EXPECT_FALSE(result["passed"]);
}

TEST(FindMax, TrialsAreBounded) {
  World world{1e9};
  SearchLimits limits;
  limits.most_trials = 5;
  search(world, limits);
  EXPECT_LE(world.trials, 5 + limits.most_confirms);
}

TEST(FindMax, AnInterruptEndsIt) {
  World world{1000};
  world.interrupt_at = 3;
  const auto result = search(world);
  EXPECT_EQ(world.trials, 3);
  EXPECT_EQ(result["find_max"]["limit"], "interrupted");
  EXPECT_FALSE(result["find_max"]["confirmed"]);
}

TEST(FindMax, AnErrorOfATrialIsTheSearchs) {
  const auto result = find_max(
      [](double, double) -> base::Result<base::Json> { return base::fail(base::ErrorCode::unavailable, "gone"); }, {},
      {});
  EXPECT_EQ(result.error().message, "gone");
}

}  // namespace
}  // namespace load
