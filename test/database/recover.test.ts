/** Queries with a sink come back with the log: under their names, with what they wrote, wherever the engine stopped. */
import { describe, expect, test } from 'vitest'
import { systemDisk } from '../../src/base/index.ts'
import { builtinConnectors } from '../../src/connect/index.ts'
import type { Connector, Connectors, Op, Row } from '../../src/data/index.ts'
import { type Database, open } from '../../src/database/index.ts'
import { Log } from '../../src/log/index.ts'

class Crash extends Error {}

const given = [1, 2, 3, 4].map((x) => ({ x }))

function connectorsOf(tapes: Tapes): Connectors {
  const builtin = builtinConnectors(systemDisk, new Map([['given', given]]))
  return new Map([...builtin, ['tape', tapeConnector(tapes)]])
}

/** What was written to each tape since it was made, and whether it was closed. */
type Tapes = Map<unknown, { told: [Op, ...Row][]; closed: boolean }>

function tapeConnector(tapes: Tapes): Connector {
  return {
    name: 'tape',
    bounded: false,
    sink: 'changes',
    source: false,
    check: () => {},
    infer: () => null,
    open: () => {
      throw new Error('a tape is not read')
    },
    create: (_, options) => {
      const tape = { told: [] as [Op, ...Row][], closed: false }
      tapes.set(options.get('name'), tape)
      return {
        write: (rows, ops) => {
          rows.forEach((row, at) => {
            tape.told.push([ops[at]!, ...row])
          })
        },
        close: () => {
          tape.closed = true
        },
      }
    },
  }
}

type Step = (db: Database) => Promise<unknown>

const sql =
  (text: string, params?: unknown[] | Record<string, unknown>): Step =>
  (db) =>
    db.execute(text, { params })

const rows =
  (...values: number[]): Step =>
  (db) =>
    db.append(
      's',
      values.map((a) => ({ a })),
    )

const steps: Step[] = [
  sql('CREATE STREAM s (a BIGINT)'),
  sql(`CREATE TABLE big (a BIGINT) WITH ('connector' = 'tape', 'name' = 'big')`),
  sql(`CREATE TABLE sums (k BIGINT, n BIGINT) WITH ('connector' = 'tape', 'name' = 'sums')`),
  sql(`CREATE TABLE copy (x BIGINT) WITH ('connector' = 'tape', 'name' = 'copy')`),
  sql(`CREATE TABLE given (x BIGINT) WITH ('connector' = 'js', 'source' = 'given')`),
  rows(1, 12, 3),
  async (db) => {
    const fault = await db.execute('INSERT INTO big SELECT a FROM nowhere').catch((one) => one)
    if (fault instanceof Crash) throw fault
    expect(String(fault)).toContain('nowhere')
  },
  sql('SELECT ? AS one; INSERT INTO big SELECT a + ? FROM s WHERE a > ?', [1, 100, 10]),
  sql('FLUSH'),
  sql(`CREATE MATERIALIZED VIEW v AS SELECT a % 2 AS k, COUNT(*) AS n FROM s GROUP BY a % 2`),
  sql('INSERT INTO sums SELECT k, n FROM v'),
  rows(14, 5),
  sql('FLUSH'),
  sql('INSERT INTO copy SELECT x FROM given WHERE x < :most', { most: 3 }),
  rows(16),
  sql('FLUSH'),
  sql('DROP QUERY query_1'),
  rows(18, 7),
  sql('FLUSH'),
]

