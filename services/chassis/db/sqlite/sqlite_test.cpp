#include "services/chassis/db/sqlite/sqlite.hpp"

#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <thread>

#include <gmock/gmock.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "base/run_task.hpp"
#include "services/chassis/db/sqlite/temp_folder.hpp"

namespace chassis::db {
namespace {

using base::ErrorCode;
using base::Result;
using std::chrono::milliseconds;
using ::testing::HasSubstr;

const std::vector<Migration> schema{{1, "notes", "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT UNIQUE);"}};

Work insert(const std::string& text) {
  return [text](Transaction& tx) -> Result<void> {
    TRY(tx.exec("INSERT INTO notes (text) VALUES ($1)", {text}));
    return base::success();
  };
}

// A connection of another program, which may hold the write lock.
class Outsider {
 public:
  explicit Outsider(const std::filesystem::path& file) { sqlite3_open(file.c_str(), &db_); }
  ~Outsider() { sqlite3_close(db_); }
  Outsider(const Outsider&) = delete;
  void run(const char* sql) { ASSERT_EQ(sqlite3_exec(db_, sql, nullptr, nullptr, nullptr), SQLITE_OK); }

 private:
  sqlite3* db_ = nullptr;
};

class Sqlite : public ::testing::Test {
 protected:
  Result<std::unique_ptr<Database>> open(const std::vector<Migration>& migrations = schema) {
    return databases_.open("sqlite:" + file_.string(), migrations);
  }
  static base::Monotonic in(milliseconds delay) { return std::chrono::steady_clock::now() + delay; }
  static base::Monotonic soon() { return in(milliseconds(10'000)); }
  static std::int64_t notes(Database& database) {
    return base::run_task(database.read<std::int64_t>(soon(),
                                                      [](Transaction& tx) -> Result<std::int64_t> {
                                                        TRY(auto rows, tx.exec("SELECT count(*) FROM notes"));
                                                        return rows.rows.at(0).integer(0);
                                                      }))
        .value();
  }
  static mode_t mode(const std::filesystem::path& path) {
    struct stat info {};
    ::stat(path.c_str(), &info);
    return info.st_mode & 0777;
  }

  TempFolder folder_;
  std::filesystem::path file_ = folder_.path() / "made" / "for" / "it" / "data.db";
  base::SystemClock clock_;
  SqliteDatabases databases_{clock_, {.open_wait = milliseconds(50)}};
};

TEST_F(Sqlite, FilesAreForTheirOwnerOnly) {
  auto database = open().value();
  ASSERT_TRUE(base::run_task(database->write(soon(), insert("a"))));
  EXPECT_EQ(mode(file_), 0600U);
  EXPECT_EQ(mode(file_.string() + "-wal"), 0600U);
  EXPECT_EQ(mode(file_.parent_path()), 0700U);
  EXPECT_EQ(mode(folder_.path() / "made"), 0700U);
}

TEST_F(Sqlite, KeepsDataAndAppliesOnlyNewMigrations) {
  {
    auto database = open().value();
    ASSERT_TRUE(base::run_task(database->write(soon(), insert("a"))));
  }
  auto more = schema;
  more.push_back({2, "tags", "CREATE TABLE tags (id INTEGER); INSERT INTO notes (text) VALUES ('by migration');"});
  for (int i = 0; i < 2; ++i) {
    auto database = open(more);
    ASSERT_TRUE(database) << database.error().message;
    EXPECT_EQ(notes(*database.value()), 2);
  }
}

TEST_F(Sqlite, AMigrationAppliesWholeOrNotAtAll) {
  auto more = schema;
  more.push_back({2, "broken", "CREATE TABLE half (id INTEGER); SELECT nonsense FROM nowhere;"});
  const auto failed = open(more);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::internal);
  EXPECT_THAT(failed.error().message, HasSubstr("migration 2 (broken)"));
  more[1].sql = "CREATE TABLE half (id INTEGER);";
  const auto mended = open(more);
  EXPECT_TRUE(mended) << mended.error().message;
}

TEST_F(Sqlite, RefusesANewerFileAndAnEditedMigration) {
  auto more = schema;
  more.push_back({2, "tags", "CREATE TABLE tags (id INTEGER);"});
  ASSERT_TRUE(open(more));
  EXPECT_EQ(open().error().code, ErrorCode::internal);
  more[1].sql += " ";
  EXPECT_THAT(open(more).error().message, HasSubstr("was changed"));
}

TEST_F(Sqlite, RefusesAnythingButAFile) {
  EXPECT_EQ(databases_.open("sqlite::memory:", {}).error().code, ErrorCode::malformed);
  EXPECT_EQ(databases_.open("sqlite:/proc/no/such/file.db", {}).error().code, ErrorCode::unavailable);
}

TEST_F(Sqlite, WritersSharingACommitSucceedAndFailAlone) {
  auto database = open().value();
  boost::asio::io_context io(1);
  constexpr int writers = 600;
  int good = 0;
  int conflicts = 0;
  const auto here = std::this_thread::get_id();
  auto one = [&](int i) -> base::Task<> {
    // Every third text was taken by the one before it.
    const auto done = co_await database->write(soon(), insert(std::to_string(i % 3 == 2 ? i - 1 : i)));
    EXPECT_EQ(std::this_thread::get_id(), here);
    if (done) ++good;
    if (!done && done.error().code == ErrorCode::conflict) ++conflicts;
  };
  for (int i = 0; i < writers; ++i) boost::asio::co_spawn(io, one(i), boost::asio::detached);
  io.run();
  EXPECT_EQ(good, writers / 3 * 2);
  EXPECT_EQ(conflicts, writers / 3);
  EXPECT_EQ(notes(*database), writers / 3 * 2);
}

TEST_F(Sqlite, AnOutsidersLockEndsEachCallAtItsOwnDeadline) {
  auto database = open().value();
  Outsider outsider(file_);
  outsider.run("BEGIN IMMEDIATE");
  boost::asio::io_context io(1);
  std::vector<int> order;
  auto one = [&](int delay_ms) -> base::Task<> {
    const auto deadline = in(milliseconds(delay_ms));
    const auto done = co_await database->write(deadline, insert("a"));
    EXPECT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::unavailable);
    EXPECT_EQ(done.error().retry_after, std::chrono::seconds(1));
    EXPECT_LT(std::chrono::steady_clock::now(), deadline + milliseconds(500));
    order.push_back(delay_ms);
  };
  for (const int delay_ms : {300, 100, 200}) boost::asio::co_spawn(io, one(delay_ms), boost::asio::detached);
  io.run();
  EXPECT_THAT(order, ::testing::ElementsAre(100, 200, 300));
  EXPECT_EQ(notes(*database), 0) << "readers are not held up";
  outsider.run("ROLLBACK");
  EXPECT_TRUE(base::run_task(database->write(soon(), insert("a"))));
}

TEST_F(Sqlite, OpeningALockedFileFailsInBoundedTime) {
  ASSERT_TRUE(open());
  Outsider outsider(file_);
  outsider.run("BEGIN IMMEDIATE");
  EXPECT_EQ(open().error().code, ErrorCode::unavailable);
}

TEST_F(Sqlite, ClosingAnswersWhoStillWaits) {
  auto database = open().value();
  Outsider outsider(file_);
  outsider.run("BEGIN IMMEDIATE");
  boost::asio::io_context io(1);
  std::optional<Result<void>> answer;
  boost::asio::co_spawn(io, base::store_result(database->write(soon(), insert("a")), answer), boost::asio::detached);
  io.poll();  // the job is queued now
  database.reset();
  io.run();
  ASSERT_TRUE(answer && !*answer);
  EXPECT_EQ(answer->error().code, ErrorCode::cancelled);
}

TEST_F(Sqlite, TwoOwnersOfOneFileTakeTurns) {
  auto first = open().value();
  auto second = open().value();
  boost::asio::io_context io(1);
  int good = 0;
  auto one = [&](Database& database, int i) -> base::Task<> {
    const auto done = co_await database.write(soon(), insert(std::to_string(i)));
    if (done) ++good;
  };
  for (int i = 0; i < 100; ++i) boost::asio::co_spawn(io, one(i % 2 == 0 ? *first : *second, i), boost::asio::detached);
  io.run();
  EXPECT_EQ(good, 100);
  EXPECT_EQ(notes(*first), 100);
}

// Makes the operating system refuse to let any file grow: EFBIG, which SQLite reports as an I/O error.
class NoGrowth {
 public:
  NoGrowth() {
    old_handler_ = std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit none{0, old_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &none);
  }
  ~NoGrowth() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, old_handler_);
  }
  NoGrowth(const NoGrowth&) = delete;

