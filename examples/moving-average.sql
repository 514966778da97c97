-- Window functions: each reading beside the mean of the last minute and the one before it, also where readings come late.
--   millrace run examples/moving-average.sql
CREATE STREAM reading (sensor VARCHAR, at TIMESTAMP(3), celsius DOUBLE);

CREATE MATERIALIZED VIEW smooth AS
SELECT sensor, at, celsius,
  AVG(celsius) OVER (w RANGE INTERVAL '1' MINUTE PRECEDING) AS mean,
  celsius - LAG(celsius) OVER w AS change,
  RANK() OVER (PARTITION BY sensor ORDER BY celsius DESC) AS place
FROM reading
WINDOW w AS (PARTITION BY sensor ORDER BY at);

INSERT INTO reading VALUES
  ('a', TIMESTAMP '2026-01-01 09:00:00', 20), ('a', TIMESTAMP '2026-01-01 09:00:50', 22),
  ('a', TIMESTAMP '2026-01-01 09:02:00', 18);
SELECT celsius, mean, change, place FROM smooth ORDER BY at;
-- > {"celsius":20,"mean":20,"change":null,"place":2}
-- > {"celsius":22,"mean":21,"change":2,"place":1}
-- > {"celsius":18,"mean":18,"change":-4,"place":3}

-- A reading of 09:01:30 comes late: those behind it are computed anew.
INSERT INTO reading VALUES ('a', TIMESTAMP '2026-01-01 09:01:30', 24);
SELECT celsius, mean, change, place FROM smooth ORDER BY at;
-- > {"celsius":20,"mean":20,"change":null,"place":3}
-- > {"celsius":22,"mean":21,"change":2,"place":2}
-- > {"celsius":24,"mean":23,"change":2,"place":1}
-- > {"celsius":18,"mean":21,"change":-6,"place":4}
