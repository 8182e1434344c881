#include "services/chassis/db/postgres/postgres.hpp"

#include <sys/stat.h>

#include <fstream>
#include <thread>

#include <gmock/gmock.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "base/run_task.hpp"
#include "services/chassis/db/database_contract.hpp"
#include "services/chassis/db/postgres/connection.hpp"
#include "services/chassis/db/postgres/postgres_server.hpp"

namespace chassis::db {
namespace {

using base::ErrorCode;
using base::Result;
using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::Not;

// One for all tests of this program; each has databases of its own.
PostgresServer& server() {
  static PostgresServer the_server;
  return the_server;
}

const base::SystemClock the_clock;

// As the superuser, each statement in a transaction of its own.
void administer(const std::string& database, std::initializer_list<std::string> statements) {
  pqxx::connection connection(server().url(database));
  for (const auto& statement : statements) pqxx::nontransaction(connection).exec(statement);
}

class PostgresHarness {
 public:
  Databases& databases() { return databases_; }
  std::string url(const std::string& name) {
    const auto database = prefix_ + name;
    if (made_.insert(database).second) administer("postgres", {"CREATE DATABASE " + database});
    return server().url(database);
  }
  ~PostgresHarness() {
    for (const auto& database : made_) administer("postgres", {"DROP DATABASE " + database + " WITH (FORCE)"});
  }

