-- A week of earthquakes, in the order in which the catalogue learned of them.
-- `at` is when the earth moved: reports of one hour trickle in for days, so the watermark trails by half a day.
CREATE TABLE quake (
  id VARCHAR,
  at TIMESTAMP(3),
  mag DOUBLE,
  region VARCHAR,
  WATERMARK FOR at AS at - INTERVAL '12' HOUR
) WITH ('connector' = 'js', 'source' = 'quakes');
