// Rows on their way, many at once: what is stored, what is marked and what goes again when something fails in between.
#include "services/chassis/outbox/pipeline.hpp"

#include <gtest/gtest.h>

#include "services/chassis/outbox/picky_broker.hpp"
#include "services/chassis/outbox/table.hpp"
#include "services/chassis/testing/fake_environment.hpp"

namespace chassis::outbox {
namespace {

using namespace std::chrono_literals;

Config config() {
  Config config;
  config.name = config.instance = "order-service";
  return config;
}

const std::string b1 = "id = (SELECT id FROM outbox_event WHERE event_id = 'b1')";

class OutboxPipeline : public ::testing::Test {
 protected:
  OutboxPipeline() : world(config()) {
    database = world.databases.open("sqlite::memory:", {{1, "outbox", std::string(table_sql())}}).value();
    relay = std::make_unique<Relay>(world.env, *database, broker);
  }
  ~OutboxPipeline() override { world.stop(); }

  void add(const std::string& id, const std::string& aggregate, const std::string& type = "order.placed") {
    const Event event{id, type, "/order-service", aggregate, "2026-11-21T00:00:00.000Z", "urn:x", {{"n", 1}}};
    run([=](db::Transaction& tx) { return append(tx, "order-service", event, CallContext()); });
  }
  std::int64_t number(const std::string& sql) {
    std::int64_t found = -1;
    run([&](db::Transaction& tx) -> base::Result<void> {
      TRY(const auto rows, tx.exec(sql));
      found = rows.rows.empty() ? 0 : rows.rows.front().integer(0);
      return base::success();
    });
    return found;
  }
  std::int64_t unsent() { return number("SELECT count(*) FROM outbox_queue"); }
  void run(db::Work work) {
    const auto done = world.ask(database->write(world.clock.monotonic() + 1s, std::move(work)));
    EXPECT_TRUE(done && *done);
  }

