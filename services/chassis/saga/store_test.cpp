// The rows of sagas on the real databases.
#include "services/chassis/saga/store.hpp"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>
#include <pqxx/connection>
#include <pqxx/nontransaction>

#include "base/run_task.hpp"
#include "services/chassis/db/postgres/postgres.hpp"
#include "services/chassis/db/postgres/postgres_server.hpp"
#include "services/chassis/db/sqlite/sqlite.hpp"
#include "services/chassis/db/sqlite/temp_folder.hpp"
#include "services/chassis/saga/table.hpp"

namespace chassis::saga {
namespace {

using namespace std::chrono_literals;
using base::Result;
using base::run_task;

const base::SystemClock the_clock;
const Moment now{"2026-01-02T03:04:05.000Z", 1'767'323'045'000};
constexpr const char* kind = "trip";

struct Sqlite {
  std::string url() { return "sqlite:" + (folder.path() / "saga.db").string(); }
  db::TempFolder folder;
  db::SqliteDatabases databases{the_clock};
};

struct Postgres {
  static db::PostgresServer& server() {
    static db::PostgresServer the_server;
    return the_server;
  }
  std::string url() {
    pqxx::connection connection(server().url("postgres"));
    pqxx::nontransaction(connection).exec("DROP DATABASE IF EXISTS saga WITH (FORCE)");
    pqxx::nontransaction(connection).exec("CREATE DATABASE saga");
    return server().url("saga");
  }
  db::PostgresDatabases databases{the_clock};
};

template <class Server>
class SagaStore : public ::testing::Test {
 protected:
  SagaStore() { database_ = server_.databases.open(server_.url(), {{1, "saga", std::string(table_sql())}}).value(); }

  template <class T>
  T in(std::function<Result<T>(db::Transaction&)> work) {
    auto done = run_task(database_->template write<T>(the_clock.monotonic() + 60s, std::move(work)));
    EXPECT_TRUE(done) << done.error().message;
    return done ? std::move(done).value() : T();
  }
  void write(db::Work work) {
    const auto done = run_task(database_->write(the_clock.monotonic() + 60s, std::move(work)));
    ASSERT_TRUE(done) << done.error().message;
  }
  void add(const std::string& id, std::int64_t deadline) {
    write([=](db::Transaction& tx) -> Result<void> {
      const Instance instance{id, {}, now.text, now.text, deadline, 0, "trace", "state", "request"};
      TRY(add_instance(tx, kind, instance));
      return begin_step(tx, id, 0, now);
    });
  }
  void keep(Instance instance) {
    write([=](db::Transaction& tx) { return keep_instance(tx, instance, now); });
  }
  Instance find(const std::string& id) {
    const auto found = in<std::optional<Instance>>([=](db::Transaction& tx) { return find_instance(tx, kind, id); });
    EXPECT_TRUE(found);
    return found.value_or(Instance());
  }
  std::vector<std::string> ids(std::optional<Phase> phase, const std::string& before, std::int64_t limit) {
    std::vector<std::string> listed;
    for (const auto& one : in<std::vector<Instance>>(
             [=](db::Transaction& tx) { return list_instances(tx, kind, phase, before, limit); })) {
      listed.push_back(one.id);
    }
    return listed;
  }
  std::vector<std::string> due_at(std::int64_t at) {
    return in<std::vector<std::string>>([=](db::Transaction& tx) { return due(tx, kind, at, 10); });
  }

