#pragma once
// The outbox's tables as SQL, to be copied into a migration of the service: NNN_outbox.sql. A constant in a header, so
// that only programs with the tables have the text. Works on SQLite and PostgreSQL.
//
// Apart from each other is what differs in how it changes: events are written once (but for `replays`, how often an
// operator had one sent again), a row of the queue is gone as soon as the broker has its event, and what was sent is
// some runs of ids. To mark a row in a table with the bodies would write the bodies again.

#include <string_view>

namespace chassis::outbox {

constexpr std::string_view table_sql() {
  return "CREATE TABLE outbox_event ("
         " id INTEGER PRIMARY KEY AUTOINCREMENT,"
         " event_id TEXT NOT NULL UNIQUE,"
         " aggregate TEXT NOT NULL,"
         " subject TEXT NOT NULL,"
         " traceparent TEXT NOT NULL,"
         " tracestate TEXT NOT NULL,"
         " request_id TEXT NOT NULL,"
         " body TEXT NOT NULL,"
         " created_at TEXT NOT NULL,"
         " replays INTEGER NOT NULL DEFAULT 0"
         ");"
         "CREATE TABLE outbox_queue ("
         " id INTEGER PRIMARY KEY,"
         " aggregate TEXT NOT NULL,"
         " attempts INTEGER NOT NULL DEFAULT 0,"
         " retry_at INTEGER NOT NULL DEFAULT 0,"
         " parked_at TEXT,"
         " parked_reason TEXT"
         ");"
         "CREATE INDEX outbox_queue_order ON outbox_queue (aggregate, id);"
         "CREATE INDEX outbox_queue_parked ON outbox_queue (id) WHERE parked_at IS NOT NULL;"
         "CREATE TABLE outbox_sent ("
         " first_id INTEGER PRIMARY KEY,"
         " last_id INTEGER NOT NULL,"
         " first_sequence INTEGER NOT NULL,"
         " last_sequence INTEGER NOT NULL,"
         " sent_at TEXT NOT NULL"
         ");"
         "CREATE INDEX outbox_sent_order ON outbox_sent (last_sequence);"
         "CREATE TABLE outbox_relay ("
         " name TEXT PRIMARY KEY,"
         " owner TEXT NOT NULL,"
         " beat INTEGER NOT NULL,"
         " last_sequence INTEGER NOT NULL"
         ");"
         "INSERT INTO outbox_relay (name, owner, beat, last_sequence) VALUES ('relay', '', 0, 0);";
}

}  // namespace chassis::outbox
