-- Bidding statistics: bids, bidders and auctions of each day by range of price.
CREATE SINK nexmark_q15 AS
SELECT TO_CHAR(date_time, 'YYYY-MM-DD') AS "day",
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
GROUP BY TO_CHAR(date_time, 'YYYY-MM-DD')
WITH (connector = 'blackhole', type = 'append-only', force_append_only = 'true');
