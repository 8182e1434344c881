-- What is sold. The counts are those of the last event, so that who reads needs no history.
CREATE TABLE skus (
  sku TEXT PRIMARY KEY,
  title TEXT NOT NULL,
  price_cents INTEGER NOT NULL,
  currency TEXT NOT NULL,
  version INTEGER NOT NULL,
  available INTEGER NOT NULL,
  reserved INTEGER NOT NULL,
  received INTEGER NOT NULL
);
-- What happened to the stock; rows are added only. `schema_version` is that of `data`.
CREATE TABLE stock_events (
  sku TEXT NOT NULL,
  version INTEGER NOT NULL,
  type TEXT NOT NULL,
  schema_version INTEGER NOT NULL,
  data TEXT NOT NULL,
  order_id TEXT NOT NULL,
  at TEXT NOT NULL,
  PRIMARY KEY (sku, version)
);
-- What the events came to by then. They can all be removed and made anew.
CREATE TABLE stock_snapshots (
  sku TEXT NOT NULL,
  version INTEGER NOT NULL,
  schema_version INTEGER NOT NULL,
  available INTEGER NOT NULL,
  reserved INTEGER NOT NULL,
  received INTEGER NOT NULL,
  PRIMARY KEY (sku, version)
);
-- What is known of an order. `items` is JSON: it is read and written whole.
CREATE TABLE reservations (
  order_id TEXT PRIMARY KEY,
  status TEXT NOT NULL,
  reason TEXT NOT NULL,
  sku TEXT NOT NULL,
  items TEXT NOT NULL,
  updated_at TEXT NOT NULL
);
