/** Subscriptions with a name: what they keep, for whom, and what is left of it after a crash. */
import { expect, test } from 'vitest'
import { type Random, seededRandom, virtualClock } from '../../../src/base/index.ts'
import type { Row } from '../../../src/data/index.ts'
import { Database, open } from '../../../src/database/index.ts'
import { commitSeed } from '../../seed.ts'

const second = 1_000_000n

async function opened() {
  const clock = virtualClock(1_800_000_000n * second)
  const options = { connectors: new Map(), cycles: 'manual' as const, clock }
  const database = new Database(options)
  const runOn =
    (one: Database) =>
    async (sql: string): Promise<Row[]> => {
      const last = (await one.execute(sql)).at(-1)
      return last?.kind === 'rows' ? last.rows : []
    }
  const run = runOn(database)
  await run(`CREATE STREAM s (k INT, v INT); INSERT INTO s VALUES (1, 1);
    CREATE MATERIALIZED VIEW m AS SELECT k, sum(v) AS v FROM s GROUP BY k;
    CREATE SUBSCRIPTION u FROM m WITH (retention = '1 minute')`)
  const reopened = async () => {
    const again = await open(':memory:', { ...options, log: database.log })
    return { again, run: runOn(again) }
  }
  return { database, clock, run, reopened }
}

/** A commit of one row in each call. */
const add = (k: number, v: number) => `INSERT INTO s VALUES (${k}, ${v}); FLUSH`
const read = (how: string) => `DECLARE c CURSOR FOR u ${how}; FETCH ALL c`
const close = 'CLOSE c'
const ops = (rows: Row[]) => rows.map((row) => row.slice(2))

test('a cursor begins now, with what is kept, at a moment, or with the rows that stand', async () => {
  const { database, clock, run } = await opened()
  expect(await run(read('SINCE begin()'))).toEqual([])
  await run(close)
  await run(add(1, 5))
  clock.advance(second)
  await run(add(2, 1))
  const all = await run(read('SINCE begin()'))
  const first = [
    ['-U', 1, 1n],
    ['+U', 1, 6n],
  ]
  expect(ops(all)).toEqual([...first, ['+I', 2, 1n]])
  await run(close)
  const millis = String((all[2]![1] as bigint) / 1000n)
  expect(ops(await run(read(`SINCE ${millis}`)))).toEqual([['+I', 2, 1n]])
  await run(close)
  expect(ops(await run(read('SINCE OFFSET 1')))).toHaveLength(3)
  await run(close)
  expect(ops(await run(read('SINCE OFFSET 2')))).toEqual([['+I', 2, 1n]])
  await run(close)
  expect(ops(await run(read('FULL')))).toEqual([
    ['+I', 1, 6n],
    ['+I', 2, 1n],
  ])
  expect(ops(await run(`${add(2, 1)}; FETCH ALL c`))).toEqual([
    ['-U', 2, 1n],
    ['+U', 2, 2n],
  ])
  await run(close)
  expect(await run(read(''))).toEqual([])
  await run(`${close}; ${read('SINCE now()')}`)
  expect(ops(await run(`${add(3, 3)}; FETCH ALL c`))).toEqual([['+I', 3, 3n]])
  await database.close()
})

test('what is too old goes, and who would need it hears of that', async () => {
  const { database, clock, run } = await opened()
  await run(add(2, 2))
  clock.advance(59n * second)
  await run(add(3, 3))
  expect(
    await run(`${read('SINCE begin()')}; ${close}; SELECT rows FROM sys.subscriptions`),
  ).toEqual([[2n]])
  clock.advance(second)
  expect(ops(await run(read('SINCE begin()')))).toEqual([['+I', 3, 3n]])
  await run(close)
  await expect(run(read('SINCE OFFSET 1'))).rejects.toMatchObject({ code: 'invalid_argument' })
  expect(ops(await run(read('SINCE OFFSET 2')))).toEqual([['+I', 3, 3n]])
  await database.close()
})

