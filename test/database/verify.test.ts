/** VERIFY and EXPLAIN ROW: views compared with their queries, and the rows behind their rows. */
import { describe, expect, test } from 'vitest'
import { QueryMistake } from '../../src/base/index.ts'
import type { Row } from '../../src/data/index.ts'
import { Database } from '../../src/database/index.ts'

const schema = `CREATE STREAM s (id INT, k VARCHAR, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts);
  CREATE STREAM p (k VARCHAR, name VARCHAR);
  CREATE TABLE t (k VARCHAR PRIMARY KEY, w INT);`

const views = {
  filtered: 'SELECT id, v * 2 AS twice FROM s WHERE v > 1',
  grouped: 'SELECT k, sum(v) AS total FROM s GROUP BY k',
  joined: 'SELECT s.id, p.name FROM s JOIN p ON s.k = p.k WHERE s.v > 0',
  padded: 'SELECT s.id, p.name FROM s LEFT JOIN p ON s.k = p.k',
  named: 'SELECT id FROM s WHERE k IN (SELECT k FROM p)',
  windowed: `SELECT window_end, k, count(*) AS n FROM TUMBLE(s, ts, INTERVAL '10' SECOND)
    GROUP BY window_start, window_end, k`,
  both: 'SELECT k FROM s UNION ALL SELECT k FROM p',
  nested:
    'SELECT total, count(*) AS n FROM (SELECT k, sum(v) AS total FROM s GROUP BY k) GROUP BY total',
}

const rows = {
  s: `(1, 'a', 1, TIMESTAMP '2026-01-01 00:00:01'), (2, 'a', 2, TIMESTAMP '2026-01-01 00:00:02'),
    (3, 'b', 3, TIMESTAMP '2026-01-01 00:00:12'), (4, 'c', 3, TIMESTAMP '2026-01-01 00:00:15'),
    (5, 'a', 0, TIMESTAMP '2026-01-01 00:00:25')`,
  p: `('a', 'Anna'), ('b', 'Bob'), ('d', 'Dora')`,
}

async function started(views: Record<string, string>): Promise<Database> {
  const database = new Database({ cycles: 'manual' })
  await database.execute(schema)
  for (const [name, query] of Object.entries(views)) {
    await database.execute(`CREATE MATERIALIZED VIEW ${name} AS ${query}`)
  }
  return database
}

async function filled(views: Record<string, string>): Promise<Database> {
  const database = await started(views)
  await database.execute(`INSERT INTO s VALUES ${rows.s}; INSERT INTO p VALUES ${rows.p}`)
  return database
}

const rowsOf = async (database: Database, sql: string): Promise<Row[]> =>
  (await database.query(sql)).rows

describe('the rows behind a row give it again', () => {
  test.each([
    ['filtered', 'id = 3'],
    ['filtered', 'twice = 6'],
    ['grouped', "k = 'a'"],
    ['joined', 'id = 2'],
    ['padded', 'id = 4'],
    ['padded', 'id = 1'],
    ['named', 'id = 3'],
    ['windowed', "k = 'a' AND n = 2"],
    ['both', "k = 'd'"],
    ['nested', 'n = 3'],
  ] as const)('%s where %s', async (view, condition) => {
    const given = await filled(views)
    const wanted = await rowsOf(given, `SELECT * FROM ${view} WHERE ${condition}`)
    expect(wanted).not.toEqual([])
    const found = await rowsOf(given, `EXPLAIN ROW ${view} WHERE ${condition}`)
    const again = await started({ [view]: views[view] })
    for (const [source, , text] of found) {
      const values = String(text)
        .split(', ')
        .map((part) => part.split(' = ')[1]!)
        .map((value) => (/^(NULL|-?\d+)$/.test(value) ? value : `'${value}'`))
      await again.execute(`INSERT INTO ${source} VALUES (${values.join(', ')})`)
    }
    const shown = await rowsOf(again, `SELECT * FROM ${view} WHERE ${condition}`)
    expect(shown).toEqual(wanted)
    expect(found.length).toBeLessThan(8)
    await given.close()
    await again.close()
  })

  test('positions are those of the log, and a row that came too late is said to be', async () => {
    const database = await filled(views)
    await database.execute("INSERT INTO s VALUES (6, 'b', 9, TIMESTAMP '2026-01-01 00:00:03')")
    const found = await rowsOf(database, "EXPLAIN ROW windowed WHERE k = 'b'")
    expect(found).toEqual([
      ['s', 2n, 'id = 3, k = b, v = 3, ts = 2026-01-01 00:00:12', false],
      ['s', 8n, 'id = 6, k = b, v = 9, ts = 2026-01-01 00:00:03', true],
    ])
    await database.close()
  })
})

