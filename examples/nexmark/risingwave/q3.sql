-- Local items: who sells items of one category in some states.
CREATE SINK nexmark_q3 AS
SELECT P.name, P.city, P.state, A.id
FROM auction AS A INNER JOIN person AS P ON A.seller = P.id
WHERE A.category = 10 AND (P.state = 'or' OR P.state = 'id' OR P.state = 'ca')
WITH (connector = 'blackhole', type = 'append-only', force_append_only = 'true');
