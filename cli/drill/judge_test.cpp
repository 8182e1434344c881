#include "cli/drill/judge.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drill {
namespace {

using ::testing::HasSubstr;

Attempt order(const std::string& key, Outcome outcome, const std::string& id = "", int phase = 1) {
  Attempt attempt;
  attempt.key = key;
  attempt.outcome = outcome;
  attempt.id = id;
  attempt.phase = phase;
  return attempt;
}

struct Row {
  const char* what;
  std::vector<Attempt> attempts;
  Evidence evidence;
  std::size_t lost, twice, stuck, took_effect, repeated;
};

Evidence seen(std::vector<SeenOrder> orders, std::vector<SeenEvent> events = {}, bool with_events = true) {
  Evidence evidence;
  evidence.orders = std::move(orders);
  evidence.events = std::move(events);
  evidence.with_events = with_events;
  return evidence;
}

TEST(Judge, TellsWhatWasAcknowledgedFromWhatHappened) {
  const auto ack = Outcome::acknowledged;
  const auto refused = Outcome::refused;
  const std::vector<Row> rows{
      {"all is well", {order("a", ack, "1")}, seen({{"1", "a"}}, {{"e", "1", "a"}}), 0, 0, 0, 0, 0},
      {"an order is gone", {order("a", ack, "1")}, seen({}, {}), 1, 0, 0, 0, 0},
      {"its content changed", {order("a", ack, "1")}, seen({{"1", "a", false}}, {{"e", "1", "a"}}), 1, 0, 0, 0, 0},
      {"its id is another order's", {order("a", ack, "1")}, seen({{"1", "b"}}, {{"e", "1", "b"}}), 1, 0, 0, 0, 0},
      {"two orders of one request",
       {order("a", ack, "1")},
       seen({{"1", "a"}, {"2", "a"}}, {{"e", "1", "a"}, {"f", "2", "a"}}),
       0,
       1,
       0,
       0,
       0},
      {"two orders of a refused one",
       {order("a", refused)},
       seen({{"1", "a"}, {"2", "a"}}, {{"e", "1", "a"}, {"f", "2", "a"}}),
       0,
       1,
       0,
       1,
       0},
      {"refused and happened", {order("a", refused)}, seen({{"1", "a"}}, {{"e", "1", "a"}}), 0, 0, 0, 1, 0},
      {"refused and did not happen", {order("a", refused)}, seen({}, {}), 0, 0, 0, 0, 0},
      {"no event", {order("a", ack, "1")}, seen({{"1", "a"}}, {}), 0, 0, 1, 0, 0},
      {"no stream to look at", {order("a", ack, "1")}, seen({{"1", "a"}}, {}, false), 0, 0, 0, 0, 0},
      {"two events of one order",
       {order("a", ack, "1")},
       seen({{"1", "a"}}, {{"e", "1", "a"}, {"f", "1", "a"}}),
       0,
       1,
       0,
       0,
       0},
      {"one event delivered twice",
       {order("a", ack, "1")},
       seen({{"1", "a"}}, {{"e", "1", "a"}, {"e", "1", "a"}}),
       0,
       0,
       0,
       0,
       1},
      {"an event of an order that was rolled back", {order("a", refused)}, seen({}, {{"e", "1", "a"}}), 1, 0, 0, 0, 0},
  };
  for (const auto& row : rows) {
    const auto verdict = judge(row.attempts, row.evidence);
    EXPECT_EQ(verdict.count(Harm::lost), row.lost) << row.what;
    EXPECT_EQ(verdict.count(Harm::twice), row.twice) << row.what;
    EXPECT_EQ(verdict.count(Harm::stuck), row.stuck) << row.what;
    EXPECT_EQ(verdict.took_effect, row.took_effect) << row.what;
    EXPECT_EQ(verdict.repeated, row.repeated) << row.what;
    EXPECT_EQ(verdict.holds(), row.lost + row.twice + row.stuck == 0) << row.what;
  }
}

TEST(Judge, AnEventThatWasPassedOverIsLostAndOneThatMayStillComeIsStuck) {
  auto first = order("a", Outcome::acknowledged, "1");
  auto second = order("b", Outcome::acknowledged, "2");
  first.done_us = 10;
  second.intended_us = 20;
  second.done_us = 30;
  const std::vector<SeenOrder> both{{"1", "a"}, {"2", "b"}};
  auto verdict = judge({first, second}, seen(both, {{"f", "2", "b"}}));
  EXPECT_EQ(verdict.count(Harm::lost), 1U);
  EXPECT_EQ(verdict.count(Harm::stuck), 0U);
  verdict = judge({first, second}, seen(both, {{"e", "1", "a"}}));
  EXPECT_EQ(verdict.count(Harm::lost), 0U);
  EXPECT_EQ(verdict.count(Harm::stuck), 1U);
  EXPECT_THAT(verdict.findings.front().sentence, HasSubstr("order 2 (b) has no event yet"));
  second.intended_us = 5;  // both under way at once: nobody knows which was written first
  verdict = judge({first, second}, seen(both, {{"f", "2", "b"}}));
  EXPECT_EQ(verdict.count(Harm::stuck), 1U);
  verdict = judge({second}, seen(both, {{"f", "2", "b"}}));
  EXPECT_EQ(verdict.count(Harm::lost), 1U) << "nobody knows when it was made";
}

TEST(Judge, UsersMustBeThere) {
  Attempt user;
  user.what = What::user;
  user.key = "a@b.example";
  user.id = "7";
  user.outcome = Outcome::acknowledged;
  EXPECT_EQ(judge({user}, {}).count(Harm::lost), 1U);
  Evidence evidence;
  evidence.there = {"a@b.example"};
  EXPECT_TRUE(judge({user}, evidence).holds());
  user.outcome = Outcome::refused;
  EXPECT_TRUE(judge({user}, {}).holds());
}

TEST(Judge, AStepThatNobodyCanReadBackIsNotJudged) {
  Attempt step;
  step.what = What::step;
  step.key = "buy#1";
  step.outcome = Outcome::acknowledged;
  EXPECT_EQ(judge({step}, {}).count(Harm::lost), 1U);
  step.is_checked = false;
  EXPECT_TRUE(judge({step}, {}).holds());
}

TEST(Judge, PutsHarmToTheFaultThatItCameWith) {
  Evidence evidence;
  evidence.stuck = {"nats is not ready again"};
  const auto verdict =
      judge({order("a", Outcome::acknowledged, "1", 1), order("b", Outcome::acknowledged, "2", 2)}, evidence);
  EXPECT_EQ(verdict.count(Harm::lost, 1), 1U);
  EXPECT_EQ(verdict.count(Harm::lost, 2), 1U);
  EXPECT_EQ(verdict.count(Harm::stuck, 2), 1U);
  EXPECT_THAT(verdict.findings.front().sentence, HasSubstr("order 1 (a)"));
}

TEST(Judge, CountsEventsThatAreStillToCome) {
  EXPECT_EQ(missing_events(seen({{"1", "a"}, {"2", "b"}}, {{"e", "2", "b"}})), 1U);
  EXPECT_EQ(missing_events({}), 0U);
}

}  // namespace
}  // namespace drill
