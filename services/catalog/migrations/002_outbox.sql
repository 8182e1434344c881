-- The tables that services/chassis/outbox needs (see there). A copy, since an applied migration never changes.
CREATE TABLE outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  event_id TEXT NOT NULL UNIQUE,
  aggregate TEXT NOT NULL,
  subject TEXT NOT NULL,
  traceparent TEXT NOT NULL,
  tracestate TEXT NOT NULL,
  request_id TEXT NOT NULL,
  body TEXT NOT NULL,
  created_at TEXT NOT NULL,
  sent_at TEXT,
  sequence INTEGER,
  replays INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,
  retry_at INTEGER NOT NULL DEFAULT 0,
  parked_at TEXT,
  parked_reason TEXT
);
CREATE INDEX outbox_unsent ON outbox (aggregate, id) WHERE sent_at IS NULL;
CREATE INDEX outbox_waiting ON outbox (id) WHERE sent_at IS NULL AND parked_at IS NULL;
CREATE INDEX outbox_parked ON outbox (id) WHERE parked_at IS NOT NULL;
CREATE INDEX outbox_sent ON outbox (sequence) WHERE sent_at IS NOT NULL;
CREATE TABLE outbox_relay (
  name TEXT PRIMARY KEY,
  owner TEXT NOT NULL,
  beat INTEGER NOT NULL,
  last_sequence INTEGER NOT NULL
);
INSERT INTO outbox_relay (name, owner, beat, last_sequence) VALUES ('relay', '', 0, 0);
