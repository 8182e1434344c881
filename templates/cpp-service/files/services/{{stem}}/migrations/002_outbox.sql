-- The table that services/chassis/outbox needs (see there). A copy, since an applied migration never changes.
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
  sent_at TEXT
);
CREATE INDEX outbox_unsent ON outbox (aggregate, id) WHERE sent_at IS NULL;
CREATE INDEX outbox_unsent_order ON outbox (id) WHERE sent_at IS NULL;
