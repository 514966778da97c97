-- Positions of cars by H3 cell and by district: how busy each is per minute, and who is near a place.
--   millrace run examples/cells.sql
CREATE TABLE district (name VARCHAR PRIMARY KEY, area GEOMETRY);
CREATE STREAM position (
  ts TIMESTAMP(3), car INT, lat DOUBLE, lng DOUBLE,
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
);
-- A cell is a BIGINT, so that a count per cell is a GROUP BY as any other.
CREATE MATERIALIZED VIEW busy AS
SELECT H3_LATLNG_TO_CELL(lat, lng, 8) AS cell, window_end, COUNT(DISTINCT car) AS cars
FROM TUMBLE(TABLE position, DESCRIPTOR(ts), INTERVAL '1' MINUTE)
GROUP BY H3_LATLNG_TO_CELL(lat, lng, 8), window_start, window_end;
-- A point takes x, the longitude, first.
CREATE MATERIALIZED VIEW within AS
SELECT d.name, COUNT(*) AS positions
FROM position p JOIN district d ON ST_Contains(d.area, ST_Point(p.lng, p.lat))
GROUP BY d.name;
INSERT INTO district VALUES
  ('west', 'POLYGON((13.3 52.4, 13.4 52.4, 13.4 52.6, 13.3 52.6, 13.3 52.4))'),
  ('east', ST_MakeEnvelope(13.4, 52.4, 13.5, 52.6));
INSERT INTO position VALUES
  (TIMESTAMP '2026-01-01 08:00:01', 1, 52.5163, 13.3777),
  (TIMESTAMP '2026-01-01 08:00:20', 2, 52.5164, 13.3779),
  (TIMESTAMP '2026-01-01 08:00:40', 1, 52.5219, 13.4132),
  (TIMESTAMP '2026-01-01 08:01:30', 3, 52.5219, 13.4130);
SELECT H3_H3_TO_STRING(cell) AS cell, window_end, cars FROM busy ORDER BY window_end, cell;
-- > {"cell":"881f1d4887fffff","window_end":"2026-01-01 08:01:00","cars":2}
-- > {"cell":"881f1d4897fffff","window_end":"2026-01-01 08:01:00","cars":1}
-- > {"cell":"881f1d4897fffff","window_end":"2026-01-01 08:02:00","cars":1}
SELECT * FROM within ORDER BY name;
-- > {"name":"east","positions":2}
-- > {"name":"west","positions":2}
-- How many cells lie around each position, and how far each car was from the gate.
SELECT car, ROUND(ST_DistanceSphere(ST_Point(lng, lat), ST_Point(13.3777, 52.5163))) AS metres,
  CARDINALITY(H3_GRID_DISK(H3_LATLNG_TO_CELL(lat, lng, 8), 1)) AS cells_around,
  GEOHASH_ENCODE(lat, lng, 6) AS geohash
FROM position ORDER BY ts;
-- > {"car":1,"metres":0,"cells_around":7,"geohash":"u33db2"}
-- > {"car":2,"metres":18,"cells_around":7,"geohash":"u33db2"}
-- > {"car":1,"metres":2481,"cells_around":7,"geohash":"u33dc1"}
-- > {"car":3,"metres":2468,"cells_around":7,"geohash":"u33dc1"}
