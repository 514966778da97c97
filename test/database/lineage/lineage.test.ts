/**
 * EXPLAIN ROW, of every row of a view: over the named rows alone the query has the row, too, and without them it has it
 * no more, or fewer times.
 */
import { expect, test } from 'vitest'
import { type Field, type Row, type Type, type Value, valueText } from '../../../src/data/index.ts'
import { Database } from '../../../src/database/index.ts'

const schema = `CREATE STREAM s (id INT, k VARCHAR, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts);
  CREATE STREAM p (k VARCHAR, rate INT, at TIMESTAMP(3), WATERMARK FOR at AS at, PRIMARY KEY (k) NOT ENFORCED);
  CREATE STREAM w (k VARCHAR, xs INT[])`

const at = (second: number) => `TIMESTAMP '2026-01-01 00:00:${String(second).padStart(2, '0')}'`

/** In the order of their positions. */
const given: readonly (readonly [source: string, values: string])[] = [
  ['p', `'a', 1, ${at(0)}`],
  ['p', `'b', 2, ${at(1)}`],
  ['s', `1, 'a', 1, ${at(1)}`],
  ['w', `'a', ARRAY[1, 2]`],
  ['s', `2, 'a', 3, ${at(2)}`],
  ['s', `3, 'b', 3, ${at(3)}`],
  ['p', `'a', 5, ${at(4)}`],
  ['s', `4, 'a', 2, ${at(5)}`],
  ['s', `5, 'b', NULL, ${at(6)}`],
  ['s', `6, 'c', 4, ${at(7)}`],
  ['w', `'b', ARRAY[3]`],
  ['s', `7, 'a', 2, ${at(8)}`],
  ['s', `8, 'b', 5, ${at(12)}`],
  ['w', `'a', NULL`],
  ['s', `9, 'a', 1, ${at(14)}`],
  ['p', `'c', 7, ${at(15)}`],
  ['s', `10, 'a', 4, ${at(17)}`],
  ['s', `11, 'c', 4, ${at(18)}`],
]

const pattern = (measures: string, how: string, words: string, define: string) =>
  `SELECT * FROM s MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts MEASURES ${measures} ${how}
    PATTERN (${words}) WITHIN INTERVAL '1' MINUTE DEFINE ${define})`

const frame = (frames: string) =>
  `SELECT id, sum(v) OVER (PARTITION BY k ORDER BY ts ${frames}) AS x FROM s`

