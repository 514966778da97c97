-- Processing-time windows: how many bids of a person came within ten seconds of the clock.
CREATE VIEW timed_bid AS SELECT *, PROCTIME() AS p_time FROM bid;
CREATE SINK nexmark_q12 AS
SELECT bidder, count(*) AS bid_count, window_start, window_end
FROM TUMBLE(timed_bid, p_time, INTERVAL '10' SECOND)
GROUP BY bidder, window_start, window_end
WITH (connector = 'blackhole', type = 'append-only', force_append_only = 'true');
