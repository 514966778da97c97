-- Auctions with at least as many bids as there are on average.
CREATE TABLE nexmark_q102 (auction BIGINT, itemName VARCHAR, bids BIGINT)
WITH ('connector' = 'blackhole');
INSERT INTO nexmark_q102
SELECT A.id, A.itemName, COUNT(B.auction)
FROM auction A
JOIN bid B ON A.id = B.auction
GROUP BY A.id, A.itemName
HAVING COUNT(B.auction) >= (SELECT COUNT(*) / COUNT(DISTINCT auction) FROM bid);
