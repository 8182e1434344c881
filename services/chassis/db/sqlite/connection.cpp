#include "services/chassis/db/sqlite/connection.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <thread>

namespace chassis::db {
namespace {

using base::ErrorCode;
using base::Result;

constexpr std::size_t max_statements = 256;

// WAL is a property of the file and stays; the others are per connection. temp_store keeps savepoint journals off disk.
constexpr auto settings =
    "PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-8192;";

// Only a new file is touched: closing a descriptor of an existing one would drop the locks of this process on it.
void create_file(const std::filesystem::path& file) {
  std::filesystem::path folder;
  for (const auto& part : file.parent_path()) {
    folder /= part;
    ::mkdir(folder.c_str(), 0700);
  }
  const int fd = ::open(file.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
  if (fd >= 0) ::close(fd);
}

Result<std::size_t> number_of(const char* name) {
  const std::string_view text = name == nullptr ? "?" : name;
  std::size_t number = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, bad] = std::from_chars(text.data() + 1, end, number);
  if (text[0] != '$' || bad != std::errc() || stop != end || number == 0) {
    return base::fail(ErrorCode::internal, "SQL: parameters are $1, $2 …, got " + std::string(text));
  }
  return number;
}

int bind_one(sqlite3_stmt* statement, int index, const Value& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return sqlite3_bind_int64(statement, index, *number);
  if (const auto* real = std::get_if<double>(&value)) return sqlite3_bind_double(statement, index, *real);
  if (const auto* text = std::get_if<std::string>(&value)) {
    // The caller's parameters outlive the statement's run, so no copy is taken.
    return sqlite3_bind_text64(statement, index, text->data(), text->size(), SQLITE_STATIC, SQLITE_UTF8);
  }
  return sqlite3_bind_null(statement, index);
}

Value column(sqlite3_stmt* statement, int index) {
  switch (sqlite3_column_type(statement, index)) {
    case SQLITE_INTEGER:
      return sqlite3_column_int64(statement, index);
    case SQLITE_FLOAT:
      return sqlite3_column_double(statement, index);
    case SQLITE_NULL:
      return std::monostate();
    default:
      break;
  }
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement, index));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, index));
  return bytes == nullptr ? std::string() : std::string(bytes, size);
}

bool is_transient(int primary) {
  switch (primary) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PROTOCOL:
    case SQLITE_NOMEM:
    case SQLITE_INTERRUPT:
      return true;
    default:
      return false;
  }
}

bool is_damage(int primary) {
  return primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN || primary == SQLITE_CORRUPT ||
         primary == SQLITE_NOTADB || primary == SQLITE_READONLY;
}

}  // namespace

Result<void> Connection::ensure_open() {
  if (db_ != nullptr) return base::success();
  auto opened = open();
  if (!opened) close();
  return opened;
}

