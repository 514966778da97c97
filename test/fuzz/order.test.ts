/**
 * Order: what windows and joins tell in the end is a matter of the rows alone.
 *
 * How      The same rows go through the same queries in other ways, and the answers are compared, as multisets:
 *          order    shuffled as far as the watermark allows, so that none is late;
 *          commits  cut otherwise;
 *          rules    without one rewrite, and without all of them;
 *          split    a window is the sum of the shorter ones that it is made of.
 */
import { beforeAll, describe, expect, test } from 'vitest'
import { type Random, seededRandom } from '../../src/base/index.ts'
import { type DatabaseOptions, open } from '../../src/database/index.ts'
import { rules } from '../../src/plan/index.ts'
import { commitSeed } from '../seed.ts'
import { chance, pick } from './expression.ts'

const second = 1000
/** How far the watermark trails, and how far rows come behind their time. */
const [delay, latest] = [5 * second, 4 * second]

const values = 'count(*) AS n, count(v) AS c, sum(v) AS s, min(v) AS least, max(v) AS most'
const grouped = (window: string) =>
  `SELECT k, window_start, window_end, ${values} FROM ${window} GROUP BY k, window_start, window_end`
const tumble = (size: number) => `TUMBLE(b, at, INTERVAL '${size}' SECOND)`
const hop = `HOP(b, at, INTERVAL '5' SECOND, INTERVAL '10' SECOND)`
const cumulate = `CUMULATE(b, at, INTERVAL '5' SECOND, INTERVAL '10' SECOND)`
const greatest = `(SELECT window_start, window_end, max(v) AS m FROM ${tumble(10)} GROUP BY ALL)`

const closing: Readonly<Record<string, string>> = {
  five: grouped(tumble(5)),
  ten: grouped(tumble(10)),
  hop: grouped(hop),
  cumulate: grouped(cumulate),
  session: `SELECT k, window_start, window_end, ${values}
    FROM SESSION(b PARTITION BY k, at, INTERVAL '2' SECOND) GROUP BY k, window_start, window_end`,
  distinct_values: `SELECT window_end, count(DISTINCT v) AS n, sum(DISTINCT v) AS s
    FROM ${hop} GROUP BY window_start, window_end`,
  extreme: `SELECT b.t, b.v, w.window_end FROM b JOIN ${greatest} w ON b.v = w.m
    AND b.at >= w.window_start AND b.at < w.window_end`,
  shares: `SELECT a.k, a.window_end, a.n, w.m FROM (${grouped(tumble(10))}) a
    JOIN ${greatest} w ON a.window_start = w.window_start AND a.window_end = w.window_end WHERE a.n > 1`,
}
const changing: Readonly<Record<string, string>> = {
  ranked: `SELECT window_end, t, v FROM (SELECT *, row_number() OVER (
    PARTITION BY window_start, window_end ORDER BY v DESC, t) AS r FROM ${tumble(10)}) WHERE r <= 3`,
  near: `SELECT a.t, b.t AS u FROM b a JOIN b ON a.k = b.k AND a.v < b.v
    AND b.at BETWEEN a.at AND a.at + INTERVAL '2' SECOND`,
  missing: 'SELECT t, k FROM b WHERE v IS NULL OR v NOT IN (SELECT v FROM b WHERE k = 0 AND v > 3)',
  keys: `SELECT k, ${values} FROM b GROUP BY k HAVING count(*) > 3`,
}

type Given = {
  t: number
  k: number
  v: number | null
  at: Date
}

function rowsOf(random: Random, count: number): Given[] {
  return Array.from({ length: count }, (_, t) => ({
    t,
    k: random.below(4),
    v: chance(random, 0.1) ? null : random.below(9) - 4,
    at: new Date(60 * second + t * 150 + random.below(10) * (chance(random, 0.1) ? 400 : 30)),
  }))
}

/** The rows in an order in which none comes later than the watermark allows. */
function shuffled(random: Random, rows: readonly Given[]): Given[] {
  const due = new Map(rows.map((row) => [row, row.at.getTime() + random.below(latest)]))
  return rows.toSorted((a, b) => due.get(a)! - due.get(b)!)
}

type Answers = Record<string, string[]>

