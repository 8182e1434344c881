#include "services/chassis/db/sqlite/migrate.hpp"

#include <array>
#include <cstdio>
#include <map>

namespace chassis::db {
namespace {

using base::ErrorCode;
using base::Result;

constexpr auto create_table =
    "CREATE TABLE IF NOT EXISTS schema_migrations ("
    "version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at TEXT NOT NULL)";

// FNV-1a, 64 bits (draft-eastlake-fnv): it has to notice an edit, not an attack.
std::string checksum(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  std::array<char, 17> digits{};
  std::snprintf(digits.data(), digits.size(), "%016llx", static_cast<unsigned long long>(hash));
  return digits.data();
}

std::string label(const Migration& migration) {
  return "migration " + std::to_string(migration.version) + " (" + migration.name + ")";
}

using Applied = std::map<std::int64_t, std::string>;  // checksum by version

Result<Applied> applied_migrations(Connection& connection) {
  Applied applied;
  TRY(const auto rows, connection.exec("SELECT version, checksum FROM schema_migrations"));
  for (const auto& row : rows.rows) applied[row.integer(0)] = row.text(1);
  return applied;
}

Result<void> check(const Applied& applied, const std::vector<Migration>& migrations) {
  for (const auto& migration : migrations) {
    const auto found = applied.find(migration.version);
    if (found != applied.end() && found->second != checksum(migration.sql)) {
      return base::fail(ErrorCode::internal, label(migration) + " was changed after it had been applied");
    }
  }
  const auto last = static_cast<std::int64_t>(migrations.size());
  if (!applied.empty() && applied.rbegin()->first > last) {
    return base::fail(ErrorCode::internal, "the database has version " + std::to_string(applied.rbegin()->first) +
                                               ", this program knows up to " + std::to_string(last));
  }
  return base::success();
}

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
  TRY(connection.exec(
      "INSERT INTO schema_migrations VALUES ($1, $2, $3, $4)",
      {std::int64_t(migration.version), migration.name, checksum(migration.sql), base::to_rfc3339(wall)}));
  return base::success();
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
  for (std::size_t i = 0; i < migrations.size(); ++i) {
    if (migrations[i].version != static_cast<int>(i) + 1) {
      return base::fail(ErrorCode::internal, label(migrations[i]) + ": versions are expected to be 1, 2, 3 …");
    }
  }
  TRY(connection.ensure_open());
  TRY(in_transaction(connection, [&] { return connection.script(create_table); }));
  TRY(const auto applied, applied_migrations(connection));
  TRY(check(applied, migrations));
  for (const auto& migration : migrations) {
    if (applied.contains(migration.version)) continue;
    TRY(in_transaction(connection, [&] { return apply(connection, migration, wall); }));
  }
  return base::success();
}

}  // namespace chassis::db
