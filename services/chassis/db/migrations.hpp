#pragma once
// What the drivers share about migrations: which are due, and what forbids applying them. Pure. Internal to the
// drivers in db.

#include <map>
#include <string>
#include <vector>

#include "services/chassis/db/database.hpp"

namespace chassis::db {

using Applied = std::map<std::int64_t, std::string>;  // checksum by version

// SQL of the table that says what was applied.
inline constexpr std::string_view migrations_table =
    "CREATE TABLE IF NOT EXISTS schema_migrations ("
    "version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at TEXT NOT NULL)";

base::Result<Applied> applied_migrations(Transaction& tx);
base::Result<void> record(Transaction& tx, const Migration& migration, base::Wall applied_at);

// Errors: internal when versions are not 1, 2, 3 …
base::Result<void> check_numbers(const std::vector<Migration>& migrations);
// Errors: internal when an applied migration's text has changed, or the database is newer than the last one here.
base::Result<void> check_applied(const Applied& applied, const std::vector<Migration>& migrations);

std::string label(const Migration& migration);  // `migration 2 (pets)`

}  // namespace chassis::db
