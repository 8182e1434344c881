// The consumer on fakes, with schemas: what is parked, what is quarantined and comes back after an upgrade.
#include <gmock/gmock.h>

#include "services/chassis/consumer/consumer.hpp"
#include "services/chassis/ledger/table.hpp"
#include "services/chassis/testing/fake_environment.hpp"

namespace chassis {
namespace {

using namespace std::chrono_literals;
using base::ErrorCode;
using base::Json;
using base::Result;
using ::testing::ElementsAre;
using testing::FakeEnvironment;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr std::string_view v1 =
    R"({"$id":"urn:msctl:event:order.placed:1","properties":{"cents":{"type":"integer","minimum":0}},"required":["cents"]})";
constexpr std::string_view v2 =
    R"({"$id":"urn:msctl:event:order.placed:2","properties":{"total":{"type":"object"}},"required":["total"]})";

const EventSchemas& old_schemas() {
  static const auto schemas = EventSchemas::read({v1}).value();
  return schemas;
}
const EventSchemas& new_schemas() {
  static const auto schemas = EventSchemas::read({v1, v2}).value();
  return schemas;
}

Result<Json> with_total(Json data) {
  if (data.at("cents") == 13) return base::fail(ErrorCode::internal, "nobody pays that");
  return Json{{"total", {{"cents", data.at("cents")}}}};
}

Config config() {
  Config config;
  config.name = config.instance = "mail-service";
  return config;
}

struct App {
  std::vector<std::string> seen;  // id, the schema's version and the data
};

base::Task<Result<void>> handle(App& app, CallContext, consumer::Event event, Json data) {
  app.seen.push_back(event.id + " " + event.data_schema.substr(event.data_schema.rfind(':') + 1) + " " + data.dump());
  co_return base::success();
}

class Governance : public ::testing::Test {
 protected:
  Governance() : broker(world.brokers.connect("").value()) {
    broker::Stream stream{"SHOP", {"shop.events.>"}};
    world.ask(broker->ensure_stream(world.clock.monotonic() + 1s, std::move(stream)));
  }
  ~Governance() override { world.stop(); }

  // A consumer of the old release knows version 1.
  void start_old() {
    make();
    consumer->check_with(old_schemas());
    run();
  }
  // One of the new release knows both, and its handler reads version 2.
  void start_new() {
    make();
    consumer->check_with(new_schemas());
    consumer->upcast("order.placed", 1, with_total);
    run();
  }
  void make() { consumer = std::make_unique<Consumer>(world.env, *broker); }
  void run() {
    if (ledger) consumer->remember_in(*ledger);
    consumer->on("order.placed", app, handle);
    const auto started = consumer->start();
    ASSERT_TRUE(started) << started.error().message;
    world.advance(100ms);
  }
  void publish(const std::string& id, const std::string& schema, const std::string& data,
               const std::string& of = "o1") {
    const std::string named = schema.empty() ? "" : R"("dataschema":"urn:msctl:event:)" + schema + R"(",)";
    broker::Message message{"shop.events.order.placed",
                            id,
                            {},
                            R"({"specversion":"1.0","id":")" + id + R"(","source":"/shop","type":"order.placed",)" +
                                named + R"("subject":")" + of + R"(","data":)" + data + "}"};
    message.headers.add("X-Request-Id", "r-" + id);
    send(std::move(message));
  }
  // As `msctl dlq replay` does.
  void replay(broker::Message letter, const std::string& mark) {
    letter.subject = "mail-service.replay.order.placed";
    letter.id.clear();
    letter.headers.add("Parked-Replay", mark);
    send(std::move(letter));
  }
  void send(broker::Message message) {
    std::vector<broker::Message> messages;
    messages.push_back(std::move(message));
    const auto answers = world.ask(broker->publish(world.clock.monotonic() + 1s, std::move(messages)));
    ASSERT_TRUE(answers && answers->front());
    world.advance(100ms);
  }
  std::vector<broker::Message> aside(const std::string& kind) {
    auto all = world.brokers.stored("MAIL-SERVICE-PARKED");
    std::erase_if(all, [&](const auto& one) { return !one.subject.starts_with("mail-service." + kind + "."); });
    return all;
  }
  std::string reason(const std::string& kind) { return std::string(aside(kind).back().headers.get("Parked-Reason")); }

