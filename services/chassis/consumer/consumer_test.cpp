// The consumer on fakes: what becomes of an event that is handled, that fails, that nobody can read; order within an
// aggregate; shutdown.
#include "services/chassis/consumer/consumer.hpp"

#include <gmock/gmock.h>

#include "services/chassis/api/testdata/sample.pb.h"
#include "services/chassis/ledger/table.hpp"
#include "services/chassis/testing/fake_environment.hpp"

namespace chassis {
namespace {

using namespace std::chrono_literals;
using base::ErrorCode;
using base::Result;
using ::testing::ElementsAre;
using testing::FakeEnvironment;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

Config config() {
  Config config;
  config.name = config.instance = "mail-service";
  config.ports = {{"http", 8083}};
  return config;
}

// What the handlers below work on.
struct App {
  FakeEnvironment* world = nullptr;
  std::vector<std::string> handled;  // `subject/id` in the order in which the handler ended
  std::vector<int> attempts;
  std::map<std::string, base::Error> failures;  // by id
  std::chrono::milliseconds takes{0};
  int running = 0;
  int most_running = 0;
  CallContext last_context;
  consumer::Event last_event;
  std::string last_name;
};

base::Task<Result<void>> handle(App& app, CallContext context, consumer::Event event, test::Sample sample) {
  app.attempts.push_back(event.attempt);
  app.most_running = std::max(app.most_running, ++app.running);
  app.last_context = std::move(context);
  app.last_event = event;
  app.last_name = sample.id();
  if (app.takes.count() > 0) co_await app.world->scheduler.sleep(app.takes);
  --app.running;
  if (const auto found = app.failures.find(event.id); found != app.failures.end()) co_return found->second;
  app.handled.push_back(event.subject + "/" + event.id);
  co_return base::success();
}

base::Task<Result<void>> handle_json(App& app, CallContext, consumer::Event, base::Json data) {
  app.last_name = data.at("id").get<std::string>();  // throws when it is not there
  co_return base::success();
}

class ConsumerTest : public ::testing::Test {
 protected:
  explicit ConsumerTest(Config own = config()) : world(std::move(own)), broker(world.brokers.connect("").value()) {
    app.world = &world;
    broker::Stream stream{"SHOP", {"shop.events.>"}};
    world.ask(broker->ensure_stream(world.clock.monotonic() + 1s, std::move(stream)));
  }
  ~ConsumerTest() override { world.stop(); }

  void start(consumer::Options options = {}) {
    consumer = std::make_unique<Consumer>(world.env, *broker, options);
    consumer->on("order.placed", app, handle);
    consumer->on("order.seen", app, handle_json);
    world.scheduler.spawn(consumer->run());
    world.advance(100ms);
  }
  void publish_body(const std::string& id, const std::string& body, const std::string& type = "order.placed",
                    const std::string& publisher = "shop") {
    std::vector<broker::Message> messages{{publisher + ".events." + type, id, {}, body}};
    messages[0].headers.add("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    messages[0].headers.add("X-Request-Id", "r-1");
    const auto answers = world.ask(broker->publish(world.clock.monotonic() + 1s, std::move(messages)));
    ASSERT_TRUE(answers && answers->front());
  }
  void publish(const std::string& id, const std::string& subject, const std::string& data = R"({"id":"n","later":1})",
               const std::string& type = "order.placed", const std::string& publisher = "shop") {
    publish_body(id,
                 R"({"specversion":"1.0","id":")" + id + R"(","source":"/shop","type":")" + type + R"(","subject":")" +
                     subject + R"(","time":"2026-11-21T00:00:00.000Z","dataschema":"urn:x","data":)" + data + "}",
                 type, publisher);
  }
  std::vector<broker::Message> parked() { return world.brokers.stored("MAIL-SERVICE-PARKED"); }
  std::string metrics() { return world.metrics.serialize(); }

  App app;
  FakeEnvironment world;
  std::unique_ptr<broker::Broker> broker;
  std::unique_ptr<Consumer> consumer;
};

class OfSeveralPublishers : public ConsumerTest {
 protected:
  OfSeveralPublishers() : ConsumerTest(own()) {}
  static Config own() {
    Config own = config();
    own.publishers["order.placed"] = {"shop", "z"};
    return own;
  }
};