test('a table that a row looked up may be another one by now, as a notice says', async () => {
  const database = await started({
    met: 'SELECT id, w FROM s JOIN t FOR SYSTEM_TIME AS OF PROCTIME() ON s.k = t.k',
  })
  await database.execute(
    "INSERT INTO t VALUES ('a', 1); FLUSH; INSERT INTO s VALUES (1, 'a', 1, NOW())",
  )
  await database.execute("FLUSH; UPDATE t SET w = 2 WHERE k = 'a'")
  const notices: string[] = []
  const onNotice = (text: string) => notices.push(text)
  await database.execute('EXPLAIN ROW met WHERE w = 1', { onNotice })
  expect(notices).toEqual([
    'no row of met is so, over all rows',
    'met met a table as it was when rows came: it is read as it is now',
  ])
  await database.close()
})

describe('VERIFY', () => {
  test('finds every view equal', async () => {
    const database = await filled(views)
    for (const name of Object.keys(views)) {
      const [[verdict]] = (await rowsOf(database, `VERIFY MATERIALIZED VIEW ${name}`)) as [Row]
      expect(verdict, name).toBe('equal')
    }
    await database.close()
  })

  test('tells windows that are open from differences', async () => {
    const closing = `${views.windowed} EMIT ON WINDOW CLOSE`
    const database = await filled({ closing })
    const verdicts = await rowsOf(database, 'VERIFY MATERIALIZED VIEW closing')
    expect(verdicts.map(([verdict, copies]) => [verdict, copies])).toEqual([
      ['equal', 3n],
      ['not closed yet', 1n],
    ])
    await database.close()
  })

  test('goes back to a position of the log', async () => {
    const database = await filled(views)
    const before = await rowsOf(database, 'VERIFY MATERIALIZED VIEW grouped UP TO OFFSET 2')
    expect(before).toEqual([['equal', 1n, null, null]])
    const now = await rowsOf(
      database,
      "VERIFY MATERIALIZED VIEW grouped UP TO TIMESTAMP '2999-01-01 00:00:00'",
    )
    expect(now).toEqual([['equal', 3n, null, null]])
    const none = await rowsOf(database, 'VERIFY MATERIALIZED VIEW grouped UP TO 0')
    expect(none).toEqual([['equal', 0n, null, null]])
    await database.close()
  })

  test('a view that is paused is compared with the rows that it has read', async () => {
    const database = await filled(views)
    await database.execute('PAUSE MATERIALIZED VIEW grouped')
    await database.execute("INSERT INTO s VALUES (7, 'z', 1, TIMESTAMP '2026-01-01 00:01:00')")
    const [[verdict, copies]] = (await rowsOf(database, 'VERIFY MATERIALIZED VIEW grouped')) as [
      Row,
    ]
    expect([verdict, copies]).toEqual(['equal', 3n])
    const [[state]] = (await rowsOf(
      database,
      "SELECT state FROM sys.queries WHERE query = 'grouped'",
    )) as [Row]
    expect(state).toBe('paused')
    await database.close()
  })
})

const odd = {
  ranked: 'SELECT id, row_number() OVER (PARTITION BY k ORDER BY v) AS n FROM s',
  stacked: 'SELECT n FROM (SELECT k, count(*) AS n FROM t GROUP BY k)',
  clocked: 'SELECT id, now() AS at FROM s',
}

test.each([
  ['EXPLAIN ROW ranked WHERE nix = 1', 'unknown_name', 'column nix'],
  ['EXPLAIN ROW s WHERE id = 1', 'type_mismatch', 's is a stream'],
  ['EXPLAIN ROW clocked WHERE id = 1', 'unsupported', 'goes by the time of day'],
  ['VERIFY MATERIALIZED VIEW clocked', 'unsupported', 'goes by the time of day'],
  ['VERIFY MATERIALIZED VIEW stacked UP TO OFFSET 0', 'unsupported', 'VERIFY … UP TO'],
  ["VERIFY MATERIALIZED VIEW ranked UP TO 'soon'", 'type_mismatch', 'a TIMESTAMP is wanted'],
  ['VERIFY MATERIALIZED VIEW ranked UP TO OFFSET 1.5', 'type_mismatch', 'a position of the log'],
  ['PAUSE MATERIALIZED VIEW s', 'unknown_name', 's is a stream, not a materialized view'],
  ['PAUSE QUERY nix', 'unknown_name', 'there is no query nix'],
  ['PAUSE SINK ranked', 'unknown_name', 'ranked is a materialized view, not a sink'],
])('%s is a mistake', async (text, code, message) => {
  const database = await filled(odd)
  await database.execute("INSERT INTO t VALUES ('a', 1)")
  const fault = await database.execute(text).catch((error) => error)
  expect(fault).toBeInstanceOf(QueryMistake)
  expect(fault.diagnostics[0]).toMatchObject({ code, message: expect.stringContaining(message) })
  await database.close()
})
