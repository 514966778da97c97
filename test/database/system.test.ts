/** What a database tells of itself, by SELECT: sys.* and information_schema.*. */
import { expect, test } from 'vitest'
import { virtualClock } from '../../src/base/index.ts'
import { type Database, open } from '../../src/database/index.ts'
import { Log } from '../../src/log/index.ts'

const midnight = BigInt(Date.UTC(2026, 0, 1)) * 1000n
const second = 1_000_000n

const script = `
  CREATE STREAM s (id INT, ts TIMESTAMP(3), k VARCHAR,
    WATERMARK FOR ts AS ts - INTERVAL '5' SECOND IDLE TIMEOUT INTERVAL '10' SECOND) PARTITION BY (k);
  CREATE STREAM t (ts TIMESTAMP, WATERMARK FOR ts IDLE NEVER);
  CREATE MATERIALIZED VIEW n AS SELECT window_end, count(*) AS n
    FROM TUMBLE(s, ts, INTERVAL '10' SECOND) GROUP BY window_end;
  CREATE MATERIALIZED VIEW h AS SELECT window_end, count(*) AS n
    FROM HOP(s, ts, INTERVAL '5' SECOND, INTERVAL '10' SECOND) GROUP BY window_end;
  CREATE MATERIALIZED VIEW m AS SELECT window_end, count(*) AS n
    FROM TUMBLE(t, ts, INTERVAL '10' SECOND) GROUP BY window_end`

const rowAt = (id: number, at: number, k: string | null) => ({
  id,
  ts: Number(midnight / 1000n) + at * 1000,
  k,
})

async function filled(log: Log, clock = virtualClock(midnight)): Promise<Database> {
  const database = await open(':memory:', { log, clock, cycles: 'manual' })
  await database.execute(script)
  await database.append('s', [rowAt(1, 30, 'a'), rowAt(2, 4, 'b'), rowAt(3, 21, null)])
  clock.advance(11n * second)
  await database.append('s', [rowAt(4, 40, 'a'), rowAt(5, 2, 'a')])
  await database.execute('FLUSH')
  return database
}

const rowsOf = async (database: Database, sql: string) =>
  (await database.query(sql)).rows.map((row) => row.map(String).join(' | '))

const lateRows = [
  's | n | 1 | 2026-01-01 00:00:04 | 2026-01-01 00:00:25 | 2, 2026-01-01 00:00:04, b',
  's | n | 4 | 2026-01-01 00:00:02 | 2026-01-01 00:00:35 | 5, 2026-01-01 00:00:02, a',
  // Late for [00:15, 00:25) only.
  's | h | 2 | 2026-01-01 00:00:21 | 2026-01-01 00:00:25 | 3, 2026-01-01 00:00:21, NULL',
]
const lateQuery = `SELECT source, query, "offset", CAST(event_time AS VARCHAR), CAST(watermark AS VARCHAR), row
  FROM sys.late_rows`

test('sys.late_rows lists each late row once, also when the log is read again', async () => {
  const log = new Log()
  const first = await filled(log)
  expect(await rowsOf(first, lateQuery)).toEqual(lateRows)
  await first.close()
  const again = await open(':memory:', { log, clock: virtualClock(), cycles: 'manual' })
  expect(await rowsOf(again, lateQuery)).toEqual(lateRows)
  await again.close()
})

test('of many late rows the last thousand are kept, and all are counted', async () => {
  await using database = await open(':memory:', { cycles: 'manual' })
  await database.execute(script)
  await database.append('s', [rowAt(0, 100, 'a')])
  const late = Array.from({ length: 2500 }, (_, at) => rowAt(at + 1, 1, 'a'))
  for (let from = 0; from < late.length; from += 700) {
    await database.append('s', late.slice(from, from + 700))
    await database.execute('FLUSH')
  }
  const kept = await database.query(
    'SELECT count(*), min("offset"), max("offset") FROM sys.late_rows',
  )
  expect(kept.rows).toEqual([[1000n, 1501n, 2500n]])
  const { rows } = await database.query("SELECT late_rows FROM sys.watermarks WHERE query = 'n'")
  expect(rows).toEqual([[2500n]])
})

test('sys.watermarks tells watermark, lag and what is idle', async () => {
  await using database = await filled(new Log())
  const sql = `SELECT query, source, CAST(watermark AS VARCHAR), CAST(lag AS VARCHAR),
    partitions, idle_partitions, idle, ended, late_rows FROM sys.watermarks`
  expect(await rowsOf(database, sql)).toEqual([
    'n | s | 2026-01-01 00:00:35 | -00:00:24 | 3 | 2 | false | false | 3',
    'h | s | 2026-01-01 00:00:35 | -00:00:24 | 3 | 2 | false | false | 3',
    'm | t | null | null | 1 | 0 | false | false | 0',
  ])
})

