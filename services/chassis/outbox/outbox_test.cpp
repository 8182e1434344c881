// The outbox on fakes: order per aggregate, what a broker that refuses or is away does, what is marked and when.
#include "services/chassis/outbox/outbox.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include <gtest/gtest.h>

#include "services/chassis/outbox/picky_broker.hpp"
#include "services/chassis/outbox/store.hpp"
#include "services/chassis/outbox/table.hpp"
#include "services/chassis/testing/fake_environment.hpp"

namespace chassis::outbox {
namespace {

using namespace std::chrono_literals;
using testing::FakeEnvironment;

Config config() {
  Config config;
  config.name = config.instance = "order-service";
  config.ports = {{"http", 8082}};
  return config;
}

class Outbox : public ::testing::Test {
 protected:
  Outbox() : world(config()) {
    database = world.databases.open("sqlite::memory:", {{1, "outbox", std::string(table_sql())}}).value();
    relay = std::make_unique<Relay>(world.env, *database, broker);
  }
  ~Outbox() override { world.stop(); }

  void add(const std::string& id, const std::string& aggregate, const std::string& type = "order.placed") {
    CallContext context;
    context.trace = continue_trace("", "", world.random);
    context.request_id = "r";
    const Event event{id, type, "/order-service", aggregate, "2026-11-21T00:00:00.000Z", "urn:x", {{"n", 1}}};
    run([=, this](db::Transaction& tx) { return append(tx, "order-service", event, context); });
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
  void change(const std::string& sql) {
    run([sql](db::Transaction& tx) -> base::Result<void> {
      TRY(tx.exec(sql));
      return base::success();
    });
  }
  std::string metric(const std::string& name) {
    const auto text = world.metrics.serialize();
    const auto at = text.find("\n" + name + " ");
    if (at == std::string::npos) return "";
    const auto begin = at + name.size() + 2;
    return text.substr(begin, text.find('\n', begin) - begin);
  }
  bool logged(const std::string& message) const {
    return std::any_of(world.log.lines.begin(), world.log.lines.end(),
                       [&](const base::Json& line) { return line["message"] == message; });
  }

  void run(db::Work work) {
    const auto done = world.ask(database->write(world.clock.monotonic() + 1s, std::move(work)));
    EXPECT_TRUE(done && *done);
  }

  Store& store() { return store_.emplace(*database, world.clock, false); }

  PickyBroker broker;
  FakeEnvironment world;
  std::unique_ptr<db::Database> database;
  std::unique_ptr<Relay> relay;
  std::optional<Store> store_;
};

TEST_F(Outbox, RefusesWhatTheSchemaRefusesAndWhatNamesNoneOfItsOwn) {
  const auto schemas =
      EventSchemas::read({R"({"$id":"urn:msctl:event:order.placed:1","properties":{"n":{"type":"string"}}})",
                          R"({"$id":"urn:msctl:event:order.paid:1"})"})
          .value();
  const auto answer_to = [&](const std::string& type, const std::string& schema) {
    const Event event{"1", type, "/order-service", "a", "2026-11-21T00:00:00.000Z", schema, {{"n", 1}}};
    std::string said;
    run([&](db::Transaction& tx) -> base::Result<void> {
      const auto added = append(tx, "order-service", event, CallContext(), schemas);
      if (!added) said = added.error().message;
      return base::success();
    });
    return said;
  };
  EXPECT_EQ(answer_to("order.placed", "urn:msctl:event:order.placed:1"),
            "order.placed was not published: its schema refuses it: n must be of type string");
  EXPECT_EQ(answer_to("order.placed", "urn:msctl:event:order.paid:1"),
            "order.placed was not published: \"urn:msctl:event:order.paid:1\" names no schema of its own");
  EXPECT_EQ(answer_to("order.placed", "urn:x"), "order.placed was not published: \"urn:x\" names no schema of its own");
  EXPECT_EQ(answer_to("order.placed", "urn:msctl:event:order.placed:2"),
            "order.placed was not published: its schema refuses it: there is no schema urn:msctl:event:order.placed:2");
  EXPECT_EQ(unsent(), 0);
  EXPECT_EQ(answer_to("order.paid", "urn:msctl:event:order.paid:1"), "");
  EXPECT_EQ(unsent(), 1);
}

TEST_F(Outbox, PublishesInOrderOfCommitWithinAnAggregate) {
  for (const char* id : {"a1", "b1", "a2", "a3", "b2"}) add(id, std::string(1, id[0]));
  world.scheduler.spawn(relay->run());
  world.advance(1s);
  EXPECT_EQ(broker.stream_name, "ORDER-SERVICE");
  EXPECT_EQ(broker.stored, (std::vector<std::string>{"a1", "b1", "a2", "a3", "b2"}));
  EXPECT_EQ(broker.batches, (std::vector<std::size_t>{5})) << "not one after the other";
  EXPECT_EQ(unsent(), 0);
}

TEST_F(Outbox, ARefusedRowHoldsBackItsOwnAggregateOnly) {
  broker.refused.insert("order-service.events.order.odd");
  add("a1", "a", "order.odd");
  add("a2", "a");
  add("b1", "b");
  world.scheduler.spawn(relay->run());
  world.advance(30s);
  EXPECT_EQ(broker.stored, (std::vector<std::string>{"b1"}));
  EXPECT_EQ(unsent(), 2);
  broker.refused.clear();
  world.advance(30s);
  EXPECT_EQ(broker.stored, (std::vector<std::string>{"b1", "a1", "a2"}));
  EXPECT_EQ(unsent(), 0);
}

TEST_F(Outbox, WakesAtOnceAndSweepsWhenAWakeUpWasLost) {
  world.scheduler.spawn(relay->run());
  world.advance(1s);
  add("a1", "a");
  relay->wake();
  world.settle();
  EXPECT_EQ(broker.stored.size(), 1U);
  add("a2", "a");  // nobody wakes the relay
  world.settle();
  EXPECT_EQ(broker.stored.size(), 1U);
  world.advance(2 * Relay::sweep);
  EXPECT_EQ(broker.stored.size(), 2U);
}

TEST_F(Outbox, WhatTheBrokerNeverTakesIsParkedAndHoldsBackItsOwnAggregate) {
  broker.refused.insert("order-service.events.order.odd");
  broker.refusal = base::ErrorCode::too_large;
  add("a1", "a", "order.odd");
  add("a2", "a");
  add("b1", "b");
  world.scheduler.spawn(relay->run());
  world.advance(1s);
  EXPECT_EQ(broker.stored, (std::vector<std::string>{"b1"}));
  EXPECT_EQ(number("SELECT count(*) FROM outbox_queue WHERE parked_at IS NOT NULL"), 0) << "not at once";
  world.advance(30s);
  EXPECT_EQ(number("SELECT attempts FROM outbox_queue WHERE parked_reason = 'refused'"), 5);
  EXPECT_TRUE(logged("an event was parked: the broker refuses it for good"));
  EXPECT_EQ(metric("outbox_parked_total"), "1");
  EXPECT_EQ(metric("outbox_parked"), "1");
  EXPECT_EQ(metric("outbox_unsent"), "1");
  add("b2", "b");
  world.advance(1s);
  EXPECT_EQ(broker.stored, (std::vector<std::string>{"b1", "b2"}));

  broker.refused.clear();
  const auto replayed = world.ask(store().replay({Choice::Kind::parked, ""}));
  ASSERT_TRUE(replayed && *replayed);
  EXPECT_EQ(replayed->value(), 1);
  world.advance(1s);
  EXPECT_EQ(broker.stored, (std::vector<std::string>{"b1", "b2", "a1", "a2"})) << "in their order";
  world.advance(6s);
  EXPECT_EQ(metric("outbox_parked"), "0");
}

TEST_F(Outbox, ADroppedEventLetsTheOthersOfItsAggregateGo) {
  broker.refused.insert("order-service.events.order.odd");
  broker.refusal = base::ErrorCode::invalid;
  add("a1", "a", "order.odd");
  add("a2", "a");
  world.scheduler.spawn(relay->run());
  world.advance(30s);
  EXPECT_TRUE(broker.stored.empty());
  EXPECT_EQ(world.ask(store().drop("a2"))->error().code, base::ErrorCode::not_found) << "that one is not parked";
  EXPECT_TRUE(*world.ask(store().drop("a1")));
  world.advance(1s);
  EXPECT_EQ(broker.stored, (std::vector<std::string>{"a2"}));
}

TEST_F(Outbox, OneRefusedRowDoesNotSlowTheOthers) {
  broker.refused.insert("order-service.events.order.odd");
  add("a1", "a", "order.odd");
  world.scheduler.spawn(relay->run());
  world.advance(60s);  // nothing but that one: the relay as a whole backs off
  for (int i = 0; i < 5; ++i) {
    add("b" + std::to_string(i), "b");
    relay->wake();
    world.advance(i == 0 ? 6s : 0s);
    EXPECT_EQ(broker.stored.size(), static_cast<std::size_t>(i + 1));
  }
  EXPECT_EQ(number("SELECT count(*) FROM outbox_queue WHERE parked_at IS NOT NULL"), 0) << "it may pass";
}

// The clock was an hour fast when the row was put off.
TEST_F(Outbox, AClockThatIsSetBackDelaysNothing) {
  add("a1", "a");
  const auto wrong = world.clock.wall() + 1h;
  change("UPDATE outbox_queue SET attempts = 1, retry_at = " + std::to_string(wrong.time_since_epoch().count()));
  world.scheduler.spawn(relay->run());
  world.advance(1s);
  EXPECT_EQ(broker.stored, (std::vector<std::string>{"a1"}));
}

TEST_F(Outbox, TellsHowMuchWaitsAndForHowLong) {
  broker.refused.insert("order-service.events.order.placed");
  add("a1", "a");
  change("UPDATE outbox_event SET created_at = '" + base::to_rfc3339(world.clock.wall() - 90s) + "'");
  world.scheduler.spawn(relay->run());
  world.settle();
  EXPECT_EQ(metric("outbox_unsent"), "1");
  EXPECT_EQ(metric("outbox_oldest_unsent_age_seconds"), "90");
  EXPECT_EQ(metric("outbox_horizon_age_seconds"), "") << "SQLite has none";
  broker.refused.clear();
  world.advance(12s);
  EXPECT_EQ(metric("outbox_unsent"), "0");
  EXPECT_EQ(metric("outbox_oldest_unsent_age_seconds"), "0");
}

TEST_F(Outbox, ManyAggregatesAllGetTheirTurn) {
  std::set<std::string> wanted;
  for (int i = 0; i < 3 * Relay::batch; ++i) {
    const auto aggregate = std::to_string(i * 7919 % 10'007);
    add("1-" + aggregate, aggregate);
    add("2-" + aggregate, aggregate);
    wanted.insert(aggregate);
  }
  world.scheduler.spawn(relay->run());
  world.advance(1s);
  EXPECT_EQ(unsent(), 0);
  ASSERT_EQ(broker.stored.size(), 2 * wanted.size());
  std::map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < broker.stored.size(); ++i) places[broker.stored[i]] = i;
  for (const auto& aggregate : wanted) EXPECT_LT(places.at("1-" + aggregate), places.at("2-" + aggregate));
}

TEST_F(Outbox, ManyHeldBackAggregatesDoNotHideOneThatCanGo) {
  for (int i = 0; i < 2 * Relay::batch; ++i) add("p" + std::to_string(i), "a" + std::to_string(i));
  change("UPDATE outbox_queue SET parked_at = 'x', parked_reason = 'y'");
  add("z1", "z");
  world.scheduler.spawn(relay->run());
  world.advance(1s);
  EXPECT_EQ(broker.stored, (std::vector<std::string>{"z1"}));
}

// Another instance holds the lease: as long as it shows that it lives, this one waits.
TEST_F(Outbox, TakesOverFromADeadRelayOnly) {
  change("UPDATE outbox_relay SET owner = 'order-service-2/x', beat = 7");
  add("a1", "a");
  world.scheduler.spawn(relay->run());
  for (int i = 0; i < 10; ++i) {
    world.advance(1s);
    change("UPDATE outbox_relay SET beat = beat + 1");
  }
  EXPECT_TRUE(broker.stored.empty());
  world.advance(4s);
  EXPECT_EQ(broker.stored, (std::vector<std::string>{"a1"}));
}

TEST_F(Outbox, AnIdleOwnerNeedNotShowThatItLives) {
  change("UPDATE outbox_relay SET owner = 'order-service-2/x', beat = 7");
  world.scheduler.spawn(relay->run());
  world.advance(60s);
  EXPECT_EQ(number("SELECT beat FROM outbox_relay"), 7);
}

TEST_F(Outbox, TakesOverFromItsOwnFormerSelfAtOnceAndLetsGoAtTheEnd) {
  change("UPDATE outbox_relay SET owner = 'order-service/before', beat = 7");
  add("a1", "a");
  world.scheduler.spawn(relay->run());
  world.settle();
  EXPECT_EQ(broker.stored, (std::vector<std::string>{"a1"}));
  world.stop();
  EXPECT_EQ(number("SELECT count(*) FROM outbox_relay WHERE owner = ''"), 1);
}

TEST_F(Outbox, WhoHasLostTheLeaseWritesNothingDown) {
  add("a1", "a");
  ASSERT_TRUE(*world.ask(store().take({"", 0, 0}, "me")));
  Settlement settlement{{{1, 1}}, {}};
  const auto done = world.ask(store().settle("somebody", settlement));
  ASSERT_TRUE(done && *done);
  EXPECT_FALSE(done->value());
  EXPECT_EQ(unsent(), 1);
  EXPECT_EQ(world.ask(store().rewind("somebody", 0))->value(), -1);
}

TEST_F(Outbox, SentRowsGoAfterTheirTimeAndOthersNever) {
  for (int i = 0; i < 2'500; ++i) add("a" + std::to_string(i), "a" + std::to_string(i));
  broker.refused.insert("order-service.events.order.odd");
  add("z1", "z", "order.odd");
  world.scheduler.spawn(relay->run());
  world.advance(2s);
  EXPECT_EQ(unsent(), 1);
  const auto past = base::to_rfc3339(world.clock.wall() - 8 * 24h);
  change("UPDATE outbox_event SET created_at = '" + past + "'");
  world.advance(2min);
  EXPECT_EQ(number("SELECT count(*) FROM outbox_event"), 2'501) << "when they were written does not matter";
  change("UPDATE outbox_sent SET sent_at = '" + past + "'");
  add("b1", "b");
  world.advance(2min);
  EXPECT_EQ(number("SELECT count(*) FROM outbox_event WHERE event_id IN ('b1', 'z1')"), 2);
  EXPECT_EQ(number("SELECT count(*) FROM outbox_event"), 2);
  EXPECT_EQ(metric("outbox_reaped_total"), "2500");
}

// The broker's memory is that of the real one: streams, sequences, repetitions.
class OutboxAndStream : public Outbox {
 protected:
  OutboxAndStream() {
    real = world.brokers.connect("").value();
    relay = std::make_unique<Relay>(world.env, *database, *real);
    world.scheduler.spawn(relay->run());
    world.settle();
  }
  std::vector<std::string> ids() {
    std::vector<std::string> found;
    for (const auto& message : world.brokers.stored("ORDER-SERVICE")) found.push_back(message.id);
    return found;
  }
  std::unique_ptr<broker::Broker> real;
};

using Ids = std::vector<std::string>;

TEST_F(OutboxAndStream, SendsAllAgainToABrokerThatComesBackEmpty) {
  for (const char* id : {"a1", "b1", "a2"}) add(id, std::string(1, id[0]));
  world.advance(1s);
  EXPECT_EQ(ids(), (Ids{"a1", "b1", "a2"}));
  world.brokers.lose("ORDER-SERVICE", 0);
  world.advance(6s);
  EXPECT_EQ(ids(), (Ids{"a1", "b1", "a2"})) << "also without a new event";
  EXPECT_EQ(metric("outbox_resent_total"), "3");
  EXPECT_TRUE(logged("the broker has lost events of this service's stream; they are sent again"));
  EXPECT_EQ(number("SELECT last_sequence FROM outbox_relay"), 3);
}

TEST_F(OutboxAndStream, SendsTheEndAgainThatTheBrokerHasLost) {
  for (const char* id : {"a1", "b1", "a2", "c1"}) {
    add(id, std::string(1, id[0]));
    world.advance(1s);
  }
  world.brokers.lose("ORDER-SERVICE", 2);
  world.advance(6s);
  EXPECT_EQ(ids(), (Ids{"a1", "b1", "a2", "c1"}));
  EXPECT_EQ(metric("outbox_resent_total"), "2");
}

TEST_F(OutboxAndStream, LooksWhatWasLostBeforeItSendsToABrokerThatCameBack) {
  for (const char* id : {"a1", "b1", "c1"}) {
    add(id, std::string(1, id[0]));
    world.advance(1s);
  }
  world.advance(3s);
  world.brokers.set(broker::MemoryBrokers::Health::down);
  world.brokers.lose("ORDER-SERVICE", 1);
  world.brokers.set(broker::MemoryBrokers::Health::up);
  add("b2", "b");
  relay->wake();
  world.settle();
  EXPECT_EQ(ids(), (Ids{"a1", "b1", "c1", "b2"})) << "nothing new before what was lost";
  EXPECT_EQ(metric("outbox_resent_total"), "2");
}

// The stream grows again before anybody has looked.
TEST_F(OutboxAndStream, NoticesByTheAnswerThatTheEndWasLost) {
  for (const char* id : {"a1", "b1", "c1"}) {
    add(id, std::string(1, id[0]));
    world.advance(1s);
  }
  world.advance(3s);
  world.brokers.lose("ORDER-SERVICE", 1);
  add("d1", "d");
  relay->wake();
  world.settle();
  const auto found = ids();
  EXPECT_EQ(std::set<std::string>(found.begin(), found.end()), (std::set<std::string>{"a1", "b1", "c1", "d1"}));
  EXPECT_EQ(found.size(), 4U);
  EXPECT_EQ(unsent(), 0);
}

TEST_F(OutboxAndStream, AReplayReachesTheStreamAgain) {
  add("a1", "a");
  add("b1", "b");
  world.advance(1s);
  const auto one = world.ask(store().replay({Choice::Kind::event, "a1"}));
  ASSERT_TRUE(one && *one);
  EXPECT_EQ(one->value(), 1);
  world.advance(1s);
  EXPECT_EQ(ids(), (Ids{"a1", "b1", "a1~1"})) << "the broker would drop a second a1; the event's own id is the same";
  EXPECT_EQ(world.brokers.stored("ORDER-SERVICE")[0].body, world.brokers.stored("ORDER-SERVICE")[2].body);
  EXPECT_EQ(world.ask(store().replay({Choice::Kind::event, "nobody"}))->value(), 0);
  EXPECT_EQ(world.ask(store().replay({Choice::Kind::since, "2999-01-01T00:00:00.000Z"}))->value(), 0);
  EXPECT_EQ(world.ask(store().replay({Choice::Kind::since, "2000-01-01T00:00:00.000Z"}))->value(), 2);
  world.advance(1s);
  EXPECT_EQ(world.ask(store().replay({Choice::Kind::all, ""}))->value(), 2);
  world.advance(1s);
  EXPECT_EQ(ids().size(), 7U);
}

TEST_F(Outbox, BacksOffWhileTheBrokerRefuses) {
  broker.refused.insert("order-service.events.order.placed");
  add("a1", "a");
  world.scheduler.spawn(relay->run());
  world.advance(60s);
  const auto text = world.metrics.serialize();
  const std::string_view series = "\noutbox_publish_failures_total ";
  const auto at = text.find(series);
  ASSERT_NE(at, std::string::npos) << text;
  const int rounds = std::stoi(text.substr(at + series.size()));
  EXPECT_GT(rounds, 10);
  EXPECT_LT(rounds, 40);
}

}  // namespace
}  // namespace chassis::outbox