 private:
  static inline int next_ = 0;
  std::string prefix_ = "t" + std::to_string(next_++) + "_";
  std::set<std::string> made_;
  PostgresDatabases databases_{the_clock};
};

INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, DatabaseContract, ::testing::Types<PostgresHarness>);

const std::vector<Migration> schema{
    {1, "notes", "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT UNIQUE, n INTEGER NOT NULL DEFAULT 0);"}};

class Postgres : public ::testing::Test {
 protected:
  Result<std::unique_ptr<Database>> open(const std::vector<Migration>& migrations = schema) {
    return databases_.open(harness_.url("data"), migrations);
  }
  static base::Monotonic in(milliseconds delay) { return std::chrono::steady_clock::now() + delay; }
  static base::Monotonic soon() { return in(milliseconds(10'000)); }
  static Work run(const std::string& sql, std::vector<Value> parameters = {}) {
    return [sql, parameters](Transaction& tx) -> Result<void> {
      TRY(tx.exec(sql, std::span<const Value>(parameters)));
      return base::success();
    };
  }
  static Work insert(const std::string& text) { return run("INSERT INTO notes (text) VALUES ($1)", {text}); }
  static Result<void> write(Database& database, Work work, base::Monotonic deadline = soon()) {
    return base::run_task(database.write(deadline, std::move(work)));
  }
  static std::int64_t notes(Database& database) {
    std::function<Result<std::int64_t>(Transaction&)> count = [](Transaction& tx) -> Result<std::int64_t> {
      TRY(auto rows, tx.exec("SELECT count(*) FROM notes"));
      return rows.rows.at(0).integer(0);
    };
    const auto counted = base::run_task(database.read<std::int64_t>(soon(), std::move(count)));
    return counted ? counted.value() : -1;
  }

  PostgresHarness harness_;
  PostgresDatabases databases_{the_clock, {.open_wait = milliseconds(300)}};
};

TEST_F(Postgres, InstancesThatStartAtOnceMigrateOnce) {
  auto more = schema;
  more.push_back({2, "slow", "SELECT pg_sleep(0.05); INSERT INTO notes (text) VALUES ('by migration');"});
  const auto url = harness_.url("data");
  std::vector<std::thread> instances;
  std::atomic<int> good = 0;
  for (int i = 0; i < 4; ++i) {
    instances.emplace_back([&] {
      PostgresDatabases databases(the_clock);
      if (databases.open(url, more)) ++good;
    });
  }
  for (auto& instance : instances) instance.join();
  EXPECT_EQ(good, 4);
  EXPECT_EQ(notes(*open(more).value()), 1);
}

TEST_F(Postgres, AMigrationAppliesWholeOrNotAtAll) {
  ASSERT_TRUE(open());
  auto more = schema;
  more.push_back({2, "broken", "CREATE TABLE half (id INTEGER); SELECT nonsense FROM nowhere;"});
  const auto failed = open(more);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::internal);
  EXPECT_THAT(failed.error().message, HasSubstr("migration 2 (broken)"));
  EXPECT_THAT(failed.error().message, HasSubstr("nowhere"));
  more[1].sql = "CREATE TABLE half (id INTEGER); COMMIT;";
  EXPECT_THAT(open(more).error().message, HasSubstr("must not begin or end a transaction"));
}

TEST_F(Postgres, RefusesANewerDatabaseAndAnEditedMigration) {
  auto more = schema;
  more.push_back({2, "tags", "CREATE TABLE tags (id INTEGER);"});
  ASSERT_TRUE(open(more));
  EXPECT_EQ(open().error().code, ErrorCode::internal);
  more[1].sql += " ";
  EXPECT_THAT(open(more).error().message, HasSubstr("was changed"));
}

TEST_F(Postgres, AStatementEndsAtTheDeadline) {
  const auto database = open().value();
  const auto before = std::chrono::steady_clock::now();
  const auto done = write(*database, run("SELECT pg_sleep(20)"), in(milliseconds(200)));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::timeout);
  EXPECT_LT(std::chrono::steady_clock::now() - before, milliseconds(1'000));
  EXPECT_TRUE(write(*database, insert("a")));
}

TEST_F(Postgres, WhoFindsNoFreeConnectionIsAnsweredAtItsDeadline) {
  PostgresDatabases databases(the_clock, {.pool = 2});
  const auto database = databases.open(harness_.url("data"), schema).value();
  boost::asio::io_context io(1);
  int busy = 0;
  int good = 0;
  const auto one = [&](Work work, milliseconds time) -> base::Task<> {
    const auto done = co_await database->write(in(time), std::move(work));
    if (done) ++good;
    if (!done && done.error().code == ErrorCode::unavailable && done.error().retry_after) ++busy;
  };
  for (int i = 0; i < 2; ++i) {
    boost::asio::co_spawn(io, one(run("SELECT pg_sleep(0.6)"), milliseconds(5'000)), boost::asio::detached);
  }
  boost::asio::co_spawn(io, one(insert("late"), milliseconds(100)), boost::asio::detached);
  boost::asio::co_spawn(io, one(insert("patient"), milliseconds(5'000)), boost::asio::detached);
  io.run();
  EXPECT_EQ(busy, 1);
  EXPECT_EQ(good, 3);
  EXPECT_EQ(notes(*database), 1);
}

TEST_F(Postgres, ADeadServerIsUnavailableAndComesBackByItself) {
  const auto database = open().value();
  ASSERT_TRUE(write(*database, insert("a")));
  server().kill();
  const auto lost = write(*database, insert("b"));
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code, ErrorCode::unavailable) << lost.error().message;
  EXPECT_TRUE(lost.error().retry_after);
  EXPECT_EQ(base::run_task(database->ping(soon())).error().code, ErrorCode::unavailable);
  EXPECT_EQ(open().error().code, ErrorCode::unavailable) << "after 300 ms";
  server().start();
  const auto again = write(*database, insert("b"));
  EXPECT_TRUE(again) << again.error().message;
  EXPECT_EQ(notes(*database), 2);
}

TEST_F(Postgres, AConnectionThatWasClosedMeanwhileIsMadeAnew) {
  const auto database = open().value();
  ASSERT_TRUE(write(*database, insert("a")));
  administer("postgres", {"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"});
  const auto done = write(*database, insert("b"));
  EXPECT_TRUE(done) << done.error().message;
}

TEST_F(Postgres, ALostConnectionEndsItsTransaction) {
  const auto database = open().value();
  const auto done = write(*database, [](Transaction& tx) -> Result<void> {
    TRY(tx.exec("INSERT INTO notes (text) VALUES ('a')"));
    EXPECT_FALSE(tx.exec("SELECT pg_terminate_backend(pg_backend_pid())"));
    EXPECT_FALSE(tx.exec("INSERT INTO notes (text) VALUES ('b')")) << "must not run in another transaction";
    return base::success();
  });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::unavailable) << done.error().message;
  EXPECT_EQ(notes(*database), 0);
}

TEST_F(Postgres, AServerThatDoesNotAnswerIsGivenUpSoonAfterTheDeadline) {
  const auto database = open().value();
  ASSERT_TRUE(write(*database, insert("a")));
  server().signal(SIGSTOP);
  const auto deadline = in(milliseconds(200));
  const auto done = write(*database, insert("b"), deadline);
  EXPECT_LT(std::chrono::steady_clock::now(), deadline + milliseconds(3'000));
  server().signal(SIGCONT);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::unavailable) << done.error().message;
  EXPECT_TRUE(write(*database, insert("c")));
}

TEST_F(Postgres, ErrorsShowNoValues) {
  const auto database = open().value();
  ASSERT_TRUE(write(*database, insert("Ada's secret")));
  std::vector<Result<void>> all;
  all.push_back(write(*database, insert("Ada's secret")));
  all.push_back(write(*database, run("INSERT INTO notes (text, n) VALUES ('x', $1)", {"Ada's secret"})));
  all.push_back(write(*database, run("UPDATE notes SET n = NULL WHERE text = $1", {"Ada's secret"})));
  all.push_back(write(*database, insert(std::string("Ada's secret\0", 13))));
  for (const auto& done : all) {
    ASSERT_FALSE(done);
    EXPECT_THAT(done.error().message, Not(HasSubstr("Ada")));
    EXPECT_THAT(done.error().message, HasSubstr("database: "));
  }
  EXPECT_EQ(all[0].error().code, ErrorCode::conflict);
  EXPECT_THAT(all[0].error().message, HasSubstr("notes_text_key"));
  EXPECT_EQ(all[3].error().code, ErrorCode::invalid);
}

TEST_F(Postgres, AFailedSelectEndsTheTransaction) {
  const auto database = open().value();
  const auto done = write(*database, [](Transaction& tx) -> Result<void> {
    TRY(tx.exec("INSERT INTO notes (text) VALUES ('a')"));
    EXPECT_FALSE(tx.exec("SELECT nonsense FROM nowhere"));
    EXPECT_FALSE(tx.exec("INSERT INTO notes (text) VALUES ('b')"));
    return base::success();
  });
  EXPECT_FALSE(done);
  EXPECT_EQ(notes(*database), 0);
}

TEST_F(Postgres, AStatementWhoseTableHasChangedIsPreparedAnew) {
  const auto database = open().value();
  const auto select = [&] { return base::run_task(database->read(soon(), run("SELECT * FROM notes"))); };
  ASSERT_TRUE(select());
  ASSERT_TRUE(write(*database, run("ALTER TABLE notes ADD COLUMN more TEXT")));
  static_cast<void>(select());
  const auto done = select();
  EXPECT_TRUE(done) << done.error().message;
}

TEST_F(Postgres, ThePasswordComesFromAFileAndIsNeverShown) {
  const auto url = harness_.url("data");
  const auto database = url.substr(url.rfind('/') + 1);
  administer("postgres",
             {"DROP ROLE IF EXISTS with_password", "CREATE ROLE with_password LOGIN PASSWORD 'quite secret'"});
  administer(database, {"GRANT ALL ON SCHEMA public TO with_password"});
  const auto file = std::filesystem::path(::testing::TempDir()) / ("passfile" + std::to_string(::getpid()));
  const auto with_file = server().url(database, "with_password") + "?passfile=" + file.string();
  const auto write_file = [&](const std::string& password) {
    std::ofstream(file) << "127.0.0.1:" << server().port() << ":*:with_password:" << password << "\n";
    ::chmod(file.c_str(), 0600);
  };
  write_file("quite wrong");
  const auto refused = databases_.open(with_file, schema);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("password authentication failed"));
  EXPECT_THAT(refused.error().message, Not(HasSubstr("quite")));
  write_file("quite secret");
  const auto opened = databases_.open(with_file, schema);
  EXPECT_TRUE(opened) << opened.error().message;
  std::filesystem::remove(file);
  EXPECT_THAT(databases_.open("mysql://a:quite-secret@b/c", {}).error().message, Not(HasSubstr("secret")));
  administer(database, {"DROP OWNED BY with_password"});
}

TEST_F(Postgres, ClosingAnswersWhoStillWaits) {
  PostgresDatabases databases(the_clock, {.pool = 1});
  auto database = databases.open(harness_.url("data"), schema).value();
  boost::asio::io_context io(1);
  std::optional<Result<void>> first;
  std::optional<Result<void>> second;
  boost::asio::co_spawn(io, base::store_result(database->write(soon(), run("SELECT pg_sleep(0.3)")), first),
                        boost::asio::detached);
  boost::asio::co_spawn(io, base::store_result(database->write(soon(), insert("a")), second), boost::asio::detached);
  io.poll();
  std::this_thread::sleep_for(milliseconds(100));  // so that the first has begun
  database.reset();
  io.run();
  ASSERT_TRUE(first && second);
  EXPECT_TRUE(*first) << first->error().message;
  ASSERT_FALSE(*second);
  EXPECT_EQ(second->error().code, ErrorCode::cancelled);
}

TEST_F(Postgres, AnIdleConnectionIsClosed) {
  PostgresDatabases databases(the_clock, {.idle = milliseconds(50)});
  const auto database = databases.open(harness_.url("data"), schema).value();
  ASSERT_TRUE(write(*database, insert("a")));
  const auto name = harness_.url("data");
  const auto count = [&] {
    pqxx::connection connection(server().url("postgres"));
    return pqxx::nontransaction(connection)
        .exec("SELECT count(*) FROM pg_stat_activity WHERE datname = '" + name.substr(name.rfind('/') + 1) + "'")[0][0]
        .as<int>();
  };
  const auto until = in(milliseconds(5'000));
  while (count() > 0 && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(milliseconds(10));
  EXPECT_EQ(count(), 0);
  EXPECT_TRUE(write(*database, insert("b")));
}

}  // namespace
}  // namespace chassis::db
