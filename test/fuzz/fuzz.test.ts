/**
 * Fuzz: random schemas, streams and queries: the engine, however it runs, agrees with the reference interpreter byte
 * for byte, and the interpreter with DuckDB where DuckDB can say the same. A case is a query, data and a schedule.
 *
 * How      The seeds change with the commit; SEED in the environment, or npm run fuzz -- 1 --seed N, repeats them.
 */
import { existsSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { seededRandom } from '../../src/base/index.ts'
import { commitSeed } from '../seed.ts'
import { isFull, sized } from '../size.ts'
import { scriptOf } from './case.ts'
import { check, setting } from './check.ts'
import { Coverage, constructNames, driven } from './construct.ts'
import { connect, isComparable } from './duckdb.ts'
import { generate } from './generate.ts'
import { nest } from './nest.ts'
import { shrink } from './shrink.ts'
import { compareAnswers } from './witness.ts'

/** Few in CI until the last rare differences are mended: every commit draws others; npm run fuzz -- 3000 hunts. */
const cases = sized(100, 250)
/** Queries in queries take longer. */
const nested = sized(100, 200)
const chunk = 50
const firstSeed = commitSeed('fuzz')

/** First seeds of tests of so many cases; small ones, so that a failure says where it is. */
const seedsBy = (size: number, all = cases) =>
  Array.from({ length: all / size }, (_, index) => firstSeed + index * size)
/** Cases of which DuckDB surely can answer some. */
const comparable = Math.min(cases, 250)

describe('differential: engine and oracle', () => {
  test.each(seedsBy(chunk))('seeds from %i', async (from) => {
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
  test.each(seedsBy(comparable))('seeds from %i', async (from) => {
    const connection = await connect()
    let compared = 0
    for (let seed = from; seed < from + comparable; seed++) {
      const told = await compareAnswers(connection, generate(seededRandom(seed), isComparable))
      expect(told.complaint, `seed ${seed}`).toBeNull()
      compared += told.compared
    }
    connection.closeSync()
    expect(compared, 'answers that both gave').toBeGreaterThan(0)
  })
})

describe('queries in queries: engine, oracle and DuckDB', () => {
  test.each(seedsBy(chunk, nested))('seeds from %i', async (from) => {
    const connection = await connect()
    for (let seed = from; seed < from + chunk; seed++) {
      const random = seededRandom(seed)
      const one = nest(random)
      const how = setting(random)
      const complaint = await check(one, how)
      if (complaint !== null) {
        const small = await shrink(one, how, complaint)
        expect.fail(
          `seed ${seed} ${JSON.stringify(how)}\n${scriptOf(small)}${await check(small, how)}`,
        )
      }
      const told = await compareAnswers(connection, one)
      expect(told.complaint, `seed ${seed}`).toBeNull()
    }
    connection.closeSync()
  })
})

describe('coverage', () => {
  test.runIf(isFull)(
    'every construct is met by one case in five hundred, and nine in ten pairs',
    () => {
      const coverage = new Coverage()
      for (let at = 0; at < 6000; at++) coverage.add(generate(seededRandom(firstSeed + at)))
      expect(constructNames.filter((name) => coverage.share(name) < 0.002)).toEqual([])
      const { all, missing } = coverage.pairs()
      expect(missing.length / all, missing.join('\n')).toBeLessThan(0.1)
    },
  )

  test('what random cases leave to other tests has these tests', () => {
    expect(Object.values(driven).filter((path) => !existsSync(path))).toEqual([])
  })
})
