// The stock's SQL on the real databases: snapshots, rebuilding, writers side by side and what a newer program wrote.
#include <gmock/gmock.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <pqxx/connection>
#include <pqxx/nontransaction>

#include "base/run_task.hpp"
#include "services/catalog/adapters/out/sql_reservation_store.hpp"
#include "services/catalog/adapters/out/sql_sku_store.hpp"
#include "services/chassis/db/postgres/postgres.hpp"
#include "services/chassis/db/postgres/postgres_server.hpp"
#include "services/chassis/db/sqlite/sqlite.hpp"
#include "services/chassis/db/sqlite/temp_folder.hpp"

namespace catalog_service {

std::vector<chassis::db::Migration> migrations();  // generated
const chassis::EventSchemas& event_schemas();      // generated
namespace {

using namespace std::chrono_literals;
using adapters::StockRows;
using base::Result;
using base::run_task;
using base::Task;
using chassis::CallContext;
using domain::Stock;
using ::testing::HasSubstr;
namespace db = chassis::db;

const base::SystemClock the_clock;

struct Sqlite {
  std::string url() { return "sqlite:" + (folder.path() / "catalog.db").string(); }
  db::TempFolder folder;
  db::SqliteDatabases databases{the_clock};
};

struct Postgres {
  static db::PostgresServer& server() {
    static db::PostgresServer the_server;
    return the_server;
  }
  Postgres() {
    pqxx::connection connection(server().url("postgres"));
    pqxx::nontransaction(connection).exec("DROP DATABASE IF EXISTS catalog WITH (FORCE)");
    pqxx::nontransaction(connection).exec("CREATE DATABASE catalog");
  }
  std::string url() { return server().url("catalog"); }
  db::PostgresDatabases databases{the_clock};
};

// One instance of the service's storage; several may be on one database.
struct Instance {
  explicit Instance(std::unique_ptr<db::Database> opened)
      : database(std::move(opened)),
        stock(*database, metrics),
        skus(stock),
        reservations(stock, the_clock, random, "catalog-service", event_schemas(), [] {}) {}

  std::unique_ptr<db::Database> database;
  chassis::Metrics metrics;
  base::SystemRandom random;
  adapters::StockDatabase stock;
  adapters::SqlSkuStore skus;
  adapters::SqlReservationStore reservations;
};

template <class Server>
class StockStore : public ::testing::Test {
 protected:
  std::unique_ptr<Instance> instance() {
    return std::make_unique<Instance>(server_.databases.open(server_.url(), migrations()).value());
  }
  static CallContext context() {
    CallContext context;
    context.request_id = "r";
    context.deadline = the_clock.monotonic() + 60s;
    return context;
  }
  static Stock stock(Instance& at, const std::string& sku) {
    const auto found = run_task(at.skus.find(context(), sku));
    return found && found.value() ? found.value()->stock : Stock{};
  }
  static void receive(Instance& at, const std::string& sku, std::int64_t quantity) {
    const auto done = run_task(at.skus.receive(context(), sku, quantity, "2026-11-27T00:00:00.000Z"));
    EXPECT_TRUE(done) << done.error().message;
  }
  static db::Rows sql(Instance& at, const std::string& text) {
    std::function<Result<db::Rows>(db::Transaction&)> work = [&](db::Transaction& tx) { return tx.exec(text); };
    auto rows = run_task(at.database->write<db::Rows>(context().deadline, std::move(work)));
    EXPECT_TRUE(rows) << rows.error().message;
    return rows ? std::move(rows).value() : db::Rows();
  }
  // By the newest snapshot and its tail, and from zero.
  static std::pair<Stock, Stock> read_both(Instance& at, const std::string& sku) {
    std::pair<Stock, Stock> both;
    const db::Work work = [&](db::Transaction& tx) -> Result<void> {
      TRY(both.first, StockRows(tx).load(sku));
      TRY(both.second, StockRows(tx).rebuild(sku));
      return base::success();
    };
    const auto done = run_task(at.database->read(context().deadline, work));
    EXPECT_TRUE(done) << done.error().message;
    return both;
  }

  // Orders of one each by instances in turn, all at once; every third one is given back. How many failed.
  int order_at_once(const std::vector<Instance*>& instances, int orders, const std::string& sku) {
    boost::asio::io_context io(1);
    int failed = 0;
    const auto one = [&](Instance& at, std::string order, bool gives_back) -> Task<> {
      std::vector<domain::Item> items{{sku, 1}};
      auto done = co_await at.reservations.reserve(context(), order, std::move(items), "2026-11-27T00:00:00.000Z");
      if (done && gives_back) done = co_await at.reservations.release(context(), order, "2026-11-27T00:00:00.001Z");
      EXPECT_TRUE(done) << done.error().message;
      if (!done) ++failed;
    };
    for (int i = 0; i < orders; ++i) {
      auto& at = *instances[static_cast<std::size_t>(i) % instances.size()];
      boost::asio::co_spawn(io, one(at, "o" + std::to_string(i), i % 3 == 0), boost::asio::detached);
    }
    io.run();
    return failed;
  }

