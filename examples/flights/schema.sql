-- Flights of the first half of 2001 and the airports they left from, as files.
-- A flight's `date` is its event time: once a later one has come, no earlier one will.
CREATE TABLE flight (
  date TIMESTAMP(3),
  delay BIGINT,
  distance BIGINT,
  origin VARCHAR,
  destination VARCHAR,
  WATERMARK FOR date
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/flights-3m.parquet', 'format' = 'parquet');

CREATE TABLE airport WITH ('connector' = 'filesystem', 'path' = '${DATA}/airports.csv', 'format' = 'csv');
