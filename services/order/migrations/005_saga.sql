-- What becomes of an order, and the tables that services/chassis/saga needs (see there). A copy, since an applied
-- migration never changes.
ALTER TABLE orders ADD COLUMN updated_at TEXT NOT NULL DEFAULT '';
ALTER TABLE orders ADD COLUMN reason TEXT NOT NULL DEFAULT '';
ALTER TABLE orders ADD COLUMN language TEXT NOT NULL DEFAULT 'en';
UPDATE orders SET updated_at = created_at;
CREATE TABLE saga_instance (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  state TEXT NOT NULL,
  step INTEGER NOT NULL,
  reason TEXT NOT NULL,
  started_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  deadline INTEGER,
  retries INTEGER NOT NULL,
  compensating_since INTEGER,
  traceparent TEXT NOT NULL,
  tracestate TEXT NOT NULL,
  request_id TEXT NOT NULL
);
CREATE INDEX saga_due ON saga_instance (kind, deadline) WHERE deadline IS NOT NULL;
CREATE INDEX saga_by_state ON saga_instance (kind, state, id);
CREATE TABLE saga_step (
  saga_id TEXT NOT NULL REFERENCES saga_instance (id),
  position INTEGER NOT NULL,
  state TEXT NOT NULL,
  started_at TEXT NOT NULL,
  ended_at TEXT,
  attempts INTEGER NOT NULL,
  detail TEXT NOT NULL,
  PRIMARY KEY (saga_id, position)
);
-- Orders from before: their order.placed is out, so they wait for their payment, for as long as it takes.
INSERT INTO saga_instance (id, kind, state, step, reason, started_at, updated_at, retries, traceparent, tracestate,
                           request_id)
  SELECT id, 'order', 'running', 0, '', created_at, created_at, 0, '', '', id FROM orders;
INSERT INTO saga_step (saga_id, position, state, started_at, attempts, detail)
  SELECT id, 0, 'waiting', created_at, 1, '' FROM orders;
