-- Highest bid: the first rank by price of each ten seconds, without a second look at the bids.
CREATE SINK nexmark_q7_rewrite AS
SELECT B.auction, B.price, B.bidder, B.date_time
FROM (
  SELECT auction, price, bidder, date_time,
    RANK() OVER (PARTITION BY window_end ORDER BY price DESC) AS price_rank
  FROM TUMBLE(bid, date_time, INTERVAL '10' SECOND)
) B
WHERE price_rank <= 1
WITH (connector = 'blackhole', type = 'append-only', force_append_only = 'true');
