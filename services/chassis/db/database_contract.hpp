#pragma once
// What every implementation of the database port must do: a GoogleTest suite to be instantiated over each of them.
// The type parameter is a default-constructible harness with `Databases& databases()` and `std::string url(name)` of a
// database of that name, empty at first and the same afterwards.

#include <chrono>
#include <limits>
#include <stdexcept>

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "base/run_task.hpp"
#include "services/chassis/db/database.hpp"

namespace chassis::db {

template <class Harness>
class DatabaseContract : public ::testing::Test {
 protected:
  using Nothing = base::Result<void>;

  DatabaseContract() {
    auto opened = harness_.databases().open(harness_.url("data"), schema());
    EXPECT_TRUE(opened) << opened.error().message;
    database_ = std::move(opened).value();
  }

  static std::vector<Migration> schema() {
    return {
        {1, "people", "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"},
        {2, "pets",
         "CREATE TABLE pets (id INTEGER PRIMARY KEY, owner INTEGER REFERENCES people DEFERRABLE INITIALLY DEFERRED);"
         "CREATE INDEX pets_owner ON pets (owner);"}};
  }
  static base::Monotonic soon() { return std::chrono::steady_clock::now() + std::chrono::seconds(10); }

  Nothing write(Work work) { return base::run_task(database_->write(soon(), std::move(work))); }
  Nothing read(Work work) { return base::run_task(database_->read(soon(), std::move(work))); }
  Nothing insert(const std::string& name) {
    return write([name](Transaction& tx) -> Nothing {
      TRY(tx.exec("INSERT INTO people (name) VALUES ($1)", {name}));
      return base::success();
    });
  }
  std::int64_t people() {
    auto count =
        base::run_task(database_->read<std::int64_t>(soon(), [](Transaction& tx) -> base::Result<std::int64_t> {
          TRY(auto rows, tx.exec("SELECT count(*) FROM people"));
          return rows.rows.at(0).integer(0);
        }));
    return count ? count.value() : -1;
  }

  Harness harness_;
  std::unique_ptr<Database> database_;
};

TYPED_TEST_SUITE_P(DatabaseContract);

TYPED_TEST_P(DatabaseContract, ReadsWhatWasWritten) {
  const auto id = base::run_task(
      this->database_->template write<std::int64_t>(this->soon(), [](Transaction& tx) -> base::Result<std::int64_t> {
        TRY(auto rows, tx.exec("INSERT INTO people (name) VALUES ($1) RETURNING id", {"Ada"}));
        EXPECT_EQ(rows.changed, 1);
        return rows.rows.at(0).integer(0);
      }));
  ASSERT_TRUE(id) << id.error().message;
  const auto name = base::run_task(this->database_->template read<std::string>(
      this->soon(), [id = id.value()](Transaction& tx) -> base::Result<std::string> {
        TRY(auto rows, tx.exec("SELECT name FROM people WHERE id = $1", {id}));
        EXPECT_EQ(rows.changed, 0);
        return rows.rows.at(0).text(0);
      }));
  ASSERT_TRUE(name) << name.error().message;
  EXPECT_EQ(name.value(), "Ada");
}

TYPED_TEST_P(DatabaseContract, BindsByNumberAndKeepsTypes) {
  const std::string text = "a'b\\\n\"$1 \u00fc";
  const auto big = std::numeric_limits<std::int64_t>::min();
  const auto done = this->read([&](Transaction& tx) -> base::Result<void> {
    TRY(auto rows, tx.exec("SELECT $3, $1, $2, $1, $4", {text, big, std::monostate(), 1.5}));
    const auto& row = rows.rows.at(0);
    EXPECT_TRUE(row.is_null(0));
    EXPECT_EQ(row.text(1), text);
    EXPECT_EQ(row.integer(2), big);
    EXPECT_EQ(row.text(3), text);
    EXPECT_EQ(row.integer(4), 0) << "another type reads as 0";
    return base::success();
  });
  EXPECT_TRUE(done) << done.error().message;
}

TYPED_TEST_P(DatabaseContract, FailedWorkLeavesNothingBehind) {
  const auto done = this->write([](Transaction& tx) -> base::Result<void> {
    TRY(tx.exec("INSERT INTO people (name) VALUES ('Ada')"));
    return base::fail(base::ErrorCode::invalid, "no");
  });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, base::ErrorCode::invalid);
  EXPECT_EQ(this->people(), 0);
}

