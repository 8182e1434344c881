#include "services/chassis/saga/saga.hpp"

#include <gtest/gtest.h>

#include "services/chassis/saga/table.hpp"
#include "services/chassis/testing/fake_environment.hpp"

namespace chassis {
namespace {

using namespace std::chrono_literals;
using base::Json;
using saga::Event;
using saga::Phase;
using saga::Transition;
using saga::What;

Config config() {
  Config config;
  config.name = config.instance = "trips";
  config.ports = {{"http", 8099}};
  config.database_url = "sqlite::memory:";
  return config;
}

saga::Definition trip() {
  return {"trip",
          {{"train", "train.wanted", "train.booked", "train.full", 60s, "train.unwanted", "train.cancelled"},
           {"hotel", "hotel.wanted", "hotel.booked", "hotel.full", 30s, "hotel.unwanted", "hotel.cancelled"}},
          "trip.booked",
          "trip.cancelled"};
}

class SagaTest : public ::testing::Test {
 protected:
  SagaTest()
      : world(config()),
        database(world.databases.open("sqlite::memory:", {{1, "saga", std::string(saga::table_sql())}}).value()),
        subject(world.env, *database, trip(), reaction(), [this] { ++commits; }) {
    world.scheduler.spawn(subject.run());
    world.settle();
  }
  ~SagaTest() override { world.stop(); }

  Saga::React reaction() {
    return [this](db::Transaction&, const CallContext& context, const Transition& transition) -> base::Result<void> {
      if (is_broken) return base::fail(base::ErrorCode::internal, "no ink");
      for (const auto& action : transition.actions) said.push_back(said_by(trip(), action));
      last_context = context;
      return base::success();
    };
  }

