/** EXPLAIN WHY NO OUTPUT: the cause comes first, with its line of the plan and with what would help. */
import { expect, test } from 'vitest'
import { systemDisk } from '../../src/base/index.ts'
import { builtinConnectors } from '../../src/connect/index.ts'
import { Database } from '../../src/database/index.ts'

const schema = `
  CREATE STREAM s (id INT, k VARCHAR, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND);
  CREATE STREAM r (id INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts);
  CREATE STREAM c (city VARCHAR, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) PARTITION BY (city);
  CREATE STREAM p (k VARCHAR, name VARCHAR);
  CREATE STREAM none (k VARCHAR);
  CREATE STREAM f (k VARCHAR, rate INT, at TIMESTAMP(3), WATERMARK FOR at AS at, PRIMARY KEY (k) NOT ENFORCED);
  CREATE TABLE t (k VARCHAR PRIMARY KEY, w INT);
  CREATE TABLE src (id INT) WITH (connector = 'js', source = 'src')`

const rows = `
  INSERT INTO s VALUES (1, 'or', 0, TIMESTAMP '2026-01-01 00:00:01'), (2, 'id', 2, TIMESTAMP '2026-01-01 00:00:02');
  INSERT INTO c VALUES ('Bern', 1, TIMESTAMP '2026-01-01 00:00:30'), ('Ulm', 1, TIMESTAMP '2026-01-01 00:00:04');
  INSERT INTO p VALUES ('OR', 'Anna'), ('x', NULL)`

const closed = (relation: string) => `SELECT window_end, count(*) AS n
  FROM TUMBLE(${relation}, ts, INTERVAL '10' SECOND) GROUP BY window_start, window_end`

async function asked(query: string, more = ''): Promise<string[][]> {
  const endless = { async *[Symbol.asyncIterator]() { await new Promise(() => {}) } } // biome-ignore format: one line
  const database = new Database({
    cycles: 'manual',
    connectors: builtinConnectors(systemDisk, new Map([['src', endless]])),
  })
  await database.execute(`${schema}; CREATE MATERIALIZED VIEW m AS ${query}; ${rows}; ${more}`)
  const { rows: causes } = await database.query('EXPLAIN WHY NO OUTPUT FOR m')
  await database.close()
  return causes.map((row) => row.map((cell) => String(cell)))
}

