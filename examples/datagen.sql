-- Made-up input: a sequence of orders with random customers and amounts, for trying a query out.
--   millrace run examples/datagen.sql
CREATE TABLE orders (
  id BIGINT,
  customer INT,
  amount DOUBLE,
  at AS TIMESTAMP '2026-01-01 00:00:00' + id * INTERVAL '1' SECOND,
  WATERMARK FOR at
) WITH (
  'connector' = 'datagen', 'number-of-rows' = '100000',
  'fields.id.kind' = 'sequence', 'fields.id.start' = '1', 'fields.id.end' = '100000',
  'fields.customer.min' = '1', 'fields.customer.max' = '5',
  'fields.amount.min' = '1', 'fields.amount.max' = '100'
);

SELECT COUNT(*) AS orders, COUNT(DISTINCT customer) AS customers, MIN(amount) >= 1 AS least, MAX(amount) <= 100 AS most
FROM orders;
-- > {"orders":100000,"customers":5,"least":true,"most":true}

-- Hours as they close; the last one when the input ends.
SELECT window_start, COUNT(*) AS orders
FROM TUMBLE(orders, at, INTERVAL '12' HOUR)
GROUP BY window_start, window_end
EMIT ON WINDOW CLOSE;
-- > {"window_start":"2026-01-01 00:00:00","orders":43199}
-- > {"window_start":"2026-01-01 12:00:00","orders":43200}
-- > {"window_start":"2026-01-02 00:00:00","orders":13601}
