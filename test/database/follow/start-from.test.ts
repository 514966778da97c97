/** START FROM and PRESERVE STATE: from which row on a view counts, and what of it stays. */
import { expect, test } from 'vitest'
import { seededRandom, virtualClock } from '../../../src/base/index.ts'
import type { Row } from '../../../src/data/index.ts'
import { Database, open } from '../../../src/database/index.ts'
import { commitSeed } from '../../seed.ts'

const second = 1_000_000n
const begin = 1_800_000_000n * second

async function opened() {
  const clock = virtualClock(begin)
  const options = { connectors: new Map(), cycles: 'manual' as const, clock }
  const database = new Database(options)
  const runOn =
    (one: Database) =>
    async (sql: string): Promise<Row[]> => {
      const last = (await one.execute(sql)).at(-1)
      return last?.kind === 'rows' ? last.rows : []
    }
  const reopened = async () => {
    const again = await open(':memory:', { ...options, log: database.log })
    return { again, run: runOn(again) }
  }
  return { database, clock, run: runOn(database), reopened }
}

const at = (seconds: bigint) =>
  `TIMESTAMP '${new Date(Number((begin + seconds * second) / 1000n)).toISOString().replace('Z', '')}'`

test('START FROM a time begins with the first row that came then, also after a crash', async () => {
  const { database, clock, run, reopened } = await opened()
  await run('CREATE STREAM s (k INT); INSERT INTO s VALUES (1)')
  clock.advance(10n * second)
  await run('INSERT INTO s VALUES (2), (3)')
  clock.advance(10n * second)
  for (const seconds of [0n, 1n, 10n, 11n]) {
    await run(`CREATE MATERIALIZED VIEW v${seconds} START FROM ${at(seconds)} AS SELECT k FROM s`)
  }
  const rows = async (ask: typeof run) => {
    const all = ['v0', 'v1', 'v10', 'v11'].map(async (name) => (await ask(`FROM ${name}`)).flat())
    return Promise.all(all)
  }
  const wanted = [[1, 2, 3], [2, 3], [2, 3], []]
  expect(await rows(run)).toEqual(wanted)
  await run('INSERT INTO s VALUES (4)')
  const after = await reopened()
  expect(await rows(after.run)).toEqual(wanted.map((one) => [...one, 4]))
  expect(await after.run('VERIFY MATERIALIZED VIEW v11')).toEqual([['equal', 1n, null]])
  await after.again.close()
  await database.close()
})

test('PRESERVE STATE keeps rows that START FROM would read no more, and says where they began', async () => {
  const { database, run } = await opened()
  await run(`CREATE STREAM s (k INT); INSERT INTO s VALUES (1);
    CREATE MATERIALIZED VIEW m START FROM LATEST AS SELECT k, count(*) AS n FROM s GROUP BY k;
    INSERT INTO s VALUES (1), (2);
    CREATE OR REPLACE MATERIALIZED VIEW m PRESERVE STATE AS SELECT x.k, count(*) AS n FROM s AS x GROUP BY x.k`)
  expect(await run('FROM m ORDER BY k')).toEqual([
    [1, 1n],
    [2, 1n],
  ])
  const [[text]] = (await run('SHOW CREATE MATERIALIZED VIEW m')) as [Row]
  expect(text).toBe(
    'CREATE MATERIALIZED VIEW m START FROM LATEST AS SELECT x.k, count(*) AS n FROM s AS x GROUP BY x.k;',
  )
  expect(await run('VERIFY MATERIALIZED VIEW m')).toEqual([['equal', 2n, null, null]])
  await database.close()
})

const queries = [
  'SELECT k, sum(v) AS v FROM s GROUP BY k',
  'SELECT k, v FROM s WHERE v > 1',
  'SELECT DISTINCT v FROM s',
  'SELECT a.k, b.v FROM s AS a JOIN s AS b ON a.k = b.v',
  'SELECT k, v, row_number() OVER (PARTITION BY k ORDER BY v) AS n FROM s',
]

test('property: a view from a position on is the view of a stream without the rows before it', async () => {
  const draw = seededRandom(commitSeed('start from'))
  for (const query of queries) {
    const whole = await opened()
    const rest = await opened()
    for (const { run } of [whole, rest]) await run('CREATE STREAM s (k INT, v INT)')
    const before = draw.below(12)
    const rows = Array.from({ length: 20 }, () => [draw.below(3), draw.below(4)] as const)
    const insert = (part: typeof rows) =>
      part.map(([k, v]) => `INSERT INTO s VALUES (${k}, ${v})`).join('; ')
    const placed = draw.below(before + 1)
    await whole.run(insert(rows.slice(0, before)))
    await rest.run(insert(rows.slice(placed, before)))
    await whole.run(`CREATE MATERIALIZED VIEW m START FROM OFFSET ${placed} AS ${query}`)
    await rest.run(`CREATE MATERIALIZED VIEW m AS ${query}`)
    for (const { run } of [whole, rest]) await run(insert(rows.slice(before)))
    const sorted = (all: Row[]) => all.map(String).sort()
    expect(sorted(await whole.run('FROM m'))).toEqual(sorted(await rest.run('FROM m')))
    await whole.database.close()
    await rest.database.close()
  }
})
