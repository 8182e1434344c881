-- What the shop begins with, and what its checks and demonstrations order.
INSERT INTO skus (sku, title, price_cents, currency, version, available, reserved, received) VALUES
  ('A1', 'Mug', 500, 'EUR', 1, 100000000, 0, 100000000),
  ('B-2', 'Saucer', 500, 'EUR', 1, 100000000, 0, 100000000),
  ('tea-1', 'Green tea', 450, 'EUR', 1, 100000000, 0, 100000000),
  ('TEA-1', 'Teapot set', 1250, 'EUR', 1, 100000000, 0, 100000000),
  ('CUP-7', 'Paper cup', 99, 'EUR', 1, 100000000, 0, 100000000),
  ('POT-3', 'Teapot', 2999, 'EUR', 1, 100000000, 0, 100000000),
  ('book-1', 'Book of tea', 1250, 'EUR', 1, 100000000, 0, 100000000),
  ('a', 'Sticker', 5, 'EUR', 1, 100000000, 0, 100000000),
  ('GIFT', 'Tea bag', 0, 'EUR', 1, 100000000, 0, 100000000),
  ('YACHT', 'Yacht', 900000000001, 'EUR', 1, 1000000, 0, 1000000),
  ('LAST-ONE', 'The last one', 700, 'EUR', 1, 1, 0, 1),
  ('SOLD-OUT', 'Sold out', 900, 'EUR', 0, 0, 0, 0),
  ('MSCTL-VERIFY', 'Sample of msctl verify', 100, 'EUR', 1, 100000000, 0, 100000000),
  ('MSCTL-DRILL', 'Sample of msctl drill', 1, 'EUR', 1, 1000000000000, 0, 1000000000000);
-- In the first form of the data; it is lifted to the present one when it is read.
INSERT INTO stock_events (sku, version, type, schema_version, data, order_id, at)
  SELECT sku, 1, 'stock_received', 1, '{"qty":' || received || '}', '', '2026-11-27T00:00:00.000Z' FROM skus
  WHERE received > 0;
