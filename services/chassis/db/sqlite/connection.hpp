#pragma once
// One SQLite connection with its prepared statements: WAL, synchronous=FULL, foreign keys on. Used by one thread at a
// time. It is opened at first use, and again after an I/O error. Internal to db/sqlite.

#include <sqlite3.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.hpp"
#include "services/chassis/db/job_queue.hpp"

namespace chassis::db {

inline constexpr std::string_view in_memory = ":memory:";

enum class Access : std::uint8_t { read_write, read_only };

class Connection final : public Transaction {
 public:
  // Asked while another connection holds a lock: true to wait on, false to give up (the statement is unavailable).
  using KeepWaiting = std::function<bool()>;

  // `file` is a path or `:memory:`.
  Connection(std::string file, Access access) : file_(std::move(file)), access_(access) {}
  ~Connection() override { close(); }
  Connection(const Connection&) = delete;

  // Opens the file when it isn't open, creating it (0600) and its folder (0700). Errors: unavailable.
  base::Result<void> ensure_open();
  // To be called between transactions: closes what an I/O error has made unreliable.
  void recover();
  void on_locked(KeepWaiting keep_waiting) { keep_waiting_ = std::move(keep_waiting); }

  using Transaction::exec;
  // As the port says. When an error has ended the transaction, every further statement fails as unavailable.
  base::Result<Rows> exec(std::string_view sql, std::span<const Value> parameters) override;
  // Several statements without parameters.
  base::Result<void> script(const std::string& sql);

  base::Result<void> begin(std::string_view how);  // `BEGIN …`
  base::Result<void> commit();                     // rolled back when it fails
  void rollback();
  bool in_transaction() const { return db_ != nullptr && sqlite3_get_autocommit(db_) == 0; }
  // Deferred foreign keys that would fail the commit.
  bool has_deferred_violations() const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  struct Statement {
    std::unique_ptr<sqlite3_stmt, Finalize> handle;
    std::vector<std::size_t> numbers;  // N of `$N`, by SQLite's own parameter index from 0
    std::size_t highest = 0;           // N
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };

  base::Result<void> open();
  void close();
  base::Result<Statement*> prepare(std::string_view sql);
  base::Result<void> bind(const Statement& statement, std::span<const Value> parameters);
  base::Result<Rows> run(sqlite3_stmt* statement);
  base::Error error(int code);
  static int busy(void* self, int attempts);

  std::string file_;
  Access access_;
  KeepWaiting keep_waiting_;
  sqlite3* db_ = nullptr;
  std::unordered_map<std::string, Statement, Hash, std::equal_to<>> statements_;
  enum class State : std::uint8_t { good, ended, damaged } state_ = State::good;  // ended: by an error, not by us
};

}  // namespace chassis::db
