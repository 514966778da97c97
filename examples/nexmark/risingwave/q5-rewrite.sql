-- Hot items: each window's auctions in the order of their bids, without a second count.
CREATE SINK nexmark_q5_rewrite AS
SELECT B.auction, B.num FROM (
  SELECT auction, num, RANK() OVER (PARTITION BY window_start ORDER BY num DESC) AS num_rank
  FROM (
    SELECT bid.auction, count(*) AS num, window_start
    FROM HOP(bid, date_time, INTERVAL '2' SECOND, INTERVAL '10' SECOND)
    GROUP BY window_start, bid.auction
  )
) AS B
WHERE num_rank <= 1
WITH (connector = 'blackhole', type = 'append-only', force_append_only = 'true');
