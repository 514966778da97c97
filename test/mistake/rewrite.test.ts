/** What the hint of a refusal says to write is taken: each pair is the text that is refused and the same, rewritten. */
import { expect, test } from 'vitest'
import { QueryMistake } from '../../src/base/index.ts'
import { Database } from '../../src/database/index.ts'

const schema = `
  CREATE STREAM s (id INT, k VARCHAR, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND);
  CREATE STREAM r (id INT, k VARCHAR, ts TIMESTAMP(3), WATERMARK FOR ts AS ts);
  CREATE STREAM bare (id INT, k VARCHAR, ts TIMESTAMP(3));
  CREATE TABLE t (k VARCHAR PRIMARY KEY, w INT)`

const tumble = (of: string) => `TUMBLE(${of}, ts, INTERVAL '10' SECOND)`
const close = 'EMIT ON WINDOW CLOSE'
const windows = `SELECT window_start, window_end, k, count(*) AS n FROM ${tumble('s')}
  GROUP BY window_start, window_end, k`
const ranked = `SELECT k, n FROM (
  SELECT *, row_number() OVER (PARTITION BY k ORDER BY n DESC) AS p FROM (${windows}))`

const cases: readonly (readonly [refused: string, hint: string, rewritten: string])[] = [
  [`SELECT id FROM s ${close}`, 'write EMIT CHANGES', 'SELECT id FROM s EMIT CHANGES'],
  [
    `SELECT id FROM s ${close}`,
    'group by the columns of TUMBLE, HOP, CUMULATE or SESSION',
    `${windows} ${close}`,
  ],
  [
    `SELECT k, count(*) AS n FROM s GROUP BY k ${close}`,
    'take the rows from TUMBLE(…) or HOP(…) and group by window_start, window_end',
    `${windows} ${close}`,
  ],
  [
    `SELECT k, count(*) AS n FROM ${tumble('s')} GROUP BY k ${close}`,
    'add window_start and window_end to GROUP BY',
    `SELECT k, count(*) AS n FROM ${tumble('s')} GROUP BY window_start, window_end, k ${close}`,
  ],
  [
    `SELECT n, count(*) AS m FROM (${windows}) GROUP BY n ${close}`,
    'group the outer aggregate by window_start and window_end',
    `SELECT n, count(*) AS m FROM (${windows}) GROUP BY window_start, window_end, n ${close}`,
  ],
  [
    `SELECT n, count(*) AS m FROM (${windows}) GROUP BY n ${close}`,
    'or write EMIT CHANGES',
    `SELECT n, count(*) AS m FROM (${windows}) GROUP BY n EMIT CHANGES`,
  ],
  [
    `SELECT count(*) AS n FROM ${tumble('bare')} GROUP BY window_start, window_end ${close}`,
    'WATERMARK FOR column AS column - INTERVAL',
    `CREATE STREAM marked (ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND);
      CREATE MATERIALIZED VIEW m AS SELECT count(*) AS n FROM ${tumble('marked')}
      GROUP BY window_start, window_end ${close}`,
  ],
  [
    `SELECT s.k, x.n FROM s LEFT JOIN (${windows}) x ON s.k = x.k ${close}`,
    'or use an inner join',
    `SELECT s.k, x.n FROM s JOIN (${windows}) x ON s.k = x.k ${close}`,
  ],
  [
    `SELECT s.k, x.n FROM s LEFT JOIN (${windows}) x ON s.k = x.k ${close}`,
    'or windows over streams on both sides that ON sets equal',
    `SELECT w.k, x.n FROM (${windows}) w LEFT JOIN (${windows}) x
      ON w.k = x.k AND w.window_end = x.window_end ${close}`,
  ],
  [
    `SELECT window_end, count(*) AS n FROM (SELECT w.window_start, w.window_end FROM ${tumble('s')} w
      JOIN ${tumble('r')} x ON w.k = x.k) GROUP BY window_start, window_end ${close}`,
    'join the windows of both sides on window_start and window_end',
    `SELECT window_end, count(*) AS n FROM (SELECT w.window_start, w.window_end FROM ${tumble('s')} w
      JOIN ${tumble('r')} x ON w.k = x.k AND w.window_start = x.window_start AND w.window_end = x.window_end)
      GROUP BY window_start, window_end ${close}`,
  ],
  [`${ranked} ${close}`, 'write EMIT CHANGES', `${ranked} EMIT CHANGES`],
  [
    `SELECT id, sum(v) OVER (PARTITION BY k ORDER BY ts) AS x FROM s ${close}`,
    'write EMIT CHANGES',
    'SELECT id, sum(v) OVER (PARTITION BY k ORDER BY ts) AS x FROM s EMIT CHANGES',
  ],
  [
    `SELECT s.id, r.id AS j FROM s ASOF JOIN r ON s.k = r.k AND s.ts >= r.ts ${close}`,
    'write EMIT CHANGES',
    'SELECT s.id, r.id AS j FROM s ASOF JOIN r ON s.k = r.k AND s.ts >= r.ts EMIT CHANGES',
  ],
  [
    "SELECT id FROM s EMIT CHANGES WITH DELAY INTERVAL '1' SECOND",
    'leave it out',
    'SELECT id FROM s EMIT CHANGES',
  ],
  [
    'SELECT row_number() AS n FROM s',
    'write ROW_NUMBER(…) OVER (ORDER BY …)',
    'SELECT row_number() OVER (ORDER BY id) AS n FROM s',
  ],
  [
    'SELECT id FROM s WHERE row_number() OVER (ORDER BY id) = 1',
    'use QUALIFY',
    'SELECT id FROM s QUALIFY row_number() OVER (ORDER BY id) = 1',
  ],
  [
    'SELECT id FROM s MATCH_RECOGNIZE (PARTITION BY k ORDER BY id MEASURES a.id AS i PATTERN (a))',
    'order by the column of WATERMARK FOR, ascending',
    'SELECT * FROM s MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts MEASURES a.id AS i PATTERN (a))',
  ],
]

test.each(cases)('%s: %s', async (refused, hint, rewritten) => {
  const made = (query: string) =>
    query.includes(';') ? query : `CREATE MATERIALIZED VIEW m AS ${query}`
  const database = new Database({ cycles: 'manual' })
  await database.execute(schema)
  const fault = await database.execute(made(refused)).catch((error: unknown) => error)
  expect(fault).toBeInstanceOf(QueryMistake)
  const [first] = (fault as QueryMistake).diagnostics
  expect(first!.hint).toContain(hint)
  expect(first!.span).toBeDefined()
  await database.execute(made(rewritten))
  expect((await database.query('SHOW QUERIES')).rows).toHaveLength(1)
  await database.close()
})
