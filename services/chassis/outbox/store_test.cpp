// The outbox's SQL on the real databases, and what it costs there: every plan goes by an index, whatever waits.
#include "services/chassis/outbox/store.hpp"

#include <algorithm>
#include <atomic>
#include <fstream>
#include <map>
#include <random>

#include <gmock/gmock.h>
#include <pqxx/connection>
#include <pqxx/nontransaction>
#include <pqxx/transaction>

#include "base/run_task.hpp"
#include "services/chassis/db/postgres/postgres.hpp"
#include "services/chassis/db/postgres/postgres_server.hpp"
#include "services/chassis/db/sqlite/sqlite.hpp"
#include "services/chassis/db/sqlite/temp_folder.hpp"
#include "services/chassis/outbox/table.hpp"

namespace chassis::outbox {
namespace {

using namespace std::chrono_literals;
using base::Result;
using base::run_task;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const base::SystemClock the_clock;

struct Sqlite {
  static constexpr bool is_postgres = false;
  std::string url() { return "sqlite:" + (folder.path() / "outbox.db").string(); }
  db::TempFolder folder;
  db::SqliteDatabases databases{the_clock};
};

struct Postgres {
  static constexpr bool is_postgres = true;
  static db::PostgresServer& server() {
    static db::PostgresServer the_server;
    return the_server;
  }
  std::string url() {
    pqxx::connection connection(server().url("postgres"));
    pqxx::nontransaction(connection).exec("DROP DATABASE IF EXISTS outbox WITH (FORCE)");
    pqxx::nontransaction(connection).exec("CREATE DATABASE outbox");
    return server().url("outbox");
  }
  db::PostgresDatabases databases{the_clock};
};

template <class Server>
class OutboxStore : public ::testing::Test {
 protected:
  OutboxStore() {
    database_ = server_.databases.open(server_.url(), {{1, "outbox", std::string(table_sql())}}).value();
    store_ = std::make_unique<Store>(*database_, the_clock, Server::is_postgres);
    EXPECT_TRUE(run_task(store_->take({"", 0, 0}, "me")).value());
  }

  static base::Monotonic soon() { return the_clock.monotonic() + 60s; }
  db::Rows sql(const std::string& text, std::vector<db::Value> values = {}) {
    std::function<Result<db::Rows>(db::Transaction&)> work = [&](db::Transaction& tx) {
      return tx.exec(text, std::span<const db::Value>(values));
    };
    auto rows = run_task(database_->template write<db::Rows>(soon(), std::move(work)));
    EXPECT_TRUE(rows) << rows.error().message;
    return rows ? std::move(rows).value() : db::Rows();
  }
  std::int64_t number(const std::string& text) { return sql(text).rows.at(0).integer(0); }
  void add(const std::string& id, const std::string& aggregate) {
    sql("INSERT INTO outbox_event (event_id, aggregate, subject, traceparent, tracestate, request_id, body, created_at)"
        " VALUES ($1, $2, 'shop.events.order.placed', 't', 's', 'r', '{}', '2026-11-21T00:00:00.000Z')",
        {id, aggregate});
    queue();
  }
  // `count` rows, the n-th of the aggregate that `aggregate` (SQL over n) names.
  void add_many(std::int64_t count, const std::string& aggregate) {
    sql("WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < " +
        std::to_string(count) +
        ") INSERT INTO outbox_event (event_id, aggregate, subject, traceparent, tracestate, request_id, body,"
        " created_at) SELECT 'many-' || n, " +
        aggregate + ", 'shop.events.order.placed', 't', '', 'r', '{}', '2026-11-21T00:00:00.000Z' FROM numbers");
    queue();
  }
  // What is newer than all that was ever queued.
  void queue() {
    sql("INSERT INTO outbox_queue (id, aggregate) SELECT id, aggregate FROM outbox_event WHERE id >"
        " coalesce((SELECT max(id) FROM outbox_queue), 0) AND id > coalesce((SELECT max(last_id) FROM outbox_sent), "
        "0)");
  }
  // How many rows are where `first_sequence + n` of their run says.
  std::int64_t at_sequence(const std::string& where) {
    return number(
        "SELECT count(*) FROM outbox_event e CROSS JOIN outbox_sent s WHERE e.id >= s.first_id AND e.id <= s.last_id"
        " AND " +
        where);
  }
  Portion read(Scan scan = {"", 100, 10, 0}) {
    auto portion = run_task(store_->read(scan));
    EXPECT_TRUE(portion) << portion.error().message;
    return portion ? std::move(portion).value() : Portion();
  }
  Portion read_in_order(Stretch stretch) {
    auto portion = run_task(store_->read(stretch));
    EXPECT_TRUE(portion) << portion.error().message;
    return portion ? std::move(portion).value() : Portion();
  }
  static std::vector<std::string> ids(const Portion& portion) {
    std::vector<std::string> found;
    for (const auto& row : portion.rows) found.push_back(row.message.id);
    return found;
  }
  void settle(Settlement settlement) {
    const auto done = run_task(store_->settle("me", std::move(settlement)));
    ASSERT_TRUE(done) << done.error().message;
    ASSERT_TRUE(done.value());
  }
  void send_all() {
    Settlement settlement;
    for (const auto& row : read({"", 5'000, 5'000, 0}).rows) settlement.sent.push_back({row.id, row.id});
    settle(settlement);
  }