Result<void> Connection::open() {
  if (file_ != in_memory && access_ == Access::read_write) create_file(file_);
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (file_ == in_memory ? SQLITE_OPEN_MEMORY : 0);
  const int code = sqlite3_open_v2(file_.c_str(), &db_, flags, nullptr);
  if (code != SQLITE_OK) return error(code);
  state_ = State::good;
  sqlite3_extended_result_codes(db_, 1);
  sqlite3_busy_handler(db_, &Connection::busy, this);
  // A database of another program must not run code of its own in here.
  sqlite3_db_config(db_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(db_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  TRY(script(settings));
  return script(access_ == Access::read_write ? "PRAGMA journal_mode=WAL;" : "PRAGMA query_only=ON;");
}

void Connection::close() {
  statements_.clear();
  sqlite3_close_v2(db_);
  db_ = nullptr;
}

void Connection::recover() {
  if (in_transaction()) rollback();
  if (state_ == State::damaged && file_ != in_memory) close();
  state_ = State::good;
}

int Connection::busy(void* self, int attempts) {
  const auto& connection = *static_cast<Connection*>(self);
  if (!connection.keep_waiting_ || !connection.keep_waiting_()) return 0;
  std::this_thread::sleep_for(std::chrono::milliseconds(std::min(1 + attempts, 10)));
  return 1;
}

base::Error Connection::error(int code) {
  const int primary = code & 0xff;
  const std::string message = std::string("database: ") + (db_ == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(db_));
  if (is_damage(primary)) state_ = State::damaged;
  if (primary == SQLITE_CONSTRAINT) return base::fail(ErrorCode::conflict, message);
  if (is_transient(primary)) return try_later(message);
  return base::fail(ErrorCode::internal, message);
}

Result<Connection::Statement*> Connection::prepare(std::string_view sql) {
  if (const auto found = statements_.find(sql); found != statements_.end()) return &found->second;
  if (statements_.size() >= max_statements) statements_.clear();
  sqlite3_stmt* raw = nullptr;
  const char* rest = nullptr;
  const int code =
      sqlite3_prepare_v3(db_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &raw, &rest);
  if (code != SQLITE_OK) return error(code);
  Statement statement{std::unique_ptr<sqlite3_stmt, Finalize>(raw), {}, 0};
  const auto unread = sql.substr(static_cast<std::size_t>(rest - sql.data()));
  if (raw == nullptr || unread.find_first_not_of(" \t\r\n;") != unread.npos) {
    return base::fail(ErrorCode::internal, "SQL: expected one statement");
  }
  for (int i = 1; i <= sqlite3_bind_parameter_count(raw); ++i) {
    TRY(const auto number, number_of(sqlite3_bind_parameter_name(raw, i)));
    statement.numbers.push_back(number);
    statement.highest = std::max(statement.highest, number);
  }
  return &statements_.emplace(sql, std::move(statement)).first->second;
}

Result<void> Connection::bind(const Statement& statement, std::span<const Value> parameters) {
  if (parameters.size() != statement.highest) {
    return base::fail(ErrorCode::internal, "SQL: " + std::to_string(statement.highest) + " parameters expected, " +
                                               std::to_string(parameters.size()) + " given");
  }
  for (std::size_t i = 0; i < statement.numbers.size(); ++i) {
    const int code = bind_one(statement.handle.get(), static_cast<int>(i) + 1, parameters[statement.numbers[i] - 1]);
    if (code != SQLITE_OK) return error(code);
  }
  return base::success();
}

Result<Rows> Connection::run(sqlite3_stmt* statement) {
  Rows rows;
  const int columns = sqlite3_column_count(statement);
  int code = SQLITE_ROW;
  while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
    std::vector<Value> values;
    values.reserve(static_cast<std::size_t>(columns));
    for (int i = 0; i < columns; ++i) values.push_back(column(statement, i));
    rows.rows.emplace_back(std::move(values));
  }
  if (code != SQLITE_DONE) return error(code);
  if (sqlite3_stmt_readonly(statement) == 0) rows.changed = sqlite3_changes64(db_);
  return rows;
}

Result<Rows> Connection::exec(std::string_view sql, std::span<const Value> parameters) {
  if (db_ == nullptr || state_ != State::good) return try_later("database: an earlier error has ended the transaction");
  const bool inside = in_transaction();
  TRY(auto* statement, prepare(sql));
  auto bound = bind(*statement, parameters);
  auto rows = bound ? run(statement->handle.get()) : Result<Rows>(std::move(bound).error());
  sqlite3_reset(statement->handle.get());
  sqlite3_clear_bindings(statement->handle.get());
  // A full disk and the like make SQLite roll the whole transaction back; what follows must not run outside of one.
  if (!rows && inside && !in_transaction() && state_ == State::good) state_ = State::ended;
  return rows;
}

Result<void> Connection::script(const std::string& sql) {
  const int code = sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return error(code);
  return base::success();
}

Result<void> Connection::begin(std::string_view how) {
  TRY(exec(how));
  return base::success();
}

Result<void> Connection::commit() {
  auto done = exec("COMMIT");
  if (done) return base::success();
  if (in_transaction()) rollback();
  return std::move(done).error();
}

void Connection::rollback() {
  // Not through exec(): this must work after an error too. SQLite may have rolled back by itself; then this does
  // nothing.
  sqlite3_exec(db_, "ROLLBACK", nullptr, nullptr, nullptr);
}

bool Connection::has_deferred_violations() const {
  int current = 0;
  int highest = 0;
  sqlite3_db_status(db_, SQLITE_DBSTATUS_DEFERRED_FKS, &current, &highest, 0);
  return current != 0;
}

}  // namespace chassis::db
