// From a transaction to a handler over the real broker: outbox, JetStream, consumer, on a real scheduler.
#include <gmock/gmock.h>
#include <boost/asio/co_spawn.hpp>

#include "services/chassis/api/testdata/sample.pb.h"
#include "services/chassis/broker/nats/nats.hpp"
#include "services/chassis/broker/nats/nats_server.hpp"
#include "services/chassis/consumer/consumer.hpp"
#include "services/chassis/host/http.hpp"
#include "services/chassis/host/io_threads.hpp"
#include "services/chassis/host/scheduler.hpp"
#include "services/chassis/outbox/outbox.hpp"
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
  broker::NatsBrokers brokers;
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

base::Task<> scenario(World& world, broker::NatsServer& server, App& app) {
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

TEST(EndToEnd, WhatWasCommittedIsHandled) {
  broker::NatsServer server;
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

}  // namespace
}  // namespace chassis
