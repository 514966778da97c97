-- A script written for Flink: its statements, its windows, its options and its rules of arithmetic.
--   millrace run examples/flink.sql
SET dialect = 'flink';
SET 'execution.runtime-mode' = 'streaming';

CREATE TABLE orders (
  id BIGINT,
  price INT,
  ts AS TIMESTAMP '2026-01-01 00:00:00' + id * INTERVAL '3' SECOND,
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH (
  'connector' = 'datagen', 'number-of-rows' = '8',
  'fields.id.kind' = 'sequence', 'fields.id.start' = '0', 'fields.id.end' = '7',
  'fields.price.kind' = 'sequence', 'fields.price.start' = '10', 'fields.price.end' = '17'
);

CREATE TABLE report (start_at TIMESTAMP(3), orders BIGINT, price INT)
WITH ('connector' = 'print', 'print-identifier' = 'report');

-- An INSERT goes on until its sources end. AVG of an INT is an INT here.
INSERT INTO report
SELECT window_start, COUNT(*), AVG(price)
FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(ts), INTERVAL '10' SECOND))
GROUP BY window_start, window_end;
-- > report> +I[2026-01-01 00:00:00, 4, 11]
-- > report> +I[2026-01-01 00:00:10, 3, 15]
-- > report> +I[2026-01-01 00:00:20, 1, 17]
