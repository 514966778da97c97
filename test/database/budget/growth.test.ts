/**
 * Growth: every kind of operator that keeps rows follows the law that EXPLAIN STATE tells of it.
 *
 * How      Each case is fed n rows, then n more, in one of three ways: the same keys again, windows that close behind
 *          the rows, or ever new keys. Bounded state stays as it is, other state grows with the rows.
 * Contract 1 (checked) a kind of operator without a case, or without state, is a failure.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { Database } from '../../../src/database/index.ts'
import type { PhysicalPlan } from '../../../src/plan/index.ts'

type Kind = PhysicalPlan['kind']

/** How rows come: `keys` repeats 20 keys at one time, `windows` lets the time go on, `new` has a new key for each. */
type Way = 'keys' | 'windows' | 'new'

interface Case {
  query: string
  law: string
  /** The ways in which the bytes stay what they are, and those in which they grow with the rows. */
  stays: Way[]
  grows: Way[]
}

const one = (query: string, law: string, stays: Way[], grows: Way[]): Case => {
  return { query, law, stays, grows }
}

const tumble = (stream: string) => `TUMBLE(${stream}, ts, INTERVAL '10' SECOND)`

/** By kind of operator. */
const cases: Partial<Record<Kind, Case[]>> = {
  aggregate: [
    one('SELECT k, sum(v) AS n FROM s GROUP BY k', 'keys', ['keys', 'windows'], ['new']),
    one('SELECT count(*) AS n FROM s', 'nothing', ['keys', 'windows', 'new'], []),
    one(
      `SELECT count(*) AS n FROM (SELECT window_end, k FROM ${tumble('s')} GROUP BY window_end, k)`,
      'windows',
      ['keys', 'windows'],
      ['new'],
    ),
    one('SELECT count(DISTINCT k) AS n FROM s', 'keys', ['keys', 'windows'], ['new']),
  ],
  join: [
    one('SELECT count(*) AS n FROM s JOIN b ON s.v = b.v + 1', 'every row', [], ['keys', 'new']),
    one(
      `SELECT count(*) AS n FROM s JOIN b ON s.v = b.v + 1
       AND b.ts BETWEEN s.ts AND s.ts + INTERVAL '5' SECOND`,
      'windows',
      ['windows'],
      ['keys'],
    ),
  ],
  asof: [
    one(
      'SELECT count(*) AS n FROM s ASOF JOIN b ON s.k = b.k AND s.ts >= b.ts',
      'every row',
      [],
      ['keys', 'new'],
    ),
    one(
      'SELECT s.k FROM s JOIN b FOR SYSTEM_TIME AS OF s.ts ON s.k = b.k WHERE s.v < 0',
      'keys',
      ['windows'],
      ['new'],
    ),
  ],
  rank: [
    one('SELECT k FROM s ORDER BY v LIMIT 3', 'nothing', ['keys', 'windows', 'new'], []),
    one('SELECT DISTINCT ON (k) k, v FROM s ORDER BY k, v', 'keys', ['keys', 'windows'], ['new']),
  ],
  over: [
    one(
      'SELECT count(*) AS n FROM (SELECT sum(v) OVER (PARTITION BY k ORDER BY ts) AS n FROM s)',
      'every row',
      [],
      ['keys', 'new'],
    ),
  ],
  session: [
    one(
      `SELECT k FROM SESSION(TABLE s PARTITION BY k, DESCRIPTOR(ts), INTERVAL '0.5' SECOND) WHERE v < 0`,
      'windows',
      ['windows'],
      ['keys', 'new'],
    ),
  ],
  match: [
    one(
      `SELECT * FROM s MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts MEASURES first(a.v) AS x
       PATTERN (a c) WITHIN INTERVAL '5' SECOND DEFINE c AS c.v < 0)`,
      'windows',
      ['windows'],
      ['keys', 'new'],
    ),
  ],
  number: [
    one(
      'SELECT count(*) AS n FROM TUMBLE(TABLE s PARTITION BY k, ROWS => 4)',
      'keys',
      ['keys', 'windows'],
      ['new'],
    ),
  ],
  close: [
    one(
      `SELECT x.k FROM ${tumble('s')} x JOIN ${tumble('b')} y ON x.window_end = y.window_end AND x.k = y.k
       WHERE x.v < 0 EMIT ON WINDOW CLOSE`,
      'windows',
      ['windows'],
      [],
    ),
  ],
  lifetime: [
    one(
      "SELECT count(*) AS n FROM s WHERE ts > NOW() - INTERVAL '36500' DAY",
      'windows',
      [],
      ['keys'],
    ),
  ],
  hold: [
    one(
      "SELECT k, count(*) AS n FROM s GROUP BY k EMIT EVERY INTERVAL '1' DAY",
      'nothing',
      ['keys', 'windows'],
      ['new'],
    ),
  ],
}