TYPED_TEST_P(DatabaseContract, WorkThatThrowsIsADefectAndLeavesNothing) {
  const auto done = this->write([](Transaction& tx) -> base::Result<void> {
    TRY(tx.exec("INSERT INTO people (name) VALUES ('Ada')"));
    throw std::runtime_error("boom");
  });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, base::ErrorCode::internal);
  EXPECT_EQ(this->people(), 0);
}

TYPED_TEST_P(DatabaseContract, ABrokenConstraintIsAConflict) {
  ASSERT_TRUE(this->insert("Ada"));
  const auto again = this->insert("Ada");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, base::ErrorCode::conflict);
  EXPECT_TRUE(this->insert("Bob")) << "works on";
}

TYPED_TEST_P(DatabaseContract, WorkMayGoOnAfterAConflict) {
  const auto done = this->write([](Transaction& tx) -> base::Result<void> {
    TRY(tx.exec("INSERT INTO people (name) VALUES ('Ada')"));
    EXPECT_FALSE(tx.exec("INSERT INTO people (name) VALUES ('Ada')"));
    TRY(tx.exec("INSERT INTO people (name) VALUES ('Bob')"));
    return base::success();
  });
  EXPECT_TRUE(done) << done.error().message;
  EXPECT_EQ(this->people(), 2);
}

TYPED_TEST_P(DatabaseContract, ADeferredConstraintIsCheckedPerJob) {
  const auto done = this->write([](Transaction& tx) -> base::Result<void> {
    TRY(tx.exec("INSERT INTO pets (owner) VALUES (77)"));
    return base::success();
  });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, base::ErrorCode::conflict);
  EXPECT_TRUE(this->insert("Ada"));
}

TYPED_TEST_P(DatabaseContract, WrongSqlIsADefect) {
  for (const std::string sql : {"SELEC 1", "SELECT 1; SELECT 2", "SELECT ?", "SELECT :name", "SELECT $1", ""}) {
    const auto done = this->read([&](Transaction& tx) -> base::Result<void> {
      TRY(tx.exec(sql));
      return base::success();
    });
    ASSERT_FALSE(done) << sql;
    EXPECT_EQ(done.error().code, base::ErrorCode::internal) << sql;
  }
  EXPECT_FALSE(this->read([&](Transaction& tx) -> base::Result<void> {
    TRY(tx.exec("SELECT $1", {std::int64_t(1), std::int64_t(2)}));
    return base::success();
  })) << "a parameter too many";
}

TYPED_TEST_P(DatabaseContract, APassedDeadlineIsATimeoutAndRunsNothing) {
  bool ran = false;
  const auto past = std::chrono::steady_clock::now() - std::chrono::seconds(1);
  const Work work = [&](Transaction&) -> base::Result<void> {
    ran = true;
    return base::success();
  };
  for (const auto& done :
       {base::run_task(this->database_->write(past, work)), base::run_task(this->database_->read(past, work))}) {
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, base::ErrorCode::timeout);
  }
  EXPECT_FALSE(ran);
}

TYPED_TEST_P(DatabaseContract, AReadCannotWrite) {
  EXPECT_FALSE(this->read([](Transaction& tx) -> base::Result<void> {
    TRY(tx.exec("INSERT INTO people (name) VALUES ('Ada')"));
    return base::success();
  }));
  EXPECT_EQ(this->people(), 0);
  EXPECT_TRUE(this->insert("Ada"));
}