test('sys.queries, sys.operators and sys.errors tell of continuous queries', async () => {
  await using database = await filled(new Log())
  await database.execute('CREATE MATERIALIZED VIEW e AS SELECT 1 / (id - 3) AS x FROM s; FLUSH')
  expect(await rowsOf(database, 'SELECT query, state, rows_in, late FROM sys.queries')).toEqual([
    'n | running | 5 | 2',
    'h | running | 5 | 5',
    'm | running | 0 | 0',
    'e | running | 5 | 0',
  ])
  const operators = `SELECT operator, rows_out FROM sys.operators WHERE query = 'n' ORDER BY id`
  expect(await rowsOf(database, operators)).toContain('scan | 5')
  expect(await rowsOf(database, 'SELECT * FROM sys.errors')).toEqual([
    'e | 2 | division_by_zero | division by zero | null',
  ])
})

test('sys.state tells of each operator what EXPLAIN STATE tells, sys.memory of the whole', async () => {
  await using database = await filled(new Log())
  const state = `SELECT query, id, grows_with, measured FROM sys.state WHERE query = 'n'`
  expect(await rowsOf(database, state)).toEqual([
    'n | null | every row | counted',
    'n | 0 | nothing | null',
    'n | 1 | windows | counted',
    'n | 2 | nothing | null',
    'n | 3 | nothing | null',
  ])
  const explained = (await database.query('EXPLAIN STATE n')).rows
  const told = (await database.query("SELECT * FROM sys.state WHERE query = 'n'")).rows
  expect(told.map(([, , operator, ...rest]) => [operator, ...rest])).toEqual(
    explained.map(([operator, ...rest]) => [String(operator).trim(), ...rest]),
  )
  const memory = `SELECT m.query, sum(m.bytes) = max(q.state_bytes) FROM sys.memory m
    JOIN sys.queries q ON m.query = q.query GROUP BY m.query ORDER BY 1`
  expect(await rowsOf(database, memory)).toEqual(['h | true', 'm | true', 'n | true'])
  const log = "SELECT bytes > 0 FROM sys.memory WHERE part = 'log' AND query IS NULL"
  expect(await rowsOf(database, log)).toEqual(['true'])
})

test('sys.subscriptions tells what each subscription reads and has told', async () => {
  await using database = await filled(new Log())
  const following = database.subscribe('SUBSCRIBE (SELECT id FROM s WHERE id > 2)')
  const first = await following[Symbol.asyncIterator]().next()
  expect(first.done).toBe(false)
  expect(
    await rowsOf(
      database,
      'SELECT subscription, source, state, rows_in, rows_out FROM sys.subscriptions',
    ),
  ).toEqual(['subscription_1 | s | running | 5 | 3'])
})

test('information_schema lists relations and columns', async () => {
  await using database = await open(':memory:')
  await database.execute(`CREATE STREAM s (id INT NOT NULL, name VARCHAR);
    CREATE VIEW v AS SELECT id FROM s`)
  const tables = 'SELECT table_name, table_type FROM information_schema.tables'
  expect(await rowsOf(database, tables)).toEqual(['s | BASE TABLE', 'v | VIEW'])
  expect(await rowsOf(database, 'SELECT * FROM information_schema.views')).toEqual([
    'millrace | public | v | SELECT id FROM s',
  ])
  const schemas = 'SELECT schema_name FROM information_schema.schemata'
  expect(await rowsOf(database, schemas)).toEqual(['public', 'information_schema', 'sys'])
  const columns = `SELECT column_name, ordinal_position, is_nullable, data_type
    FROM information_schema.columns WHERE table_name = 's'`
  expect(await rowsOf(database, columns)).toEqual([
    'id | 1 | NO | INTEGER',
    'name | 2 | YES | VARCHAR',
  ])
})

test.each([
  ['SELECT * FROM sys.late_row', 'table sys.late_row does not exist'],
  [
    'SELECT * FROM pg_catalog.pg_class',
    'not supported yet: the catalog of Postgres (pg_catalog.pg_class)',
  ],
  [
    'SELECT * FROM sys.queries EMIT CHANGES',
    'not supported yet: sys.queries in a continuous query',
  ],
  ['INSERT INTO sys.errors VALUES (1)', 'not supported yet: INSERT INTO a system relation'],
  ['DROP STREAM sys.late_rows', 'sys.late_rows belongs to the database'],
  [
    'CREATE STREAM a (ts TIMESTAMP, WATERMARK FOR ts LATE ROWS TO b.c)',
    'not supported yet: schemas in names',
  ],
])('%s is refused', async (sql, message) => {
  await using database = await open(':memory:')
  await expect(database.execute(sql)).rejects.toThrow(message)
})
