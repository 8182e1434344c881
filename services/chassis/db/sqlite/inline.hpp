#pragma once
// SQLite in memory for tests on one thread: work runs at once on the caller's thread, by the same code as in the
// threaded database. Every open() makes a new, empty database. Not thread-safe.

#include "services/chassis/db/database.hpp"

namespace chassis::db {

class InlineSqlite final : public Databases {
 public:
  explicit InlineSqlite(const base::Clock& clock) : clock_(clock) {}

  // `sqlite::memory:` only; malformed for anything else.
  base::Result<std::unique_ptr<Database>> open(const std::string& url,
                                               const std::vector<Migration>& migrations) override;

 private:
  const base::Clock& clock_;
};

}  // namespace chassis::db