TYPED_TEST_P(DatabaseContract, WholeNumbersHave64BitsAndRealsToo) {
  const std::vector<Migration> more{
      {1, "numbers", "CREATE TABLE numbers (id INTEGER PRIMARY KEY, big INTEGER, x REAL)"}};
  auto opened = this->harness_.databases().open(this->harness_.url("numbers"), more);
  ASSERT_TRUE(opened) << opened.error().message;
  const auto big = std::int64_t{1} << 40;
  const auto done = base::run_task(opened.value()->write(this->soon(), [&](Transaction& tx) -> base::Result<void> {
    TRY(tx.exec("INSERT INTO numbers (big, x) VALUES ($1, $2)", {big, 0.1}));
    TRY(const auto rows, tx.exec("SELECT id, big, count(*), sum(big) FROM numbers WHERE x = $1 GROUP BY id", {0.1}));
    EXPECT_EQ(rows.rows.size(), 1U);
    const auto& row = rows.rows.at(0);
    EXPECT_EQ(row.integer(0), 1);
    EXPECT_EQ(row.integer(1), big);
    EXPECT_EQ(row.integer(2), 1);
    EXPECT_EQ(row.integer(3), big);
    return base::success();
  }));
  EXPECT_TRUE(done) << done.error().message;
}

// What each reads is what the one before it wrote, however many come at once.
TYPED_TEST_P(DatabaseContract, TransactionsAreAsIfOneCameAfterTheOther) {
  ASSERT_TRUE(this->insert("0"));
  boost::asio::io_context io(1);
  constexpr int writers = 40;
  int good = 0;
  const Work increment = [](Transaction& tx) -> base::Result<void> {
    TRY(const auto rows, tx.exec("SELECT name FROM people"));
    TRY(tx.exec("UPDATE people SET name = $1", {std::to_string(std::stoi(rows.rows.at(0).text(0)) + 1)}));
    return base::success();
  };
  const auto one = [&]() -> base::Task<> {
    const auto done = co_await this->database_->write(this->soon(), increment);
    EXPECT_TRUE(done) << done.error().message;
    if (done) ++good;
  };
  for (int i = 0; i < writers; ++i) boost::asio::co_spawn(io, one(), boost::asio::detached);
  io.run();
  EXPECT_EQ(good, writers);
  EXPECT_TRUE(this->read([](Transaction& tx) -> base::Result<void> {
    TRY(const auto rows, tx.exec("SELECT name FROM people"));
    EXPECT_EQ(rows.rows.at(0).text(0), std::to_string(writers));
    return base::success();
  }));
}

TYPED_TEST_P(DatabaseContract, PingAnswers) {
  const auto done = base::run_task(this->database_->ping(this->soon()));
  EXPECT_TRUE(done) << done.error().message;
}

TYPED_TEST_P(DatabaseContract, RefusesWrongUrlsAndMigrations) {
  auto& databases = this->harness_.databases();
  EXPECT_EQ(databases.open("mysql:x", {}).error().code, base::ErrorCode::malformed);
  EXPECT_EQ(databases.open(this->harness_.url("data"), {{2, "gap", "SELECT 1"}}).error().code,
            base::ErrorCode::internal);
}

REGISTER_TYPED_TEST_SUITE_P(DatabaseContract, ReadsWhatWasWritten, BindsByNumberAndKeepsTypes,
                            FailedWorkLeavesNothingBehind, WorkThatThrowsIsADefectAndLeavesNothing,
                            ABrokenConstraintIsAConflict, WorkMayGoOnAfterAConflict, ADeferredConstraintIsCheckedPerJob,
                            WrongSqlIsADefect, APassedDeadlineIsATimeoutAndRunsNothing, AReadCannotWrite,
                            WholeNumbersHave64BitsAndRealsToo, TransactionsAreAsIfOneCameAfterTheOther, PingAnswers,
                            RefusesWrongUrlsAndMigrations);

}  // namespace chassis::db