  CallContext context() {
    CallContext made;
    made.trace = continue_trace("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "", world.random);
    made.request_id = "abc-1";
    made.deadline = world.clock.monotonic() + 5s;
    return made;
  }
  void begin(const std::string& id) {
    std::function<base::Result<Transition>(db::Transaction&)> work = [this, id, made = context()](db::Transaction& tx) {
      return subject.begin(tx, made, id);
    };
    ASSERT_TRUE(world.ask(database->write(world.clock.monotonic() + 5s, std::move(work))).value());
  }
  // Whether it changed anything.
  bool hear(const std::string& id, const std::string& type) { return advance(id, *answer_of(trip(), type)); }
  bool advance(const std::string& id, const Event& event) {
    using Moved = std::optional<Transition>;
    std::function<base::Result<Moved>(db::Transaction&)> work =
        [this, id, event, made = context()](db::Transaction& tx) { return subject.advance(tx, made, id, event); };
    const auto moved = world.ask(database->write(world.clock.monotonic() + 5s, std::move(work))).value();
    EXPECT_TRUE(moved) << moved.error().message;
    if (moved) subject.committed(moved.value());
    return moved && moved.value();
  }
  Json ask(const Json& request) {
    const auto answer = world.ask(subject.operate(request)).value();
    return answer ? answer.value() : Json(answer.error().message);
  }
  base::ErrorCode refused(const Json& request) { return world.ask(subject.operate(request)).value().error().code; }
  Json show(const std::string& id) { return ask({{"do", "show"}, {"id", id}}); }
  std::vector<std::string> take_said() { return std::exchange(said, {}); }
  bool measures(const std::string& line) {
    world.advance(6s);
    return world.metrics.serialize().find(line) != std::string::npos;
  }

  testing::FakeEnvironment world;
  std::unique_ptr<db::Database> database;
  std::vector<std::string> said;
  CallContext last_context;
  int commits = 0;
  bool is_broken = false;
  Saga subject;
};

using Said = std::vector<std::string>;

TEST_F(SagaTest, GoesThroughItsStepsAndTellsOfThem) {
  begin("t1");
  auto told = show("t1");
  EXPECT_EQ(told["kind"], "trip");
  EXPECT_EQ(told["state"], "running");
  EXPECT_EQ(told["step"], "train");
  EXPECT_EQ(told["reason"], nullptr);
  EXPECT_EQ(told["deadline"], base::to_rfc3339(world.clock.wall() + 60s));
  EXPECT_EQ(told["steps"][1]["state"], "waiting");
  EXPECT_EQ(told["steps"][1]["started_at"], nullptr);
  EXPECT_TRUE(hear("t1", "train.booked"));
  EXPECT_TRUE(hear("t1", "hotel.booked"));
  EXPECT_EQ(said, (Said{"train.wanted", "hotel.wanted", "trip.booked"}));
  told = show("t1");
  EXPECT_EQ(told["state"], "completed");
  EXPECT_EQ(told["step"], nullptr);
  EXPECT_EQ(told["deadline"], nullptr);
  EXPECT_EQ(told["steps"][0]["name"], "train");
  EXPECT_EQ(told["steps"][0]["state"], "done");
  EXPECT_EQ(told["steps"][1]["state"], "done");
  EXPECT_EQ(told["steps"][1]["attempts"], 1);
  world.advance(1h);
  EXPECT_EQ(said.size(), 3U) << "nothing is due any more";
}

TEST_F(SagaTest, AClockThatIsSetBackDelaysNoTimeOut) {
  world.clock.wall_off = 24h * 365;
  begin("t1");
  world.clock.wall_off = 0h;
  world.advance(6min);  // the longest pause, and until it is noticed
  EXPECT_EQ(show("t1")["state"], "compensating");
}

TEST_F(SagaTest, WhatComesTwiceOrForNobodyChangesNothing) {
  begin("t1");
  EXPECT_TRUE(hear("t1", "train.booked"));
  EXPECT_FALSE(hear("t1", "train.booked"));
  EXPECT_FALSE(hear("t1", "train.full"));
  EXPECT_FALSE(hear("nobody", "train.booked"));
  EXPECT_EQ(said, (Said{"train.wanted", "hotel.wanted"}));
  EXPECT_EQ(commits, 1);
}

TEST_F(SagaTest, ARefusalUndoesWhatWasDone) {
  begin("t1");
  hear("t1", "train.booked");
  auto full = *answer_of(trip(), "hotel.full");
  full.reason = "full";
  full.detail = "room 7";
  EXPECT_TRUE(advance("t1", full));
  auto told = show("t1");
  EXPECT_EQ(told["state"], "compensating");
  EXPECT_EQ(told["step"], "train");
  EXPECT_EQ(told["reason"], "full");
  EXPECT_EQ(told["steps"][0]["state"], "compensating");
  const auto ended_at = told["steps"][0]["ended_at"];
  EXPECT_NE(ended_at, nullptr);
  EXPECT_EQ(told["steps"][1]["state"], "refused");
  EXPECT_EQ(told["steps"][1]["detail"], "room 7");
  world.advance(1s);
  EXPECT_TRUE(hear("t1", "train.cancelled"));
  told = show("t1");
  EXPECT_EQ(told["state"], "compensated");
  EXPECT_EQ(told["steps"][0]["state"], "compensated");
  EXPECT_EQ(told["steps"][0]["ended_at"], ended_at) << "when the step was done";
  EXPECT_EQ(said, (Said{"train.wanted", "hotel.wanted", "train.unwanted", "trip.cancelled"}));
}

TEST_F(SagaTest, AStepThatTakesTooLongIsUndoneUnderTheTraceOfTheBeginning) {
  begin("t1");
  world.advance(59s);
  EXPECT_EQ(take_said(), Said{"train.wanted"});
  world.advance(2s);
  EXPECT_EQ(take_said(), Said{"train.unwanted"});
  EXPECT_EQ(last_context.trace.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(last_context.request_id, "abc-1");
  EXPECT_EQ(show("t1")["reason"], "train_timeout");
  EXPECT_EQ(show("t1")["steps"][1]["state"], "skipped");
  EXPECT_FALSE(hear("t1", "train.booked")) << "too late";
}

TEST_F(SagaTest, ACompensationIsAskedForAgainAfterGrowingPausesForEver) {
  begin("t1");
  EXPECT_TRUE(advance("t1", {What::cancel, 0, "ill", {}}));
  std::vector<base::Monotonic> times;
  const auto began = world.clock.monotonic();
  while (world.clock.monotonic() - began < 1h) {
    take_said();
    world.advance(1s);
    for (const auto& one : said) {
      EXPECT_EQ(one, "train.unwanted");
      times.push_back(world.clock.monotonic());
    }
  }
  ASSERT_GT(times.size(), 10U);
  EXPECT_LE(times[0] - began, 6s);
  for (std::size_t i = 7; i < times.size(); ++i) {
    EXPECT_GE(times[i] - times[i - 1], 149s) << i;
    EXPECT_LE(times[i] - times[i - 1], 302s) << i;
  }
  EXPECT_EQ(show("t1")["retries"], times.size());
  EXPECT_EQ(show("t1")["steps"][0]["attempts"], times.size() + 1);
  EXPECT_TRUE(measures("sagas_stuck{kind=\"trip\"} 1"));
  EXPECT_TRUE(measures("sagas{kind=\"trip\",state=\"compensating\"} 1"));
  EXPECT_TRUE(measures("saga_compensation_retries_total{kind=\"trip\",step=\"train\"} " +
                       std::to_string(show("t1")["retries"].get<int>())));
  const auto retries = show("t1")["retries"];
  EXPECT_TRUE(hear("t1", "train.cancelled"));
  EXPECT_EQ(show("t1")["state"], "compensated");
  EXPECT_EQ(show("t1")["retries"], retries) << "kept at its end";
  EXPECT_TRUE(measures("sagas_stuck{kind=\"trip\"} 0"));
}

TEST_F(SagaTest, EachCompensationHasShortPausesAtFirstAndAllRetriesAreCounted) {
  begin("t1");
  hear("t1", "train.booked");
  EXPECT_TRUE(advance("t1", {What::cancel, 0, "ill", {}}));
  take_said();
  world.advance(10min);
  const auto of_hotel = take_said().size();
  ASSERT_GT(of_hotel, 4U);
  EXPECT_TRUE(hear("t1", "hotel.cancelled"));
  EXPECT_EQ(take_said(), Said{"train.unwanted"});
  world.advance(6s);
  EXPECT_EQ(take_said(), Said{"train.unwanted"});
  EXPECT_TRUE(hear("t1", "train.cancelled"));
  EXPECT_EQ(show("t1")["retries"], of_hotel + 1);
}

TEST_F(SagaTest, OneThatCannotMoveDoesNotKeepTheOthersFromIt) {
  begin("t1");
  is_broken = true;
  world.advance(61s);
  EXPECT_EQ(show("t1")["state"], "running");
  is_broken = false;
  begin("t2");
  world.advance(61s);
  EXPECT_EQ(show("t2")["state"], "compensating");
  world.advance(5min);
  EXPECT_EQ(show("t1")["state"], "compensating");
}

TEST_F(SagaTest, ManyThatAreDueAreAllTimedOut) {
  for (int i = 0; i < 250; ++i) begin("t" + std::to_string(i));
  take_said();
  world.advance(61s);
  EXPECT_EQ(std::count(said.begin(), said.end(), "train.unwanted"), 250);
}

TEST_F(SagaTest, TwoThatShareTheTablesTimeOutOnce) {
  Saga other(world.env, *database, trip(), reaction(), [] {});
  world.scheduler.spawn(other.run());
  begin("t1");
  take_said();
  world.advance(62s);
  EXPECT_EQ(said, Said{"train.unwanted"});
  world.stop();
}

TEST_F(SagaTest, ListsTheNewestFirstInPages) {
  for (const char* id : {"t1", "t2", "t3"}) begin(id);
  hear("t2", "train.full");
  auto page = ask({{"do", "list"}, {"limit", 2}});
  ASSERT_EQ(page["sagas"].size(), 2U);
  EXPECT_EQ(page["sagas"][0]["id"], "t3");
  EXPECT_FALSE(page["sagas"][0].contains("steps"));
  EXPECT_EQ(page["next"], "t2");
  page = ask({{"do", "list"}, {"limit", 2}, {"after", "t2"}});
  ASSERT_EQ(page["sagas"].size(), 1U);
  EXPECT_EQ(page["sagas"][0]["id"], "t1");
  EXPECT_EQ(page["next"], nullptr);
  page = ask({{"do", "list"}, {"state", "compensated"}});
  ASSERT_EQ(page["sagas"].size(), 1U);
  EXPECT_EQ(page["sagas"][0]["id"], "t2");
  EXPECT_EQ(ask({{"do", "list"}, {"state", ""}})["sagas"].size(), 3U);
}

TEST_F(SagaTest, RefusesWhatItDoesNotUnderstand) {
  using base::ErrorCode;
  for (const char* text :
       {"null", "[]", "{}", R"({"do":"drop"})", R"({"do":"show"})", R"({"do":"show","id":7})",
        R"({"do":"list","state":"stuck"})", R"({"do":"list","limit":0})", R"({"do":"list","limit":1001})",
        R"({"do":"list","limit":"1"})", R"({"do":"list","id":"t1"})", R"({"do":"show","id":"t1","limit":1})"}) {
    EXPECT_EQ(refused(base::parse_json(text).value()), ErrorCode::malformed) << text;
  }
  EXPECT_EQ(refused({{"do", "show"}, {"id", "t1"}}), ErrorCode::not_found);
}

}  // namespace
}  // namespace chassis
