/**
 * Endless sources whose rows come in time: a replay waits for the rows that were taken, and a source that fails takes
 * its query out of service.
 */
import { expect, test } from 'vitest'
import { systemDisk } from '../../src/base/index.ts'
import { builtinConnectors, type JsSource } from '../../src/connect/index.ts'
import { type Database, open } from '../../src/database/index.ts'
import type { Log } from '../../src/log/index.ts'

function opened(source: JsSource, log?: Log): Promise<Database> {
  const connectors = builtinConnectors(systemDisk, new Map([['rows', source]]))
  return open(':memory:', { connectors, ...(log === undefined ? {} : { log }) })
}

const turn = () => new Promise<void>((resolve) => setTimeout(resolve, 1))

/** The same rows for each reader, a turn of the event loop apart. */
const slow = (count: number, last: () => Promise<void>): JsSource => ({
  bounded: false,
  rows: {
    async *[Symbol.asyncIterator]() {
      for (let k = 0; k < count; k++) {
        await turn()
        yield [k]
      }
      await last()
    },
  },
})

const declared = "CREATE TABLE r (k INT) WITH ('connector' = 'js', 'source' = 'rows')"
const never = () => new Promise<void>(() => {})

async function countOf(db: Database): Promise<number> {
  return Number((await db.query('SELECT n FROM m')).rows[0]![0])
}

async function isFailed(db: Database): Promise<boolean> {
  const { rows } = await db.query("SELECT state FROM sys.queries WHERE query = 'm'")
  return rows[0]![0] !== 'running'
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 2000 && !(await holds()); tries++) await turn()
}

/** The log of a view over that many rows of an endless source. */
async function logOf(rows: number) {
  await using db = await opened(slow(rows, never))
  await db.execute(declared)
  await db.execute('CREATE MATERIALIZED VIEW m AS SELECT count(*) AS n FROM r')
  await until(async () => (await countOf(db)) === rows)
  return db.log
}

test('a replay waits for the rows of an endless source that come in time', async () => {
  const log = await logOf(5)
  await using again = await opened(slow(7, never), log)
  expect(await countOf(again)).toBeGreaterThanOrEqual(5)
  await until(async () => (await countOf(again)) === 7)
  expect(await countOf(again)).toBe(7)
})

test('a replay says so where an endless source gives fewer rows than it gave before', async () => {
  const log = await logOf(3)
  await using again = await opened(
    slow(1, async () => {}),
    log,
  )
  expect(await isFailed(again)).toBe(true)
})

test('a source that fails between rows takes its query out of service, and no other one', async () => {
  const failing = slow(2, () => Promise.reject(new Error('the line is dead')))
  await using db = await opened(failing)
  await db.execute(declared)
  await db.execute('CREATE STREAM s (k INT)')
  await db.execute('CREATE MATERIALIZED VIEW m AS SELECT count(*) AS n FROM r')
  await db.execute('CREATE MATERIALIZED VIEW o AS SELECT count(*) AS n FROM s')
  await until(() => isFailed(db))
  expect(await isFailed(db)).toBe(true)
  await db.append('s', [[1]])
  expect((await db.query('SELECT n FROM o')).rows).toEqual([[1n]])
})
