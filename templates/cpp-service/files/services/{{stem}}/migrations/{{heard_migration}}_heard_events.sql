-- Which events were handled, so that one that is delivered again is not handled twice.
CREATE TABLE heard_events (
  event_id TEXT PRIMARY KEY,
  type TEXT NOT NULL,
  subject TEXT NOT NULL,
  heard_at TEXT NOT NULL
);
