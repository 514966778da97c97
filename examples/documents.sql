-- JSON documents as tables: objects become STRUCT columns, and a path says where the rows are.
--   millrace run --set DATA=node_modules/vega-datasets/data examples/documents.sql
CREATE TABLE quake (
  id VARCHAR,
  properties ROW<mag DOUBLE, place VARCHAR, `type` VARCHAR>
) WITH (
  'connector' = 'filesystem', 'path' = '${DATA}/earthquakes.json', 'format' = 'json', 'json.root' = '$.features'
);

-- Members are named by path, and can be spread with (column).*.
SELECT id, (properties).* FROM quake WHERE properties.mag >= 6 ORDER BY properties.mag DESC, id;
-- > {"id":"us1000chhc","mag":6.4,"place":"22km NNE of Hualian, Taiwan","type":"earthquake"}
-- > {"id":"us1000cfn6","mag":6.1,"place":"21km NNE of Hualian, Taiwan","type":"earthquake"}
-- > {"id":"us2000crmu","mag":6.1,"place":"35km S of Jarm, Afghanistan","type":"earthquake"}
-- > {"id":"us1000cdn0","mag":6,"place":"272km SSE of Sigave, Wallis and Futuna","type":"earthquake"}
-- > {"id":"us1000ce9r","mag":6,"place":"265km NE of Scott Island Bank, Antarctica","type":"earthquake"}

SELECT
  REGEXP_EXTRACT(properties.place, '([^, ][^,]*)$', 1) AS region,
  COUNT(*) AS quakes, MAX(properties.mag) AS strongest
FROM quake
GROUP BY region
ORDER BY quakes DESC, region
LIMIT 3;
-- > {"region":"CA","quakes":747,"strongest":4.33}
-- > {"region":"Alaska","quakes":311,"strongest":4.8}
-- > {"region":"Nevada","quakes":183,"strongest":3.4}
