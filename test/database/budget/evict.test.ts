/** ON OVERFLOW EVICT OLDEST: the state stays within a tenth of the budget, and the answer is that of the rows left. */
import { describe, expect, test } from 'vitest'
import { type Database, open } from '../../../src/database/index.ts'
import { Log } from '../../../src/log/index.ts'
import { sized } from '../../size.ts'

const schema = `CREATE STREAM s (k BIGINT, v BIGINT); CREATE STREAM r (k BIGINT, v BIGINT);
  CREATE STREAM timed (k BIGINT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1 second')`

/** Queries over s, and r where rows are joined; both get the same rows. */
const queries: Record<string, (s: string, r: string) => string> = {
  groups: (s) => `SELECT k, sum(v) AS n, max(v) AS m FROM ${s} AS s GROUP BY k`,
  values: (s) => `SELECT v % 7 AS g, count(DISTINCT k) AS n FROM ${s} AS s GROUP BY v % 7`,
  texts: (s) => `SELECT 'the key ' || k AS t, min(v) AS n FROM ${s} AS s GROUP BY k`,
  join: (s, r) => `SELECT s.k, r.v FROM ${s} AS s JOIN ${r} AS r ON s.k = r.k`,
  left: (s, r) => `SELECT s.k, r.v FROM ${s} AS s LEFT JOIN ${r} AS r ON s.k = r.k + 1`,
  self: (s) => `SELECT a.k, b.v FROM ${s} AS a JOIN ${s} AS b ON a.k = b.k + 1`,
  member: (s, r) => `SELECT k FROM ${s} AS s WHERE k IN (SELECT k FROM ${r} AS r WHERE v < 500)`,
  nearest: (s, r) =>
    `SELECT s.k, r.v FROM ${s} AS s ASOF JOIN ${r} AS r ON s.v = r.v AND s.k >= r.k`,
  rank: (s) =>
    `SELECT k, v, row_number() OVER (PARTITION BY v ORDER BY k) AS n FROM ${s} AS s QUALIFY n <= 2`,
  latest: (s) => `SELECT DISTINCT ON (v) v, k FROM ${s} AS s ORDER BY v, k DESC`,
  window: (s) => `SELECT v, sum(k) OVER (PARTITION BY v ORDER BY k) AS n FROM ${s} AS s`,
  distinct: (s) => `SELECT DISTINCT k, v FROM ${s} AS s`,
  view: (s) => `SELECT k, v FROM ${s} AS s WHERE v <> 3`,
}

const sorted = (rows: readonly (readonly unknown[])[]) => rows.map(String).sort()

async function told(database: Database) {
  const [row] = (
    await database.query("SELECT state, state_bytes, evicted FROM sys.queries WHERE query = 'm'")
  ).rows
  expect(row![0]).toBe('running')
  return { bytes: Number(row![1]), evicted: Number(row![2]) }
}

describe('the state stays within the budget', () => {
  const budget = sized(1, 3) * 1e6
  const part = Math.floor(budget / 3000)

  test.each(Object.entries(queries))('%s', async (_, query) => {
    const log = new Log()
    const database = await open(':memory:', { cycles: 'manual', log })
    const notices: string[] = []
    await database.execute(
      `${schema}; SET state_budget = '${budget} B' ON OVERFLOW EVICT OLDEST;
       CREATE MATERIALIZED VIEW m AS ${query('s', 'r')}`,
      { onNotice: (text) => notices.push(text) },
    )
    expect(notices.join()).toContain('gives its oldest rows up')
    const sources = query.length === 2 ? ['s', 'r'] : ['s']
    let [n, most, at, evicted] = [0, 0, 0, 0]
    // Twice as many rows as there is room for.
    while (n < 2 * at || at === 0) {
      const rows = Array.from({ length: part }, (_, i) => ({
        k: n + i,
        v: ((n + i) * 7919) % 1000,
      }))
      for (const source of sources) await database.append(source, rows)
      n += part
      await database.execute('FLUSH')
      const now = await told(database)
      most = Math.max(most, now.bytes)
      evicted = now.evicted
      if (evicted > part && at === 0) at = n
      expect(n).toBeLessThan(2e6)
    }
    expect(most).toBeLessThan(budget * 1.1)
    expect(most).toBeGreaterThan(budget * 0.75)
    // Rows come to both streams in turns, a part at a time.
    const gone = (source: string): number => {
      if (sources.length === 1) return evicted
      const [rounds, rest] = [Math.floor(evicted / (2 * part)), evicted % (2 * part)]
      return rounds * part + (source === 's' ? Math.min(rest, part) : Math.max(rest - part, 0))
    }
    const kept = (source: string) => `(SELECT * FROM ${source} WHERE k >= ${gone(source)})`
    const shown = sorted((await database.query('SELECT * FROM m')).rows)
    expect(shown).toEqual(sorted((await database.query(query(kept('s'), kept('r')))).rows))
    const [verdict] = (await database.query('VERIFY MATERIALIZED VIEW m')).rows
    expect(verdict!.slice(0, 2)).toEqual(['equal', BigInt(shown.length)])
    await database.close()
    const options = { cycles: 'manual' as const, log, vectorSize: 77, fragments: 2 }
    const again = await open(':memory:', options)
    expect(sorted((await again.query('SELECT * FROM m')).rows)).toEqual(shown)
    expect((await again.query('VERIFY MATERIALIZED VIEW m')).rows[0]).toEqual(verdict)
    await again.close()
  })
})

