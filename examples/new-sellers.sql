-- A window join: who registered and opened an auction within the same ten seconds?
--   millrace run examples/new-sellers.sql
CREATE STREAM person (id INT, name VARCHAR, at TIMESTAMP(3), WATERMARK FOR at AS at - INTERVAL '2' SECOND);
CREATE STREAM auction (item VARCHAR, seller INT, at TIMESTAMP(3), WATERMARK FOR at AS at - INTERVAL '2' SECOND);

-- Both sides are cut into the same windows; once a window is closed it is told, and its rows are forgotten.
CREATE MATERIALIZED VIEW new_seller AS
SELECT p.window_start, p.name, COUNT(*) AS items
FROM TUMBLE(person, at, INTERVAL '10' SECOND) p
JOIN TUMBLE(auction, at, INTERVAL '10' SECOND) a
  ON p.id = a.seller AND p.window_start = a.window_start AND p.window_end = a.window_end
GROUP BY p.window_start, p.window_end, p.name
EMIT ON WINDOW CLOSE;

INSERT INTO person VALUES
  (1, 'Ada', TIMESTAMP '2026-01-01 10:00:01'), (2, 'Bob', TIMESTAMP '2026-01-01 10:00:04');
INSERT INTO auction VALUES
  ('clock', 1, TIMESTAMP '2026-01-01 10:00:03'), ('lamp', 1, TIMESTAMP '2026-01-01 10:00:09'),
  ('boat', 2, TIMESTAMP '2026-01-01 10:00:11');
SELECT * FROM new_seller;

-- The window of ten o'clock closes when both watermarks have passed its end.
INSERT INTO person VALUES (3, 'Cyd', TIMESTAMP '2026-01-01 10:00:12');
INSERT INTO auction VALUES ('vase', 3, TIMESTAMP '2026-01-01 10:00:12');
SELECT * FROM new_seller;
-- > {"window_start":"2026-01-01 10:00:00","name":"Ada","items":2}
