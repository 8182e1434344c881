-- The table that services/chassis/ledger needs (see there). A copy, since an applied migration never changes.
CREATE TABLE ledger (
  scope TEXT NOT NULL,
  key TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  entry TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (scope, key)
);
CREATE INDEX ledger_by_expiry ON ledger (expires_at);