  Server server_;
};

using Servers = ::testing::Types<Sqlite, Postgres>;
TYPED_TEST_SUITE(StockStore, Servers);

TYPED_TEST(StockStore, SnapshotsEachHundredAndRebuildsTheSame) {
  const auto at = this->instance();
  for (int i = 1; i <= 250; ++i) this->receive(*at, "SOLD-OUT", i);
  const auto snapshots = this->sql(*at, "SELECT version, available FROM stock_snapshots ORDER BY version");
  ASSERT_EQ(snapshots.rows.size(), 2U);
  EXPECT_EQ(snapshots.rows[0].integer(0), 100);
  EXPECT_EQ(snapshots.rows[0].integer(1), 100 * 101 / 2);
  EXPECT_EQ(snapshots.rows[1].integer(0), 200);
  const Stock expected{250, 250 * 251 / 2, 0, 250 * 251 / 2};
  EXPECT_EQ(this->stock(*at, "SOLD-OUT"), expected);
  EXPECT_EQ(this->read_both(*at, "SOLD-OUT"), std::pair(expected, expected));
  // Snapshots of a form that this program does not know are passed over, and none is needed.
  this->sql(*at, "UPDATE stock_snapshots SET schema_version = 2, available = 0");
  EXPECT_EQ(this->read_both(*at, "SOLD-OUT"), std::pair(expected, expected));
}

TYPED_TEST(StockStore, WritersSideBySideLoseNothing) {
  const auto one = this->instance();
  const auto other = this->instance();
  EXPECT_EQ(this->order_at_once({one.get(), other.get()}, 150, "A1"), 0);
  const Stock expected{1 + 150 + 50, 100'000'000 - 100, 100, 100'000'000};
  EXPECT_EQ(this->stock(*one, "A1"), expected);
  EXPECT_EQ(this->read_both(*other, "A1"), std::pair(expected, expected));
  EXPECT_EQ(this->sql(*one, "SELECT count(*) FROM outbox_event").rows[0].integer(0), 200) << "an answer to each";
  EXPECT_EQ(this->sql(*one, "SELECT count(*) FROM reservations WHERE status = 'reserved'").rows[0].integer(0), 100);
}

TYPED_TEST(StockStore, TheLastOneGoesToOneOfManyAtOnce) {
  const auto one = this->instance();
  const auto other = this->instance();
  EXPECT_EQ(this->order_at_once({one.get(), other.get()}, 40, "LAST-ONE"), 0);
  const auto stock = this->stock(*one, "LAST-ONE");
  EXPECT_EQ(stock.available + stock.reserved, 1);
  const auto held = this->sql(*one, "SELECT count(*) FROM reservations WHERE status = 'reserved'").rows[0].integer(0);
  EXPECT_EQ(held, stock.reserved);
}

TYPED_TEST(StockStore, EventsOfEveryFormMakeOneHistory) {
  const auto at = this->instance();
  this->sql(*at,
            "INSERT INTO stock_events (sku, version, type, schema_version, data, order_id, at)"
            " VALUES ('LAST-ONE', 2, 'stock_reserved', 1, '{\"qty\":1}', 'o0', '2026-11-27T00:00:00.000Z'),"
            " ('LAST-ONE', 3, 'stock_released', 2, '{\"quantity\":1}', 'o0', '2026-11-27T00:00:00.000Z')");
  this->sql(*at, "UPDATE skus SET version = 3 WHERE sku = 'LAST-ONE'");
  this->receive(*at, "LAST-ONE", 4);
  EXPECT_EQ(this->stock(*at, "LAST-ONE"), (Stock{4, 5, 0, 5}));
}

TYPED_TEST(StockStore, WhatANewerProgramWroteStopsEverythingAndChangesNothing) {
  const auto at = this->instance();
  this->sql(*at,
            "INSERT INTO stock_events (sku, version, type, schema_version, data, order_id, at)"
            " VALUES ('A1', 2, 'stock_reserved', 3, '{\"amount\":1}', 'o0', '2026-11-27T00:00:00.000Z')");
  std::vector<domain::Item> items{{"B-2", 1}, {"A1", 1}};
  const auto refused = run_task(at->reservations.reserve(this->context(), "o1", items, "2026-11-27T00:00:00.000Z"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, base::ErrorCode::unavailable);
  EXPECT_THAT(refused.error().message, HasSubstr("event 2 of the stock of A1"));
  EXPECT_THAT(refused.error().message, HasSubstr("newer program"));
  EXPECT_EQ(this->stock(*at, "B-2"), (Stock{1, 100'000'000, 0, 100'000'000}));
  EXPECT_EQ(this->sql(*at, "SELECT count(*) FROM outbox_event").rows[0].integer(0), 0);
  EXPECT_EQ(this->sql(*at, "SELECT count(*) FROM reservations").rows[0].integer(0), 0);
  EXPECT_TRUE(run_task(at->skus.find(this->context(), "A1")).value()) << "the counts can be read";
}

TYPED_TEST(StockStore, AHistoryWithAHoleIsADefect) {
  const auto at = this->instance();
  for (int i = 0; i < 3; ++i) this->receive(*at, "A1", 1);
  this->sql(*at, "DELETE FROM stock_events WHERE sku = 'A1' AND version = 3");
  const auto refused = run_task(at->skus.receive(this->context(), "A1", 1, "2026-11-27T00:00:00.000Z"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "event 3 of the stock of A1 is missing");
}

// A database in which somebody else is faster: between what the work reads and what it writes, another transaction adds
// the event of that version. Only the key of the events says so.
class Overtaking final : public db::Database {
 public:
  Overtaking(Instance& inner, int times) : inner_(inner), left_(times) {}

  Task<Result<void>> write(base::Monotonic deadline, db::Work work) override {
    const auto is_hit = std::make_shared<bool>(false);
    db::Work watched = [work = std::move(work), is_hit, hits = left_ > 0](db::Transaction& tx) -> Result<void> {
      Overtaken seen(tx, hits);
      auto done = work(seen);
      *is_hit = seen.is_hit;
      return done;
    };
    auto done = co_await inner_.database->write(deadline, std::move(watched));
    if (*is_hit) {
      --left_;
      CallContext context;
      context.deadline = deadline;
      CO_TRY(co_await inner_.skus.receive(context, "A1", 1, "2026-11-27T00:00:00.000Z"));
    }
    co_return done;
  }
  Task<Result<void>> read(base::Monotonic deadline, db::Work work) override {
    return inner_.database->read(deadline, std::move(work));
  }
  Task<Result<void>> ping(base::Monotonic deadline) override { return inner_.database->ping(deadline); }

 private:
  // As the database answers when another transaction has committed a row of that key.
  class Overtaken final : public db::Transaction {
   public:
    Overtaken(db::Transaction& tx, bool hits) : tx_(tx), hits_(hits) {}
    Result<db::Rows> exec(std::string_view sql, std::span<const db::Value> parameters) override {
      if (!hits_ || sql.find("INSERT INTO stock_events") == sql.npos) return tx_.exec(sql, parameters);
      is_hit = true;
      return db::Rows();
    }
    bool is_hit = false;

   private:
    db::Transaction& tx_;
    bool hits_;
  };

  Instance& inner_;
  int left_;
};

TYPED_TEST(StockStore, WhoIsOvertakenReadsAgainAndIsThenRight) {
  const auto at = this->instance();
  Overtaking slow(*at, 3);
  chassis::Metrics metrics;
  adapters::StockDatabase stock(slow, metrics);
  adapters::SqlReservationStore late(stock, the_clock, at->random, "catalog-service", event_schemas(), [] {});
  std::vector<domain::Item> items{{"A1", 5}};
  const auto done = run_task(late.reserve(this->context(), "o1", items, "2026-11-27T00:00:00.000Z"));
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(this->stock(*at, "A1"), (Stock{5, 100'000'003 - 5, 5, 100'000'003}));
  EXPECT_THAT(metrics.serialize(), HasSubstr("stock_conflicts_total 3"));
}

TYPED_TEST(StockStore, WhoIsAlwaysOvertakenGivesUpAndHasChangedNothing) {
  const auto at = this->instance();
  Overtaking slow(*at, 1'000);
  chassis::Metrics metrics;
  adapters::StockDatabase stock(slow, metrics);
  adapters::SqlReservationStore late(stock, the_clock, at->random, "catalog-service", event_schemas(), [] {});
  std::vector<domain::Item> items{{"A1", 5}};
  const auto done = run_task(late.reserve(this->context(), "o1", items, "2026-11-27T00:00:00.000Z"));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, base::ErrorCode::unavailable);
  EXPECT_TRUE(done.error().retry_after);
  EXPECT_EQ(this->sql(*at, "SELECT count(*) FROM reservations").rows[0].integer(0), 0);
  EXPECT_EQ(this->stock(*at, "A1").reserved, 0);
}

}  // namespace
}  // namespace catalog_service
