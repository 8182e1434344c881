#pragma once
// The ledger's table as SQL, to be copied into a migration of the service: NNN_ledger.sql. A constant in a header, so
// that only programs with the table have the text.

#include <string_view>

namespace chassis::ledger {

constexpr std::string_view table_sql() {
  return "CREATE TABLE ledger ("
         " scope TEXT NOT NULL,"
         " key TEXT NOT NULL,"
         " fingerprint TEXT NOT NULL,"
         " entry TEXT NOT NULL,"
         " expires_at INTEGER NOT NULL,"
         " PRIMARY KEY (scope, key));"
         "CREATE INDEX ledger_by_expiry ON ledger (expires_at);";
}

}  // namespace chassis::ledger
