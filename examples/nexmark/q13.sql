-- Bounded side input: each bid beside the value that a file has for its auction when the bid comes.
COPY (SELECT key, CAST(key AS VARCHAR) AS value FROM generate_series(0, 9999) AS numbers (key)) TO '${OUTPUT}/side_input.csv' (HEADER false);
CREATE TABLE side_input (key BIGINT, `value` VARCHAR) WITH (
  'connector.type' = 'filesystem', 'connector.path' = 'file://${OUTPUT}/side_input.csv', 'format.type' = 'csv'
);
CREATE TABLE nexmark_q13 (
  auction BIGINT, bidder BIGINT, price BIGINT, dateTime TIMESTAMP(3), `value` VARCHAR
) WITH ('connector' = 'blackhole');
INSERT INTO nexmark_q13
SELECT B.auction, B.bidder, B.price, B.dateTime, S.`value`
FROM (SELECT *, PROCTIME() AS p_time FROM bid) B
JOIN side_input FOR SYSTEM_TIME AS OF B.p_time AS S ON MOD(B.auction, 10000) = S.key;
