/** What a database tells of itself, by SELECT: sys.* and information_schema.*. */
import { describe, expect, test } from 'vitest'
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
    'millrace | main | v | SELECT id FROM s',
  ])
  const schemas = 'SELECT schema_name FROM information_schema.schemata'
  expect(await rowsOf(database, schemas)).toEqual([
    'main',
    'information_schema',
    'sys',
    'pg_catalog',
  ])
  const columns = `SELECT column_name, ordinal_position, is_nullable, data_type
    FROM information_schema.columns WHERE table_name = 's'`
  expect(await rowsOf(database, columns)).toEqual([
    'id | 1 | NO | INTEGER',
    'name | 2 | YES | VARCHAR',
  ])
})

describe('pg_catalog', () => {
  test('answers what tools ask: relations, columns and who', async () => {
    await using database = await open(':memory:')
    await database.execute(`CREATE STREAM s (id INT NOT NULL, name VARCHAR, ts TIMESTAMP(3));
      CREATE TABLE t (k VARCHAR PRIMARY KEY); CREATE VIEW v AS SELECT id FROM s;
      CREATE MATERIALIZED VIEW m AS SELECT id FROM s; CREATE TEMPORARY VIEW own AS SELECT id FROM s;
      CREATE FUNCTION twice(a INT) RETURNS INT RETURN a * 2`)
    const relations = `SELECT n.nspname AS "Schema", c.relname AS "Name", CASE c.relkind WHEN 'r' THEN 'table'
        WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' END AS "Type",
        pg_catalog.pg_get_userbyid(c.relowner) AS "Owner"
      FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p', 'v', 'm', '') AND n.nspname <> 'pg_catalog' AND n.nspname !~ '^pg_toast'
        AND n.nspname <> 'information_schema' AND pg_catalog.pg_table_is_visible(c.oid) ORDER BY 1, 2`
    expect(await rowsOf(database, relations)).toEqual([
      'main | m | materialized view | millrace',
      'main | own | view | millrace',
      'main | s | table | millrace',
      'main | t | table | millrace',
      'main | v | view | millrace',
    ])
    const columns = `SELECT a.attname, t.typname, a.attnotnull FROM pg_attribute a
      JOIN pg_type t ON a.atttypid = t.oid JOIN pg_class c ON c.oid = a.attrelid
      WHERE c.relname ~ '^(s)$' AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`
    expect(await rowsOf(database, columns)).toEqual([
      'id | int4 | true',
      'name | varchar | false',
      'ts | timestamp | false',
    ])
    const rows = {
      'SELECT tablename FROM pg_tables': ['s', 't'],
      "SELECT viewname, definition FROM pg_views WHERE viewname = 'v'": ['v | SELECT id FROM s'],
      'SELECT matviewname FROM pg_matviews': ['m'],
      'SELECT datname FROM pg_database': ['millrace'],
      'SELECT proname FROM pg_proc': ['twice'],
      "SELECT setting, source FROM pg_settings WHERE name = 'dialect'": ['default | default'],
      'SELECT current_database(), current_schema, current_user': ['millrace | main | millrace'],
      "SELECT pg_catalog.version() LIKE 'Millrace %'": ['true'],
    }
    for (const [sql, wanted] of Object.entries(rows)) {
      expect(await rowsOf(database, sql), sql).toEqual(wanted)
    }
  })

  test('oids tell relations and types apart, and stay', async () => {
    await using database = await open(':memory:')
    await database.execute('CREATE STREAM a (x INT); CREATE STREAM b (x INT)')
    const oid = "SELECT oid FROM pg_class WHERE relname = 'b'"
    const before = await rowsOf(database, oid)
    await database.execute('DROP STREAM a')
    expect(await rowsOf(database, oid)).toEqual(before)
    const twice = 'SELECT oid FROM pg_type GROUP BY oid HAVING count(*) > 1'
    expect(await rowsOf(database, twice)).toEqual([])
  })
})

test('relations are told of with their schema', async () => {
  await using database = await open(':memory:')
  await database.execute('CREATE SCHEMA s; CREATE TABLE s.t (a INT); CREATE TABLE t (b INT)')
  await database.execute('CREATE MATERIALIZED VIEW s.m AS SELECT count(*) AS n FROM t')
  const rows = {
    'SELECT schema_name FROM information_schema.schemata LIMIT 2': ['main', 's'],
    'SELECT table_catalog, table_schema, table_name FROM information_schema.tables': [
      'millrace | s | t',
      'millrace | main | t',
      'millrace | s | m',
    ],
    "SELECT column_name FROM information_schema.columns WHERE table_schema = 's'": ['a', 'n'],
    'SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace': [
      'main | t',
      's | t',
      's | m',
    ],
    'SELECT schemaname, matviewname FROM pg_matviews': ['s | m'],
    'SELECT query FROM sys.queries': ['s.m'],
  }
  for (const [sql, wanted] of Object.entries(rows)) {
    expect(await rowsOf(database, sql), sql).toEqual(wanted)
  }
  await database.execute('USE s')
  for (const name of ['t', 's.t', 'millrace.s.t']) {
    expect(database.schemaOf(name).fields.map((field) => field.name)).toEqual(['a'])
  }
  expect(database.schemaOf('main.t').fields.map((field) => field.name)).toEqual(['b'])
})

test.each([
  ['SELECT * FROM sys.checkpoints', 'not supported yet: the relation sys.checkpoints'],
  ['SELECT * FROM sys.synopses', 'not supported yet: the relation sys.synopses'],
  ['SELECT x.version()', 'not supported yet: functions with a schema'],
  ['SELECT * FROM sys.late_row', 'table sys.late_row does not exist'],
  ['SELECT * FROM pg_catalog.pg_index', 'not supported yet: the relation pg_catalog.pg_index'],
  [
    'SELECT * FROM sys.queries EMIT CHANGES',
    'not supported yet: sys.queries in a continuous query',
  ],
  ['INSERT INTO sys.errors VALUES (1)', 'not supported yet: INSERT INTO a system relation'],
  ['DROP STREAM sys.late_rows', 'sys.late_rows belongs to the database'],
  ['CREATE STREAM a (ts TIMESTAMP, WATERMARK FOR ts LATE ROWS TO b.c)', 'schema b does not exist'],
])('%s is refused', async (sql, message) => {
  await using database = await open(':memory:')
  await expect(database.execute(sql)).rejects.toThrow(message)
})
