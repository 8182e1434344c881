#pragma once
// SQLite behind the database port, for a running process: per database one writer thread and some reader threads.
// Writers share commits: all that wait while one commit is being synced go into the next one.
//
// A database locked by another process makes calls wait until their own deadline and then fail as unavailable; a full
// disk or an I/O error fails them at once. Either way the next call tries anew, so recovery needs no restart.
// Thread-safe. The clock must be a real one: the database's threads wait on it. The io_contexts of the callers outlive
// the Database; what it has not begun when it is destroyed is answered as cancelled.

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "services/chassis/db/database.hpp"

namespace chassis::db {

struct SqliteOptions {
  int readers = 2;                             // threads for read()
  std::size_t group = 256;                     // jobs in one commit at most
  std::chrono::milliseconds open_wait{5'000};  // for another process's lock while migrating
};

class SqliteDatabases final : public Databases {
 public:
  explicit SqliteDatabases(const base::Clock& clock, SqliteOptions options = {}) : clock_(clock), options_(options) {}

  // `sqlite:/path/file.db`. Errors besides the port's: malformed for another kind of URL, `sqlite::memory:` included,
  // since several connections cannot share it (see InlineSqlite).
  base::Result<std::unique_ptr<Database>> open(const std::string& url,
                                               const std::vector<Migration>& migrations) override;

 private:
  const base::Clock& clock_;
  SqliteOptions options_;
};

// The file behind `sqlite:FILE`. Errors: malformed.
base::Result<std::string> sqlite_file(const std::string& url);

}  // namespace chassis::db
