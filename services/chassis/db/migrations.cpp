#include "services/chassis/db/migrations.hpp"

#include <array>
#include <cstdio>

namespace chassis::db {

using base::ErrorCode;
using base::Result;

namespace {

// FNV-1a, 64 bits (draft-eastlake-fnv): it has to notice an edit, not an attack.
std::string checksum(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  std::array<char, 17> digits{};
  std::snprintf(digits.data(), digits.size(), "%016llx", static_cast<unsigned long long>(hash));
  return digits.data();
}

}  // namespace

std::string label(const Migration& migration) {
  return "migration " + std::to_string(migration.version) + " (" + migration.name + ")";
}

Result<Applied> applied_migrations(Transaction& tx) {
  Applied applied;
  TRY(const auto rows, tx.exec("SELECT version, checksum FROM schema_migrations"));
  for (const auto& row : rows.rows) applied[row.integer(0)] = row.text(1);
  return applied;
}

Result<void> record(Transaction& tx, const Migration& migration, base::Wall applied_at) {
  TRY(tx.exec(
      "INSERT INTO schema_migrations VALUES ($1, $2, $3, $4)",
      {std::int64_t(migration.version), migration.name, checksum(migration.sql), base::to_rfc3339(applied_at)}));
  return base::success();
}

Result<void> check_numbers(const std::vector<Migration>& migrations) {
  for (std::size_t i = 0; i < migrations.size(); ++i) {
    if (migrations[i].version != static_cast<int>(i) + 1) {
      return base::fail(ErrorCode::internal, label(migrations[i]) + ": versions are expected to be 1, 2, 3 …");
    }
  }
  return base::success();
}

Result<void> check_applied(const Applied& applied, const std::vector<Migration>& migrations) {
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

}  // namespace chassis::db
