-- How late flights left each airport, hour by hour. An hour is told once, when it is over, and then finds its airport.
SELECT h.hour, a.city, a.state, h.origin, h.flights, h.delay
FROM (
  SELECT window_start AS hour, origin, COUNT(*) AS flights, AVG(delay) AS delay
  FROM TUMBLE(flight, date, INTERVAL '1' HOUR)
  GROUP BY window_start, window_end, origin
) AS h
JOIN airport AS a ON a.iata = h.origin
EMIT ON WINDOW CLOSE
