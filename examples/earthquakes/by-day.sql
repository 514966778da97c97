SELECT window_start AS day, COUNT(*) AS quakes, MAX(mag) AS strongest, AVG(mag) AS mean
FROM TUMBLE(quake, at, INTERVAL '1' DAY)
GROUP BY window_start, window_end
