-- A price that falls and recovers within five seconds.
CREATE TABLE nexmark_pattern_q3 (
  auction BIGINT, bidder BIGINT, rise BIGINT, start_time TIMESTAMP(3)
) WITH ('connector' = 'blackhole');
INSERT INTO nexmark_pattern_q3
SELECT *
FROM bid MATCH_RECOGNIZE (
  PARTITION BY auction, bidder ORDER BY `dateTime`
  MEASURES C.price - A.price AS rise, A.`dateTime` AS start_time
  ONE ROW PER MATCH
  AFTER MATCH SKIP PAST LAST ROW
  PATTERN (A B* C) WITHIN INTERVAL '5' SECOND
  DEFINE B AS B.price < A.price, C AS C.price > A.price
);