/** What the queries have told when all windows are closed. */
async function answersOf(
  random: Random,
  rows: readonly Given[],
  options: DatabaseOptions,
): Promise<Answers> {
  await using db = await open(':memory:', options)
  await db.execute(`CREATE STREAM b (t INT, k INT, v INT, at TIMESTAMP(3),
    WATERMARK FOR at AS at - INTERVAL '${delay / second}' SECOND IDLE NEVER)`)
  for (const [name, sql] of Object.entries(closing))
    await db.execute(`CREATE STREAM ${name} AS ${sql} EMIT ON WINDOW CLOSE`)
  for (const [name, sql] of Object.entries(changing))
    await db.execute(`CREATE MATERIALIZED VIEW ${name} AS ${sql}`)
  for (let from = 0; from < rows.length; ) {
    const to = from + 1 + random.below(60)
    await db.append('b', rows.slice(from, to))
    await db.execute('FLUSH')
    from = to
  }
  await db.append('b', [{ t: -1, k: 0, v: 0, at: new Date(3600 * second) }])
  await db.execute('FLUSH')
  const answers: Answers = {}
  for (const name of [...Object.keys(closing), ...Object.keys(changing)]) {
    const told = await db.query(`SELECT * FROM ${name}`)
    answers[name] = told.rows.map(String).sort()
  }
  const late = await db.query('SELECT * FROM ten.errors')
  expect(late.rows).toEqual([])
  return answers
}

describe('order', () => {
  const random = seededRandom(commitSeed('order'))
  const rows = rowsOf(random, 500)
  let due: Answers
  beforeAll(async () => {
    due = await answersOf(random, rows, {})
  })

  test('each query has rows to compare', () => {
    for (const [name, told] of Object.entries(due)) expect(told.length, name).toBeGreaterThan(2)
  })

  test.each([1, 2, 3])('rows in another order, commits cut otherwise: %i', async () => {
    const options = {
      vectorSize: pick(random, [3, 64, 2048]),
      backend: pick(random, ['wasm', 'closure'] as const),
      fragments: pick(random, [1, 3]),
    }
    const other = shuffled(random, rows)
    expect(other).not.toEqual(rows)
    expect(await answersOf(random, other, options)).toEqual(due)
  })

  const names = rules.map(({ name }) => name)
  test.each([
    ['all', names],
    ...names.filter(() => chance(random, 0.2)).map((name): [string, string[]] => [name, [name]]),
  ])('without rewrites: %s', async (_, disabledRewrites) => {
    expect(await answersOf(random, rows, { disabledRewrites })).toEqual(due)
  })

  test('a window is what its parts are together', async () => {
    await using db = await open(':memory:')
    await db.execute('CREATE TABLE b (t INT, k INT, v INT, at TIMESTAMP(3)) APPEND ONLY')
    await db.append('b', rows)
    const whole = (window: string) => `SELECT k, window_start, ${values}
      FROM ${window} GROUP BY k, window_start, window_end ORDER BY k, window_start`
    const added = 'sum(n) AS n, sum(c) AS c, sum(s) AS s, min(least) AS least, max(most) AS most'
    const parts = `(SELECT k, window_start, ${values} FROM ${tumble(5)} GROUP BY k, window_start)`
    const answer = async (sql: string) => (await db.query(sql)).rows.map(String)
    const halves = await answer(`SELECT k, w, ${added} FROM (
      SELECT *, date_bin(INTERVAL '10' SECOND, window_start, TIMESTAMP '1970-01-01') AS w FROM ${parts})
      GROUP BY k, w ORDER BY k, w`)
    expect(halves.length).toBeGreaterThan(10)
    expect(await answer(whole(tumble(10)))).toEqual(halves)
    const slid = await answer(`SELECT k, w, ${added} FROM (
      SELECT *, window_start AS w FROM ${parts} UNION ALL
      SELECT *, window_start - INTERVAL '5' SECOND AS w FROM ${parts}) GROUP BY k, w ORDER BY k, w`)
    expect(await answer(whole(hop))).toEqual(slid)
    const full = `SELECT k, window_start, ${values} FROM ${cumulate}
      WHERE window_end = window_start + INTERVAL '10' SECOND
      GROUP BY k, window_start, window_end ORDER BY k, window_start`
    expect(await answer(full)).toEqual(halves)
  })
})
