#pragma once
// The database port: SQL in a transaction, blocking work kept off the I/O threads. One SQL text serves SQLite and
// PostgreSQL: parameters are $1, $2 …; both know RETURNING and ON CONFLICT. In migrations INTEGER has 64 bits and, as
// PRIMARY KEY, counts up by itself. Text is UTF-8; a NUL in it is kept by SQLite and invalid to PostgreSQL.
// A Database is thread-safe. Work runs on the database's own threads: it must touch nothing but its captures and the
// transaction, and must not block on anything else. Transactions are as if one came after the other; where the server
// lets them run side by side, work may run again from its beginning, so it must not use up its captures.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/task.hpp"

namespace chassis::db {

using Value = std::variant<std::monostate, std::int64_t, double, std::string>;  // monostate is NULL

class Row {
 public:
  explicit Row(std::vector<Value> values) : values_(std::move(values)) {}
  bool is_null(std::size_t column) const { return std::holds_alternative<std::monostate>(values_.at(column)); }
  // A column of another type reads as 0 or "" — the SQL text decides the type, so that is a defect, not an input error.
  std::int64_t integer(std::size_t column) const;
  const std::string& text(std::size_t column) const;
  // The same without a copy of it; the column is empty afterwards.
  std::string take_text(std::size_t column);

 private:
  std::vector<Value> values_;
};

struct Rows {
  std::vector<Row> rows;
  std::int64_t changed = 0;  // rows inserted, updated or deleted by the statement
};

class Transaction {
 public:
  virtual ~Transaction() = default;
  // One statement. Errors: conflict (a constraint was broken), unavailable (locked, disk full, I/O error: nothing was
  // changed, try again), internal (the SQL itself is wrong).
  virtual base::Result<Rows> exec(std::string_view sql, std::span<const Value> parameters) = 0;
  base::Result<Rows> exec(std::string_view sql, std::initializer_list<Value> parameters = {}) {
    return exec(sql, std::span<const Value>(parameters.begin(), parameters.size()));
  }
};

using Work = std::function<base::Result<void>(Transaction&)>;

class Database {
 public:
  virtual ~Database() = default;

  // Runs `work` in a read-write transaction that is durable when this returns success; rolled back when `work` fails.
  // May share one commit with other writers (group commit); each still succeeds or fails alone.
  // Errors: those of `work`; unavailable with retry_after when the transaction could not be had or committed;
  // timeout when `deadline` passed before `work` began.
  virtual base::Task<base::Result<void>> write(base::Monotonic deadline, Work work) = 0;
  // The same on a read-only snapshot.
  virtual base::Task<base::Result<void>> read(base::Monotonic deadline, Work work) = 0;
  // Cheap proof of life for readiness: a read, and that it can be written.
  virtual base::Task<base::Result<void>> ping(base::Monotonic deadline) = 0;

  // Typed forms: the value that `work` returns.
  template <class T>
  base::Task<base::Result<T>> write(base::Monotonic deadline, std::function<base::Result<T>(Transaction&)> work) {
    return run<T>(&Database::write, deadline, std::move(work));
  }
  template <class T>
  base::Task<base::Result<T>> read(base::Monotonic deadline, std::function<base::Result<T>(Transaction&)> work) {
    return run<T>(&Database::read, deadline, std::move(work));
  }

 private:
  using Runner = base::Task<base::Result<void>> (Database::*)(base::Monotonic, Work);

  template <class T>
  base::Task<base::Result<T>> run(Runner runner, base::Monotonic deadline,
                                  std::function<base::Result<T>(Transaction&)> work) {
    // Shared with the work, which may outlive this coroutine when the service is torn down in between.
    auto value = std::make_shared<std::optional<T>>();
    Work wrapped = [value, work = std::move(work)](Transaction& tx) -> base::Result<void> {
      auto result = work(tx);
      if (!result) return std::move(result).error();
      *value = std::move(result).value();
      return base::success();
    };
    auto done = co_await (this->*runner)(deadline, std::move(wrapped));
    if (!done) co_return std::move(done).error();
    co_return std::move(**value);
  }
};

// One step of a schema, applied once and in order of `version` (1, 2, …). The text may hold several statements.
struct Migration {
  int version;
  std::string name;
  std::string sql;
};

// Opens databases by URL: `sqlite:/path/file.db`, `postgres://user@host:port/database`; `sqlite::memory:` in tests.
class Databases {
 public:
  virtual ~Databases() = default;
  // Opens and migrates before it returns; a half-applied migration is impossible (one transaction each, recorded in
  // `schema_migrations(version, name, checksum, applied_at)`). Errors: internal when it is newer than the last
  // migration known here, or an applied migration's text has changed; unavailable when it cannot be opened.
  virtual base::Result<std::unique_ptr<Database>> open(const std::string& url,
                                                       const std::vector<Migration>& migrations) = 0;
};

}  // namespace chassis::db