test('what is acknowledged goes, also after a crash', async () => {
  const { database, clock, run, reopened } = await opened()
  await run(add(2, 2))
  clock.advance(second)
  await run(add(3, 3))
  const [[, time]] = (await run(read('SINCE begin()'))) as [Row]
  const stamp = new Date(Number(time as bigint) / 1000).toISOString().replace('Z', '')
  await run(`ACKNOWLEDGE u UP TO TIMESTAMP '${stamp}'`)
  const known = 'SELECT commits, rows, acknowledged IS NOT NULL FROM sys.subscriptions'
  expect(await run(known)).toEqual([[1n, 1n, true]])
  const after = await reopened()
  expect(await after.run(known)).toEqual([[1n, 1n, true]])
  expect(ops(await after.run(read('SINCE begin()')))).toEqual([['+I', 3, 3n]])
  await after.again.close()
  await database.close()
})

test('its cursors end with it, and with a failure of its query', async () => {
  const { database, run } = await opened()
  await run(`${read('')}; DROP SUBSCRIPTION u`)
  expect(await run("FETCH ALL c WITH (timeout = '60s')")).toEqual([])
  expect(await run('SHOW QUERIES')).toHaveLength(1)
  await run(`CREATE SUBSCRIPTION u FROM m WITH (retention = '1 minute'); ${close}; ${read('FULL')}`)
  await run('DROP MATERIALIZED VIEW m CASCADE')
  expect(await run("FETCH ALL c WITH (timeout = '60s')")).toEqual([])
  await database.close()
})

/** What changes add up to. */
function sumOf(rows: readonly Row[]): string[] {
  const counts = new Map<string, number>()
  for (const [, , op, ...row] of rows) {
    const key = row.map(String).join()
    counts.set(key, (counts.get(key) ?? 0) + (op === '+I' || op === '+U' ? 1 : -1))
  }
  return [...counts].flatMap(([key, count]) => new Array<string>(count).fill(key)).sort()
}

test('property: whenever a cursor begins, what it is told adds up to the rows that stand', async () => {
  const draw: Random = seededRandom(commitSeed('named subscriptions'))
  const { database, clock, run, reopened } = await opened()
  await run("CREATE SUBSCRIPTION whole FROM m WITH (retention = '1 day')")
  await run('DECLARE told CURSOR FOR SUBSCRIBE m WITH (SNAPSHOT = FALSE, _cycle, _ts, _op)')
  const names: string[] = []
  for (let at = 0; at < 60; at++) {
    if (draw.below(3) === 0) clock.advance(second)
    await run(`INSERT INTO s VALUES (${draw.below(4)}, ${draw.below(5) - 2})`)
    if (draw.below(2) === 0) await run('FLUSH')
    if (draw.below(10) === 0) {
      names.push(`c${at}`)
      await run(`DECLARE c${at} CURSOR FOR whole FULL`)
    }
  }
  const stands = (await run('SELECT k, v FROM m')).map((row) => row.map(String).join()).sort()
  for (const name of names) expect(sumOf(await run(`FETCH ALL ${name}`))).toEqual(stands)
  const told = await run('FETCH ALL told')
  expect(await run('DECLARE a CURSOR FOR whole SINCE begin(); FETCH ALL a')).toEqual(told)
  const after = await reopened()
  expect(await after.run('DECLARE a CURSOR FOR whole SINCE begin(); FETCH ALL a')).toEqual(told)
  await after.again.close()
  await database.close()
})

test('another retention lets go what is too old for it, and another subscription begins anew', async () => {
  const { database, clock, run, reopened } = await opened()
  await run(add(1, 1))
  clock.advance(30n * second)
  await run(add(2, 2))
  await run("ALTER SUBSCRIPTION u SET (retention = '10 seconds')")
  expect(ops(await run(read('SINCE begin()')))).toEqual([['+I', 2, 2n]])
  await run(`${close}; ALTER SUBSCRIPTION u SET (retention = '1 hour')`)
  clock.advance(600n * second)
  await run(add(3, 3))
  const kept = [
    ['+I', 2, 2n],
    ['+I', 3, 3n],
  ]
  expect(ops(await run(read('SINCE begin()')))).toEqual(kept)
  const { again, run: runAgain } = await reopened()
  expect(ops(await runAgain(read('SINCE begin()')))).toEqual(kept)
  await again.close()
  // The cursor that is open ends with the subscription that it reads.
  await run("CREATE OR REPLACE SUBSCRIPTION u AS SELECT v FROM s WITH (retention = '1 day')")
  await run(add(4, 4))
  expect(await run('FETCH ALL c')).toEqual([])
  expect(ops(await run(`${close}; ${read('SINCE begin()')}`))).toEqual([['+I', 4]])
  await database.close()
})
