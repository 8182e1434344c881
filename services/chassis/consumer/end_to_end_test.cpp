// From a transaction to a handler over each real broker: outbox, stream, consumer, on a real scheduler.
#include <gmock/gmock.h>
#include <boost/asio/co_spawn.hpp>

#include "base/subjects.hpp"
#include "services/chassis/api/testdata/sample.pb.h"
#include "services/chassis/broker/nats/nats_server.hpp"
#include "services/chassis/broker/redis/redis_server.hpp"
#include "services/chassis/consumer/consumer.hpp"
#include "services/chassis/consumer/parked.hpp"
#include "services/chassis/host/brokers.hpp"
#include "services/chassis/host/http.hpp"
#include "services/chassis/host/io_threads.hpp"
#include "services/chassis/host/scheduler.hpp"
#include "services/chassis/outbox/outbox.hpp"
#include "services/chassis/outbox/table.hpp"
#include "services/chassis/rpc/memory.hpp"
#include "services/chassis/testing/fake_environment.hpp"

namespace chassis {
namespace {

using namespace std::chrono_literals;
using base::Result;

Config config_of(const std::string& name) {
  Config config;
  config.name = config.instance = name;
  return config;
}

// Two services in one process: one publishes, the other consumes. Only the database is a fake.
struct World {
  explicit World(const std::string& name) : config(config_of(name)) {}

