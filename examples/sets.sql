-- Sets and named queries: who is in the house, and who of them is at no desk.
--   millrace run examples/sets.sql
CREATE STREAM door (badge VARCHAR, day DATE);
CREATE STREAM desk (badge VARCHAR, day DATE);

CREATE MATERIALIZED VIEW present AS
SELECT badge, day FROM door UNION SELECT badge, day FROM desk;

-- Two queries over one named query: who left no trace at a desk, by day.
CREATE MATERIALIZED VIEW wandering AS
WITH away AS (SELECT badge, day FROM door EXCEPT SELECT badge, day FROM desk)
SELECT a.day, COUNT(*) AS people, MIN(a.badge) AS first
FROM away a
WHERE a.badge NOT IN ('guest')
GROUP BY a.day;

INSERT INTO door VALUES
  ('ada', DATE '2026-01-05'), ('bob', DATE '2026-01-05'), ('guest', DATE '2026-01-05'), ('bob', DATE '2026-01-06');
INSERT INTO desk VALUES ('ada', DATE '2026-01-05'), ('cyd', DATE '2026-01-06');

SELECT day, COUNT(*) AS people FROM present GROUP BY day ORDER BY day;
-- > {"day":"2026-01-05","people":3}
-- > {"day":"2026-01-06","people":2}
SELECT * FROM wandering ORDER BY day;
-- > {"day":"2026-01-05","people":1,"first":"bob"}
-- > {"day":"2026-01-06","people":1,"first":"bob"}

-- bob comes to his desk after all: the day without wanderers is gone.
INSERT INTO desk VALUES ('bob', DATE '2026-01-06');
SELECT * FROM wandering ORDER BY day;
-- > {"day":"2026-01-05","people":1,"first":"bob"}