test.each([
  [
    "SELECT id FROM s WHERE ts > NOW() - INTERVAL '1' SECOND",
    'by NOW() the time of every row was over when it came',
    'Lifetime',
    'NOW() is the time of the clock',
  ],
  [
    "SELECT id FROM s WHERE ts + INTERVAL '36500' DAY <= NOW()",
    '2 rows wait for the time from which NOW() lets them be there',
    'Lifetime',
    'the clock',
  ],
  ['SELECT k FROM none', 'no row has come to none yet', 'Scan  none (k)', 'INSERT INTO none'],
  ['SELECT k FROM t', 'table t has no rows', 'Scan  t (k)', 'INSERT INTO t'],
  [
    'SELECT id FROM src',
    'no row has come from src (connector js) yet',
    'Scan  src',
    'look at its address',
  ],
  [
    "SELECT id FROM s WHERE k = 'OR' AND v >= 0",
    "(k = 'OR') is never true (k is 'or', 'id')",
    'Filter',
    'differ in case',
  ],
  [
    'SELECT id FROM s WHERE v > 100',
    '(v > 100) is never true (v is 0, 2)',
    'Filter  (v > 100)',
    'compare',
  ],
  [
    "SELECT id FROM s WHERE v > 0 AND k = 'or'",
    'each condition holds for some rows',
    'Filter',
    'side by side',
  ],
  [
    'SELECT name FROM p WHERE length(name) > 9',
    '(length(name) > 9) is never true',
    'Filter',
    'compare',
  ],
  [
    'SELECT s.id FROM s JOIN p ON s.k = p.k',
    "left has 'or', 'id', right has 'OR', 'x'",
    'Join  inner  k = k',
    "'or' and 'OR'",
  ],
  [
    'SELECT s.id FROM s JOIN none ON s.k = none.k',
    'no row has come to none yet',
    'Scan  none',
    'INSERT',
  ],
  [`SELECT s.id FROM s JOIN c ON s.v < c.v + 0 AND s.id = c.v AND s.k <> 'or'`, 'Join', 'Join', ''],
  [
    `${closed('s')} EMIT ON WINDOW CLOSE`,
    'the window that ends at 2026-01-01 00:00:10 is open',
    'Aggregate',
    'ts at 2026-01-01 00:00:10.999',
  ],
  [
    `${closed('c')} EMIT ON WINDOW CLOSE`,
    'its slowest partition is city = Ulm, of 2 with 0 idle',
    'Aggregate',
    'a row of c',
  ],
  [
    'SELECT 1 / v AS x FROM s WHERE id = 1',
    '1 row failed and left the flow, the first with division_by_zero',
    'null',
    'm.errors',
  ],
  [
    'SELECT id, g FROM s, LATERAL generate_series(1, v - 9) AS u (g)',
    'has given no row for any of them',
    'Unnest',
    'LEFT JOIN LATERAL',
  ],
  ['SELECT id FROM s', 'm does give output: 2 changes so far; its view has 2 rows', 'null', 'null'],
] as const)('%s', async (query, why, operator, help) => {
  const causes = await asked(query)
  const [first] = causes as [string[]]
  if (help === '') return expect(causes.length).toBeGreaterThan(0)
  expect(first[0]).toContain(why)
  expect(first[1]).toContain(operator)
  expect(first[2]).toContain(help)
})

const temporal = (kind: string) =>
  `SELECT s.id, f.rate FROM s ${kind} JOIN f FOR SYSTEM_TIME AS OF s.ts ON s.k = f.k`

test.each([
  [
    temporal(''),
    "INSERT INTO f VALUES ('or', 1, TIMESTAMP '2026-01-01 00:00:00')",
    'waits for its version: the watermark of f stands at 2026-01-01 00:00:00, 00:00:01 short',
    'Asof  inner',
    'a row of f with at at 2026-01-01 00:00:01 or later',
  ],
  [
    temporal('LEFT'),
    '',
    'waits for its version: f has no watermark, as no row of it has come; s is at 2026-01-01 00:00:01',
    'Asof  left',
    'rows of f',
  ],
  [
    temporal(''),
    `INSERT INTO f VALUES ('x', 1, TIMESTAMP '2026-01-01 00:01:00');
      INSERT INTO s VALUES (3, 'y', 1, TIMESTAMP '2026-01-01 00:01:00')`,
    'the row of 2026-01-01 00:01:00 waits for its version: the watermark of s stands at',
    'Asof  inner',
    'a row of s with ts at 2026-01-01 00:01:01 or later',
  ],
  [
    "SELECT id FROM s EMIT EVERY INTERVAL '1' HOUR",
    '',
    '2 rows that changed wait for the tick at 20',
    'Hold  tells every 01:00:00',
    'null',
  ],
  [
    `SELECT k, count(*) AS n FROM SESSION(s PARTITION BY k, ts, INTERVAL '10' SECOND)
      GROUP BY window_start, window_end, k EMIT ON WINDOW CLOSE`,
    '',
    'the session that ends at 2026-01-01 00:00:11 is open: the watermark of s stands at',
    'Session',
    'a row of s with ts at 2026-01-01 00:00:11.999 or later',
  ],
  [
    `SELECT * FROM s MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts MEASURES a.id AS i PATTERN (a b)
      WITHIN INTERVAL '1' MINUTE DEFINE b AS b.id > a.id)`,
    '',
    'no match of the pattern has been decided',
    'Match  a b',
    'leave out conditions',
  ],
  [
    `SELECT a.id FROM s a JOIN s b ON a.k = b.k
      AND b.ts BETWEEN a.ts + INTERVAL '1' SECOND AND a.ts + INTERVAL '2' SECOND`,
    '',
    'there are 2 rows of the left side with an equal k = k on the right side, and no pair passes',
    'Join  inner',
    'look at the pairs',
  ],
  [
    'SELECT k FROM s EXCEPT SELECT k FROM s',
    '',
    '(right_count = 0) is never true (right_count is always 1)',
    'Filter',
    'compare',
  ],
  [
    'SELECT k FROM s WHERE EXISTS (SELECT 1 FROM none WHERE none.k = s.k)',
    '',
    'no row has come to none yet',
    'Scan  none',
    'INSERT INTO none',
  ],
] as const)('%s, with %s', async (query, more, why, operator, help) => {
  const causes = await asked(query, more)
  expect(causes[0]![0]).toContain(why)
  expect(causes[0]![1]).toContain(operator)
  expect(causes[0]![2]).toContain(help)
})

