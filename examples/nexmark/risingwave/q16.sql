-- Channel statistics: the same by channel, with the last 'HH:mm', which is hour and month.
CREATE SINK nexmark_q16 AS
SELECT channel, TO_CHAR(date_time, 'YYYY-MM-DD') AS "day", MAX(TO_CHAR(date_time, 'HH:mm')) AS "minute",
  count(*) AS total_bids,
  count(*) FILTER (WHERE price < 10000) AS rank1_bids,
  count(*) FILTER (WHERE price >= 10000 and price < 1000000) AS rank2_bids,
  count(*) FILTER (WHERE price >= 1000000) AS rank3_bids,
  count(distinct bidder) AS total_bidders,
  count(distinct bidder) FILTER (WHERE price < 10000) AS rank1_bidders,
  count(distinct bidder) FILTER (WHERE price >= 10000 and price < 1000000) AS rank2_bidders,
  count(distinct bidder) FILTER (WHERE price >= 1000000) AS rank3_bidders,
  count(distinct auction) AS total_auctions,
  count(distinct auction) FILTER (WHERE price < 10000) AS rank1_auctions,
  count(distinct auction) FILTER (WHERE price >= 10000 and price < 1000000) AS rank2_auctions,
  count(distinct auction) FILTER (WHERE price >= 1000000) AS rank3_auctions
FROM bid
GROUP BY TO_CHAR(date_time, 'YYYY-MM-DD'), channel
WITH (connector = 'blackhole', type = 'append-only', force_append_only = 'true');