 private:
  rlimit old_{};
  void (*old_handler_)(int) = nullptr;
};

TEST_F(Sqlite, RecoversFromAnIoErrorByItself) {
  auto database = open().value();
  ASSERT_TRUE(base::run_task(database->write(soon(), insert("before"))));
  {
    std::optional<Result<void>> done;
    {
      const NoGrowth no_growth;
      done.emplace(base::run_task(database->write(soon(), insert(std::string(50'000, 'x')))));
    }
    ASSERT_FALSE(*done);
    EXPECT_EQ(done->error().code, ErrorCode::unavailable) << done->error().message;
    EXPECT_TRUE(done->error().retry_after);
  }
  const auto after = base::run_task(database->write(soon(), insert("after")));
  EXPECT_TRUE(after) << after.error().message;
  EXPECT_EQ(notes(*database), 2);
}

TEST_F(Sqlite, PingTellsWhenTheFileIsGone) {
  auto database = open().value();
  ASSERT_TRUE(base::run_task(database->ping(soon())));
  std::filesystem::remove(file_);
  const auto done = base::run_task(database->ping(soon()));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::unavailable);
}

TEST_F(Sqlite, PingTellsOfALock) {
  auto database = open().value();
  Outsider outsider(file_);
  outsider.run("BEGIN IMMEDIATE");
  EXPECT_EQ(base::run_task(database->ping(in(milliseconds(100)))).error().code, ErrorCode::unavailable);
}

}  // namespace
}  // namespace chassis::db
