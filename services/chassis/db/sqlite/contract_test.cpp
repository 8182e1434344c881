#include "services/chassis/db/database_contract.hpp"
#include "services/chassis/db/sqlite/inline.hpp"
#include "services/chassis/db/sqlite/sqlite.hpp"
#include "services/chassis/db/sqlite/temp_folder.hpp"

namespace chassis::db {
namespace {

class ThreadedHarness {
 public:
  Databases& databases() { return databases_; }
  std::string url(const std::string& name) const { return "sqlite:" + (folder_.path() / name).string(); }

 private:
  TempFolder folder_;
  base::SystemClock clock_;
  SqliteDatabases databases_{clock_};
};

class InlineHarness {
 public:
  Databases& databases() { return databases_; }
  static std::string url(const std::string& /*name*/) { return "sqlite::memory:"; }

 private:
  base::SystemClock clock_;
  InlineSqlite databases_{clock_};
};

using Implementations = ::testing::Types<ThreadedHarness, InlineHarness>;
INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, DatabaseContract, Implementations);

template <class Harness>
class SqliteContract : public DatabaseContract<Harness> {};
TYPED_TEST_SUITE(SqliteContract, Implementations);

TYPED_TEST(SqliteContract, AFullDiskIsUnavailableUntilThereIsRoom) {
  ASSERT_TRUE(this->insert("Ada"));
  const auto limit = [this](const std::string& pages) {
    return this->write([pages](Transaction& tx) -> base::Result<void> {
      TRY(tx.exec("PRAGMA max_page_count=" + pages));
      return base::success();
    });
  };
  ASSERT_TRUE(limit("1"));
  const auto done = this->write([](Transaction& tx) -> base::Result<void> {
    EXPECT_FALSE(tx.exec("INSERT INTO people (name) VALUES ($1)", {std::string(100'000, 'x')}));
    EXPECT_FALSE(tx.exec("INSERT INTO people (name) VALUES ('Eve')")) << "must not run outside of the transaction";
    return base::success();
  });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, base::ErrorCode::unavailable);
  EXPECT_TRUE(done.error().retry_after.has_value());
  EXPECT_EQ(this->people(), 1);
  ASSERT_TRUE(limit("1000000"));
  EXPECT_TRUE(this->insert(std::string(100'000, 'x')));
}

TYPED_TEST(SqliteContract, KeepsANulInText) {
  const auto text = std::string("a\0b", 3);
  EXPECT_TRUE(this->read([&](Transaction& tx) -> base::Result<void> {
    TRY(const auto rows, tx.exec("SELECT $1", {text}));
    EXPECT_EQ(rows.rows.at(0).text(0), text);
    return base::success();
  }));
}

}  // namespace
}  // namespace chassis::db
