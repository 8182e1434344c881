#include "services/chassis/db/database_contract.hpp"
#include "services/chassis/db/sqlite/inline.hpp"
#include "services/chassis/db/sqlite/sqlite.hpp"
#include "services/chassis/db/sqlite/temp_folder.hpp"

namespace chassis::db {
namespace {

class ThreadedHarness {
 public:
  Databases& databases() { return databases_; }
  std::string url() const { return "sqlite:" + (folder_.path() / "data.db").string(); }

 private:
  TempFolder folder_;
  base::SystemClock clock_;
  SqliteDatabases databases_{clock_};
};

class InlineHarness {
 public:
  Databases& databases() { return databases_; }
  static std::string url() { return "sqlite::memory:"; }

 private:
  base::SystemClock clock_;
  InlineSqlite databases_{clock_};
};

using Implementations = ::testing::Types<ThreadedHarness, InlineHarness>;
INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, DatabaseContract, Implementations);

}  // namespace
}  // namespace chassis::db
