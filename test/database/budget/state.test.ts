/** EXPLAIN STATE, the notice about state without an end, and the budget that ends it. */
import { describe, expect, test } from 'vitest'
import { QueryMistake } from '../../../src/base/index.ts'
import { Database } from '../../../src/database/index.ts'
import { sized } from '../../size.ts'

const schema = `
  CREATE STREAM s (k BIGINT, v BIGINT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts);
  CREATE STREAM bare (k BIGINT, v BIGINT, ts TIMESTAMP(3));
  CREATE TABLE t (k BIGINT PRIMARY KEY, w BIGINT)`

const tumble = (stream: string) => `SELECT window_end, count(*) AS n
  FROM TUMBLE(${stream}, ts, INTERVAL '10' SECOND) GROUP BY window_start, window_end`

/** The law of each query's heaviest operator, and whether it is made with a notice. */
const laws: [query: string, operator: string, law: string, bound: string | null][] = [
  ['SELECT k FROM s WHERE v > 1', 'Filter', 'nothing', null],
  ['SELECT count(*) AS n FROM s', 'Aggregate', 'nothing', null],
  ['SELECT k, sum(v) AS n FROM s GROUP BY k', 'Aggregate', 'keys', 'windows over a WATERMARK'],
  ['SELECT count(DISTINCT v) AS n FROM s', 'Aggregate', 'keys', 'if v has ever more values'],
  [tumble('s'), 'Aggregate', 'windows', null],
  [tumble('bare'), 'Aggregate', 'every row', 'a WATERMARK on the time column'],
  ['SELECT s.k FROM s JOIN bare b ON s.k = b.k', 'Join', 'every row', 'bounds on the event times'],
  ['SELECT a.k FROM t a JOIN t b ON a.w = b.k', 'Join', 'the rows of a table', null],
  [
    'SELECT a.k FROM s a JOIN s b ON a.k = b.k AND b.ts BETWEEN a.ts AND a.ts + INTERVAL 1 MINUTE',
    'Join',
    'windows',
    null,
  ],
  ['SELECT sum(v) OVER (PARTITION BY k ORDER BY ts) AS n FROM s', 'Over', 'every row', 'windows'],
  ['SELECT k FROM s ORDER BY v LIMIT 3', 'Rank', 'nothing', null],
  [
    'SELECT s.k FROM s ASOF JOIN bare b ON s.k = b.k AND s.ts >= b.ts',
    'Asof',
    'every row',
    'none can go',
  ],
]

describe('by which law state grows', () => {
  test.each(laws)('%s', async (query, operator, law, bound) => {
    const database = new Database({ cycles: 'manual' })
    const notices: string[] = []
    const onNotice = (text: string) => notices.push(text)
    await database.execute(`${schema}; CREATE MATERIALIZED VIEW m AS ${query}`, { onNotice })
    await database.execute(`INSERT INTO s VALUES (1, 2, TIMESTAMP '2026-01-01 00:00:01'),
      (2, 2, TIMESTAMP '2026-01-01 00:00:02');
      INSERT INTO bare SELECT * FROM s; INSERT INTO t VALUES (1, 1)`)
    const { rows } = await database.query('EXPLAIN STATE m')
    const line = rows.find(([text]) => String(text).trim().startsWith(operator))!
    expect(line[4]).toBe(law)
    if (bound === null) expect(line[6]).toBeNull()
    else expect(line[6]).toContain(bound)
    const keeps = line[5] !== null
    expect(Number(line[1]) > 0).toBe(keeps)
    expect(line[3] !== null).toBe(law !== 'nothing' || keeps)
    expect(notices.some((text) => text.startsWith('the state of m grows with every row'))).toBe(
      law === 'every row',
    )
    const text = await database.query(`EXPLAIN STATE CREATE MATERIALIZED VIEW w AS ${query}`)
    expect(text.rows.map((row) => row.slice(4))).toEqual(rows.map((row) => row.slice(4)))
    expect(text.rows.map(([, bytes]) => bytes)).toEqual(rows.map(([, bytes]) => bytes))
    await database.close()
  })
})

