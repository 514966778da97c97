-- A leaderboard: the two best players of each game, kept while scores stream in.
--   millrace run examples/leaderboard.sql
CREATE STREAM score (game VARCHAR, player VARCHAR, points INT);

CREATE MATERIALIZED VIEW total AS
SELECT game, player, SUM(points) AS points FROM score GROUP BY game, player;

CREATE MATERIALIZED VIEW leaderboard AS
SELECT game, place, player, points
FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY game ORDER BY points DESC) AS place FROM total
)
WHERE place <= 2;

INSERT INTO score VALUES
  ('chess', 'ada', 5), ('chess', 'bob', 7), ('go', 'eve', 3), ('chess', 'cyd', 6);
SELECT * FROM leaderboard ORDER BY game, place;
-- > {"game":"chess","place":1,"player":"bob","points":7}
-- > {"game":"chess","place":2,"player":"cyd","points":6}
-- > {"game":"go","place":1,"player":"eve","points":3}

-- Another game for ada: she takes the lead, and cyd is out.
INSERT INTO score VALUES ('chess', 'ada', 4);
SELECT place, player, points FROM leaderboard WHERE game = 'chess' ORDER BY place;
-- > {"place":1,"player":"ada","points":9}
-- > {"place":2,"player":"bob","points":7}