// As soon as several services publish, streams overlap in what a subject with a wildcard asks for.
TEST_F(OfSeveralPublishers, AreAllHeard) {
  for (const auto* name : {"A", "Z"}) {
    broker::Stream other{name, {std::string(name == std::string("A") ? "a" : "z") + ".events.>"}};
    world.ask(broker->ensure_stream(world.clock.monotonic() + 1s, std::move(other)));
  }
  start();
  publish("e1", "o1");
  publish("e2", "o2", R"({"id":"n"})", "order.placed", "z");
  world.advance(100ms);
  EXPECT_THAT(app.handled, UnorderedElementsAre("o1/e1", "o2/e2"));
}

// Nobody is declared as the publisher: streams that take the type are all heard, whenever they come; the service's own,
// which takes it by its wildcard, is not in the way.
TEST_F(ConsumerTest, HearsEachStreamThatTakesWhatNobodySaysToPublish) {
  const auto make = [&](const std::string& name, const std::string& service) {
    broker::Stream stream{name, {service + ".events.>"}};
    world.ask(broker->ensure_stream(world.clock.monotonic() + 1s, std::move(stream)));
  };
  make("A-FIRST", "a-first");
  make("MAIL-SERVICE", "mail-service");
  start();
  publish("e1", "o1");
  world.advance(100ms);
  EXPECT_THAT(app.handled, ElementsAre("o1/e1"));
  make("Z-LATE", "z-late");
  publish("e2", "o2", R"({"id":"n"})", "order.placed", "z-late");
  publish("e3", "o3", R"({"id":"n"})", "order.placed", "mail-service");
  world.advance(15s);
  EXPECT_THAT(app.handled, ElementsAre("o1/e1", "o2/e2"));
  world.advance(60s);
  publish("e4", "o4", R"({"id":"n"})", "order.placed", "a-first");
  world.advance(5s);
  EXPECT_THAT(app.handled, ElementsAre("o1/e1", "o2/e2", "o4/e4"));
}

// The broker delivers one event twice; each time under another id of its own, so that its own window does not help.
TEST_F(ConsumerTest, WithALedgerARepetitionIsPassedOver) {
  const std::vector<db::Migration> migrations{{1, "ledger", std::string(ledger::table_sql())}};
  const auto database = world.databases.open("sqlite::memory:", migrations).value();
  Ledger ledger(world.env, *database);
  consumer = std::make_unique<Consumer>(world.env, *broker);
  consumer->remember_in(ledger);
  consumer->on("order.placed", app, handle);
  world.scheduler.spawn(consumer->run());
  const std::string event =
      R"({"specversion":"1.0","id":"e1","source":"/shop","type":"order.placed","subject":"o1","data":{"id":"n"}})";
  publish_body("first", event);
  world.advance(100ms);
  publish_body("second", event);
  publish("e1", "o2");  // the same event by id and source, whatever else it says
  publish("e2", "o1");
  world.advance(100ms);
  EXPECT_THAT(app.handled, ElementsAre("o1/e1", "o1/e2"));
  EXPECT_THAT(metrics(), HasSubstr(R"(consumer_events_total{event="order.placed",outcome="repeated"} 2)"));
  EXPECT_THAT(metrics(), HasSubstr(R"(ledger_claims_total{outcome="replayed",scope="event order.placed"} 2)"));
  world.stop();
}

TEST_F(ConsumerTest, WithALedgerAFailureIsTriedAgain) {
  const std::vector<db::Migration> migrations{{1, "ledger", std::string(ledger::table_sql())}};
  const auto database = world.databases.open("sqlite::memory:", migrations).value();
  Ledger ledger(world.env, *database);
  consumer = std::make_unique<Consumer>(world.env, *broker);
  consumer->remember_in(ledger);
  consumer->on("order.placed", app, handle);
  world.scheduler.spawn(consumer->run());
  app.failures["e1"] = base::fail(ErrorCode::not_found, "no such order yet");
  publish("e1", "o1");
  world.advance(1500ms);
  app.failures.clear();
  world.advance(10s);
  EXPECT_THAT(app.handled, ElementsAre("o1/e1"));
  world.stop();
}

