-- Bounded side input: each bid beside the value that a table has for its auction when the bid comes.
CREATE TABLE side_input (key BIGINT PRIMARY KEY, value VARCHAR);
INSERT INTO side_input SELECT v, CAST(v AS VARCHAR) FROM generate_series(0, 9999) AS s (v);
CREATE SINK nexmark_q13 AS
SELECT B.auction, B.bidder, B.price, B.date_time, S.value
FROM bid B JOIN side_input FOR SYSTEM_TIME AS OF PROCTIME() S ON mod(B.auction, 10000) = S.key
WITH (connector = 'blackhole', type = 'append-only', force_append_only = 'true');
