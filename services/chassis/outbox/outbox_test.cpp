// The outbox on fakes: order per aggregate, what a broker that refuses or is away does, what is marked and when.
#include "services/chassis/outbox/outbox.hpp"

#include <gtest/gtest.h>

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

// A broker of one stream that refuses the subjects it was told to refuse.
class PickyBroker final : public broker::Broker {
 public:
  base::Task<base::Result<void>> ensure_stream(base::Monotonic, broker::Stream stream) override {
    stream_name = stream.name;
    co_return base::success();
  }
  base::Task<std::vector<base::Result<void>>> publish(base::Monotonic, std::vector<broker::Message> messages) override {
    std::vector<base::Result<void>> answers;
    largest_batch = std::max(largest_batch, messages.size());
    for (auto& message : messages) {
      if (refused.contains(message.subject)) {
        answers.emplace_back(base::fail(base::ErrorCode::unavailable, "refused"));
      } else {
        stored.push_back(message.id);
        answers.emplace_back(base::success());
      }
    }
    co_return answers;
  }
  std::unique_ptr<broker::Subscriber> subscribe(broker::Subscription) override { return nullptr; }
  base::Task<base::Result<void>> ping(base::Monotonic) override { co_return base::success(); }

  std::string stream_name;
  std::vector<std::string> stored;
  std::set<std::string> refused;
  std::size_t largest_batch = 0;
};

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

  std::int64_t unsent() {
    std::int64_t count = -1;
    run([&](db::Transaction& tx) -> base::Result<void> {
      TRY(const auto rows, tx.exec("SELECT count(*) FROM outbox WHERE sent_at IS NULL"));
      count = rows.rows.front().integer(0);
      return base::success();
    });
    return count;
  }

  void run(db::Work work) {
    const auto done = world.ask(database->write(world.clock.monotonic() + 1s, std::move(work)));
    EXPECT_TRUE(done && *done);
  }

  PickyBroker broker;
  FakeEnvironment world;
  std::unique_ptr<db::Database> database;
  std::unique_ptr<Relay> relay;
};

TEST_F(Outbox, RefusesWhatTheSchemaRefuses) {
  const auto schemas = EventSchemas::read({R"({"$id":"urn:x","properties":{"n":{"type":"string"}}})"}).value();
  const Event event{"1", "order.placed", "/order-service", "a", "2026-11-21T00:00:00.000Z", "urn:x", {{"n", 1}}};
  std::string said;
  run([&](db::Transaction& tx) -> base::Result<void> {
    const auto added = append(tx, "order-service", event, CallContext(), schemas);
    if (!added) said = added.error().message;
    return base::success();
  });
  EXPECT_EQ(said, "order.placed was not published: its schema refuses it: n must be of type string");
  EXPECT_EQ(unsent(), 0);
}

TEST_F(Outbox, PublishesInOrderOfCommitWithinAnAggregate) {
  for (const char* id : {"a1", "b1", "a2", "a3", "b2"}) add(id, std::string(1, id[0]));
  world.scheduler.spawn(relay->run());
  world.advance(1s);
  EXPECT_EQ(broker.stream_name, "ORDER-SERVICE");
  EXPECT_EQ(broker.stored, (std::vector<std::string>{"a1", "b1", "a2", "b2", "a3"}));
  EXPECT_EQ(broker.largest_batch, 2U);  // one row an aggregate at a time
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
