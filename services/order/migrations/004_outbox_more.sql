-- What services/chassis/outbox needs beyond 002: rows that are parked, sent again or removed, and several relays.
ALTER TABLE outbox ADD COLUMN sequence INTEGER;
ALTER TABLE outbox ADD COLUMN replays INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN retry_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN parked_at TEXT;
ALTER TABLE outbox ADD COLUMN parked_reason TEXT;
-- Where they stand in the stream was not kept; below all others, so that they are removed first.
UPDATE outbox SET sequence = 0 WHERE sent_at IS NOT NULL;
DROP INDEX outbox_unsent_order;
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