  Server server_;
  std::unique_ptr<db::Database> database_;
};

using Servers = ::testing::Types<Sqlite, Postgres>;
TYPED_TEST_SUITE(SagaStore, Servers);

using Ids = std::vector<std::string>;

TYPED_TEST(SagaStore, KeepsAnInstance) {
  this->add("t1", 7);
  auto instance = this->find("t1");
  EXPECT_EQ(instance.state, State{});
  EXPECT_EQ(instance.deadline, 7);
  EXPECT_EQ(instance.traceparent, "trace");
  EXPECT_EQ(instance.request_id, "request");
  instance.state = {Phase::compensating, 1, "ill"};
  instance.deadline = 9;
  instance.retries = 3;
  this->keep(instance);
  instance = this->find("t1");
  EXPECT_EQ(instance.state, (State{Phase::compensating, 1, "ill"}));
  EXPECT_EQ(instance.retries, 3);
  instance.state.phase = Phase::compensated;
  instance.deadline.reset();
  this->keep(instance);
  EXPECT_FALSE(this->find("t1").deadline);
}

TYPED_TEST(SagaStore, ListsAndCounts) {
  for (const char* id : {"t1", "t2", "t3"}) this->add(id, 7);
  auto second = this->find("t2");
  second.state = {Phase::compensating, 0, "ill"};
  this->keep(second);
  EXPECT_EQ(this->ids({}, "", 10), (Ids{"t3", "t2", "t1"}));
  EXPECT_EQ(this->ids({}, "t3", 1), Ids{"t2"});
  EXPECT_EQ(this->ids(Phase::running, "t3", 10), Ids{"t1"});
  const auto counted = [this](Phase phase) {
    return this->template in<std::int64_t>([=](db::Transaction& tx) { return count(tx, kind, phase); });
  };
  EXPECT_EQ(counted(Phase::running), 2);
  EXPECT_EQ(counted(Phase::completed), 0);
  const auto compensating_since = [this](std::int64_t since) {
    return this->template in<std::int64_t>([=](db::Transaction& tx) { return count_compensating(tx, kind, since); });
  };
  EXPECT_EQ(compensating_since(now.milliseconds), 1);
  EXPECT_EQ(compensating_since(now.milliseconds - 1), 0);
}

TYPED_TEST(SagaStore, TellsWhatIsDueTheLongestFirst) {
  this->add("t1", 30);
  this->add("t2", 10);
  this->add("t3", 20);
  EXPECT_EQ(this->due_at(9), Ids{});
  EXPECT_EQ(this->due_at(20), (Ids{"t2", "t3"}));
  auto done = this->find("t2");
  done.deadline.reset();
  this->keep(done);
  EXPECT_EQ(this->due_at(30), (Ids{"t3", "t1"}));
}

TYPED_TEST(SagaStore, KeepsTheStepsOfAnInstance) {
  this->add("t1", 7);
  this->write([](db::Transaction& tx) -> Result<void> {
    TRY(end_step(tx, "t1", 0, "done", "", now));
    TRY(begin_step(tx, "t1", 1, now));
    TRY(end_step(tx, "t1", 1, "refused", "full", now));
    const Moment later{"2026-01-02T03:05:00.000Z", now.milliseconds + 55'000};
    TRY(undo_step(tx, "t1", 0, "full", later));
    TRY(undo_step(tx, "t1", 0, "", later));
    TRY(const auto asked, attempts_of(tx, "t1", 0));
    EXPECT_EQ(asked, 2);
    return end_step(tx, "t1", 0, "compensated", "", later);
  });
  const auto steps = this->template in<std::vector<std::pair<std::size_t, base::Json>>>(
      [](db::Transaction& tx) { return list_steps(tx, "t1"); });
  ASSERT_EQ(steps.size(), 2U);
  EXPECT_EQ(base::dump_json(steps[0].second),
            R"({"state":"compensated","started_at":"2026-01-02T03:04:05.000Z","ended_at":"2026-01-02T03:04:05.000Z",)"
            R"("attempts":2,"detail":"full"})")
      << "its own end, not that of its compensation";
  EXPECT_EQ(steps[1].second["state"], "refused");
  EXPECT_EQ(steps[1].second["ended_at"], now.text);
}

TYPED_TEST(SagaStore, OfSeveralThatMoveOneAtOnceOneDoes) {
  this->add("t1", 7);
  std::atomic<int> moved = 0;
  std::vector<std::thread> movers;
  for (int i = 0; i < 8; ++i) {
    movers.emplace_back([&] {
      const bool is_mine = this->template in<bool>([](db::Transaction& tx) -> Result<bool> {
        TRY(auto found, find_instance(tx, kind, "t1"));
        if (found->state.phase != Phase::running) return false;
        found->state.phase = Phase::compensating;
        TRY(keep_instance(tx, *found, now));
        return true;
      });
      moved += is_mine ? 1 : 0;
    });
  }
  for (auto& mover : movers) mover.join();
  EXPECT_EQ(moved, 1);
}

}  // namespace
}  // namespace chassis::saga
