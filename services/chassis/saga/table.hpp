#pragma once
// The tables of sagas as SQL, to be copied into a migration of the service: NNN_saga.sql. A constant in a header, so
// that only programs with the tables have the text. Works on SQLite and PostgreSQL.

#include <string_view>

namespace chassis::saga {

constexpr std::string_view table_sql() {
  return "CREATE TABLE saga_instance ("
         " id TEXT PRIMARY KEY,"  // the aggregate's
         " kind TEXT NOT NULL,"
         " state TEXT NOT NULL,"
         " step INTEGER NOT NULL,"  // that is waited for, counted from 0
         " reason TEXT NOT NULL,"
         " started_at TEXT NOT NULL,"
         " updated_at TEXT NOT NULL,"
         " deadline INTEGER,"  // Unix milliseconds; none when nothing is waited for
         " retries INTEGER NOT NULL,"
         " compensating_since INTEGER,"  // Unix milliseconds
         " traceparent TEXT NOT NULL,"   // of the request that began it: time-outs go on with it
         " tracestate TEXT NOT NULL,"
         " request_id TEXT NOT NULL);"
         "CREATE INDEX saga_due ON saga_instance (kind, deadline) WHERE deadline IS NOT NULL;"
         "CREATE INDEX saga_by_state ON saga_instance (kind, state, id);"
         "CREATE TABLE saga_step ("
         " saga_id TEXT NOT NULL REFERENCES saga_instance (id),"
         " position INTEGER NOT NULL,"
         " state TEXT NOT NULL,"
         " started_at TEXT NOT NULL,"
         " ended_at TEXT,"
         " attempts INTEGER NOT NULL,"
         " detail TEXT NOT NULL,"
         " PRIMARY KEY (saga_id, position));";
}

}  // namespace chassis::saga