  Server server_;
  std::unique_ptr<db::Database> database_;
  std::unique_ptr<Store> store_;
};

using Servers = ::testing::Types<Sqlite, Postgres>;
TYPED_TEST_SUITE(OutboxStore, Servers);

TYPED_TEST(OutboxStore, ReadsAnAggregatesOldestRowsInTheirOrder) {
  for (const char* id : {"b1", "a1", "b2", "c1", "a2", "a3"}) this->add(id, std::string(1, id[0]));
  const auto all = this->read();
  EXPECT_THAT(this->ids(all), ElementsAre("a1", "a2", "a3", "b1", "b2", "c1"));
  EXPECT_TRUE(all.reached_end);
  EXPECT_EQ(all.aggregates, 3);
  EXPECT_EQ(all.lease.owner, "me");
  EXPECT_EQ(all.rows[0].message.headers.get("tracestate"), "s");
  EXPECT_THAT(this->ids(this->read({"", 100, 1, 0})), ElementsAre("a1", "b1", "c1"));
  const auto few = this->read({"", 4, 2, 0});
  EXPECT_THAT(this->ids(few), ElementsAre("a1", "a2", "b1", "b2"));
  EXPECT_FALSE(few.reached_end);
  EXPECT_THAT(this->ids(this->read({few.last_aggregate, 4, 2, 0})), ElementsAre("c1"));
}

TYPED_TEST(OutboxStore, LeapsOverAggregatesThatMustWait) {
  for (const char* id : {"a1", "b1", "a2", "b2", "c1"}) this->add(id, std::string(1, id[0]));
  this->settle({{}, {{1, 5'000, ""}, {2, 0, "too large"}}});
  EXPECT_THAT(this->ids(this->read({"", 100, 10, 4'999})), ElementsAre("c1"));
  const auto later = this->read({"", 100, 10, 5'000});
  EXPECT_THAT(this->ids(later), ElementsAre("a1", "a2", "c1"));
  EXPECT_EQ(later.rows[0].attempts, 1);
  const auto parked = run_task(this->store_->parked(10)).value();
  ASSERT_EQ(parked.size(), 1U);
  EXPECT_EQ(parked[0]["id"], "b1");
  EXPECT_EQ(parked[0]["reason"], "too large");
}

TYPED_TEST(OutboxStore, ReadsInTheOrderOfWritingUpToWhatMustWait) {
  for (const char* id : {"b1", "a1", "b2", "c1", "a2"}) this->add(id, std::string(1, id[0]));
  const auto all = this->read_in_order({0, 100, 0});
  EXPECT_THAT(this->ids(all), ElementsAre("b1", "a1", "b2", "c1", "a2"));
  EXPECT_TRUE(all.reached_end);
  EXPECT_EQ(all.lease.owner, "me");
  EXPECT_EQ(all.rows[2].aggregate, "b");
  const auto some = this->read_in_order({1, 2, 0});
  EXPECT_THAT(this->ids(some), ElementsAre("a1", "b2"));
  EXPECT_FALSE(some.reached_end);
  EXPECT_FALSE(some.must_wait);
  this->settle({{{2, 1}}, {{3, 5'000, ""}}});
  const auto early = this->read_in_order({0, 100, 4'999});
  EXPECT_THAT(this->ids(early), ElementsAre("b1"));
  EXPECT_TRUE(early.must_wait);
  EXPECT_THAT(this->ids(this->read_in_order({0, 100, 5'000})), ElementsAre("b1", "b2", "c1", "a2"));
  this->settle({{}, {{4, 0, "too large"}}});
  const auto parked = this->read_in_order({0, 100, 5'000});
  EXPECT_TRUE(parked.must_wait) << "wherever it is";
  EXPECT_TRUE(parked.rows.empty());
}

// Runs of ids and sequences, with gaps in either, and single ones.
TYPED_TEST(OutboxStore, MarksRunsAndNothingBetweenThem) {
  this->add_many(100, "'a'");
  Settlement settlement;
  for (std::int64_t id = 1; id <= 40; ++id) settlement.sent.push_back({id, id + 7});
  for (std::int64_t id = 42; id <= 80; ++id) settlement.sent.push_back({id, id < 60 ? id + 7 : id + 9});
  std::reverse(settlement.sent.begin(), settlement.sent.end());
  this->settle(settlement);
  EXPECT_EQ(this->at_sequence("true"), 79);
  EXPECT_EQ(this->at_sequence("e.id < 60 AND s.first_sequence + e.id - s.first_id = e.id + 7"), 58);
  EXPECT_EQ(this->at_sequence("e.id >= 60 AND e.id <= 80 AND s.first_sequence + e.id - s.first_id = e.id + 9"), 21);
  EXPECT_THAT(this->ids(this->read_in_order({0, 1, 0})), ElementsAre("many-41"));
  EXPECT_EQ(this->read().lease.last_sequence, 89);
}

TYPED_TEST(OutboxStore, MarksManyAtOnceAndKeepsTheHighestSequence) {
  this->add_many(300, "'a' || (n % 7)");
  Settlement settlement;
  for (const auto& row : this->read({"", 1'000, 100, 0}).rows) settlement.sent.push_back({row.id, 1'000 - row.id});
  ASSERT_EQ(settlement.sent.size(), 300U);
  this->settle(settlement);
  EXPECT_EQ(this->at_sequence("s.first_sequence + e.id - s.first_id = 1000 - e.id"), 300);
  EXPECT_EQ(this->read().lease.last_sequence, 999);
  this->add("z", "z");
  this->settle({{{301, 5}}, {}});
  EXPECT_EQ(this->read().lease.last_sequence, 999);
}

TYPED_TEST(OutboxStore, RewindsInPortionsWhatStoodAbove) {
  this->add_many(2'500, "'a' || n");
  this->send_all();
  const auto some = run_task(this->store_->rewind("me", 2'400));
  ASSERT_TRUE(some) << some.error().message;
  EXPECT_EQ(some.value(), 100);
  EXPECT_EQ(this->read().lease.last_sequence, 2'400);
  EXPECT_EQ(run_task(this->store_->rewind("me", 0)).value(), 2'400);
  EXPECT_EQ(this->number("SELECT count(*) FROM outbox_queue"), 2'500);
  EXPECT_EQ(run_task(this->store_->rewind("somebody", 0)).value(), -1);
}

TYPED_TEST(OutboxStore, ReplaysAndReaps) {
  this->add_many(2'500, "'a' || n");
  this->send_all();
  EXPECT_EQ(run_task(this->store_->replay({Choice::Kind::event, "many-3"})).value(), 1);
  EXPECT_THAT(this->ids(this->read()), ElementsAre("many-3~1"));
  EXPECT_EQ(run_task(this->store_->replay({Choice::Kind::all, ""})).value(), 2'499);
  this->send_all();
  const auto in_future = base::to_rfc3339(the_clock.wall() + 1h);
  EXPECT_EQ(run_task(this->store_->reap(base::to_rfc3339(the_clock.wall() - 1h))).value(), 0);
  EXPECT_EQ(run_task(this->store_->reap(in_future)).value(), Store::portion);
  EXPECT_EQ(run_task(this->store_->replay({Choice::Kind::since, in_future})).value(), 0);
  EXPECT_EQ(this->number("SELECT count(*) FROM outbox_event"), 1'500);
}

// Many steps by chance, after each of which every event is in the queue or at the sequence that it was sent with last.
TYPED_TEST(OutboxStore, KeepsRunsAsIfEachRowWereMarked) {
  std::mt19937 chance(20261127);
  const auto below = [&chance](std::int64_t bound) {
    return bound <= 0 ? 0 : std::uniform_int_distribution<std::int64_t>(0, bound - 1)(chance);
  };
  std::map<std::int64_t, std::int64_t> model;  // by id: the sequence, 0 while it waits
  std::int64_t end = 0;
  for (int step = 0; step < 250; ++step) {
    SCOPED_TRACE(step);
    switch (below(step < 20 ? 2 : 5)) {
      case 0:
        for (auto i = below(6); i >= 0; --i) {
          const auto id = static_cast<std::int64_t>(model.size()) + 1;
          this->add("e" + std::to_string(id), "a" + std::to_string(id % 3));
          model[id] = 0;
        }
        break;
      case 1:
      case 2: {
        auto rows = this->read_in_order({0, 1 + below(20), 0}).rows;
        if (below(3) == 0) std::shuffle(rows.begin(), rows.end(), chance);
        Settlement settlement;
        for (const auto& row : rows) {
          if (below(9) == 0) continue;  // not acknowledged yet
          end += 1 + (below(9) == 0 ? 3 : 0);
          settlement.sent.push_back({row.id, end});
          model[row.id] = end;
        }
        this->settle(settlement);
        break;
      }
      case 3: {
        const auto id = 1 + below(static_cast<std::int64_t>(model.size()));
        const auto done = run_task(this->store_->replay({Choice::Kind::event, "e" + std::to_string(id)}));
        ASSERT_TRUE(done) << done.error().message;
        ASSERT_EQ(done.value(), model[id] == 0 ? 0 : 1);
        model[id] = 0;
        break;
      }
      default: {
        end -= below(std::min<std::int64_t>(end + 1, 12));
        std::int64_t lost = 0;
        for (auto& [id, sequence] : model) {
          if (sequence <= end) continue;
          sequence = 0;
          ++lost;
        }
        ASSERT_EQ(run_task(this->store_->rewind("me", end)).value(), lost);
      }
    }
    std::map<std::int64_t, std::int64_t> seen;
    const auto rows = this->sql(
        "SELECT id, 0 FROM outbox_queue UNION ALL SELECT e.id, s.first_sequence + e.id - s.first_id"
        " FROM outbox_event e CROSS JOIN outbox_sent s WHERE e.id >= s.first_id AND e.id <= s.last_id");
    for (const auto& row : rows.rows) {
      ASSERT_TRUE(seen.emplace(row.integer(0), row.integer(1)).second) << row.integer(0) << " is there twice";
    }
    ASSERT_EQ(seen, model);
    ASSERT_EQ(
        this->number("SELECT count(*) FROM outbox_sent WHERE last_sequence - first_sequence <> last_id - first_id"), 0);
  }
}

// Events that went out one by one are runs of one: a transaction takes some of them.
TYPED_TEST(OutboxStore, ReplaysRewindsAndReapsManySingleRuns) {
  this->add_many(250, "'a' || n");
  Settlement settlement;
  for (std::int64_t id = 1; id <= 250; ++id) settlement.sent.push_back({id, 2 * id});
  this->settle(settlement);
  EXPECT_EQ(this->number("SELECT count(*) FROM outbox_sent"), 250);
  EXPECT_EQ(run_task(this->store_->replay({Choice::Kind::since, "2000-01-01T00:00:00.000Z"})).value(), 250);
  this->settle(settlement);
  EXPECT_EQ(run_task(this->store_->rewind("me", 0)).value(), 250);
  this->settle(settlement);
  const auto in_future = base::to_rfc3339(the_clock.wall() + 1h);
  std::int64_t gone = 0;
  for (std::int64_t some = 1; some > 0; gone += some) some = run_task(this->store_->reap(in_future)).value();
  EXPECT_EQ(gone, 250);
  EXPECT_EQ(this->number("SELECT count(*) FROM outbox_event"), 0);
}

TYPED_TEST(OutboxStore, ReplaysMoreParkedRowsThanATransactionTakes) {
  this->add_many(2'500, "'a' || n");
  this->sql("UPDATE outbox_queue SET parked_at = 'x', parked_reason = 'y' WHERE id <= 2200");
  EXPECT_EQ(run_task(this->store_->count()).value().unsent, 300);
  EXPECT_EQ(run_task(this->store_->replay({Choice::Kind::parked, ""})).value(), 2'200);
  this->send_all();
  this->add("z", "z");
  this->sql("UPDATE outbox_queue SET parked_at = 'x', parked_reason = 'y'");
  EXPECT_EQ(run_task(this->store_->replay({Choice::Kind::all, ""})).value(), 2'501);
  EXPECT_EQ(this->number("SELECT count(*) FROM outbox_queue WHERE parked_at IS NULL"), 2'501);
}

std::string migration(const std::string& name) {
  std::ifstream in(MSCTL_SOURCE_DIR "/services/order/migrations/" + name);
  return {std::istreambuf_iterator<char>(in), {}};
}

// A database of before, with what was sent and what was not.
TYPED_TEST(OutboxStore, IsMovedOverFromTheOlderTable) {
  this->database_.reset();
  TypeParam server;
  const auto url = server.url();
  std::vector<db::Migration> migrations{{1, "outbox", migration("002_outbox.sql")}};
  this->database_ = server.databases.open(url, migrations).value();
  const std::string columns = " (event_id, aggregate, subject, traceparent, tracestate, request_id, body, created_at";
  for (int i = 1; i <= 4; ++i) {
    this->sql("INSERT INTO outbox" + columns + ", sent_at) VALUES ('e" + std::to_string(i) +
              "', 'a', 's', 't', '', 'r', '{}', 'x', " + (i == 2 || i == 3 ? "NULL" : "'2026-11-20T00:00:00.000Z'") +
              ")");
  }
  this->database_.reset();
  migrations.push_back({2, "outbox_more", migration("004_outbox_more.sql")});
  this->database_ = server.databases.open(url, migrations).value();
  this->store_ = std::make_unique<Store>(*this->database_, the_clock, TypeParam::is_postgres);
  ASSERT_TRUE(run_task(this->store_->take({"", 0, 0}, "me")).value());
  EXPECT_THAT(this->ids(this->read_in_order({0, 10, 0})), ElementsAre("e2", "e3"));
  this->add("e5", "a");
  EXPECT_EQ(this->number("SELECT max(id) FROM outbox_event"), 5);
  this->settle({{{2, 10}, {3, 11}, {5, 12}}, {}});
  EXPECT_EQ(run_task(this->store_->replay({Choice::Kind::event, "e1"})).value(), 1);
  EXPECT_THAT(this->ids(this->read_in_order({0, 10, 0})), ElementsAre("e1~1"));
  EXPECT_EQ(run_task(this->store_->rewind("me", 0)).value(), 4) << "with the whole stream also what stood there before";
  EXPECT_EQ(this->number("SELECT count(*) FROM outbox_queue"), 5);
  this->store_.reset();
  this->database_.reset();
}

TYPED_TEST(OutboxStore, Counts) {
  for (const char* id : {"a1", "b1", "c1", "c2"}) this->add(id, std::string(1, id[0]));
  this->settle({{{1, 10}}, {{2, 0, "too large"}}});
  const auto counts = run_task(this->store_->count());
  ASSERT_TRUE(counts) << counts.error().message;
  EXPECT_EQ(counts.value().unsent, 2);
  EXPECT_EQ(counts.value().parked, 1);
  EXPECT_EQ(counts.value().oldest_created_at, "2026-11-21T00:00:00.000Z");
  EXPECT_NE(counts.value().last_sent_at, "");
  EXPECT_EQ(counts.value().lease.last_sequence, 10);
}

TYPED_TEST(OutboxStore, OneOfTwoTakesTheLease) {
  const auto seen = this->read().lease;
  EXPECT_TRUE(run_task(this->store_->take(seen, "you")).value());
  EXPECT_FALSE(run_task(this->store_->take(seen, "them")).value());
  EXPECT_FALSE(run_task(this->store_->settle("me", {})).value());
  ASSERT_TRUE(run_task(this->store_->release("me")));
  EXPECT_EQ(this->read().lease.owner, "you") << "not mine to let go";
  ASSERT_TRUE(run_task(this->store_->release("you")));
  EXPECT_EQ(this->read().lease.owner, "");
}

// Sent rows are passed over by the index, and what waits is read in its order without being sorted.
TYPED_TEST(OutboxStore, ReadsInOrderByTheIndexWhateverWaits) {
  this->add_many(20'000, "'a' || n");
  this->sql("ANALYZE");  // told that nearly all wait, and asked when few do
  this->sql("DELETE FROM outbox_queue WHERE id <= 10000");
  std::string plan;
  std::vector<db::Value> values{std::int64_t{0}, std::int64_t{512}, std::int64_t{0}};
  std::function<Result<db::Rows>(db::Transaction&)> explain = [&](db::Transaction& tx) -> Result<db::Rows> {
    TRY(this->store_->steer_for_test(tx));
    return tx.exec(
        std::string(TypeParam::is_postgres ? "EXPLAIN (ANALYZE, TIMING off, COSTS off) " : "EXPLAIN QUERY PLAN ") +
            this->store_->stretch_sql(),
        std::span<const db::Value>(values));
  };
  const auto rows = run_task(this->database_->template read<db::Rows>(this->soon(), std::move(explain)));
  ASSERT_TRUE(rows) << rows.error().message;
  for (const auto& row : rows.value().rows) plan += row.text(TypeParam::is_postgres ? 0 : 3) + "\n";
  const auto queue =
      plan.find(TypeParam::is_postgres ? "Index Scan using outbox_queue_pkey" : "SEARCH q USING INTEGER");
  const auto event =
      plan.find(TypeParam::is_postgres ? "Index Scan using outbox_event_pkey" : "SEARCH e USING INTEGER");
  ASSERT_NE(event, std::string::npos) << plan;
  EXPECT_LT(queue, event) << "the queue is walked, not the events: " << plan;
  EXPECT_THAT(plan, Not(HasSubstr("Rows Removed by Filter")));
  EXPECT_THAT(plan, Not(HasSubstr("Sort")));
  EXPECT_THAT(plan, Not(HasSubstr("TEMP B-TREE")));
  EXPECT_EQ(this->read_in_order({0, 1, 0}).rows.at(0).id, 10'001);
}

// With many rows of many aggregates, of one, and behind one that is parked: the plan has no scan of the table, and no
// round reads more than it was asked for.
TYPED_TEST(OutboxStore, ReadsByTheIndexWhateverWaits) {
  for (const char* aggregate : {"'a' || n", "'one'"}) {
    this->sql("DELETE FROM outbox_queue");
    this->sql("DELETE FROM outbox_event");
    this->add_many(20'000, aggregate);
    for (const bool is_parked : {false, true}) {
      if (is_parked) this->sql("UPDATE outbox_queue SET parked_at = 'x' WHERE id = (SELECT min(id) FROM outbox_queue)");
      for (const auto* scan : {&this->store_->first_scan_sql(), &this->store_->scan_sql()}) {
        std::string plan;
        std::vector<db::Value> values{std::string(), std::int64_t{10}, std::int64_t{512}, std::int64_t{0}};
        std::function<Result<db::Rows>(db::Transaction&)> explain = [&](db::Transaction& tx) -> Result<db::Rows> {
          if (!TypeParam::is_postgres)
            return tx.exec("EXPLAIN QUERY PLAN " + *scan, std::span<const db::Value>(values));
          TRY(this->store_->steer_for_test(tx));
          return tx.exec("EXPLAIN (ANALYZE, TIMING off, COSTS off) " + *scan, std::span<const db::Value>(values));
        };
        const auto rows = run_task(this->database_->template read<db::Rows>(this->soon(), std::move(explain)));
        ASSERT_TRUE(rows) << rows.error().message;
        for (const auto& row : rows.value().rows) plan += row.text(TypeParam::is_postgres ? 0 : 3) + "\n";
        EXPECT_THAT(plan, HasSubstr("outbox_queue_order"));
        EXPECT_THAT(plan, Not(HasSubstr("Seq Scan on outbox")));
        EXPECT_THAT(plan, Not(HasSubstr("SCAN q")));
        EXPECT_THAT(plan, Not(HasSubstr("SCAN e")));
        EXPECT_THAT(plan, Not(HasSubstr("SCAN f")));
        EXPECT_THAT(plan, Not(HasSubstr("rows=20000")));
        EXPECT_THAT(plan, Not(HasSubstr("Rows Removed by Filter: 1")));
      }
    }
  }
}

// A transaction that began to write earlier may still add a row in front.
TEST(OutboxHorizon, RowsWaitForOlderTransactions) {
  Postgres server;
  const auto url = server.url();
  const auto database = server.databases.open(url, {{1, "outbox", std::string(table_sql())}}).value();
  Store store(*database, the_clock, true);
  EXPECT_EQ(run_task(store.horizon()).value(), "");
  const auto add = [](const std::string& id) {
    return "WITH added AS (INSERT INTO outbox_event (event_id, aggregate, subject, traceparent, tracestate, request_id,"
           " body, created_at) VALUES ('" +
           id +
           "', 'a', 's', 't', '', 'r', '{}', 'x') RETURNING id, aggregate)"
           " INSERT INTO outbox_queue (id, aggregate) SELECT id, aggregate FROM added";
  };
  pqxx::connection slow(url);
  pqxx::work older(slow);
  older.exec(add("1"));
  {
    pqxx::connection quick(url);
    pqxx::nontransaction(quick).exec(add("2"));
  }
  const auto horizon = run_task(store.horizon()).value();
  EXPECT_NE(horizon, "");
  const auto held = run_task(store.read({"", 10, 10, 0})).value();
  EXPECT_TRUE(held.rows.empty());
  EXPECT_TRUE(held.is_held_back);
  EXPECT_EQ(run_task(store.horizon()).value(), horizon);
  older.commit();
  const auto free = run_task(store.read({"", 10, 10, 0})).value();
  ASSERT_EQ(free.rows.size(), 2U);
  EXPECT_EQ(free.rows[0].message.id, "1");
  EXPECT_FALSE(free.is_held_back);
  EXPECT_EQ(run_task(store.horizon()).value(), "");
}

}  // namespace
}  // namespace chassis::outbox