test('bytes of rows on the host come and go with them', async () => {
  const database = new Database({ cycles: 'manual' })
  await database.execute(`${schema};
    CREATE MATERIALIZED VIEW over AS SELECT k, sum(w) OVER (ORDER BY k) AS n FROM t;
    CREATE MATERIALIZED VIEW near AS SELECT a.k FROM t a ASOF JOIN t b ON a.k = b.k AND a.w >= b.w;
    CREATE MATERIALIZED VIEW best AS SELECT k FROM t ORDER BY w LIMIT 2`)
  const bytes = async () =>
    (
      await database.query(
        "SELECT query, state_bytes FROM sys.operators WHERE operator IN ('over', 'asof', 'rank') ORDER BY query",
      )
    ).rows.map(([, one]) => Number(one))
  await database.execute('INSERT INTO t SELECT i, i FROM generate_series(1, 100) AS g (i); FLUSH')
  const full = await bytes()
  for (const one of full) expect(one).toBeGreaterThan(100 * 100)
  await database.execute('DELETE FROM t WHERE k > 50; FLUSH')
  // A partition costs something beside its rows.
  for (const [at, one] of (await bytes()).entries()) {
    expect(Math.abs(one - full[at]! / 2)).toBeLessThan(2000)
  }
  await database.execute('TRUNCATE t; FLUSH')
  expect(await bytes()).toEqual([0, 0, 0])
  await database.close()
})

test('a view forgets the rows that are gone', async () => {
  const database = new Database({ cycles: 'manual', checks: true, fragments: 2 })
  await database.execute(`CREATE STREAM s (k BIGINT, v BIGINT);
    CREATE MATERIALIZED VIEW m AS SELECT k, k || ' has the sum ' || sum(v) AS n FROM s GROUP BY k`)
  const rows = Array.from({ length: 500 }, (_, k) => ({ k, v: 1 }))
  for (let round = 0; round < 12; round++) {
    await database.append('s', rows)
    await database.execute('FLUSH')
  }
  const kept = async () => {
    const { rows: lines } = await database.query('EXPLAIN STATE m')
    return Number(lines.find(([one]) => one === 'View')![2])
  }
  expect(await kept()).toBeLessThanOrEqual(2 * 500 + 2048 + 1000)
  const all = await database.query('SELECT * FROM m ORDER BY k')
  expect(all.rows).toEqual(rows.map(({ k }) => [BigInt(k), `${k} has the sum 12`]))
  await database.execute(
    'CREATE TABLE t (k INT PRIMARY KEY); CREATE MATERIALIZED VIEW e AS SELECT k FROM t',
  )
  await database.execute('INSERT INTO t SELECT i FROM generate_series(1, 5000) AS g (i); FLUSH')
  await database.execute('DELETE FROM t WHERE k <> 7; FLUSH')
  expect((await database.query('SELECT * FROM e')).rows).toEqual([[7]])
  await database.execute('DELETE FROM t; FLUSH; INSERT INTO t VALUES (7), (8); FLUSH')
  expect((await database.query('SELECT * FROM e ORDER BY k')).rows).toEqual([[7], [8]])
  await database.close()
})

describe('a budget is met within a tenth', () => {
  const queries = {
    groups: 'SELECT k, sum(v) AS n FROM s GROUP BY k',
    values: 'SELECT count(DISTINCT k) AS n FROM s',
    join: 'SELECT s.k FROM s JOIN bare b ON s.k = b.k',
    window:
      'SELECT max(n) AS n FROM (SELECT sum(v) OVER (PARTITION BY v % 10 ORDER BY k) AS n FROM s)',
    nearest: 'SELECT count(*) AS n FROM s ASOF JOIN bare b ON s.v = b.v AND s.k >= b.k',
    view: 'SELECT k FROM s',
  }
  const budget = sized(2, 32) * 1e6

  test.each(Object.entries(queries))('%s', async (_, query) => {
    const database = new Database({ cycles: 'manual' })
    await database.execute(`${schema}; CREATE MATERIALIZED VIEW m AS ${query};
      CREATE MATERIALIZED VIEW other AS SELECT count(*) AS n FROM s; SET state_budget = '${budget} B'`)
    const at = '2026-01-01 00:00:00'
    let before = 0
    let state = 'running'
    let n = 0
    while (state === 'running' && n < 5e6) {
      const rows = Array.from({ length: 150 }, () => ({ k: n++, v: n % 1000, ts: at }))
      await database.append('s', rows)
      await database.execute('FLUSH')
      const [row] = (
        await database.query("SELECT state, state_bytes FROM sys.queries WHERE query = 'm'")
      ).rows
      state = String(row![0])
      if (row![1] !== null) before = Number(row![1])
    }
    expect(before).toBeGreaterThan(budget * 0.9)
    const [, shown] = /has come to ([\d.]+) MB, and state_budget is/.exec(state)!
    expect(Number(shown) * 1e6).toBeLessThan(budget * 1.1)
    expect((await database.query('SELECT n FROM other')).rows).toEqual([[BigInt(n)]])
    await expect(database.query('SELECT * FROM m')).rejects.toThrow('state_budget')
    await database.close()
  })
})

