/**
 * Rows that can be no window's extreme are left out of a join: nobody sees it.
 */
import { expect, test } from 'vitest'
import { type Random, seededRandom } from '../../src/base/index.ts'
import { open } from '../../src/database/index.ts'
import { commitSeed } from '../seed.ts'

const second = 1000

/** `W` stands for the call that gives the extreme. */
const extremes = (call: string, window: string) => `(
  SELECT window_start AS s, window_end AS e, ${call} AS m FROM ${window} GROUP BY window_start, window_end)`
const tumble = `TUMBLE(b, at, INTERVAL '4' SECOND)`
const hop = `HOP(b, at, INTERVAL '2' SECOND, INTERVAL '6' SECOND)`
const between = `b.at BETWEEN w.e - INTERVAL '4' SECOND AND w.e`

/** Each for MAX and MIN; `C` is the call, over which nothing is known once something is added to it. */
const shapes: Readonly<Record<string, (call: string) => string>> = {
  'a time between bounds above the join': (call) =>
    `SELECT k, v, t, e, m FROM b JOIN ${extremes(call, tumble)} w ON v = m WHERE ${between}`,
  'bounds in the condition, the windows on the left': (call) =>
    `SELECT k, v, t, e, m FROM ${extremes(call, tumble)} w JOIN b ON v = m AND b.at >= w.s AND b.at < w.e`,
  'sliding windows': (call) =>
    `SELECT k, v, t, e, m FROM b JOIN ${extremes(call, hop)} w ON v = m AND b.at >= w.s AND b.at < w.e`,
  'windows on both sides': (call) =>
    `SELECT k, v, t, e, m FROM ${tumble} b JOIN ${extremes(call, tumble)} w
     ON v = m AND b.window_start = w.s AND b.window_end = w.e`,
  'one end of the windows alone': (call) =>
    `SELECT k, v, t, e, m FROM ${hop} b JOIN ${extremes(call, hop)} w ON v = m AND b.window_end = w.e`,
  'a filter and a failing column below': (call) =>
    `SELECT k, q, t, e, m FROM (SELECT k, v, t, at, 12 / v AS q FROM b WHERE k <> 2) b
     JOIN ${extremes(call, tumble)} w ON v = m AND b.at >= w.s AND b.at < w.e`,
  'a window further on': (call) =>
    `SELECT k, v, t, e, m FROM b JOIN ${extremes(call, tumble)} w ON v = m
     AND w.s > b.at AND w.s <= b.at + INTERVAL '5' SECOND`,
  'only some windows': (call) =>
    `SELECT k, v, t, e, m FROM b JOIN (SELECT * FROM ${extremes(call, tumble)} x WHERE m > 3 OR m < -2) w
     ON v = m WHERE ${between}`,
}

/** Rows in about the order of time, some late, some without a value. */
function rowsOf(random: Random, count: number) {
  const upTo = (most: number) => random.below(most)
  return Array.from({ length: count }, (_, row) => ({
    t: row,
    k: upTo(4),
    v: upTo(12) === 0 ? null : upTo(9) - upTo(2) * 4,
    at: new Date(row * 90 + upTo(5) * 300 - (upTo(30) === 0 ? upTo(9) * second : 0) + 60 * second),
  }))
}

test.each([
  { vectorSize: 3, fragments: 2, backend: 'closure' as const },
  { vectorSize: 16, fragments: 1, backend: 'wasm' as const },
  { vectorSize: 4096, fragments: 1, backend: 'wasm' as const },
])('the same rows in the same order, vectors of $vectorSize', async (options) => {
  const random = seededRandom(commitSeed(`candidate ${options.vectorSize}`))
  await using db = await open(':memory:', options)
  await db.execute(`CREATE STREAM b (t INT, k INT, v BIGINT, at TIMESTAMP(3),
    WATERMARK FOR at AS at - INTERVAL '1' SECOND IDLE NEVER)`)
  const queries = Object.values(shapes).flatMap((shape) =>
    ['MAX', 'MIN'].map((name) => [shape(`${name}(v)`), shape(`${name}(v) + 0`)] as const),
  )
  for (const [at, [fast, slow]] of queries.entries()) {
    const [plan, twin] = [await db.query(`EXPLAIN ${fast}`), await db.query(`EXPLAIN ${slow}`)]
    expect(String(plan.rows), fast).toMatch(/keeps (left|right) rows that may be the (max|min)/)
    expect(String(twin.rows), slow).not.toContain('that may be the')
    await db.execute(`CREATE STREAM fast_${at} AS ${fast} EMIT ON WINDOW CLOSE;
      CREATE STREAM slow_${at} AS ${slow} EMIT ON WINDOW CLOSE`)
  }
  const all = rowsOf(random, 400)
  for (let from = 0; from < all.length; ) {
    const to = from + 1 + random.below(100)
    await db.append('b', all.slice(from, to))
    await db.execute('FLUSH')
    from = to
  }
  for (const [at, [fast, slow]] of queries.entries()) {
    const told = await db.query(`SELECT * FROM fast_${at}`)
    expect(told.rows.length, fast).toBeGreaterThan(4)
    expect(told.rows, fast).toEqual((await db.query(`SELECT * FROM slow_${at}`)).rows)
    const errors = (name: string) => db.query(`SELECT * FROM ${name}_${at}.errors`)
    expect((await errors('fast')).rows, fast).toEqual((await errors('slow')).rows)
    if (fast.includes('12 / v')) continue
    expect((await db.query(fast)).rows, fast).toEqual((await db.query(slow)).rows)
  }
})

test('few rows are stored', async () => {
  await using db = await open(':memory:')
  await db.execute(`CREATE STREAM b (t INT, k INT, v BIGINT, at TIMESTAMP(3),
    WATERMARK FOR at AS at - INTERVAL '1' SECOND IDLE NEVER);
    CREATE STREAM top AS ${shapes['a time between bounds above the join']!('MAX(v)')} EMIT ON WINDOW CLOSE`)
  const at = (row: number) => new Date(row)
  for (let from = 0; from < 3900; from += 100) {
    const rows = Array.from({ length: 100 }, (_, row) => from + row)
    await db.append(
      'b',
      rows.map((t) => ({ t, k: 0, v: 1000 - (t % 1000), at: at(t) })),
    )
    await db.execute('FLUSH')
  }
  const { rows, fields } = await db.query('SHOW QUERIES')
  const bytes = rows[0]![fields.findIndex(({ name }) => name === 'state_bytes')]
  expect(Number(bytes)).toBeLessThan(40_000)
})