  base::SystemClock clock;
  base::SystemRandom random;
  IoThreads threads{1};
  AsioScheduler scheduler{threads};
  AsioHttp http{threads};
  rpc::MemoryTransport rpc{clock};
  db::InlineSqlite databases{clock};
  BrokersByUrl brokers;
  testing::CapturedLog log;
  Metrics metrics;
  testing::CapturedLifecycle lifecycle;
  Config config;
  Config other = config_of("mail-service");
  Environment publisher{config, clock, random, scheduler, http, rpc, databases, brokers, log, metrics, lifecycle};
  Environment consumer{other, clock, random, scheduler, http, rpc, databases, brokers, log, metrics, lifecycle};
};

struct App {
  World* world = nullptr;
  std::map<std::string, int> seen;  // by name in the data
  std::string trace_id;
  bool fail_once = true;
};

base::Task<Result<void>> handle(App& app, CallContext context, consumer::Event, test::Sample sample) {
  if (sample.id() == "2" && std::exchange(app.fail_once, false)) {
    co_return base::fail(base::ErrorCode::unavailable, "not now");
  }
  ++app.seen[sample.id()];
  app.trace_id = context.trace.trace_id;
  co_return base::success();
}

constexpr auto trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";

base::Task<Result<void>> add_event(World& world, db::Database& database, std::string id) {
  CallContext context;
  context.trace = continue_trace(std::string("00-") + trace_id + "-00f067aa0ba902b7-01", "", world.random);
  context.request_id = "r";
  outbox::Event event{id, "order.placed", "/shop", "o" + id, "2026-11-21T00:00:00.000Z", "urn:x", {{"id", id}}};
  db::Work work = [event, context](db::Transaction& tx) { return outbox::append(tx, "shop", event, context); };
  co_return co_await database.write(world.clock.monotonic() + 5s, std::move(work));
}

base::Task<bool> until_seen(World& world, const App& app, std::size_t count) {
  for (const auto end = world.clock.monotonic() + 20s; world.clock.monotonic() < end;) {
    if (app.seen.size() >= count) co_return true;
    co_await world.scheduler.sleep(5ms);
  }
  co_return false;
}

template <class Server>
base::Task<> scenario(World& world, Server& server, App& app) {
  const auto migration = std::string(outbox::table_sql());
  const auto database = world.databases.open("sqlite::memory:", {{1, "outbox", migration}}).value();
  const auto broker = world.brokers.connect(server.url()).value();
  outbox::Relay relay(world.publisher, *database, *broker);
  Consumer consumer(world.consumer, *broker);
  consumer.on("order.placed", app, handle);
  world.scheduler.spawn(consumer.run());
  world.scheduler.spawn(relay.run());
  for (const char* id : {"1", "2", "3"}) {
    const auto added = co_await add_event(world, *database, id);
    EXPECT_TRUE(added);
  }
  relay.wake();
  EXPECT_TRUE(co_await until_seen(world, app, 3)) << "the one that failed comes again";
  server.kill();
  const auto added = co_await add_event(world, *database, "4");
  EXPECT_TRUE(added);
  server.start();
  EXPECT_TRUE(co_await until_seen(world, app, 4)) << "a restart of the broker loses nothing";
  world.scheduler.request_shutdown();
  co_await world.scheduler.join();
}

base::Task<Result<void>> make_streams(World& world, broker::Broker& broker, std::vector<std::string> services) {
  for (const auto& service : services) {
    Result<void> made = base::fail(base::ErrorCode::unavailable, "not tried yet");
    for (const auto end = world.clock.monotonic() + 10s; !made && world.clock.monotonic() < end;) {
      broker::Stream stream{base::stream_name(service), {service + ".events.>"}};
      made = co_await broker.ensure_stream(world.clock.monotonic() + 1s, std::move(stream));
      if (!made) co_await world.scheduler.sleep(5ms);
    }
    CO_TRY(made);
  }
  co_return base::success();
}

// Nobody says who publishes, and the streams that are there first take the type by their wildcards.
template <class Server>
base::Task<> scenario_of_many_streams(World& world, Server& server, App& app) {
  const auto migration = std::string(outbox::table_sql());
  const auto database = world.databases.open("sqlite::memory:", {{1, "outbox", migration}}).value();
  const auto broker = world.brokers.connect(server.url()).value();
  std::vector<std::string> services{"alpha", "mail-service"};
  const auto made = co_await make_streams(world, *broker, std::move(services));
  EXPECT_TRUE(made);
  Consumer consumer(world.consumer, *broker);
  consumer.on("order.placed", app, handle);
  world.scheduler.spawn(consumer.run());
  const std::string body =
      R"({"specversion":"1.0","id":"a","source":"/alpha","type":"order.placed","data":{"id":"a"}})";
  std::vector<broker::Message> messages;
  messages.push_back({"alpha.events.order.placed", "a", {}, body});
  const auto answers = co_await broker->publish(world.clock.monotonic() + 5s, std::move(messages));
  EXPECT_TRUE(answers.at(0));
  EXPECT_TRUE(co_await until_seen(world, app, 1)) << "so it has its place there";
  outbox::Relay relay(world.publisher, *database, *broker);
  world.scheduler.spawn(relay.run());
  const auto added = co_await add_event(world, *database, "1");
  EXPECT_TRUE(added);
  EXPECT_TRUE(co_await until_seen(world, app, 2)) << "a stream that came later is heard as well";
  world.scheduler.request_shutdown();
  co_await world.scheduler.join();
}

// With the headers that say why, the copy is larger than the broker takes.
template <class Server>
base::Task<> scenario_of_a_huge_event(World& world, Server& server, App& app, broker::Message& parked) {
  const auto broker = world.brokers.connect(server.url()).value();
  std::vector<std::string> services{"shop"};
  const auto made = co_await make_streams(world, *broker, std::move(services));
  EXPECT_TRUE(made);
  Consumer consumer(world.consumer, *broker);
  consumer.on("order.placed", app, handle);
  world.scheduler.spawn(consumer.run());
  std::vector<broker::Message> messages;
  messages.push_back({"shop.events.order.placed", "huge", {}, "{" + std::string((1 << 20) - 100, 'x')});
  const auto answers = co_await broker->publish(world.clock.monotonic() + 5s, std::move(messages));
  EXPECT_TRUE(answers.at(0));
  broker::Subscription wanted{"reader", "mail-service.parked.>"};
  const auto reader = broker->subscribe(std::move(wanted));
  for (const auto end = world.clock.monotonic() + 20s; parked.subject.empty() && world.clock.monotonic() < end;) {
    auto fetched = co_await reader->fetch(world.clock.monotonic() + 200ms, 1);
    if (fetched && !fetched.value().empty()) parked = std::move(fetched.value()[0].message);
    if (!fetched) co_await world.scheduler.sleep(50ms);
  }
  world.scheduler.request_shutdown();
  co_await world.scheduler.join();
}

template <class Server>
class EndToEnd : public ::testing::Test {};

using Servers = ::testing::Types<broker::NatsServer, broker::RedisServer>;
TYPED_TEST_SUITE(EndToEnd, Servers);

TYPED_TEST(EndToEnd, WhatWasCommittedIsHandled) {
  TypeParam server;
  World world("shop");
  App app{&world, {}, {}, true};
  boost::asio::co_spawn(world.threads.first(), scenario(world, server, app), [&](std::exception_ptr thrown) {
    if (thrown) std::rethrow_exception(thrown);
    world.threads.first().stop();
  });
  world.threads.run();
  world.threads.stop();
  // Once or more: what the broker did not hear of before it was killed comes again. Only an inbox makes that once.
  for (const auto& [id, times] : app.seen) EXPECT_GE(times, 1) << id;
  EXPECT_EQ(app.trace_id, trace_id);
}

TYPED_TEST(EndToEnd, WhatNobodySaysToPublishIsHeardOfAllStreams) {
  TypeParam server;
  World world("shop");
  App app{&world, {}, {}, true};
  boost::asio::co_spawn(world.threads.first(), scenario_of_many_streams(world, server, app),
                        [&](std::exception_ptr thrown) {
                          if (thrown) std::rethrow_exception(thrown);
                          world.threads.first().stop();
                        });
  world.threads.run();
  world.threads.stop();
  EXPECT_EQ(app.seen, (std::map<std::string, int>{{"1", 1}, {"a", 1}}));
}

TYPED_TEST(EndToEnd, WhatIsTooLargeToBeParkedWholeIsParkedByItsBeginning) {
  TypeParam server;
  World world("shop");
  App app{&world, {}, {}, true};
  broker::Message parked;
  boost::asio::co_spawn(world.threads.first(), scenario_of_a_huge_event(world, server, app, parked),
                        [&](std::exception_ptr thrown) {
                          if (thrown) std::rethrow_exception(thrown);
                          world.threads.first().stop();
                        });
  world.threads.run();
  world.threads.stop();
  EXPECT_EQ(parked.subject, "mail-service.parked.order.placed");
  EXPECT_EQ(parked.body, "{" + std::string(4'095, 'x'));
  EXPECT_EQ(parked.headers.get(consumer::parked_size), std::to_string((1 << 20) - 99));
  EXPECT_TRUE(app.seen.empty());
}

}  // namespace
}  // namespace chassis