const views = {
  'a row number': 'SELECT id, row_number() OVER (PARTITION BY k ORDER BY v) AS n FROM s',
  'a rank': 'SELECT id, rank() OVER (ORDER BY v DESC) AS n FROM s',
  'a dense rank': 'SELECT id, dense_rank() OVER (ORDER BY v) AS n FROM s',
  'the first of each key': `SELECT id, k, v FROM (
    SELECT *, row_number() OVER (PARTITION BY k ORDER BY v DESC) AS n FROM s) WHERE n <= 2`,
  'the first, numbered': `SELECT id, n FROM (
    SELECT *, row_number() OVER (PARTITION BY k ORDER BY v DESC) AS n FROM s) WHERE n <= 2`,
  'a limit': 'SELECT id, v FROM s ORDER BY v DESC, id LIMIT 3',
  'a limit with an offset': 'SELECT id, v FROM s ORDER BY v DESC, id LIMIT 3 OFFSET 2',
  'DISTINCT ON': 'SELECT DISTINCT ON (k) k, id FROM s ORDER BY k, ts DESC',
  QUALIFY: 'SELECT id, v FROM s QUALIFY rank() OVER (PARTITION BY k ORDER BY v) = 1',
  'a running sum': frame(''),
  'rows before': frame('ROWS BETWEEN 1 PRECEDING AND CURRENT ROW'),
  'rows further on': frame('ROWS BETWEEN 1 FOLLOWING AND 2 FOLLOWING'),
  'rows long before': frame('ROWS BETWEEN 2 PRECEDING AND 2 PRECEDING'),
  'a range': frame("RANGE BETWEEN INTERVAL '5' SECOND PRECEDING AND CURRENT ROW"),
  'groups of peers': `SELECT id, count(*) OVER (ORDER BY v GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING) AS x FROM s`,
  'LAG and LEAD': `SELECT id, lag(v) OVER w AS a, lead(v, 2, -1) OVER w AS b FROM s
    WINDOW w AS (PARTITION BY k ORDER BY ts)`,
  'IGNORE NULLS': 'SELECT id, lag(v) IGNORE NULLS OVER (ORDER BY ts) AS a FROM s',
  'shares of a partition': `SELECT id, ntile(2) OVER w AS a, percent_rank() OVER w AS b FROM s
    WINDOW w AS (PARTITION BY k ORDER BY ts)`,
  'a value of the frame': 'SELECT id, first_value(v) OVER (PARTITION BY k ORDER BY ts) AS a FROM s',
  UNNEST: 'SELECT k, x FROM w CROSS JOIN UNNEST(xs) AS u (x)',
  'UNNEST WITH ORDINALITY': `SELECT k, x, n FROM w
    LEFT JOIN UNNEST(xs) WITH ORDINALITY AS u (x, n) ON TRUE`,
  'a series': 'SELECT id, g FROM s, LATERAL generate_series(1, v) AS u (g)',
  UNION: 'SELECT k FROM s UNION SELECT k FROM p',
  'UNION ALL': 'SELECT k, v FROM s UNION ALL SELECT k, rate FROM p',
  INTERSECT: 'SELECT k FROM s INTERSECT SELECT k FROM p',
  'INTERSECT ALL': 'SELECT k FROM s INTERSECT ALL SELECT k FROM w',
  EXCEPT: 'SELECT k, v FROM s EXCEPT SELECT k, rate FROM p',
  'EXCEPT ALL': 'SELECT k FROM s EXCEPT ALL SELECT k FROM w',
  ASOF: 'SELECT s.id, p.rate FROM s ASOF LEFT JOIN p ON s.k = p.k AND s.ts >= p.at',
  'a temporal join': `SELECT s.id, p.rate FROM s
    JOIN p FOR SYSTEM_TIME AS OF s.ts ON s.k = p.k`,
  'a temporal left join': `SELECT s.id, p.rate FROM s
    LEFT JOIN p FOR SYSTEM_TIME AS OF s.ts ON s.k = p.k AND p.rate > 1`,
  'windows of so many rows': `SELECT k, count(*) AS n, sum(v) AS total
    FROM TUMBLE(TABLE s PARTITION BY k, ROWS => 2) GROUP BY window_first, window_last, k`,
  sessions: `SELECT window_start, k, count(*) AS n FROM SESSION(s PARTITION BY k, ts, INTERVAL '4' SECOND)
    GROUP BY window_start, window_end, k`,
  'hopping windows': `SELECT window_end, max(v) AS most
    FROM HOP(s, ts, INTERVAL '5' SECOND, INTERVAL '10' SECOND) GROUP BY window_start, window_end`,
  'one row of a match': pattern(
    'first(a.id) AS i, last(b.id) AS j, sum(b.v) AS x',
    '',
    'a b+',
    'b AS b.v >= prev(b.v)',
  ),
  'all rows of a match': pattern(
    'classifier() AS c, sum(v) AS x',
    'ALL ROWS PER MATCH AFTER MATCH SKIP PAST LAST ROW',
    'a b+',
    'b AS b.v > a.v',
  ),
  'rows without a match': pattern(
    'classifier() AS c',
    'ALL ROWS PER MATCH WITH UNMATCHED ROWS',
    'a b',
    'b AS b.v > a.v',
  ),
  'rows left out of a match': pattern(
    'count(b.v) AS n',
    'ALL ROWS PER MATCH',
    'a {- b* -} c',
    'b AS b.v < 4, c AS c.v >= 4',
  ),
  'the number of a match': pattern('match_number() AS n, a.id AS i', '', 'a b', 'b AS b.id > a.id'),
  'empty matches': pattern('count(b.v) AS n', 'ALL ROWS PER MATCH', 'b*', 'b AS b.v > 2'),
  'a rank above an aggregate': `SELECT k, total FROM (SELECT k, sum(v) AS total,
    row_number() OVER (ORDER BY sum(v) DESC) AS n FROM s GROUP BY k) WHERE n <= 1`,
  'a scalar subquery': 'SELECT id FROM s WHERE v > (SELECT avg(rate) FROM p)',
  'grouping sets': 'SELECT k, id, count(*) AS n FROM s GROUP BY ROLLUP (k, id)',
}

async function over(rows: readonly (typeof given)[number][], view?: string): Promise<Database> {
  const database = new Database({ cycles: 'manual' })
  const inserts = rows.map(([source, values]) => `INSERT INTO ${source} VALUES (${values})`)
  const made = view === undefined ? [] : [`CREATE MATERIALIZED VIEW m AS ${view}`]
  await database.execute([schema, ...made, ...inserts].join(';'))
  return database
}

/** How often the query gives the row over these rows. */
async function copies(
  query: string,
  condition: string,
  rows: readonly (typeof given)[number][],
): Promise<number> {
  const database = await over(rows)
  const found = await database.query(`SELECT * FROM (${query}) WHERE ${condition}`)
  await database.close()
  return found.rows.length
}

function literal(value: Value, type: Type): string {
  if (value === null) return 'NULL'
  const text = valueText(value, type)
  if (type.kind === 'timestamp') return `TIMESTAMP '${text}'`
  return type.kind === 'varchar' ? `'${text}'` : text
}

const sameAs = (row: Row, fields: readonly Field[]): string =>
  fields
    .map(({ name, type }, at) => `${name} IS NOT DISTINCT FROM ${literal(row[at]!, type)}`)
    .join(' AND ')

test.each(Object.entries(views))('%s', async (_, query) => {
  const database = await over(given, query)
  const { fields, rows } = await database.query('SELECT DISTINCT * FROM m')
  expect(rows).not.toEqual([])
  for (const row of rows) {
    const condition = sameAs(row, fields)
    const wanted = (await database.query(`SELECT * FROM (${query}) WHERE ${condition}`)).rows.length
    const { rows: named } = await database.query(`EXPLAIN ROW m WHERE ${condition}`)
    for (const [source, position] of named) expect(given[Number(position)]![0]).toBe(source)
    const places = new Set(named.map(([, position]) => Number(position)))
    const alone = given.filter((_row, index) => places.has(index))
    const others = given.filter((_row, index) => !places.has(index))
    expect(await copies(query, condition, alone), `alone: ${condition}`).toBe(wanted)
    expect(await copies(query, condition, others), `without: ${condition}`).toBeLessThan(wanted)
  }
  await database.close()
})
