-- ASOF join: each trade with the quote that stood when it was made, kept while late quotes come in.
--   millrace run examples/quotes.sql
CREATE STREAM trade (symbol VARCHAR, at TIMESTAMP(3), shares INT);
CREATE STREAM quote (symbol VARCHAR, at TIMESTAMP(3), bid DECIMAL(8, 2));

CREATE MATERIALIZED VIEW valued AS
SELECT t.symbol, t.at, shares, bid
FROM trade t ASOF LEFT JOIN quote q ON t.symbol = q.symbol AND t.at >= q.at;

INSERT INTO quote VALUES
  ('ABC', TIMESTAMP '2026-01-01 09:00:00', 10.00), ('ABC', TIMESTAMP '2026-01-01 09:05:00', 10.50);
INSERT INTO trade VALUES
  ('ABC', TIMESTAMP '2026-01-01 09:04:00', 100), ('XYZ', TIMESTAMP '2026-01-01 09:04:00', 7);
SELECT symbol, shares, bid FROM valued ORDER BY symbol;
-- > {"symbol":"ABC","shares":100,"bid":"10.00"}
-- > {"symbol":"XYZ","shares":7,"bid":null}

-- A quote of 09:03 comes late: the trade of 09:04 is valued by it from now on.
INSERT INTO quote VALUES ('ABC', TIMESTAMP '2026-01-01 09:03:00', 10.25);
SELECT symbol, shares, bid FROM valued ORDER BY symbol;
-- > {"symbol":"ABC","shares":100,"bid":"10.25"}
-- > {"symbol":"XYZ","shares":7,"bid":null}
