-- A window is told early, when it closes, and again when rows come late.
--   millrace run examples/panes.sql
CREATE STREAM reading (
  at TIMESTAMP(3), value INT,
  WATERMARK FOR at AS at - INTERVAL '2' SECOND
);

CREATE MATERIALIZED VIEW sums AS
SELECT window_start, sum(value) AS total
FROM TUMBLE(reading, at, INTERVAL '10' SECOND)
GROUP BY window_start, window_end
EMIT ON WINDOW CLOSE EARLY EVERY INTERVAL '1' HOUR LATE ON UPDATE FOR INTERVAL '1' MINUTE;

-- [00:00, 00:10) is open: the view tells of it in an hour, or when the watermark closes it.
INSERT INTO reading VALUES
  (TIMESTAMP '2026-01-01 00:00:01', 1),
  (TIMESTAMP '2026-01-01 00:00:08', 2);
SELECT count(*) AS told FROM sums;
-- > {"told":0}

INSERT INTO reading VALUES (TIMESTAMP '2026-01-01 00:00:12', 10);
SELECT * FROM sums;
-- > {"window_start":"2026-01-01 00:00:00","total":3}

-- A late row counts for a minute; what comes after that does not.
INSERT INTO reading VALUES (TIMESTAMP '2026-01-01 00:00:05', 4);
SELECT * FROM sums;
-- > {"window_start":"2026-01-01 00:00:00","total":7}

INSERT INTO reading VALUES
  (TIMESTAMP '2026-01-01 00:01:30', 20),
  (TIMESTAMP '2026-01-01 00:00:06', 8);
SELECT * FROM sums;
-- > {"window_start":"2026-01-01 00:00:00","total":7}
-- > {"window_start":"2026-01-01 00:00:10","total":10}

EXPLAIN SELECT count(*) AS n FROM reading EMIT EVERY INTERVAL '10' SECOND;
-- > {"plan":"Hold  tells every 00:00:10  key ()  updating"}
-- > {"plan":"  Project  count as n  key ()  updating"}
-- > {"plan":"    Aggregate  count(*)  emit changes  key ()  updating"}
-- > {"plan":"      Scan  reading (at)  watermark at - 00:00:02"}
