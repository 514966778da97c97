-- Selection: the bids for a fixed list of auctions.
CREATE SINK nexmark_q2 AS
SELECT auction, price FROM bid WHERE auction IN (1007, 1020, 2001, 2019, 2087)
WITH (connector = 'blackhole', type = 'append-only', force_append_only = 'true');