/** Kinds that keep nothing between commits. */
const stateless = [
  'scan', 'values', 'series', 'filter', 'project', 'window', 'union', 'unnest', 'repeat', 'changelog', 'sort',
] // biome-ignore format: one list

const listed = Object.entries(cases).flatMap(([kind, all]) =>
  all.map((given) => ({ kind, ...given })),
)

const n = 2000

/** Rows `from` to `from + n` of both streams. */
function rowsOf(way: Way, from: number): Record<string, unknown>[] {
  return Array.from({ length: n }, (_, at) => {
    const row = from + at
    const k = way === 'new' ? row : row % 20
    // 50 rows a second: some windows are always open.
    const second = way === 'windows' ? Math.floor(row / 50) : 0
    const ts = new Date(Date.UTC(2026, 0, 1) + second * 1000).toISOString().slice(0, 19)
    return { k, v: row, ts: ts.replace('T', ' ') }
  })
}

/** The bytes of the operator after n rows and after 2n, and the law. */
async function measured({ kind, query }: (typeof listed)[number], way: Way) {
  const database = new Database({ cycles: 'manual' })
  await database.execute(`
    CREATE STREAM s (k BIGINT, v BIGINT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND);
    CREATE STREAM b (k BIGINT, v BIGINT, ts TIMESTAMP(3), PRIMARY KEY (k) NOT ENFORCED,
      WATERMARK FOR ts AS ts - INTERVAL '1' SECOND);
    CREATE MATERIALIZED VIEW m AS ${query}`)
  const told: { bytes: number; law: string }[] = []
  for (const from of [0, n]) {
    const rows = rowsOf(way, from)
    await database.append('b', rows)
    await database.append('s', rows)
    await database.execute('FLUSH')
    const { rows: lines } = await database.query('EXPLAIN STATE m')
    const line = lines.findLast(([text]) => String(text).trim().toLowerCase().startsWith(kind))!
    told.push({ bytes: Number(line[1]), law: String(line[4]) })
  }
  await database.close()
  return told
}

describe('state follows its law', () => {
  test('every kind of operator has a case, or keeps nothing', () => {
    const text = readFileSync(new URL('../../../src/plan/logical.ts', import.meta.url), 'utf8')
    const plan = text.slice(text.indexOf('export type Plan'), text.indexOf("kind: 'sort'") + 20)
    const kinds = new Set(
      [...plan.matchAll(/^ {4}\| \(?\{\s+kind: '(\w+)'/gm)].map(([, kind]) => kind!),
    )
    const known = new Set([...Object.keys(cases), ...stateless])
    expect([...kinds].filter((kind) => !known.has(kind))).toEqual([])
    expect([...known].filter((kind) => !kinds.has(kind))).toEqual([])
  })

  test.each(listed)('$kind: $query', async (given) => {
    for (const way of [...given.stays, ...given.grows]) {
      const [first, second] = await measured(given, way)
      expect(first!.law).toBe(given.law)
      const ratio = second!.bytes / Math.max(first!.bytes, 1)
      if (given.stays.includes(way))
        expect(second!.bytes, way).toBeLessThanOrEqual(first!.bytes * 1.1 + 256)
      else expect(ratio, way).toBeGreaterThan(1.5)
    }
  })
})
