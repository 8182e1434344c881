-- No order and event is unique here: that each is told once is what the ledger is for.
CREATE TABLE mailbox (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL,
  order_id TEXT NOT NULL,
  event TEXT NOT NULL,
  language TEXT NOT NULL,
  subject TEXT NOT NULL,
  body TEXT NOT NULL,
  message_id TEXT NOT NULL,
  created_at TEXT NOT NULL,
  delivered_at TEXT,
  attempts INTEGER NOT NULL DEFAULT 0,
  retry_at INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX mailbox_by_user ON mailbox (user_id, id);
CREATE INDEX mailbox_by_order ON mailbox (order_id, id);
CREATE INDEX mailbox_waiting ON mailbox (retry_at, id) WHERE delivered_at IS NULL;
