-- The day and the minute of each bid; HH:MI counts twelve hours.
CREATE SINK nexmark_q10 AS
SELECT auction, bidder, price, date_time, TO_CHAR(date_time, 'YYYY-MM-DD') AS date, TO_CHAR(date_time, 'HH:MI') AS time
FROM bid
WITH (connector = 'blackhole', type = 'append-only', force_append_only = 'true');
