-- Prices that fall and then rise: each such shape is told when the tick that ends it has had its turn.
--   millrace run examples/v-shape.sql
CREATE STREAM tick (
  symbol VARCHAR, at TIMESTAMP(3), price INT,
  WATERMARK FOR at AS at - INTERVAL '2' SECOND
);

CREATE MATERIALIZED VIEW shapes AS
SELECT * FROM tick MATCH_RECOGNIZE (
  PARTITION BY symbol ORDER BY at
  MEASURES top.price AS top, LAST(down.price) AS bottom, LAST(up.price) AS after, COUNT(*) AS ticks
  AFTER MATCH SKIP TO LAST up
  PATTERN (top down+ up+) WITHIN INTERVAL '1' MINUTE
  DEFINE down AS price < PREV(price), up AS price > PREV(price));

INSERT INTO tick VALUES
  ('A', TIMESTAMP '2026-01-01 00:00:01', 12),
  ('B', TIMESTAMP '2026-01-01 00:00:02', 70),
  ('A', TIMESTAMP '2026-01-01 00:00:04', 8),    -- comes before the tick that it follows
  ('A', TIMESTAMP '2026-01-01 00:00:03', 10),
  ('A', TIMESTAMP '2026-01-01 00:00:06', 9),
  ('B', TIMESTAMP '2026-01-01 00:00:07', 65),
  ('A', TIMESTAMP '2026-01-01 00:00:08', 13),
  ('A', TIMESTAMP '2026-01-01 00:00:09', 11),   -- ends the rise of A
  ('B', TIMESTAMP '2026-01-01 00:00:10', 66),   -- B may go on rising
  ('B', TIMESTAMP '2026-01-01 00:00:20', 64);

SELECT * FROM shapes;
-- > {"symbol":"A","top":12,"bottom":8,"after":13,"ticks":5}

-- Over the rows so far as a table every match is decided.
SELECT * FROM tick MATCH_RECOGNIZE (
  PARTITION BY symbol ORDER BY at
  MEASURES CLASSIFIER() AS part, MATCH_NUMBER() AS shape
  ALL ROWS PER MATCH
  PATTERN (top down+ up+)
  DEFINE down AS price < PREV(price), up AS price > PREV(price))
WHERE symbol = 'B';
-- > {"symbol":"B","at":"2026-01-01 00:00:02","part":"top","shape":1,"price":70}
-- > {"symbol":"B","at":"2026-01-01 00:00:07","part":"down","shape":1,"price":65}
-- > {"symbol":"B","at":"2026-01-01 00:00:10","part":"up","shape":1,"price":66}
