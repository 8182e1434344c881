#include "services/chassis/db/postgres/connection.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include <pqxx/except>
#include <pqxx/result>

#include "services/chassis/db/job_queue.hpp"
#include "services/chassis/db/postgres/dialect.hpp"

namespace chassis::db {
namespace {

using base::ErrorCode;
using base::Result;

constexpr std::size_t max_statements = 256;

// pg_type.dat of PostgreSQL: these numbers never change.
constexpr pqxx::oid oid_bool = 16;
constexpr pqxx::oid oid_int8 = 20;
constexpr pqxx::oid oid_int2 = 21;
constexpr pqxx::oid oid_int4 = 23;
constexpr pqxx::oid oid_float4 = 700;
constexpr pqxx::oid oid_float8 = 701;
constexpr pqxx::oid oid_numeric = 1700;

template <class Number>
bool read(std::string_view text, Number& number) {
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), number);
  return bad == std::errc() && end == text.data() + text.size();
}

Value value_of(const pqxx::field& field, pqxx::oid type) {
  if (field.is_null()) return std::monostate();
  const std::string_view text(field.c_str(), field.size());
  std::int64_t whole = 0;
  double real = 0;
  switch (type) {
    case oid_bool:
      return std::int64_t{text == "t"};
    case oid_int2:
    case oid_int4:
    case oid_int8:
    case oid_numeric:  // what sum() of whole numbers gives
      if (read(text, whole)) return whole;
      [[fallthrough]];
    case oid_float4:
    case oid_float8:
      if (read(text, real)) return real;
      break;
    default:
      break;
  }
  return std::string(text);
}

Rows rows_of(const pqxx::result& result, bool counts) {
  Rows rows;
  std::vector<pqxx::oid> types;
  for (pqxx::row_size_type i = 0; i < result.columns(); ++i) types.push_back(result.column_type(i));
  for (const auto& row : result) {
    std::vector<Value> values;
    values.reserve(types.size());
    for (pqxx::row_size_type i = 0; i < row.size(); ++i) values.push_back(value_of(row[i], types[i]));
    rows.rows.emplace_back(std::move(values));
  }
  if (counts) rows.changed = static_cast<std::int64_t>(result.affected_rows());
  return rows;
}

// Texts of the parameters, NULL as no text.
using Texts = std::vector<std::optional<std::string>>;

Result<Texts> texts_of(std::span<const Value> parameters) {
  Texts texts;
  std::array<char, 32> digits{};
  const auto print = [&](auto number) {
    return std::string(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr);
  };
  for (const auto& value : parameters) {
    if (const auto* whole = std::get_if<std::int64_t>(&value)) {
      texts.emplace_back(print(*whole));
    } else if (const auto* real = std::get_if<double>(&value)) {
      texts.emplace_back(print(*real));
    } else if (const auto* text = std::get_if<std::string>(&value)) {
      // It would end at the NUL.
      if (text->find('\0') != text->npos) return translate_error("22021", "").error;
      texts.emplace_back(*text);
    } else {
      texts.emplace_back();
    }
  }
  return texts;
}

std::string begin_sql(Mode mode, std::int64_t timeout_ms) {
  std::string sql = "BEGIN";
  if (mode == Mode::read) sql += " ISOLATION LEVEL REPEATABLE READ READ ONLY";
  if (mode == Mode::write) sql += " ISOLATION LEVEL SERIALIZABLE READ WRITE";
  return sql + "; SET LOCAL statement_timeout = " + std::to_string(timeout_ms);
}

}  // namespace

base::Error PgConnection::lost(const std::string& what) {
  state_ = State::broken;
  return try_later("database: " + what.substr(0, what.find('\n')));
}

template <class Step>
auto PgConnection::guard(Step step) -> Result<decltype(step())> {
  try {
    if constexpr (std::is_void_v<decltype(step())>) {
      step();
      return base::success();
    } else {
      return step();
    }
  } catch (const pqxx::broken_connection&) {
    return lost("the connection to the server was lost");
  } catch (const pqxx::transaction_rollback& refused) {  // a serialisation failure or a deadlock
    may_try_again_ = true;
    return translate_error("40001", refused.what()).error;
  } catch (const pqxx::sql_error& refused) {
    auto translated = translate_error(refused.sqlstate(), refused.what());
    if (translated.may_try_again) may_try_again_ = true;
    // 57P0x: the server ends this connection. Without a state the library lost it and did not notice. 25006: it leads
    // to a standby, and a new one perhaps to the primary.
    const auto& state = refused.sqlstate();
    if (state.empty() || state.starts_with("57P") || state == "25006" || !connection_->is_open()) {
      return lost("the server has ended the connection, or takes no writes");
    }
    return std::move(translated.error);
  } catch (const std::exception& thrown) {
    state_ = State::broken;  // what the library did not expect: start anew
    return base::fail(ErrorCode::internal, std::string("database: ") + typeid(thrown).name());
  }
}

