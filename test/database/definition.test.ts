/** Definitions that need more than one session's script: sources, streams that are fed, drops while queries run. */
import { expect, test } from 'vitest'
import { QueryMistake, systemDisk } from '../../src/base/index.ts'
import { builtinConnectors } from '../../src/connect/index.ts'
import { open } from '../../src/database/index.ts'
import { Log } from '../../src/log/index.ts'

const rows = [1, 2, 3].map((x) => ({ x }))
const connectors = builtinConnectors(systemDisk, new Map([['given', rows]]))

async function mistakeOf(work: Promise<unknown>) {
  const error = await work.catch((one) => one)
  if (!(error instanceof QueryMistake)) throw new Error(`a mistake, not ${String(error)}`)
  const [{ code, message, hint, span } = {}] = error.diagnostics
  return { code, message, hint, at: error.text.slice(span?.start, span?.end) }
}

test('a source is read from its connector, and not written', async () => {
  await using db = await open(':memory:', { connectors })
  await db.execute(
    `CREATE SOURCE given (x BIGINT, y AS x * 2) WITH (connector = 'js', source = 'given')`,
  )
  expect(await mistakeOf(db.execute('INSERT INTO given VALUES (1)'))).toMatchObject({
    code: 'unsupported',
    message: 'not supported yet: writing to connector js',
  })
  await db.execute('CREATE STREAM kept AS SELECT x, y FROM given WHERE x > 1')
  expect((await db.query('SELECT * FROM kept')).rows).toEqual([
    [2n, 4n],
    [3n, 6n],
  ])
  await db.execute('DROP SOURCE given CASCADE')
})

test('a table of a connector is said to be outside, and options that do nothing are named', async () => {
  await using db = await open(':memory:', { connectors })
  const notices: string[] = []
  const onNotice = (text: string) => notices.push(text)
  await db.execute(
    `CREATE TABLE given (x BIGINT) WITH ('connector' = 'js', 'source' = 'given', 'scan.startup.mode' = 'earliest');
    CREATE TABLE out (x BIGINT) WITH ('connector' = 'print', 'sink.parallelism' = 2, 'type' = 'append-only');
    CREATE TABLE f (x BIGINT) WITH ('connector' = 'filesystem', 'path' = 'f.csv',
      'sink.rolling-policy.file-size' = '1MB');
    CREATE SOURCE s (x BIGINT) WITH (connector = 'js', source = 'given');
    CREATE TABLE IF NOT EXISTS given (x BIGINT) WITH ('connector' = 'js', 'source' = 'given')`,
    { onNotice },
  )
  expect(notices).toEqual([
    'table given is external, not stored: each query reads it from connector js; ' +
      'CREATE STREAM … AS SELECT keeps its rows',
    "option 'scan.startup.mode' is ignored: connector js has no use for it",
    'table out is external, not stored: INSERT INTO it sends rows to connector print',
    "option 'sink.parallelism' is ignored: connector print has no use for it",
    "option 'type' is ignored: connector print has no use for it",
    'table f is external, not stored: each query reads it from connector filesystem, ' +
      'INSERT INTO it sends rows to connector filesystem; CREATE STREAM … AS SELECT keeps its rows',
  ])
})

test('a one-shot query of an endless source is refused, with what would work', async () => {
  await using db = await open(':memory:', { connectors })
  const notices: string[] = []
  await db.execute(
    `CREATE SOURCE n (a INT) WITH (connector = 'datagen', 'rows-per-second' = 10) FORMAT PLAIN ENCODE JSON`,
    { onNotice: (text) => notices.push(text) },
  )
  expect(notices).toEqual(['FORMAT PLAIN ENCODE JSON is ignored: datagen makes rows'])
  const { code, hint, at } = await mistakeOf(db.query('SELECT * FROM n'))
  expect({ code, at }).toEqual({ code: 'unbounded', at: 'n' })
  expect(hint).toContain('EMIT CHANGES')
  expect(hint).toContain('CREATE MATERIALIZED VIEW')
})

test.each([
  [`CREATE SOURCE s (a INT)`, 'invalid_option', 's'],
  [
    `CREATE SOURCE s (a INT) WITH (connector = 'blackhole')`,
    'unsupported',
    `connector = 'blackhole'`,
  ],
  [
    `CREATE TABLE s (a INT) WITH (connector = 'datagen') FORMAT PLAIN ENCODE JSON`,
    'unsupported',
    'FORMAT PLAIN ENCODE JSON',
  ],
  [
    `CREATE TABLE s (a INT) WITH (connector = 'datagen', storage = 'log')`,
    'unsupported',
    `storage = 'log'`,
  ],
  [
    `CREATE SOURCE s (a INT) WITH (connector = 'datagen') FORMAT UPSERT ENCODE JSON`,
    'unsupported',
    'FORMAT UPSERT ENCODE JSON',
  ],
  [
    `CREATE SOURCE s (a INT) WITH (connector = 'filesystem', path = 'x') FORMAT PLAIN ENCODE AVRO`,
    'unsupported',
    'FORMAT PLAIN ENCODE AVRO',
  ],
  [`CREATE STREAM s (a INT) FORMAT PLAIN ENCODE JSON`, 'unsupported', 'FORMAT PLAIN ENCODE JSON'],
])('%s', async (text, code, at) => {
  await using db = await open(':memory:', { connectors })
  expect(await mistakeOf(db.execute(text))).toMatchObject({ code, at })
})

test('a stream that is fed comes back with the log, and its query goes on', async () => {
  const log = new Log()
  const first = await open(':memory:', { log, connectors })
  await first.execute('CREATE STREAM s (v INT); CREATE STREAM big AS SELECT v FROM s WHERE v > 10')
  await first.execute('INSERT INTO s VALUES (1), (11); FLUSH')
  await using db = await open(':memory:', { log, connectors })
  await db.execute('INSERT INTO s VALUES (12)')
  expect((await db.query('SELECT * FROM big')).rows).toEqual([[11], [12]])
  await expect(db.append('big', [{ v: 1 }])).rejects.toMatchObject({ code: 'type_mismatch' })
  expect((await db.query('SELECT * FROM "big.errors"').catch(() => ({ rows: [] }))).rows).toEqual(
    [],
  )
})

test('what runs on a relation keeps it from being dropped, or goes with it', async () => {
  await using db = await open(':memory:', { connectors })
  await db.execute(`
    CREATE TABLE t (v INT); CREATE MATERIALIZED VIEW m AS SELECT v FROM t;
    CREATE TABLE out (v INT) WITH (connector = 'blackhole');
    INSERT INTO out SELECT v FROM m; CREATE SINK k FROM t WITH (connector = 'blackhole')`)
  const commits = db.subscribe('m')[Symbol.asyncIterator]()
  const ended = commits.next()
  await db.execute('FLUSH')
  expect(await mistakeOf(db.execute('DROP MATERIALIZED VIEW m'))).toMatchObject({
    code: 'dependency',
    message: 'm is needed by query_1',
  })
  await db.execute('DROP TABLE t CASCADE')
  expect((await db.query('SHOW QUERIES')).rows).toEqual([])
  expect((await ended).done).toBe(true)
  expect(await mistakeOf(db.query('SELECT * FROM m'))).toMatchObject({ code: 'unknown_name' })
})
