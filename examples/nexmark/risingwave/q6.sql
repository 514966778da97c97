-- Average selling price by seller: over the winning bids of each auction and of the ten before it.
CREATE SINK nexmark_q6 AS
SELECT Q.seller,
  AVG(Q.final) OVER (PARTITION BY Q.seller ORDER BY Q.date_time ROWS BETWEEN 10 PRECEDING AND CURRENT ROW) AS avg
FROM (
  SELECT ROW_NUMBER() OVER (PARTITION BY A.id, A.seller ORDER BY B.price DESC, B.date_time) AS rank,
    A.seller, B.price AS final, B.date_time
  FROM auction AS A, bid AS B
  WHERE A.id = B.auction AND B.date_time BETWEEN A.date_time AND A.expires
) AS Q
WHERE Q.rank <= 1
WITH (connector = 'blackhole', type = 'append-only', force_append_only = 'true');
