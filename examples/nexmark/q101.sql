-- Each auction with the highest bid so far, NULL where there is none.
CREATE TABLE nexmark_q101 (auction BIGINT, itemName VARCHAR, highest BIGINT)
WITH ('connector' = 'blackhole');
INSERT INTO nexmark_q101
SELECT A.id, A.itemName, B.highest
FROM auction A
LEFT JOIN (SELECT auction, MAX(price) AS highest FROM bid GROUP BY auction) B ON A.id = B.auction;
