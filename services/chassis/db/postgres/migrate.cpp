#include "services/chassis/db/postgres/migrate.hpp"

#include "services/chassis/db/job_queue.hpp"
#include "services/chassis/db/migrations.hpp"
#include "services/chassis/db/postgres/dialect.hpp"

namespace chassis::db {
namespace {

using base::ErrorCode;
using base::Result;

// Any number that nobody else takes in this database: "msctl" in ASCII. Held until the transaction ends.
constexpr std::string_view lock_sql = "SELECT pg_advisory_xact_lock(470004298860)";
constexpr std::string_view id_sql = "SELECT pg_current_xact_id()::text";

Result<std::string> transaction_id(PgConnection& connection) {
  TRY(const auto rows, connection.exec(id_sql));
  return rows.rows.at(0).text(0);
}

Result<void> apply(PgConnection& connection, const Migration& migration, base::Wall wall) {
  TRY(const auto before, transaction_id(connection));
  auto done = connection.script(translate_migration(migration.sql));
  if (!done) {
    done.error().message = label(migration) + ": " + done.error().message;
    return done;
  }
  TRY(const auto after, transaction_id(connection));
  if (before != after) {
    return base::fail(ErrorCode::internal, label(migration) + " must not begin or end a transaction");
  }
  return record(connection, migration, wall);
}

// One step under the lock.
template <class Step>
Result<void> locked(PgConnection& connection, base::Monotonic deadline, Step step) {
  TRY(connection.begin(Mode::migrate, deadline));
  auto had = connection.exec(lock_sql);
  if (!had && had.error().code == ErrorCode::timeout) had = try_later("database: another instance is migrating");
  auto done = had ? step() : Result<void>(had.error());
  if (done) return connection.commit();
  connection.rollback();
  return done;
}

}  // namespace

Result<void> migrate(PgConnection& connection, const std::vector<Migration>& migrations, base::Wall wall,
                     base::Monotonic deadline) {
  TRY(check_numbers(migrations));
  TRY(locked(connection, deadline, [&] { return connection.script(translate_migration(migrations_table)); }));
  for (bool is_done = migrations.empty(); !is_done;) {
    TRY(locked(connection, deadline, [&]() -> Result<void> {
      TRY(const auto applied, applied_migrations(connection));
      TRY(check_applied(applied, migrations));
      for (const auto& migration : migrations) {
        if (!applied.contains(migration.version)) return apply(connection, migration, wall);
      }
      is_done = true;
      return base::success();
    }));
  }
  return base::success();
}

}  // namespace chassis::db
