-- Three relations: each bid with its auction, and with the bidder where that is known.
CREATE TABLE nexmark_q23 (
  auction BIGINT, itemName VARCHAR, bidder VARCHAR, price BIGINT, dateTime TIMESTAMP(3)
) WITH ('connector' = 'blackhole');
INSERT INTO nexmark_q23
SELECT A.id, A.itemName, P.name, B.price, B.dateTime
FROM bid AS B
INNER JOIN auction AS A ON B.auction = A.id
INNER JOIN person AS P ON B.bidder = P.id;
