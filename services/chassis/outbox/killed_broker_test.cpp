// The relay over each real broker, which is killed while thousands of rows are on their way: all of them arrive, of
// each aggregate in their order, and none is marked before.
#include <map>
#include <set>

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>

#include "services/chassis/broker/nats/nats_server.hpp"
#include "services/chassis/broker/redis/redis_server.hpp"
#include "services/chassis/db/sqlite/sqlite.hpp"
#include "services/chassis/db/sqlite/temp_folder.hpp"
#include "services/chassis/host/brokers.hpp"
#include "services/chassis/host/http.hpp"
#include "services/chassis/host/io_threads.hpp"
#include "services/chassis/host/scheduler.hpp"
#include "services/chassis/outbox/outbox.hpp"
#include "services/chassis/outbox/table.hpp"
#include "services/chassis/rpc/memory.hpp"
#include "services/chassis/testing/fake_environment.hpp"

namespace chassis::outbox {
namespace {

using namespace std::chrono_literals;

constexpr int rows = 20'000;
constexpr int aggregates = 300;
constexpr int kills = 3;

Config shop() {
  Config config;
  config.name = config.instance = "shop";
  return config;
}

struct World {
  base::SystemClock clock;
  base::SystemRandom random;
  IoThreads threads{1};
  AsioScheduler scheduler{threads};
  AsioHttp http{threads};
  rpc::MemoryTransport rpc{clock};
  db::TempFolder folder;
  db::SqliteDatabases databases{clock};
  BrokersByUrl brokers;
  testing::CapturedLog log;
  Metrics metrics;
  testing::CapturedLifecycle lifecycle;
  Config config = shop();
  Environment env{config, clock, random, scheduler, http, rpc, databases, brokers, log, metrics, lifecycle};

  base::Task<std::int64_t> sql(db::Database& database, std::string text) {
    std::function<base::Result<std::int64_t>(db::Transaction&)> work =
        [text](db::Transaction& tx) -> base::Result<std::int64_t> {
      TRY(const auto found, tx.exec(text));
      return found.rows.empty() ? std::int64_t{0} : found.rows.front().integer(0);
    };
    const auto done = co_await database.write<std::int64_t>(clock.monotonic() + 30s, std::move(work));
    EXPECT_TRUE(done);
    co_return done ? done.value() : -1;
  }
  base::Task<std::int64_t> unsent(db::Database& database) { return sql(database, "SELECT count(*) FROM outbox_queue"); }
};

// Ids of the stream's messages in their order.
base::Task<std::vector<std::string>> read_all(World& world, broker::Broker& broker) {
  std::vector<std::string> ids;
  broker::Subscription wanted{"reader", "shop.events.order.placed"};
  wanted.max_unsettled = 10 * rows;
  const auto subscriber = broker.subscribe(std::move(wanted));
  for (;;) {
    const auto fetched = co_await subscriber->fetch(world.clock.monotonic() + 1s, 500);
    if (!fetched || fetched.value().empty()) co_return ids;
    for (const auto& delivery : fetched.value()) ids.push_back(delivery.message.id);
  }
}

// Until fewer wait than that; how many do.
base::Task<std::int64_t> until_below(World& world, db::Database& database, std::int64_t count) {
  auto left = co_await world.unsent(database);
  for (const auto end = world.clock.monotonic() + 40s; left >= count && world.clock.monotonic() < end;) {
    co_await world.scheduler.sleep(2ms);
    left = co_await world.unsent(database);
  }
  co_return left;
}

template <class Server>
base::Task<> scenario(World& world, Server& server, std::vector<std::string>& stored) {
  const auto url = "sqlite:" + (world.folder.path() / "shop.db").string();
  const auto database = world.databases.open(url, {{1, "outbox", std::string(table_sql())}}).value();
  const auto broker = world.brokers.connect(server.url()).value();
  co_await world.sql(
      *database,
      "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < " + std::to_string(rows) +
          ") INSERT INTO outbox_event (event_id, aggregate, subject, traceparent, tracestate,"
          " request_id, body, created_at) SELECT n, 'a' || (n % " +
          std::to_string(aggregates) + "), 'shop.events.order.placed', 't', '', 'r', '{}', 'x' FROM numbers");
  co_await world.sql(*database, "INSERT INTO outbox_queue (id, aggregate) SELECT id, aggregate FROM outbox_event");
  Relay relay(world.env, *database, *broker);
  world.scheduler.spawn(relay.run());
  std::int64_t left = rows;
  for (int i = 0; i < kills; ++i) {
    left = co_await until_below(world, *database, left - 1'000);
    server.kill();
    server.start();
  }
  left = co_await until_below(world, *database, 1);
  EXPECT_EQ(left, 0);
  stored = co_await read_all(world, *broker);
  world.scheduler.request_shutdown();
  co_await world.scheduler.join();
}

template <class Server>
class KilledBroker : public ::testing::Test {};

using Servers = ::testing::Types<broker::NatsServer, broker::RedisServer>;
TYPED_TEST_SUITE(KilledBroker, Servers);

TYPED_TEST(KilledBroker, WhatIsOnItsWayArrivesInOrder) {
  TypeParam server;
  World world;
  std::vector<std::string> stored;
  boost::asio::co_spawn(world.threads.first(), scenario(world, server, stored), [&](std::exception_ptr thrown) {
    if (thrown) std::rethrow_exception(thrown);
    world.threads.first().stop();
  });
  world.threads.run();
  world.threads.stop();
  std::set<std::string> all;
  std::map<std::int64_t, std::int64_t> newest;  // by aggregate
  for (const auto& id : stored) {
    if (!all.insert(id).second) continue;  // a repetition is no fault
    const auto number = std::stoll(id);
    auto& before = newest[number % aggregates];
    EXPECT_LT(before, number) << "of aggregate " << number % aggregates;
    before = number;
  }
  EXPECT_EQ(all.size(), static_cast<std::size_t>(rows));
}

}  // namespace
}  // namespace chassis::outbox
