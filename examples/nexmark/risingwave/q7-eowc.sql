-- Highest bid of each ten seconds, told once when its window has closed.
CREATE SINK nexmark_q7_eowc AS
SELECT MAX(price) AS maxprice, window_end
FROM TUMBLE(bid, date_time, INTERVAL '10' SECOND)
GROUP BY window_end
EMIT ON WINDOW CLOSE
WITH (connector = 'blackhole', type = 'append-only', force_append_only = 'true');