  PickyBroker broker;
  testing::FakeEnvironment world;
  std::unique_ptr<db::Database> database;
  std::unique_ptr<Relay> relay;
};

// More than is read at once, of one aggregate.
TEST_F(OutboxPipeline, DoesNotWaitForAnswersBeforeItGoesOn) {
  constexpr int rows = 3 * Relay::batch;
  std::vector<std::string> wanted;
  for (int i = 0; i < rows; ++i) {
    wanted.push_back("a" + std::to_string(i));
    add(wanted.back(), "a");
  }
  broker.is_slow = true;
  world.scheduler.spawn(relay->run());
  world.settle();
  EXPECT_EQ(broker.batches, (std::vector<std::size_t>(3, Relay::batch)));
  EXPECT_EQ(broker.stored, wanted);
  EXPECT_EQ(unsent(), rows) << "nothing is marked that was not acknowledged";
  broker.answer(1);
  world.settle();
  EXPECT_EQ(unsent(), rows) << "more will come: they share a commit";
  world.advance(200ms);
  EXPECT_EQ(unsent(), rows - Relay::batch) << "but it is not waited for long";
  broker.answer(2);
  world.settle();
  EXPECT_EQ(unsent(), 0);
  EXPECT_EQ(broker.stored, wanted);
}

TEST_F(OutboxPipeline, WhatIsCommittedMeanwhileGoesBeforeTheAnswer) {
  broker.is_slow = true;
  add("a1", "a");
  world.scheduler.spawn(relay->run());
  world.settle();
  add("a2", "a");
  relay->wake();
  world.settle();
  EXPECT_EQ(broker.stored, (std::vector<std::string>{"a1", "a2"}));
  EXPECT_EQ(unsent(), 2);
  broker.answer(2);
  world.settle();
  EXPECT_EQ(unsent(), 0);
}

// The second wave is on its way when the answers to the first one say that its last row was refused.
TEST_F(OutboxPipeline, WhatFollowsARefusedRowIsNotStoredThoughItWasOnItsWay) {
  for (int i = 1; i < Relay::batch; ++i) add("b" + std::to_string(i), "b" + std::to_string(i));
  add("a1", "a", "order.odd");
  add("a2", "a");
  add("c1", "c");
  broker.refused.insert("order-service.events.order.odd");
  broker.is_slow = true;
  world.scheduler.spawn(relay->run());
  world.settle();
  EXPECT_EQ(broker.batches, (std::vector<std::size_t>{Relay::batch, 2}));
  EXPECT_EQ(broker.stored.size(), Relay::batch - 1U);
  broker.is_slow = false;
  broker.answer(2);
  world.settle();
  EXPECT_EQ(broker.stored.size(), static_cast<std::size_t>(Relay::batch)) << "the other aggregate goes";
  EXPECT_EQ(broker.stored.back(), "c1");
  EXPECT_EQ(unsent(), 2);
  broker.refused.clear();
  world.advance(1s);
  EXPECT_EQ(broker.stored.at(broker.stored.size() - 2), "a1");
  EXPECT_EQ(broker.stored.back(), "a2");
  EXPECT_EQ(unsent(), 0);
  add("a3", "a");
  relay->wake();
  world.settle();
  EXPECT_EQ(broker.stored.back(), "a3");
}

TEST_F(OutboxPipeline, APoisonedRowInTheMiddleParksAndTheOthersFlow) {
  std::size_t good = 0;
  for (int i = 0; i < 3 * Relay::batch; ++i) {
    const auto number = std::to_string(i);
    const bool is_bad = i % 500 == 250;
    add((is_bad ? "bad" : "good") + number, "a" + number, is_bad ? "order.odd" : "order.placed");
    good += is_bad ? 0 : 1;
  }
  broker.refused.insert("order-service.events.order.odd");
  broker.refusal = base::ErrorCode::too_large;
  world.scheduler.spawn(relay->run());
  world.advance(30s);
  EXPECT_EQ(broker.stored.size(), good);
  EXPECT_EQ(number("SELECT count(*) FROM outbox_queue WHERE parked_at IS NOT NULL AND id IN"
                   " (SELECT id FROM outbox_event WHERE event_id LIKE 'bad%')"),
            3);
  EXPECT_EQ(unsent(), 3);
}

// Its own error comes only when it is asked for.
TEST_F(OutboxPipeline, ARowThatIsRefusedWithoutAWordIsFoundOut) {
  for (const char* id : {"a1", "b1", "c1", "d1"})
    add(id, std::string(1, id[0]), *id == 'b' ? "order.odd" : "order.placed");
  add("b2", "b");
  broker.refused.insert("order-service.events.order.odd");
  broker.refusal = base::ErrorCode::too_large;
  world.scheduler.spawn(relay->run());
  world.settle();
  EXPECT_EQ(broker.quiet_rows, 3);
  EXPECT_EQ(broker.stored, (std::vector<std::string>{"a1", "c1", "d1"}));
  EXPECT_EQ(number("SELECT count(*) FROM outbox_queue WHERE attempts = 1 AND " + b1), 1) << "and no other one";
  EXPECT_EQ(number("SELECT sum(attempts) FROM outbox_queue"), 1);
  EXPECT_EQ(unsent(), 2);
  broker.refused.clear();
  world.advance(1s);
  EXPECT_EQ(broker.stored, (std::vector<std::string>{"a1", "c1", "d1", "b1", "b2"}));
  for (const char* id : {"a2", "c2", "d2"}) add(id, std::string(1, id[0]));
  relay->wake();
  world.settle();
  for (const char* id : {"a3", "c3", "d3"}) add(id, std::string(1, id[0]));
  relay->wake();
  world.settle();
  EXPECT_GT(broker.quiet_rows, 3) << "after a wave that was stored as a whole";
  EXPECT_EQ(unsent(), 0);
}

// A relay died behind a walk that had stored c1 but not b1, and marked neither.
TEST_F(OutboxPipeline, WhatWasLeftOutBeforeARepetitionIsNotMarked) {
  broker.stored = {"c1"};
  for (const char* id : {"a1", "b1", "c1", "d1", "e1"}) {
    add(id, std::string(1, id[0]), *id == 'b' ? "order.odd" : "order.placed");
  }
  broker.refused.insert("order-service.events.order.odd");
  world.scheduler.spawn(relay->run());
  world.settle();
  EXPECT_EQ(number("SELECT count(*) FROM outbox_queue WHERE " + b1), 1);
  broker.refused.clear();
  world.advance(1s);
  EXPECT_EQ(unsent(), 0);
  EXPECT_EQ(broker.stored, (std::vector<std::string>{"c1", "a1", "d1", "e1", "b1"}));
}

// What the former relay has sent may still arrive.
TEST_F(OutboxPipeline, AsksForEachAnswerAfterItHasTakenTheLeaseOver) {
  number("UPDATE outbox_relay SET owner = 'order-service/dead'");
  const auto add_some = [&](const std::string& number) {
    for (const char* id : {"a", "b", "c"}) add(id + number, id);
    relay->wake();
    world.settle();
  };
  world.scheduler.spawn(relay->run());
  add_some("1");
  EXPECT_EQ(broker.quiet_rows, 0);
  world.advance(11s);
  add_some("2");
  EXPECT_EQ(broker.quiet_rows, 1);
  ++broker.connected;
  add_some("3");
  world.settle();
  EXPECT_EQ(broker.quiet_rows, 1) << "what went out on the lost connection, too";
  EXPECT_EQ(unsent(), 0);
}

TEST_F(OutboxPipeline, AnswersThatAreLostLeadToRepetitionsOnly) {
  for (const char* id : {"a1", "b1", "a2"}) add(id, std::string(1, id[0]));
  broker.is_slow = true;
  world.scheduler.spawn(relay->run());
  world.settle();
  broker.is_slow = false;
  broker.answer(1, true);
  world.advance(1s);
  EXPECT_EQ(broker.stored, (std::vector<std::string>{"a1", "b1", "a2"}));
  EXPECT_EQ(unsent(), 0);
}

TEST_F(OutboxPipeline, WhoLosesTheLeaseWhileRowsAreOnTheirWayMarksNone) {
  add("a1", "a");
  broker.is_slow = true;
  world.scheduler.spawn(relay->run());
  world.settle();
  number("UPDATE outbox_relay SET owner = 'order-service-2/x', beat = beat + 1");
  add("a2", "a");
  broker.answer(1);
  world.settle();
  EXPECT_EQ(unsent(), 2);
  EXPECT_EQ(broker.batches.size(), 1U) << "what comes now is the other one's";
  broker.is_slow = false;
  world.advance(5s);  // the other one does nothing
  EXPECT_EQ(broker.stored, (std::vector<std::string>{"a1", "a2"}));
  EXPECT_EQ(unsent(), 0);
}

// Power loss of the broker while rows are on their way: it comes back without some that it had acknowledged.
TEST_F(OutboxPipeline, SendsTheLostEndAgainBeforeWhatWasOnItsWay) {
  for (const char* id : {"a1", "b1", "a2"}) add(id, std::string(1, id[0]));
  world.scheduler.spawn(relay->run());
  world.settle();
  EXPECT_EQ(unsent(), 0);
  broker.is_slow = true;
  add("a3", "a");
  relay->wake();
  world.settle();
  EXPECT_EQ(broker.stored.size(), 4U);
  broker.stored.resize(2);
  ++broker.connected;
  broker.is_slow = false;
  broker.answer(1, true);
  world.advance(1s);
  EXPECT_EQ(broker.stored, (std::vector<std::string>{"a1", "b1", "a2", "a3"}));
  EXPECT_EQ(unsent(), 0);
  EXPECT_NE(world.metrics.serialize().find("\noutbox_resent_total 1\n"), std::string::npos);
}

}  // namespace
}  // namespace chassis::outbox
