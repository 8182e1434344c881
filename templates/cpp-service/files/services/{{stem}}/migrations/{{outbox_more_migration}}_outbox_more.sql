-- What services/chassis/outbox needs instead of 002: events that never change, and apart from them what is to be sent
-- and what was sent. Under another name, so that an older instance that still runs is refused rather than not heard.
ALTER TABLE outbox RENAME TO outbox_event;
ALTER TABLE outbox_event ADD COLUMN replays INTEGER NOT NULL DEFAULT 0;
-- What is to be sent: a row for each event, gone as soon as the broker has it.
CREATE TABLE outbox_queue (
  id INTEGER PRIMARY KEY,
  aggregate TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  retry_at INTEGER NOT NULL DEFAULT 0,
  parked_at TEXT,
  parked_reason TEXT
);
CREATE INDEX outbox_queue_order ON outbox_queue (aggregate, id);
CREATE INDEX outbox_queue_parked ON outbox_queue (id) WHERE parked_at IS NOT NULL;
-- What was sent, and where it stands in the broker's stream: runs of ids with as many sequences.
CREATE TABLE outbox_sent (
  first_id INTEGER PRIMARY KEY,
  last_id INTEGER NOT NULL,
  first_sequence INTEGER NOT NULL,
  last_sequence INTEGER NOT NULL,
  sent_at TEXT NOT NULL
);
CREATE INDEX outbox_sent_order ON outbox_sent (last_sequence);
-- Where they stand in the stream was not kept: below all others, so that they are removed first.
INSERT INTO outbox_queue (id, aggregate) SELECT id, aggregate FROM outbox_event WHERE sent_at IS NULL;
INSERT INTO outbox_sent (first_id, last_id, first_sequence, last_sequence, sent_at)
  SELECT id, id, 0, 0, sent_at FROM outbox_event WHERE sent_at IS NOT NULL;
DROP INDEX outbox_unsent;
DROP INDEX outbox_unsent_order;
ALTER TABLE outbox_event DROP COLUMN sent_at;
CREATE TABLE outbox_relay (
  name TEXT PRIMARY KEY,
  owner TEXT NOT NULL,
  beat INTEGER NOT NULL,
  last_sequence INTEGER NOT NULL
);
INSERT INTO outbox_relay (name, owner, beat, last_sequence) VALUES ('relay', '', 0, 0);
