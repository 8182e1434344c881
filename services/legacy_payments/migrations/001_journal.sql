CREATE TABLE journal (
  beleg INTEGER PRIMARY KEY AUTOINCREMENT,
  satzart TEXT NOT NULL,
  haendler_ref TEXT NOT NULL,
  betrag TEXT NOT NULL,
  waehrung TEXT NOT NULL,
  zeit TEXT NOT NULL
);
CREATE INDEX journal_by_reference ON journal (haendler_ref, beleg);
