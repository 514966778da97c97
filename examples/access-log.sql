-- A web server's log, line by line: taken apart by patterns, and errors counted per minute and section of the site.
--   millrace run examples/access-log.sql
CREATE STREAM line (text VARCHAR);

CREATE VIEW request AS
SELECT
  SPLIT_PART(text, ' ', 1) AS client,
  STRPTIME(REGEXP_EXTRACT(text, '\[([^ ]+)', 1), '%d/%b/%Y:%H:%M:%S') AS at,
  REGEXP_EXTRACT(text, '"([A-Z]+) ', 1) AS method,
  REGEXP_EXTRACT(text, '"[A-Z]+ (/[^/? ]*)', 1) AS section,
  CAST(REGEXP_EXTRACT(text, '" (\d{3}) ', 1) AS INT) AS status,
  TRY_CAST(REGEXP_EXTRACT(text, ' (\d+)$', 1) AS BIGINT) AS bytes
FROM line
WHERE text LIKE '%HTTP/%';

CREATE MATERIALIZED VIEW section AS
SELECT DATE_TRUNC('minute', at) AS minute, section, COUNT(*) AS requests,
  COUNT(*) FILTER (WHERE status >= 500) AS errors, COUNT(DISTINCT client) AS clients, SUM(bytes) AS bytes
FROM request
GROUP BY ALL;

INSERT INTO line VALUES
  ('10.0.0.1 - - [05/Jan/2026:10:00:01 +0000] "GET /shop/lamp HTTP/1.1" 200 512'),
  ('10.0.0.2 - - [05/Jan/2026:10:00:07 +0000] "POST /shop/cart HTTP/1.1" 503 0'),
  ('10.0.0.1 - - [05/Jan/2026:10:00:30 +0000] "GET /shop HTTP/1.1" 200 100'),
  ('10.0.0.3 - - [05/Jan/2026:10:01:02 +0000] "GET /help?q=lamp HTTP/2.0" 304 -'),
  ('server restarted');
SELECT * FROM section ORDER BY minute;
-- > {"minute":"2026-01-05 10:00:00","section":"/shop","requests":3,"errors":1,"clients":2,"bytes":612}
-- > {"minute":"2026-01-05 10:01:00","section":"/help","requests":1,"errors":0,"clients":1,"bytes":null}