TEST_F(ConsumerTest, HandsOverEventDataAndContext) {
  start();
  publish("e1", "o1");
  world.advance(100ms);
  EXPECT_THAT(app.handled, ElementsAre("o1/e1"));
  EXPECT_EQ(app.last_name, "n") << "a field that came later is passed over";
  EXPECT_EQ(app.last_event.type, "order.placed");
  EXPECT_EQ(app.last_event.source, "/shop");
  EXPECT_EQ(app.last_event.data_schema, "urn:x");
  EXPECT_EQ(app.last_event.attempt, 1);
  EXPECT_EQ(app.last_context.trace.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(app.last_context.trace.parent_id, "00f067aa0ba902b7");
  EXPECT_EQ(app.last_context.request_id, "r-1");
  EXPECT_GT(app.last_context.deadline, world.clock.monotonic() + 20s);
  world.advance(120s);
  EXPECT_EQ(app.handled.size(), 1U) << "it is settled";
  EXPECT_THAT(metrics(), HasSubstr(R"(consumer_events_total{event="order.placed",outcome="done"} 1)"));
  EXPECT_THAT(metrics(), HasSubstr(R"(consumer_in_flight{event="order.placed"} 0)"));
}

TEST_F(ConsumerTest, WhatFailsComesAgainAfterAGrowingDelayAndIsParkedInTheEnd) {
  app.failures["e1"] = base::fail(ErrorCode::internal, "there is no such template");
  start();
  publish("e1", "o1");
  publish("e2", "o1");
  world.advance(400ms);
  EXPECT_THAT(app.handled, ElementsAre("o1/e2")) << "holds nobody back";
  EXPECT_THAT(app.attempts, ElementsAre(1, 1));
  world.advance(60s);
  EXPECT_THAT(app.attempts, ElementsAre(1, 1, 2, 3, 4, 5));
  ASSERT_EQ(parked().size(), 1U);
  const auto copy = parked()[0];
  EXPECT_EQ(copy.subject, "mail-service.parked.order.placed");
  EXPECT_EQ(copy.id, "e1");
  EXPECT_EQ(copy.headers.get("Parked-Reason"), "there is no such template");
  EXPECT_EQ(copy.headers.get("Parked-Subject"), "shop.events.order.placed");
  EXPECT_EQ(copy.headers.get("Parked-Attempts"), "5");
  EXPECT_EQ(copy.headers.get("X-Request-Id"), "r-1");
  EXPECT_THAT(copy.body, HasSubstr("\"e1\""));
  EXPECT_THAT(metrics(), HasSubstr(R"(consumer_events_total{event="order.placed",outcome="failed"} 4)"));
  EXPECT_THAT(metrics(), HasSubstr(R"(consumer_events_total{event="order.placed",outcome="parked"} 1)"));
  world.advance(600s);
  EXPECT_EQ(app.attempts.size(), 6U) << "it is gone for good";
}

// What `msctl dlq replay` does.
TEST_F(ConsumerTest, WhatWasParkedIsHandledAgainWhenItIsReplayed) {
  app.failures["e1"] = base::fail(ErrorCode::invalid, "no such user");
  start();
  publish("e1", "o1");
  world.advance(100ms);
  ASSERT_EQ(parked().size(), 1U);
  const auto replay = [this](const std::string& mark) {
    auto letter = parked()[0];
    letter.subject = "mail-service.replay.order.placed";
    letter.id.clear();
    letter.headers.add("Parked-Replay", mark);
    std::vector<broker::Message> messages{std::move(letter)};
    ASSERT_TRUE(world.ask(broker->publish(world.clock.monotonic() + 1s, std::move(messages)))->front());
    world.advance(100ms);
  };
  replay("r1");  // it still fails
  ASSERT_EQ(parked().size(), 3U) << "parked, replayed, parked again";
  EXPECT_EQ(parked()[2].subject, "mail-service.parked.order.placed");
  EXPECT_EQ(parked()[2].headers.get("Parked-Subject"), "shop.events.order.placed");
  EXPECT_FALSE(parked()[2].headers.has("Parked-Replay"));
  EXPECT_NE(parked()[2].id, "e1") << "the broker would take it for the first one";
  app.failures.clear();
  replay("r2");
  EXPECT_THAT(app.handled, ElementsAre("o1/e1"));
  EXPECT_EQ(app.last_context.request_id, "r-1");
  EXPECT_THAT(metrics(), HasSubstr(R"(consumer_events_total{event="order.placed replayed",outcome="done"} 1)"));
}

TEST_F(ConsumerTest, AFailureThatPassesIsHandledInTheEnd) {
  app.failures["e1"] = base::fail(ErrorCode::unavailable, "away");
  start();
  publish("e1", "o1");
  world.advance(1500ms);
  app.failures.clear();
  world.advance(10s);
  EXPECT_THAT(app.handled, ElementsAre("o1/e1"));
  EXPECT_TRUE(parked().empty());
}

TEST_F(ConsumerTest, WhatNobodyCanReadIsParkedAtOnce) {
  start();
  publish_body("e1", "not json");
  publish_body("e2", R"({"specversion":"1.0","id":"e2","type":"order.placed"})");
  publish("e3", "o3", R"({"id": 7})");
  app.failures["e4"] = base::fail(ErrorCode::invalid, "no such user");
  publish("e4", "o4");
  world.advance(100ms);
  std::vector<std::string> reasons;
  for (const auto& copy : parked()) reasons.emplace_back(copy.headers.get("Parked-Reason"));
  ASSERT_EQ(reasons.size(), 4U);
  EXPECT_THAT(reasons, UnorderedElementsAre(HasSubstr("at byte"), HasSubstr("no attribute source"),
                                            HasSubstr("id: must be a string"), "no such user"));
  for (const auto& line : world.log.lines) EXPECT_THAT(base::dump_json(line), ::testing::Not(HasSubstr("not json")));
}

TEST_F(ConsumerTest, AHandlerThatThrowsIsAFailure) {
  start();
  publish("e1", "o1", "{}", "order.seen");
  world.advance(400ms);
  EXPECT_THAT(metrics(), HasSubstr(R"(consumer_events_total{event="order.seen",outcome="failed"} 1)"));
  publish("e2", "o1", R"({"id":"fine"})", "order.seen");
  world.advance(100ms);
  EXPECT_EQ(app.last_name, "fine");
}

TEST_F(ConsumerTest, OfAnAggregateOneIsHandledAtATimeAndInOrder) {
  app.takes = 10ms;
  start();
  for (const char* id : {"1", "2", "3"}) publish(std::string("a") + id, "a");
  for (const char* id : {"1", "2"}) publish(std::string("b") + id, "b");
  world.advance(200ms);
  EXPECT_EQ(app.most_running, 2) << "aggregates side by side";
  std::vector<std::string> of_a;
  for (const auto& one : app.handled) {
    if (one.starts_with("a/")) of_a.push_back(one);
  }
  EXPECT_THAT(of_a, ElementsAre("a/a1", "a/a2", "a/a3"));
  EXPECT_EQ(app.handled.size(), 5U);
}

TEST_F(ConsumerTest, NoMoreAreInFlightThanAllowed) {
  app.takes = 100ms;
  start({.max_in_flight = 3});
  for (int i = 0; i < 10; ++i) publish("e" + std::to_string(i), "o" + std::to_string(i));
  world.advance(50ms);
  EXPECT_EQ(app.running, 3);
  EXPECT_THAT(metrics(), HasSubstr(R"(consumer_in_flight{event="order.placed"} 3)"));
  world.advance(1s);
  EXPECT_EQ(app.handled.size(), 10U);
  EXPECT_EQ(app.most_running, 3);
}

TEST_F(ConsumerTest, ABrokerThatIsAwayOnlyDelaysEvents) {
  start();
  publish("e1", "o1");
  world.brokers.set(broker::MemoryBrokers::Health::down);
  world.advance(30s);
  EXPECT_TRUE(app.handled.empty());
  int warnings = 0;
  for (const auto& line : world.log.lines) warnings += line["message"] == "events cannot be consumed" ? 1 : 0;
  EXPECT_EQ(warnings, 2) << "one a type and outage";
  world.brokers.set(broker::MemoryBrokers::Health::up);
  world.advance(10s);
  EXPECT_THAT(app.handled, ElementsAre("o1/e1"));
}

TEST_F(ConsumerTest, AtShutdownWhatRunsIsFinishedAndTheRestGivenBack) {
  app.takes = 1s;
  start();
  publish("a1", "a");
  publish("a2", "a");  // waits for a1
  world.advance(100ms);
  EXPECT_EQ(app.running, 1);
  world.scheduler.request_shutdown();
  publish("b1", "b");
  world.advance(5s);
  EXPECT_THAT(app.handled, ElementsAre("a/a1"));
  // Another instance has them at once, long before ack_wait is over.
  auto heir = broker->subscribe({"mail-service-order-placed-from-shop", "shop.events.order.placed"});
  const auto left = world.ask(heir->fetch(world.clock.monotonic() + 1s, 10));
  ASSERT_TRUE(left && *left);
  ASSERT_EQ(left->value().size(), 2U);
}

}  // namespace
}  // namespace chassis
