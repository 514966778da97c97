/** ALTER while queries run, of tables outside, and after a replay of the log. */
import { expect, test } from 'vitest'
import { QueryMistake, systemDisk } from '../../src/base/index.ts'
import { builtinConnectors } from '../../src/connect/index.ts'
import { open } from '../../src/database/index.ts'
import { Log } from '../../src/log/index.ts'

const given = [1, 2, 3].map((x) => ({ x, y: x * 10 }))
const connectors = builtinConnectors(systemDisk, new Map([['given', given]]))

async function messageOf(work: Promise<unknown>): Promise<string> {
  const error = await work.catch((one) => one)
  if (!(error instanceof QueryMistake)) throw new Error(`a mistake, not ${String(error)}`)
  return error.diagnostics[0]!.message
}

test('a running query goes on, and one that reads the column refuses', async () => {
  const log = new Log()
  const sent: unknown[] = []
  await using db = await open(':memory:', { connectors, log })
  await db.execute('CREATE STREAM s (a INT, b INT, c INT)')
  await db.execute("CREATE TABLE out (c INT) WITH (connector = 'blackhole')")
  await db.execute('INSERT INTO out SELECT c FROM s')
  const follow = (async () => {
    for await (const { rows } of db.subscribe('SELECT c, b FROM s EMIT CHANGES')) sent.push(...rows)
  })()
  await db.append('s', [[1, 2, 3]])
  await db.settled()
  expect(await messageOf(db.execute('ALTER STREAM s DROP COLUMN c'))).toBe(
    's is read by query_1, subscription_1',
  )
  await db.execute('ALTER STREAM s DROP COLUMN a')
  await db.append('s', [[5, 6]])
  await db.execute('ALTER STREAM s RENAME TO s2')
  await db.append('s2', [{ b: 7, c: 8 }])
  await db.settled()
  expect(sent).toEqual([
    [3, 2],
    [6, 5],
    [8, 7],
  ])
  expect(await messageOf(db.execute('DROP STREAM s2'))).toBe('s2 is needed by query_1')
  await db.close()
  await follow
  await using again = await open(':memory:', { connectors, log })
  expect((await again.query('SELECT * FROM s2')).rows).toEqual([
    [2, 3],
    [5, 6],
    [7, 8],
  ])
})

test('a table outside is opened with what it has now, unless a query has it open', async () => {
  await using db = await open(':memory:', { connectors })
  await db.execute("CREATE TABLE g (x BIGINT) WITH (connector = 'js', source = 'given')")
  await db.execute('ALTER TABLE g ADD COLUMN y BIGINT')
  expect((await db.query('SELECT * FROM g')).rows).toEqual([
    [1n, 10n],
    [2n, 20n],
    [3n, 30n],
  ])
  await db.execute("CREATE TABLE n (f0 INT) WITH (connector = 'datagen', 'rows-per-second' = 1)")
  await db.execute("CREATE TABLE out (f0 INT) WITH (connector = 'blackhole')")
  await db.execute('INSERT INTO out SELECT f0 FROM n')
  expect(await messageOf(db.execute("ALTER TABLE n SET ('rows-per-second' = 2)"))).toBe(
    'n is read by query_1',
  )
  expect(await messageOf(db.execute('DROP TABLE n'))).toBe('n is needed by query_1')
  await db.execute('DROP TABLE n CASCADE')
  expect(await messageOf(db.execute("ALTER TABLE g SET (connector = 'nothing')"))).toMatch(
    'connector nothing does not exist',
  )
  await db.execute("ALTER TABLE g SET (source = 'given')")
})

test('late rows need the columns of the stream that they come from', async () => {
  await using db = await open(':memory:', { connectors })
  await db.execute('CREATE STREAM s (ts TIMESTAMP(3), WATERMARK FOR ts AS ts LATE ROWS TO l)')
  const because = 'late rows of s go to l, with the same columns'
  expect(await messageOf(db.execute('ALTER STREAM s ADD COLUMN a INT'))).toBe(because)
})
