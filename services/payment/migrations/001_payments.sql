CREATE TABLE payments (
  id TEXT PRIMARY KEY,
  order_id TEXT NOT NULL UNIQUE,
  -- 1 once the order has asked for it: then only the order has it paid back.
  of_order INTEGER NOT NULL DEFAULT 0,
  status TEXT NOT NULL,
  amount_cents INTEGER NOT NULL,
  currency TEXT NOT NULL,
  reason TEXT NOT NULL,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  -- The request behind what is done now, so that its events continue its trace.
  traceparent TEXT NOT NULL,
  tracestate TEXT NOT NULL,
  request_id TEXT NOT NULL,
  -- The work, in Unix milliseconds; 0 is never. Not to be taken before due_at, which a lease moves on.
  waits_since INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  lease TEXT NOT NULL,
  -- Until when the provider may act on an attempt whose outcome is not known.
  attempt_until INTEGER NOT NULL,
  tries INTEGER NOT NULL
);
CREATE INDEX payments_due ON payments (due_at) WHERE due_at > 0;
CREATE INDEX payments_waiting ON payments (waits_since) WHERE due_at > 0;