/** Plays the steps with a crash before step `at` of the engine; false when there is none. */
async function play(at: number) {
  const tapes: Tapes = new Map()
  const log = new Log()
  let count = 0
  let crashed = false
  const options = {
    log,
    cycles: 'manual' as const,
    vectorSize: 2,
    connectors: connectorsOf(tapes),
    beforeStep: () => {
      if (crashed || count++ < at) return
      crashed = true
      throw new Crash()
    },
  }
  const written = () => log.frames.filter(({ kind }) => kind !== 'cycle').length
  let db = await open(':memory:', options)
  for (const step of steps) {
    const frames = written()
    try {
      await step(db)
    } catch (fault) {
      if (!(fault instanceof Crash)) throw fault
      db = await open(':memory:', options)
      if (written() === frames) await step(db)
    }
  }
  const wasCrashed = crashed
  crashed = true
  const { rows } = await db.query('SHOW QUERIES')
  const queries = rows.map(([name, state]) => `${name} ${state}`)
  const left = new Map([...tapes].map(([name, { closed }]) => [name, closed]))
  await db.close()
  return { crashed: wasCrashed, tapes, queries, left, log }
}

describe('recovery', () => {
  test('queries with a sink come back, whatever step the engine stopped at', async () => {
    const whole = await play(Number.POSITIVE_INFINITY)
    expect(whole.tapes.get('big')!.told).toEqual([
      ['+I', 112n],
      ['+I', 114n],
      ['+I', 116n],
    ])
    expect(whole.tapes.get('copy')!.told).toEqual([
      ['+I', 1n],
      ['+I', 2n],
    ])
    expect(whole.queries).toEqual(['v running', 'query_2 running'])
    expect(whole.left).toEqual(
      new Map([
        ['big', true],
        ['sums', false],
        ['copy', true],
      ]),
    )
    expect([...whole.tapes.values()].every(({ closed }) => closed)).toBe(true)
    for (let at = 0; ; at++) {
      const one = await play(at)
      if (!one.crashed) break
      expect(one.tapes, `crash at ${at}`).toEqual(whole.tapes)
      expect(one.queries, `crash at ${at}`).toEqual(whole.queries)
      expect(one.left, `crash at ${at}`).toEqual(whole.left)
    }
  })

  test('a replay gives the results the numbers that they had', async () => {
    const { log } = await play(Number.POSITIVE_INFINITY)
    const cycles = log.frames.filter(({ kind }) => kind === 'cycle').length
    await using db = await open(':memory:', {
      log,
      cycles: 'manual',
      connectors: connectorsOf(new Map()),
    })
    expect(log.frames.filter(({ kind }) => kind === 'cycle')).toHaveLength(cycles)
    await db.execute(`INSERT INTO big SELECT a FROM s`)
    const { rows } = await db.query('SHOW QUERIES')
    expect(rows.map(([name]) => name)).toEqual(['v', 'query_2', 'query_4'])
  })
})

describe('DROP', () => {
  test('names what cannot be dropped', async () => {
    await using db = await open(':memory:', {
      connectors: connectorsOf(new Map()),
    })
    await db.execute(`
      CREATE STREAM s (a BIGINT);
      CREATE TABLE t (a BIGINT) WITH ('connector' = 'tape', 'name' = 't');
      CREATE MATERIALIZED VIEW v AS SELECT a FROM s WHERE a > 1;
      INSERT INTO t SELECT a FROM s`)
    await expect(db.execute('DROP QUERY nobody')).rejects.toThrow('there is no query nobody')
    await expect(db.execute('DROP QUERY v')).rejects.toThrow('v is no query of its own')
    await db.execute('DROP QUERY IF EXISTS nobody')
    await db.execute('DROP MATERIALIZED VIEW v')
    await expect(db.execute('DROP STREAM s')).rejects.toThrow('s is needed by query_1')
    await expect(db.execute('CREATE MATERIALIZED VIEW query_1 AS SELECT a FROM s')).rejects.toThrow(
      'query query_1 is running',
    )
    await db.execute('DROP QUERY query_1; DROP STREAM s')
  })

  test('ends the subscription that it names', async () => {
    await using db = await open(':memory:')
    await db.execute('CREATE STREAM s (a BIGINT)')
    await db.append('s', [{ a: 1 }])
    const told: unknown[] = []
    for await (const { rows } of db.subscribe('SELECT a FROM s EMIT CHANGES')) {
      told.push(...rows)
      await db.execute('DROP QUERY subscription_1')
    }
    expect(told).toEqual([[1n]])
  })
})