test('a source without rows holds the watermark of another back', async () => {
  const query = `SELECT window_end, count(*) AS n FROM TUMBLE(
    (SELECT ts FROM s UNION ALL SELECT ts FROM r), ts, INTERVAL '10' SECOND) GROUP BY window_start, window_end
    EMIT ON WINDOW CLOSE`
  const [[why, , help]] = (await asked(query)) as [string[]]
  expect(why).toContain('r has no watermark, as no row of it has come')
  expect(why).toContain('s is at 2026-01-01 00:00:01, and the least counts')
  expect(help).toContain('rows of r; after 00:00:10 without any it does not hold the others back')
})

test('views below are asked, too', async () => {
  const query = 'SELECT count(*) AS n FROM v GROUP BY k'
  const database = new Database({ cycles: 'manual' })
  await database.execute(`CREATE STREAM a (k INT);
    CREATE MATERIALIZED VIEW v AS SELECT k FROM a WHERE k > 5; CREATE MATERIALIZED VIEW m AS ${query};
    INSERT INTO a VALUES (1), (2)`)
  const { rows: causes } = await database.query('EXPLAIN WHY NO OUTPUT FOR MATERIALIZED VIEW m')
  expect(causes.map(([why]) => why)).toEqual([
    'v has given no rows',
    'none of 2 rows passes (k > 5): (k > 5) is never true (k is 1, 2)',
  ])
  expect(causes[1]![1]).toBe('v: Filter  (k > 5)')
  await database.close()
})

test('rows that were taken back, rows that came too late, and a query that stands still', async () => {
  const back = await asked(
    'SELECT k FROM t WHERE w > 0',
    "INSERT INTO t VALUES ('a', 1); FLUSH; DELETE FROM t",
  )
  expect(back[0]![0]).toContain('all its rows were taken back: the view is empty now')
  const late = await asked(
    closed('s'),
    "INSERT INTO s VALUES (3, 'x', 1, TIMESTAMP '2026-01-01 00:00:40'), (4, 'x', 1, TIMESTAMP '2026-01-01 00:00:03')",
  )
  expect(late.map(([why]) => why)).toContain(
    '1 row of s came too late for a window and was left out',
  )
  const [[paused, , help]] = (await asked('SELECT id FROM s', 'PAUSE QUERY m')) as [string[]]
  expect([paused, help]).toEqual(['m is paused: it takes no rows', 'RESUME QUERY m'])
})

test('a query that has failed says why', async () => {
  const [[why]] = (await asked(
    'SELECT k, count(*) AS n FROM p GROUP BY k',
    "SET state_budget = '1 KB'; INSERT INTO p VALUES ('z', 'z')",
  )) as [string[]]
  expect(why).toContain('m has failed and is out of service: the state of m has come to')
})