test.each([
  [
    "SET state_budget = 'much'",
    'invalid_option',
    'state_budget is 25%, unlimited, or a size above 0',
  ],
  ['SET state_budget = 0', 'invalid_option', 'a size above 0'],
  ["SET state_budget = '1 MB' ON OVERFLOW SPILL", 'unsupported', 'ON OVERFLOW SPILL'],
  ['SET dialect = flink ON OVERFLOW SPILL', 'invalid_option', 'dialect has no ON OVERFLOW'],
  ['SET dialect = flink ON OVERFLOW EVICT OLDEST', 'invalid_option', 'dialect has no ON OVERFLOW'],
  ['EXPLAIN STATE nix', 'unknown_name', 'there is no query nix'],
  ['EXPLAIN STATE s', 'unknown_name', 's is no query that runs'],
  [
    'EXPLAIN STATE INSERT INTO bare VALUES (1, 2, NULL)',
    'unsupported',
    'EXPLAIN STATE of a statement that ends',
  ],
  ['EXPLAIN WHY NO OUTPUT FOR nix', 'unknown_name', 'there is no query nix'],
  ['EXPLAIN WHY OUTPUT FOR s', 'syntax', 'unexpected OUTPUT'],
])('%s is a mistake', async (text, code, message) => {
  const database = new Database({ cycles: 'manual' })
  await database.execute(schema)
  const fault = await database.execute(text).catch((error) => error)
  expect(fault).toBeInstanceOf(QueryMistake)
  expect(fault.diagnostics[0]).toMatchObject({ code, message: expect.stringContaining(message) })
  await database.close()
})

test('a budget that is large, or none, changes nothing', async () => {
  const database = new Database({ cycles: 'manual' })
  await database.execute(`${schema}; SET state_budget = '1 GiB' ON OVERFLOW FAIL;
    CREATE MATERIALIZED VIEW m AS SELECT count(*) AS n FROM s`)
  expect((await database.query('SHOW state_budget')).rows).toEqual([['1073741824 b']])
  await database.execute('RESET state_budget')
  expect((await database.query('SHOW state_budget')).rows).toEqual([['25%']])
  await database.close()
})

test('the changes that a subscription keeps count, until they are acknowledged', async () => {
  const database = new Database({ cycles: 'manual' })
  await database.execute(`${schema}; CREATE SUBSCRIPTION kept FROM bare WITH (retention = '1D')`)
  const rows = Array.from({ length: 2000 }, (_, k) => ({ k, v: k }))
  await database.append('bare', rows)
  await database.execute('FLUSH')
  const bytes = async (): Promise<number> => {
    const asked = "SELECT bytes FROM sys.memory WHERE query = 'kept' AND part = 'changes'"
    return Number((await database.query(asked)).rows[0]![0])
  }
  const all = await bytes()
  expect(all).toBeGreaterThan(2000 * 100)
  await database.execute('ACKNOWLEDGE kept UP TO OFFSET 2000')
  expect(await bytes()).toBe(0)
  await database.append('bare', rows)
  await database.execute('FLUSH')
  expect(await bytes()).toBe(all)
  await database.execute("SET state_budget = '100 KB'")
  await database.append('bare', rows)
  await database.execute('FLUSH')
  const [row] = (await database.query("SELECT state FROM sys.queries WHERE query = 'kept'")).rows
  expect(row![0]).toContain('and state_budget is 100.0 KB')
  await database.close()
})

test('a failure says what is kept and what would bound it', async () => {
  const database = new Database({ cycles: 'manual' })
  await database.execute(`${schema}; SET state_budget = '100 KB';
    CREATE MATERIALIZED VIEW m AS SELECT s.k FROM s JOIN bare b ON s.v = b.v`)
  const rows = Array.from({ length: 2000 }, (_, k) => ({ k, v: k, ts: '2026-01-01 00:00:00' }))
  await database.append('s', rows)
  await database.execute('FLUSH')
  await expect(database.query('SELECT * FROM m')).rejects.toThrow(
    /which keeps the rows of both sides; .* would let rows go; SET state_budget may allow more/,
  )
  await database.close()
})
