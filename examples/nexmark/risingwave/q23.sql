-- Three relations: each bid with its auction, and with the bidder where that is known.
CREATE SINK nexmark_q23 AS
SELECT A.id AS auction_id, A.item_name, P.name AS bidder_name, B.price, B.date_time
FROM bid B, auction A, person P
WHERE B.auction = A.id AND B.bidder = P.id
WITH (connector = 'blackhole', type = 'append-only', force_append_only = 'true');
