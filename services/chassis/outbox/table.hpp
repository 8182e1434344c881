#pragma once
// The outbox's tables as SQL, to be copied into a migration of the service: NNN_outbox.sql. A constant in a header, so
// that only programs with the tables have the text. Works on SQLite and PostgreSQL.

#include <string_view>

namespace chassis::outbox {

constexpr std::string_view table_sql() {
  return "CREATE TABLE outbox ("
         " id INTEGER PRIMARY KEY AUTOINCREMENT,"
         " event_id TEXT NOT NULL UNIQUE,"
         " aggregate TEXT NOT NULL,"
         " subject TEXT NOT NULL,"
         " traceparent TEXT NOT NULL,"
         " tracestate TEXT NOT NULL,"
         " request_id TEXT NOT NULL,"
         " body TEXT NOT NULL,"
         " created_at TEXT NOT NULL,"
         " sent_at TEXT,"
         " sequence INTEGER,"                     // in the broker's stream, once sent
         " replays INTEGER NOT NULL DEFAULT 0,"   // how often an operator had it sent again
         " attempts INTEGER NOT NULL DEFAULT 0,"  // that the broker refused
         " retry_at INTEGER NOT NULL DEFAULT 0,"  // Unix milliseconds; not before
         " parked_at TEXT,"                       // refused for good
         " parked_reason TEXT);"
         "CREATE INDEX outbox_unsent ON outbox (aggregate, id) WHERE sent_at IS NULL;"
         "CREATE INDEX outbox_waiting ON outbox (id) WHERE sent_at IS NULL AND parked_at IS NULL;"
         "CREATE INDEX outbox_parked ON outbox (id) WHERE parked_at IS NOT NULL;"
         "CREATE INDEX outbox_sent ON outbox (sequence) WHERE sent_at IS NOT NULL;"
         "CREATE TABLE outbox_relay ("
         " name TEXT PRIMARY KEY,"
         " owner TEXT NOT NULL,"
         " beat INTEGER NOT NULL,"
         " last_sequence INTEGER NOT NULL);"  // the highest that the broker has acknowledged
         "INSERT INTO outbox_relay (name, owner, beat, last_sequence) VALUES ('relay', '', 0, 0);";
}

}  // namespace chassis::outbox
