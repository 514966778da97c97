-- Currency conversion.
CREATE SINK nexmark_q1 AS
SELECT auction, bidder, 0.908 * price AS price, date_time FROM bid
WITH (connector = 'blackhole', type = 'append-only', force_append_only = 'true');
