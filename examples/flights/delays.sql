-- How late flights left each airport, hour by hour; an hour is told once, when it is over.
SELECT
  f.window_start AS hour, a.city, a.state, f.origin,
  COUNT(*) AS flights, AVG(f.delay) AS delay
FROM TUMBLE(flight, date, INTERVAL '1' HOUR) AS f
JOIN airport AS a ON a.iata = f.origin
GROUP BY f.window_start, f.window_end, a.city, a.state, f.origin
EMIT ON WINDOW CLOSE
