-- Three questions to a query that runs: is it right, where does a row come from, and why is there nothing?
--   millrace run examples/looking.sql
CREATE STREAM visit (page VARCHAR, country VARCHAR, at TIMESTAMP(3), WATERMARK FOR at AS at - INTERVAL '5' SECOND);

CREATE MATERIALIZED VIEW pages AS SELECT page, count(*) AS visits FROM visit GROUP BY page;
CREATE MATERIALIZED VIEW minutes AS
SELECT window_end, count(*) AS visits FROM TUMBLE(visit, at, INTERVAL '1' MINUTE)
GROUP BY window_start, window_end EMIT ON WINDOW CLOSE;
CREATE MATERIALIZED VIEW swiss AS SELECT page FROM visit WHERE country = 'CH';

INSERT INTO visit VALUES
  ('/lamp', 'ch', TIMESTAMP '2026-01-05 10:00:01'), ('/desk', 'de', TIMESTAMP '2026-01-05 10:00:20'),
  ('/lamp', 'de', TIMESTAMP '2026-01-05 10:00:40');

VERIFY MATERIALIZED VIEW pages;
-- > {"verdict":"equal","copies":2,"page":null,"visits":null}
EXPLAIN ROW pages WHERE page = '/desk';
-- > {"source":"visit","position":1,"row":"page = /desk, country = de, at = 2026-01-05 10:00:20","late":false}
EXPLAIN WHY NO OUTPUT FOR minutes;
-- > {"why":"the window that ends at 2026-01-05 10:01:00 is open: the watermark of visit stands at 2026-01-05 10:00:35, 00:00:24.999 short","operator":"Aggregate  count(*)  by window_start, window_end  bucket per window  emit on-window-close  key (window_start, window_end)","help":"a row of visit with at at 2026-01-05 10:01:04.999 or later closes it: time passes by rows alone, not by the clock"}
EXPLAIN WHY NO OUTPUT FOR swiss;
-- > {"why":"none of 3 rows passes (country = 'CH'): (country = 'CH') is never true (country is 'ch', 'de')","operator":"Filter  (country = 'CH')","help":"'CH' and 'ch' differ in case or blanks only: LOWER(TRIM(…)) on both sides makes them equal"}
