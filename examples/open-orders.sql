-- Rows that come and go by the clock: orders of the last hour, and promotions while they are on.
--   millrace run examples/open-orders.sql
CREATE STREAM orders (id INT, at TIMESTAMP);
CREATE TABLE promotion (name VARCHAR, starts TIMESTAMP, ends TIMESTAMP);
CREATE MATERIALIZED VIEW recent AS
SELECT id FROM orders WHERE at > NOW() - INTERVAL '1' HOUR;
CREATE MATERIALIZED VIEW running AS
SELECT name FROM promotion WHERE NOW() >= starts AND NOW() < ends;
INSERT INTO orders VALUES (1, NOW() - INTERVAL '2' HOUR), (2, NOW() - INTERVAL '10' MINUTE), (3, NOW());
INSERT INTO promotion VALUES
  ('past', NOW() - INTERVAL '2' DAY, NOW() - INTERVAL '1' DAY),
  ('today', NOW() - INTERVAL '1' HOUR, NOW() + INTERVAL '1' HOUR),
  ('tomorrow', NOW() + INTERVAL '1' DAY, NOW() + INTERVAL '2' DAY);
-- As time goes on, 2 leaves the first view and 'tomorrow' enters the second, though no row comes.
SELECT * FROM recent ORDER BY id;
-- > {"id":2}
-- > {"id":3}
SELECT * FROM running;
-- > {"name":"today"}
