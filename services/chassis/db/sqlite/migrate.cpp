#include "services/chassis/db/sqlite/migrate.hpp"

#include "services/chassis/db/migrations.hpp"

namespace chassis::db {
namespace {

using base::ErrorCode;
using base::Result;

// Inside a write transaction, since another process may have been quicker.
Result<void> apply(Connection& connection, const Migration& migration, base::Wall wall) {
  TRY(const auto applied, applied_migrations(connection));
  if (applied.contains(migration.version)) return base::success();
  auto done = connection.script(migration.sql);
  if (!done) {
    done.error().message = label(migration) + ": " + done.error().message;
    return done;
  }
  if (!connection.in_transaction()) {
    return base::fail(ErrorCode::internal, label(migration) + " must not begin or end a transaction");
  }
  return record(connection, migration, wall);
}

template <class Step>
Result<void> in_transaction(Connection& connection, Step step) {
  TRY(connection.begin("BEGIN IMMEDIATE"));
  Result<void> done = step();
  if (done && connection.in_transaction()) return connection.commit();
  connection.recover();
  return done;
}

}  // namespace

Result<void> migrate(Connection& connection, const std::vector<Migration>& migrations, base::Wall wall) {
  TRY(check_numbers(migrations));
  TRY(connection.ensure_open());
  TRY(in_transaction(connection, [&] { return connection.script(std::string(migrations_table)); }));
  TRY(const auto applied, applied_migrations(connection));
  TRY(check_applied(applied, migrations));
  for (const auto& migration : migrations) {
    if (applied.contains(migration.version)) continue;
    TRY(in_transaction(connection, [&] { return apply(connection, migration, wall); }));
  }
  return base::success();
}

}  // namespace chassis::db
