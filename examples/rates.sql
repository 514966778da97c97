-- What orders are worth: each is converted by the rate that was valid at its time, not by the latest one.
--   millrace run examples/rates.sql
CREATE STREAM orders (
  id INT, currency VARCHAR, amount INT, at TIMESTAMP(3), WATERMARK FOR at AS at - INTERVAL '1' SECOND
);
-- Each row is a version of its currency, from its time on.
CREATE STREAM rates (
  currency VARCHAR, cents INT, valid_from TIMESTAMP(3), WATERMARK FOR valid_from,
  PRIMARY KEY (currency) NOT ENFORCED
);
-- A row waits until the watermarks of both sides have reached its time; then it is told once.
CREATE MATERIALIZED VIEW worth AS
SELECT o.id, o.amount * r.cents AS cents
FROM orders o LEFT JOIN rates FOR SYSTEM_TIME AS OF o.at AS r ON o.currency = r.currency;
INSERT INTO rates VALUES
  ('USD', 92, TIMESTAMP '2026-01-01 09:00:00'),
  ('USD', 95, TIMESTAMP '2026-01-01 10:00:00'),
  ('GBP', 115, TIMESTAMP '2026-01-01 12:00:00');
INSERT INTO orders VALUES
  (1, 'USD', 10, TIMESTAMP '2026-01-01 09:30:00'),
  (2, 'USD', 10, TIMESTAMP '2026-01-01 10:30:00'),
  (3, 'GBP', 10, TIMESTAMP '2026-01-01 11:00:00'),
  (4, 'USD', 10, TIMESTAMP '2026-01-01 12:30:00');
SELECT * FROM worth ORDER BY id;
-- > {"id":1,"cents":920}
-- > {"id":2,"cents":950}
-- > {"id":3,"cents":null}
