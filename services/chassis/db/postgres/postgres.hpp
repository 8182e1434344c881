#pragma once
// PostgreSQL behind the database port, for a running process: per database a pool of connections, each with a thread of
// its own that is started when the others are busy and gives its connection back after 30 s without work.
//
// Writes are SERIALIZABLE, reads a REPEATABLE READ snapshot, as with SQLite; so work whose transaction was in the way
// of another one is run again until its deadline. A statement ends at the work's deadline (statement_timeout); a server
// that does not even answer that is given up a second later, or after 2 s when it does not answer to a connection. A
// call waits for a free connection until its deadline and then fails as unavailable, as do all calls while the server
// is away; the next call tries anew.
//
// The same SQL text as for SQLite is run, with the types of a migration translated (dialect.hpp); text is compared byte
// by byte where the database has the collation C. Errors name tables and constraints, never values.
//
// Thread-safe. The clock must be a real one. The io_contexts of the callers outlive the Database; what it has not begun
// when it is destroyed is answered as cancelled.

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "services/chassis/db/database.hpp"

namespace chassis::db {

struct PostgresOptions {
  std::size_t pool = 20;                        // connections at most
  std::chrono::milliseconds open_wait{10'000};  // for the server and for other instances that migrate
  std::chrono::milliseconds idle{30'000};       // until an unused connection is closed
};

class PostgresDatabases final : public Databases {
 public:
  explicit PostgresDatabases(const base::Clock& clock, PostgresOptions options = {})
      : clock_(clock), options_(options) {}

  // `postgres://user@host:port/database?passfile=/path`, a URI of libpq with all its parameters; the password belongs
  // into that file (one line `host:port:database:user:password`, mode 0600). Errors besides the port's: malformed,
  // which does not repeat the URL.
  base::Result<std::unique_ptr<Database>> open(const std::string& url,
                                               const std::vector<Migration>& migrations) override;

 private:
  const base::Clock& clock_;
  PostgresOptions options_;
};

bool is_postgres_url(std::string_view url);

}  // namespace chassis::db
