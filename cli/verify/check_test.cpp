#include "cli/verify/check.hpp"

#include <gtest/gtest.h>

#include <array>
#include <stdexcept>

#include "cli/verify/fake_world.hpp"
#include "cli/verify/services.hpp"

namespace verify {
namespace {

using testing::FakeWorld;

base::Result<Finding> good(World& /*world*/) { return passed("seen"); }
base::Result<Finding> bad(World& /*world*/) { return base::fail(base::ErrorCode::timeout, "too\nslow"); }
base::Result<Finding> throws(World& /*world*/) { throw std::runtime_error("no"); }
base::Result<Finding> endless(World& world) {
  TRY(wait_until(
      world, Ms(1'000'000), [] { return false; }, Ms(100)));
  return passed("never");
}

constexpr std::array table{Check{1, "first", "First", "", good}, Check{2, "second", "Second", "", nullptr},
                           Check{3, "third", "Third", "", bad}, Check{4, "fourth", "Fourth", "", throws},
                           Check{5, "fifth", "Fifth", "", endless}};

TEST(Choose, TakesNumbersAndNamesInTheOrderOfTheTable) {
  const auto all = choose(table, {});
  ASSERT_TRUE(all);
  EXPECT_EQ(all.value().size(), table.size());
  const auto some = choose(table, {"third", "1", "3"});
  ASSERT_TRUE(some);
  ASSERT_EQ(some.value().size(), 2U);
  EXPECT_EQ(some.value()[0]->number, 1);
  EXPECT_EQ(some.value()[1]->number, 3);
  for (const char* word : {"0", "6", "frist", "", "01"}) {
    const auto none = choose(table, {word});
    ASSERT_FALSE(none) << word;
    EXPECT_EQ(none.error().code, base::ErrorCode::not_found);
    EXPECT_NE(none.error().message.find("first, second"), std::string::npos);
  }
}

TEST(Perform, MakesAFindingOfEverything) {
  const std::array<std::pair<Status, std::string>, 4> expected{
      std::pair{Status::passed, "seen"}, std::pair{Status::absent, "Nothing of it is looked at yet."},
      std::pair{Status::failed, "too slow"}, std::pair{Status::failed, "the check itself failed: no"}};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    FakeWorld world;
    const auto outcome = perform(table[i], world);
    EXPECT_EQ(outcome.finding.status, expected[i].first) << table[i].title;
    EXPECT_EQ(outcome.finding.evidence, expected[i].second);
  }
}

TEST(Perform, EndsWhenTheTimeIsOver) {
  FakeWorld world;
  world.limit = Ms(3000);
  const auto outcome = perform(table[4], world);
  EXPECT_EQ(outcome.finding.status, Status::failed);
  EXPECT_EQ(outcome.finding.evidence, "the time for this check is over");
  EXPECT_LT(outcome.seconds, 4);
}

TEST(Tidy, KeepsEvidenceShortAndWhole) {
  EXPECT_EQ(tidy(passed("")).evidence, "no evidence was given");
  std::string text;
  while (text.size() < 3000) text += "ä";
  const auto cut = tidy(failed(text)).evidence;
  EXPECT_LE(cut.size(), 1203U);
  EXPECT_EQ(cut.substr(cut.size() - 3), "…");
  EXPECT_EQ(cut.size() % 2, 1U);  // no half of a letter before the dots
}

TEST(Undo, WorksAlthoughTheCheckIsOver) {
  FakeWorld world;
  world.interrupted = true;
  {
    const Undo undo(world, [&] { EXPECT_TRUE(world.command("nats", "start", {})); });
    EXPECT_FALSE(world.command("nats", "stop", {}));
  }
  EXPECT_EQ(world.done, std::vector<std::string>{"start nats"});
  EXPECT_EQ(world.shields, 0);
}

TEST(Undo, HappensOnce) {
  FakeWorld world;
  int times = 0;
  {
    Undo undo(world, [&] { ++times; });
    undo.now();
  }
  EXPECT_EQ(times, 1);
}

TEST(Services, KnowsWhatTheGatewayLeadsTo) {
  FakeWorld world;
  world.add_shop();
  std::vector<std::string> names;
  for (const auto* service : rest_services(world.spec)) names.push_back(service->name);
  EXPECT_EQ(names, (std::vector<std::string>{"gateway", "order-service", "user-service"}));
  EXPECT_EQ(routed(world.spec, "/api/v1/orders")->name, "order-service");
  EXPECT_EQ(routed(world.spec, "/api/v1"), nullptr);
  world.set_state("nats", "stopped");
  EXPECT_TRUE(await_state(world, "nats", "stopped", Ms(10)));
  const auto late = await_state(world, "nats", "ready", Ms(10));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().message, "nats is stopped, not ready, after 10 ms");
}

TEST(InWords, SaysAnd) {
  EXPECT_EQ(in_words({}), "");
  EXPECT_EQ(in_words({"a"}), "a");
  EXPECT_EQ(in_words({"a", "b", "c"}), "a, b and c");
}

}  // namespace
}  // namespace verify