  FakeEnvironment world{config()};
  std::unique_ptr<broker::Broker> broker;
  std::unique_ptr<db::Database> database;
  std::unique_ptr<Ledger> ledger;
  App app;
  std::unique_ptr<Consumer> consumer;
};

TEST_F(Governance, WhatItsSchemaRefusesIsParkedWithTheFields) {
  start_old();
  publish("e1", "order.placed:1", R"({"cents":-1})");
  publish("e2", "order.placed:1", R"({})");
  publish("e3", "order.placed:1", R"({"cents":5,"later":true})");
  EXPECT_THAT(app.seen, ElementsAre(R"(e3 1 {"cents":5,"later":true})"));
  ASSERT_EQ(aside("parked").size(), 2U);
  EXPECT_EQ(aside("parked")[0].headers.get("Parked-Reason"),
            "version 1 of order.placed refuses it: cents must be at least 0");
  EXPECT_EQ(aside("parked")[0].headers.get("Parked-Attempts"), "1") << "another try would not help";
  EXPECT_THAT(reason("parked"), HasSubstr("cents is missing"));
}

TEST_F(Governance, AnEventThatNamesNoSchemaIsTakenForTheNewest) {
  start_old();
  publish("e1", "", R"({"cents":5})");
  publish("e2", "", R"({"cents":"5"})");
  EXPECT_THAT(app.seen, ElementsAre(R"(e1 1 {"cents":5})"));
  EXPECT_THAT(reason("parked"), HasSubstr("cents must be of type integer"));
}

TEST_F(Governance, AnotherTypesSchemaAndAnUnknownNameAreParked) {
  start_new();
  publish("e1", "order.paid:1", R"({"cents":5})");
  publish("e2", "order.placed:two", R"({"cents":5})");
  EXPECT_THAT(app.seen, IsEmpty());
  EXPECT_EQ(aside("parked").size(), 2U);
  EXPECT_THAT(aside("quarantined"), IsEmpty());
}

TEST_F(Governance, ANewerVersionIsQuarantinedOnceAndHoldsNobodyBack) {
  start_old();
  publish("e1", "order.placed:2", R"({"total":{"cents":5}})");
  publish("e2", "order.placed:1", R"({"cents":6})");  // of the same aggregate
  EXPECT_THAT(app.seen, ElementsAre(R"(e2 1 {"cents":6})"));
  ASSERT_EQ(aside("quarantined").size(), 1U);
  const auto copy = aside("quarantined")[0];
  EXPECT_EQ(copy.subject, "mail-service.quarantined.order.placed");
  EXPECT_EQ(copy.id, "e1");
  EXPECT_EQ(copy.headers.get("X-Request-Id"), "r-e1");
  EXPECT_EQ(copy.headers.get("Parked-Subject"), "shop.events.order.placed");
  EXPECT_EQ(copy.headers.get("Parked-Reason"),
            "version 2 of order.placed is not known here; the newest that is, is version 1");
  EXPECT_THAT(copy.body, HasSubstr(R"("total":{"cents":5})"));
  world.advance(600s);
  EXPECT_EQ(aside("quarantined").size(), 1U) << "it does not come again";
  EXPECT_THAT(aside("parked"), IsEmpty());
  const auto metrics = world.metrics.serialize();
  EXPECT_THAT(metrics, HasSubstr(R"(consumer_quarantined_total{event="order.placed"} 1)"));
  EXPECT_THAT(metrics, HasSubstr(R"(consumer_events_total{event="order.placed",outcome="quarantined"} 1)"));
  EXPECT_THAT(metrics, Not(HasSubstr(R"(outcome="failed")")));
  EXPECT_THAT(metrics, HasSubstr(R"(consumer_events_total{event="order.placed",outcome="parked"} 0)"));
}

// A replay before the upgrade must not lose it either.
TEST_F(Governance, AReplayBeforeTheUpgradeQuarantinesItAgainAndAfterItIsHandled) {
  start_old();
  publish("e1", "order.placed:2", R"({"total":{"cents":5}})");
  replay(aside("quarantined").back(), "early");
  ASSERT_EQ(aside("quarantined").size(), 2U);
  EXPECT_NE(aside("quarantined")[1].id, "e1") << "the broker would take it for the first one";
  EXPECT_EQ(aside("quarantined")[1].headers.get("Parked-Subject"), "shop.events.order.placed");
  EXPECT_THAT(app.seen, IsEmpty());

  world.scheduler.request_shutdown();
  world.advance(10s);
  FakeEnvironment upgraded(config());  // another process of the same service, at the same broker
  Environment env{world.env.config, upgraded.clock,   upgraded.random,    upgraded.scheduler,
                  upgraded.http,    upgraded.rpc,     upgraded.databases, world.brokers,
                  upgraded.log,     upgraded.metrics, upgraded.lifecycle};
  Consumer newer(env, *broker);
  newer.check_with(new_schemas());
  newer.upcast("order.placed", 1, with_total);
  newer.on("order.placed", app, handle);
  ASSERT_TRUE(newer.start());
  upgraded.clock.since_start = world.clock.since_start;
  replay(aside("quarantined").back(), "late");
  publish("e2", "order.placed:1", R"({"cents":6})");
  upgraded.advance(10s);
  EXPECT_THAT(app.seen,
              ::testing::UnorderedElementsAre(R"(e1 2 {"total":{"cents":5}})", R"(e2 2 {"total":{"cents":6}})"));
  EXPECT_EQ(aside("quarantined").size(), 2U);
  EXPECT_THAT(upgraded.metrics.serialize(),
              HasSubstr(R"(consumer_events_total{event="order.placed replayed",outcome="done"} 1)"));
  upgraded.stop();
}

TEST_F(Governance, AHandlerReadsTheNewestVersionOnly) {
  start_new();
  publish("e1", "order.placed:1", R"({"cents":5})");
  publish("e2", "order.placed:2", R"({"total":{"cents":6}})");
  EXPECT_THAT(app.seen, ElementsAre(R"(e1 2 {"total":{"cents":5}})", R"(e2 2 {"total":{"cents":6}})"));
}

TEST_F(Governance, AnUpcasterThatFailsParks) {
  start_new();
  publish("e1", "order.placed:1", R"({"cents":13})");
  EXPECT_THAT(app.seen, IsEmpty());
  EXPECT_EQ(reason("parked"), "it could not be brought up to version 2: nobody pays that");
}

// Deliveries that nobody settled, as when the process was killed, are no reason to park it.
TEST_F(Governance, ItIsQuarantinedHoweverOftenItWasDelivered) {
  publish("e1", "order.placed:2", R"({"total":{}})");
  const auto killed = broker->subscribe({"mail-service-order-placed-from-shop", "shop.events.order.placed"});
  for (int attempt = 1; attempt <= 7; ++attempt) {
    const auto got = world.ask(killed->fetch(world.clock.monotonic() + 1s, 1));
    ASSERT_EQ(got->value().at(0).attempt, attempt);
    world.ask(killed->again(world.clock.monotonic() + 1s, got->value()[0], 0ms));
  }
  start_old();
  ASSERT_EQ(aside("quarantined").size(), 1U);
  EXPECT_EQ(aside("quarantined")[0].headers.get("Parked-Attempts"), "8");
  EXPECT_THAT(aside("parked"), IsEmpty());
}

// As a release made it that knew no quarantine.
TEST_F(Governance, TheSubjectsOfAnOlderStreamArePutRight) {
  broker::Stream before{"MAIL-SERVICE-PARKED", {"mail-service.parked.>", "mail-service.replay.>"}};
  world.ask(broker->ensure_stream(world.clock.monotonic() + 1s, std::move(before)));
  send({"mail-service.parked.order.placed", "e0", {}, "{}"});
  start_old();
  publish("e1", "order.placed:2", R"({"total":{}})");
  EXPECT_EQ(aside("parked").size(), 1U);
  EXPECT_EQ(aside("quarantined").size(), 1U);
}

TEST_F(Governance, WithALedgerARepetitionIsPassedOverInAnyVersion) {
  const std::vector<db::Migration> migrations{{1, "ledger", std::string(ledger::table_sql())}};
  database = world.databases.open("sqlite::memory:", migrations).value();
  ledger = std::make_unique<Ledger>(world.env, *database);
  start_new();
  publish("e1", "order.placed:1", R"({"cents":5})");
  auto again = world.brokers.stored("SHOP").front();
  again.id = "another for the broker";
  send(std::move(again));
  EXPECT_EQ(app.seen.size(), 1U);
  world.stop();
}

TEST_F(Governance, WhatDoesNotFitTogetherIsAStartError) {
  make();
  consumer->check_with(new_schemas());
  consumer->on("order.paid", app, handle);
  EXPECT_THAT(consumer->start().error().message, HasSubstr("order.paid is consumed and no version"));
}

}  // namespace
}  // namespace chassis
