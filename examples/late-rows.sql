-- Sensors that send now and then: a window closes without waiting for a silent one, and what comes too late is kept.
--   millrace run examples/late-rows.sql
CREATE STREAM reading (
  sensor INT, at TIMESTAMP(3), value DOUBLE,
  WATERMARK FOR at AS at - INTERVAL '5' SECOND LATE ROWS TO too_late
) PARTITION BY (sensor);

CREATE MATERIALIZED VIEW averages AS
SELECT window_end, count(*) AS readings, avg(value) AS average
FROM TUMBLE(reading, at, INTERVAL '10' SECOND)
GROUP BY window_start, window_end
EMIT ON WINDOW CLOSE;

-- Late rows are rows of a stream: a view counts them.
CREATE MATERIALIZED VIEW late_by_sensor AS
SELECT sensor, count(*) AS late FROM too_late GROUP BY sensor;

INSERT INTO reading VALUES
  (1, TIMESTAMP '2026-01-01 00:00:05', 20.5),
  (1, TIMESTAMP '2026-01-01 00:00:31', 21.0),   -- closes [00:00, 00:10)
  (2, TIMESTAMP '2026-01-01 00:00:03', 99.0),   -- late
  (2, TIMESTAMP '2026-01-01 00:00:27', 19.0),   -- sensor 2 now holds the watermark back
  (1, TIMESTAMP '2026-01-01 00:00:58', 21.5),
  (2, TIMESTAMP '2026-01-01 00:00:55', 19.5),   -- both are beyond 00:50
  (2, TIMESTAMP '2026-01-01 00:00:01', 98.0);   -- late

SELECT * FROM averages;
-- > {"window_end":"2026-01-01 00:00:10","readings":1,"average":20.5}
-- > {"window_end":"2026-01-01 00:00:30","readings":1,"average":19}
-- > {"window_end":"2026-01-01 00:00:40","readings":1,"average":21}
SELECT * FROM late_by_sensor;
-- > {"sensor":2,"late":2}
SELECT source, watermark, idle_partitions, late_rows FROM sys.watermarks;
-- > {"source":"reading","watermark":"2026-01-01 00:00:50","idle_partitions":0,"late_rows":2}
