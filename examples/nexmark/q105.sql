-- The auctions with the most bids, a limit that is kept as bids come.
CREATE TABLE nexmark_q105 (auction BIGINT, itemName VARCHAR, bids BIGINT)
WITH ('connector' = 'blackhole');
INSERT INTO nexmark_q105
SELECT A.id, A.itemName, COUNT(B.auction) AS bids
FROM auction A
JOIN bid B ON A.id = B.auction
GROUP BY A.id, A.itemName
ORDER BY bids DESC
LIMIT 100;
