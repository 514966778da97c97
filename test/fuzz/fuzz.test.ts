/**
 * Fuzz: random schemas, streams and queries: the engine, however it runs, agrees with the reference interpreter byte
 * for byte, and the interpreter with DuckDB where DuckDB can say the same. A case is a query, data and a schedule.
 *
 * How      The seeds change with the commit; SEED in the environment, or npm run fuzz -- 1 --seed N, repeats them.
 */
import { existsSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { seededRandom } from '../../src/base/index.ts'
import { readScript } from '../script/format.ts'
import { OracleSession } from '../script/oracle-session.ts'
import { runStep } from '../script/run.ts'
import { commitSeed } from '../seed.ts'
import { isFull, sized } from '../size.ts'
import { type Case, millrace, scriptOf, selectSql } from './case.ts'
import { check, setting } from './check.ts'
import { Coverage, constructNames, driven } from './construct.ts'
import { answer, connect, isComparable, load, plainRows, sameRows } from './duckdb.ts'
import { generate } from './generate.ts'
import { shrink } from './shrink.ts'

const cases = sized(100, 3000)
const chunk = 50
const firstSeed = commitSeed('fuzz')

/** Seeds of each test; small ones, so that a failure says where it is. */
const chunks = Array.from({ length: cases / chunk }, (_, index) => firstSeed + index * chunk)

describe('differential: engine and oracle', () => {
  test.each(chunks)('seeds from %i', async (from) => {
    for (let seed = from; seed < from + chunk; seed++) {
      const random = seededRandom(seed)
      const one = generate(random)
      const how = setting(random)
      const complaint = await check(one, how)
      if (complaint === null) continue
      const small = await shrink(one, how, complaint)
      expect.fail(
        `seed ${seed} ${JSON.stringify(how)}\n${scriptOf(small)}${await check(small, how)}`,
      )
    }
  })
})

describe('differential: oracle and DuckDB', () => {
  test.each(chunks)('seeds from %i', async (from) => {
    const connection = await connect()
    let compared = 0
    for (let seed = from; seed < from + chunk; seed++) {
      compared += await compareAnswers(connection, seed, generate(seededRandom(seed)))
    }
    connection.closeSync()
    expect(compared, 'answers that both gave').toBeGreaterThan(0)
  })
})

describe('coverage', () => {
  test.runIf(isFull)(
    'every construct is met by one case in a hundred, and nine in ten pairs',
    () => {
      const coverage = new Coverage()
      for (let at = 0; at < cases; at++) coverage.add(generate(seededRandom(firstSeed + at)))
      expect(constructNames.filter((name) => coverage.share(name) < 0.01)).toEqual([])
      const { all, missing } = coverage.pairs()
      expect(missing.length / all, missing.join('\n')).toBeLessThan(0.1)
    },
  )

  test('what random cases leave to other tests has these tests', () => {
    expect(Object.values(driven).filter((path) => !existsSync(path))).toEqual([])
  })
})

/** Compares every view's one-shot answer; returns how many were comparable. */
async function compareAnswers(
  connection: Awaited<ReturnType<typeof connect>>,
  seed: number,
  one: Case,
): Promise<number> {
  const comparable = one.views.filter(({ select }) => isComparable(select, one))
  if (comparable.length === 0) return 0
  const oracle = new OracleSession()
  for (const step of readScript(scriptOf({ ...one, views: [] }))) await runStep(oracle, step)
  await load(connection, one)
  let compared = 0
  for (const { select } of comparable) {
    const ours = await oracle.execute(selectSql(select, millrace)).catch(() => null)
    if (ours?.kind !== 'rows' || ours.fields.some(({ type }) => type.kind === 'interval')) continue
    const theirs = await answer(connection, select, ours.fields).catch(refused)
    if (theirs === null) continue
    compared++
    const rows = plainRows(ours.rows, ours.fields)
    if (sameRows(rows, theirs)) continue
    expect.fail(
      `seed ${seed}: ${selectSql(select, millrace)}\noracle ${JSON.stringify(rows)}\nDuckDB ${JSON.stringify(theirs)}`,
    )
  }
  return compared
}

/** DuckDB judges ranges of values that nobody uses, too. */
function refused(error: unknown): null {
  if (error instanceof Error && /Out of Range|Conversion Error/.test(error.message)) return null
  throw error
}
