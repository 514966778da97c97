-- The same runs, from every bid on with which one may begin.
CREATE TABLE nexmark_pattern_q2 (
  auction BIGINT, bidder BIGINT, start_time TIMESTAMP(3), end_time TIMESTAMP(3), mean_price DOUBLE
) WITH ('connector' = 'blackhole');
INSERT INTO nexmark_pattern_q2
SELECT *
FROM bid MATCH_RECOGNIZE (
  PARTITION BY auction, bidder ORDER BY `dateTime`
  MEASURES FIRST(A.`dateTime`) AS start_time, LAST(A.`dateTime`) AS end_time, AVG(A.price) AS mean_price
  ONE ROW PER MATCH
  AFTER MATCH SKIP TO NEXT ROW
  PATTERN (A+ B)
  DEFINE A AS AVG(A.price) < 1000000
);