const small = "SET state_budget = '400 KB' ON OVERFLOW EVICT OLDEST"

async function filled(sql: string) {
  const database = await open(':memory:', { cycles: 'manual', log: new Log() })
  const notices: string[] = []
  const options = { onNotice: (text: string) => notices.push(text) }
  await database.execute(`${schema}; ${small}; ${sql}`, options)
  for (let n = 0; n < 9000; n += 1000) {
    const rows = Array.from({ length: 1000 }, (_, i) => ({ k: n + i, v: i }))
    await database.append('s', rows)
    await database.execute('FLUSH')
  }
  return { database, notices }
}

describe('what has gone is gone for whoever asks later', () => {
  const sql = 'CREATE MATERIALIZED VIEW m AS SELECT k, v FROM s'

  test('PRESERVE STATE, and rows that come then', async () => {
    const groups = 'CREATE MATERIALIZED VIEW m AS SELECT k, sum(v) AS v FROM s GROUP BY k'
    const { database } = await filled(groups)
    const { evicted } = await told(database)
    expect(evicted).toBeGreaterThan(1000)
    const asked = 'SELECT min(k), count(*) FROM m'
    const left = (await database.query(asked)).rows
    expect(left).toEqual([[BigInt(evicted), BigInt(9000 - evicted)]])
    await database.execute(
      `CREATE OR REPLACE ${groups.slice('CREATE '.length)} HAVING sum(v) >= 0`.replace(
        ' m AS',
        ' m PRESERVE STATE AS',
      ),
    )
    expect((await database.query(asked)).rows).toEqual(left)
    expect((await database.query('VERIFY MATERIALIZED VIEW m')).rows[0]![0]).toBe('equal')
    await database.close()
  })

  test('a moment before is refused', async () => {
    const { database } = await filled(sql)
    await expect(database.execute('SUBSCRIBE m AS OF OFFSET 5')).rejects.toThrow(
      'has given rows up',
    )
    await expect(database.execute('VERIFY MATERIALIZED VIEW m UP TO OFFSET 5')).rejects.toThrow(
      'has given rows up',
    )
    await expect(
      database.execute('BEGIN; INSERT INTO s VALUES (1, 1); SELECT count(*) FROM m'),
    ).rejects.toThrow('not supported yet: view m in a transaction')
    await database.close()
  })
})

test.each([
  [
    `SELECT window_end, count(*) AS n FROM TUMBLE(TABLE timed, DESCRIPTOR(ts), INTERVAL '5' SECOND)
     GROUP BY window_start, window_end`,
    'it goes by a watermark',
  ],
  ['SELECT count(*) AS n FROM generate_series(1, 3) AS g (i)', 'it reads no stored stream'],
  ['SELECT k, RANDOM() AS r FROM s', 'rows cannot be taken back'],
])('%s gives no rows up, and says so', async (query, why) => {
  const { database, notices } = await filled(`CREATE MATERIALIZED VIEW m AS ${query}`).catch(
    (error) => {
      expect(String(error)).toBe('')
      throw error
    },
  )
  expect(notices.join()).toContain(`the query gives no rows up, as ${why}`)
  const [row] = (await database.query("SELECT evicted FROM sys.queries WHERE query = 'm'")).rows
  expect(row).toEqual([null])
  await database.close()
})
