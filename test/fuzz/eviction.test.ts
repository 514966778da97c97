/**
 * Random views that give up their oldest rows show the answer over the rows that are left, and the same after a replay.
 *
 * How      A case is run once to learn how many bytes its views come to. Then it is run with a budget that they come
 *          near, its views made first. VERIFY reads the streams from the first row on that is left, at once.
 */
import { expect, test } from 'vitest'
import { Failure, seededRandom } from '../../src/base/index.ts'
import { Log } from '../../src/log/index.ts'
import { EngineSession } from '../script/engine-session.ts'
import { readScript, type Step } from '../script/format.ts'
import { runStep } from '../script/run.ts'
import { commitSeed } from '../seed.ts'
import { sized } from '../size.ts'
import { type Case, scriptOf } from './case.ts'
import { setting } from './check.ts'
import { generate } from './generate.ts'
import { giveOwn } from './own.ts'

const cases = sized(60, 600)
const firstSeed = commitSeed('eviction')

async function rowsOf(session: EngineSession, sql: string): Promise<string[][] | null> {
  const result = await session.execute(sql)
  return result.kind === 'rows' ? result.rows.map((row) => row.map(String)) : null
}

const told = 'SELECT query, state, state_bytes, evicted FROM sys.queries'

async function play(session: EngineSession, steps: readonly Step[]): Promise<void> {
  for (const step of steps) await runStep(session, step)
}

/** Does the view show what its query gives at once? */
async function isEqual(session: EngineSession, name: string): Promise<boolean> {
  const verdicts = await rowsOf(session, `VERIFY MATERIALIZED VIEW ${name}`)
  return verdicts?.[0]?.[0] === 'equal'
}

/** The case without watermarks, whose views are there before the rows. */
const untimed = (one: Case): Case => ({
  ...one,
  relations: one.relations.map((relation) => ({ ...relation, delay: undefined, split: false })),
  views: one.views.map((view) => ({ ...view, after: 0 })),
})

/** How many rows the views of a case have given up that were right. */
async function tried(seed: number): Promise<number> {
  const random = seededRandom(seed)
  const one = untimed(generate(random))
  const script = scriptOf(one)
  // Rows from outside come again where they came from, and other settings stand in the script.
  if (/^feed |^set /m.test(script)) return 0
  const steps = readScript(script)
  const options = { ...setting(random).options, prepare: giveOwn }
  const plain = await EngineSession.open(options)
  await play(plain, steps)
  const queries = (await rowsOf(plain, told))!
  // What waits for the clock, say, is not what a query gives at once.
  const sound = new Set<string>()
  for (const { name } of one.views) if (await isEqual(plain, name)) sound.add(name)
  await plain.close()
  const most = Math.max(0, ...queries.map(([, , bytes]) => Number(bytes)))
  const factor = 1.2 + random.below(5) / 10
  const log = new Log()
  const session = await EngineSession.open({ ...options, log })
  await session.execute(
    `SET state_budget = '${Math.ceil(most * factor)} B' ON OVERFLOW EVICT OLDEST`,
  )
  await play(session, steps)
  const views = (await rowsOf(session, told))!.filter(
    ([name, state, , rows]) => state === 'running' && rows !== 'null' && sound.has(name!),
  )
  const shown = new Map<string, string[][] | null>()
  let evicted = 0
  for (const [name, , , rows] of views) {
    expect(await isEqual(session, name!), name).toBe(true)
    evicted += Number(rows)
    shown.set(name!, await rowsOf(session, `SELECT * FROM ${name}`))
  }
  await session.close()
  const again = await EngineSession.open({ ...setting(random).options, prepare: giveOwn, log })
  for (const [name, rows] of shown) {
    const replayed = await rowsOf(again, `SELECT * FROM ${name}`)
    expect(replayed?.map(String).sort(), name).toEqual(rows?.map(String).sort())
  }
  await again.close()
  return evicted
}

test('random views that give rows up', async () => {
  let evicted = 0
  for (let seed = firstSeed; seed < firstSeed + cases; seed++) {
    try {
      evicted += await tried(seed)
    } catch (error) {
      // What is kept for a few rows may be more than the rows; without watermarks some views cannot be made.
      if (error instanceof Failure && error.code === 'memory_limit') continue
      if (String(error).includes('the script has no view')) continue
      throw new Error(`seed ${seed}\n${scriptOf(untimed(generate(seededRandom(seed))))}`, {
        cause: error,
      })
    }
  }
  expect(evicted, 'rows given up').toBeGreaterThanOrEqual(sized(0, 1))
}, 600_000)