Result<void> PgConnection::ensure_open() {
  if (connection_ && state_ != State::broken) return base::success();
  close();
  try {
    connection_ = std::make_unique<pqxx::connection>(url_);
  } catch (const std::exception& refused) {
    const std::string_view what = refused.what();
    return try_later("database: " + std::string(what.substr(0, what.find('\n'))));
  }
  // Silently made anew, it would run on without its transaction.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  connection_->inhibit_reactivation(true);
#pragma GCC diagnostic pop
  connection_->set_verbosity(pqxx::connection_base::terse);
  state_ = State::idle;
  if (on_socket_) on_socket_(connection_->sock());
  return base::success();
}

void PgConnection::close() {
  if (connection_ && on_socket_) on_socket_(-1);
  session_.reset();
  connection_.reset();
  statements_.clear();
  state_ = State::idle;
}

Result<void> PgConnection::begin(Mode mode, base::Monotonic deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - clock_.monotonic()).count();
  if (left <= 0) return too_late();
  mode_ = mode;
  deadline_ = deadline;
  has_savepoint_ = may_try_again_ = false;
  const auto sql = begin_sql(mode, std::min<std::int64_t>(left, 24 * 3'600'000));
  for (const bool is_new : {connection_ == nullptr || state_ == State::broken, true}) {
    TRY(ensure_open());
    session_.reset();
    auto begun = guard([&] { session_.emplace(*connection_).exec(sql); });
    if (begun) state_ = State::good;
    if (begun || is_new || state_ != State::broken || clock_.monotonic() >= deadline) return begun;
  }
  return try_later("database: the connection to the server was lost");
}

Result<void> PgConnection::run(const std::string& sql) {
  return guard([&] { session_->exec(sql); });
}

Result<void> PgConnection::script(const std::string& sql) {
  auto done = run(sql);
  if (!done) end();
  return done;
}

Result<void> PgConnection::commit() {
  if (state_ != State::good) {
    rollback();
    return try_later("database: the transaction has ended early");
  }
  auto done = run("COMMIT");
  if (!done && state_ == State::broken) {
    return try_later("database: the connection was lost during the commit, which may have succeeded");
  }
  if (!done) rollback();
  session_.reset();
  if (done) state_ = State::idle;
  return done;
}

void PgConnection::rollback() {
  if (!connection_) return;
  if (state_ != State::broken) static_cast<void>(run("ROLLBACK"));
  session_.reset();
  if (state_ == State::broken) return close();
  state_ = State::idle;
}

void PgConnection::end() {
  if (state_ == State::good) state_ = State::ended;
}

// A failed statement ends the whole transaction on this server, but for what came before a savepoint.
Result<void> PgConnection::mark() {
  TRY(run(has_savepoint_ ? "RELEASE SAVEPOINT statement; SAVEPOINT statement" : "SAVEPOINT statement"));
  has_savepoint_ = true;
  return base::success();
}

Result<Rows> PgConnection::exec(std::string_view sql, std::span<const Value> parameters) {
  if (state_ != State::good) return try_later("database: an earlier error has ended the transaction");
  if (clock_.monotonic() >= deadline_) return base::fail(ErrorCode::timeout, "the deadline passed between statements");
  const auto statement = typed(sql, parameters);
  if (statement.is_empty) return base::fail(ErrorCode::internal, "SQL: expected one statement");
  if (statement.highest != parameters.size()) {
    return base::fail(ErrorCode::internal, "SQL: " + std::to_string(statement.highest) + " parameters expected, " +
                                               std::to_string(parameters.size()) + " given");
  }
  const bool is_marked = mode_ == Mode::write && !statement.only_selects;
  auto done = is_marked ? mark() : Result<void>(base::success());
  auto rows = done ? run_prepared(statement.sql, parameters, !statement.only_selects) : Result<Rows>(done.error());
  if (rows) return rows;
  // A conflict with another transaction dooms all of this one.
  const bool is_undone =
      is_marked && done && state_ == State::good && !may_try_again_ && run("ROLLBACK TO SAVEPOINT statement");
  if (!is_undone) end();
  return rows;
}

const std::string& PgConnection::prepared(const std::string& sql) {
  if (const auto found = statements_.find(sql); found != statements_.end()) return found->second;
  if (statements_.size() >= max_statements) forget(statements_.begin()->first);
  const auto name = "s" + std::to_string(next_name_++);
  connection_->prepare(name, sql);
  return statements_.emplace(sql, name).first->second;
}

void PgConnection::forget(const std::string& sql) {
  const auto found = statements_.find(sql);
  if (found == statements_.end()) return;
  const auto name = found->second;
  statements_.erase(found);
  connection_->unprepare(name);
}

Result<Rows> PgConnection::run_prepared(std::string_view text, std::span<const Value> parameters, bool counts) {
  TRY(const auto texts, texts_of(parameters));
  std::vector<const char*> pointers;
  for (const auto& one : texts) pointers.push_back(one ? one->c_str() : nullptr);
  const std::string sql(text);
  auto rows = guard([&] {
    const auto& name = prepared(sql);
    return rows_of(session_->exec_prepared(name, pqxx::prepare::make_dynamic_params(pointers)), counts);
  });
  // It may be wrong, or its tables have changed under it: the next try prepares it anew.
  if (!rows && state_ != State::broken && rows.error().code == ErrorCode::internal) {
    static_cast<void>(guard([&] { forget(sql); }));
  }
  return rows;
}

}  // namespace chassis::db
