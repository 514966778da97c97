-- Prices of one bidder for one auction that fall and then rise.
CREATE TABLE nexmark_pattern_q0 (
  auction BIGINT, bidder BIGINT, start_time TIMESTAMP(3), bottom_time TIMESTAMP(3), end_time TIMESTAMP(3)
) WITH ('connector' = 'blackhole');
INSERT INTO nexmark_pattern_q0
SELECT *
FROM bid MATCH_RECOGNIZE (
  PARTITION BY auction, bidder ORDER BY `dateTime`
  MEASURES
    START_ROW.`dateTime` AS start_time,
    LAST(PRICE_DOWN.`dateTime`) AS bottom_time,
    LAST(PRICE_UP.`dateTime`) AS end_time
  ONE ROW PER MATCH
  AFTER MATCH SKIP TO LAST PRICE_UP
  PATTERN (START_ROW PRICE_DOWN+ PRICE_UP)
  DEFINE
    PRICE_DOWN AS (LAST(PRICE_DOWN.price, 1) IS NULL AND PRICE_DOWN.price < START_ROW.price)
      OR PRICE_DOWN.price < LAST(PRICE_DOWN.price, 1),
    PRICE_UP AS PRICE_UP.price > LAST(PRICE_DOWN.price, 1)
);
