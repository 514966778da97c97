/**
 * ASOF joins over random rows: one-shot answers are DuckDB's, where no two right rows of a key have one time.
 *
 * How      No time is NULL: DuckDB lets NULL meet NULL there when it sorts, and not when it loops.
 */
import { expect, test } from 'vitest'
import { seededRandom } from '../../src/base/index.ts'
import { open } from '../../src/index.ts'
import { connect } from './duckdb.ts'

const joins = ['asof join', 'asof left join']
const conditions = [
  'on a.k = b.k and a.ts >= b.ts',
  'on a.k = b.k and a.ts > b.ts',
  'on a.k = b.k and b.ts >= a.ts',
  'on a.k = b.k and a.ts < b.ts',
  'using (k, ts)',
]

test('ASOF joins give what DuckDB gives', async () => {
  const random = seededRandom(7)
  const values = (count: number, times: () => number) =>
    Array.from({ length: count }, (_, n) => {
      const k = random.next() < 0.1 ? 'null' : String(random.below(4))
      const ts = `timestamp '2026-01-01 00:00:00' + interval '${times()}' second`
      return `(${k}, ${ts}, ${n})`
    }).join(', ')
  let tick = 0
  const inserts = [
    `insert into a values ${values(200, () => random.below(400))}`,
    `insert into b values ${values(100, () => (tick += 37) % 401)}`,
  ]
  const duckdb = await connect()
  await using db = await open(':memory:')
  for (const name of ['a', 'b']) {
    await duckdb.run(`create temp table ${name} (k int, ts timestamp, n int)`)
    await db.execute(`create stream ${name} (k int, ts timestamp, n int)`)
  }
  for (const text of inserts) {
    await duckdb.run(text)
    await db.execute(text)
  }
  for (const join of joins) {
    for (const condition of conditions) {
      const text = `select a.n as x, b.n as y from a ${join} b ${condition} order by 1`
      const theirs = (await duckdb.runAndReadAll(text)).getRows()
      const ours = await db.query(text)
      expect(ours.map(({ x, y }) => [x, y])).toEqual(theirs)
    }
  }
})
