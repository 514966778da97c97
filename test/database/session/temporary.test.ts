/**
 * Temporary objects: those of a session are there for it alone, and go with it.
 */
import { describe, expect, test } from 'vitest'
import { systemDisk } from '../../../src/base/index.ts'
import { builtinConnectors } from '../../../src/connect/index.ts'
import { type Database, open } from '../../../src/database/index.ts'
import type { Log } from '../../../src/log/index.ts'

const opened = (log?: Log) => {
  const connectors = builtinConnectors(systemDisk, new Map())
  return open(':memory:', { connectors, cycles: 'manual', ...(log === undefined ? {} : { log }) })
}

async function rowsIn(db: Database, session: string, sql: string): Promise<unknown[]> {
  const result = (await db.execute(sql, { session })).at(-1)!
  return result.kind === 'rows' ? result.rows.map((row) => row.map(String)) : []
}

describe('temporary objects', () => {
  test('are seen by their session alone', async () => {
    await using db = await opened()
    await db.execute('CREATE TABLE t (a INT); INSERT INTO t VALUES (1)')
    await db.execute('CREATE TEMP TABLE t (a INT); INSERT INTO t VALUES (2)', { session: 'x' })
    await db.execute('CREATE TEMP TABLE t (a INT); INSERT INTO t VALUES (3)', { session: 'y' })
    for (const [session, a] of [
      ['x', '2'],
      ['y', '3'],
      ['z', '1'],
    ]) {
      expect(await rowsIn(db, session!, 'SELECT a FROM t')).toEqual([[a]])
    }
    expect(await rowsIn(db, 'z', 'SHOW TABLES')).toEqual([['t', 'table']])
    expect(await rowsIn(db, 'x', 'SHOW TABLES')).toEqual([
      ['t', 'table'],
      ['t', 'table'],
    ])
    const asked = db.execute('SELECT * FROM "temp_1.t"', { session: 'y' })
    await expect(asked).rejects.toMatchObject({ code: 'unknown_name' })
  })

  test('are told of under plain names, and to their session alone', async () => {
    await using db = await opened()
    const notices: string[] = []
    await db.execute('CREATE TEMP STREAM t (a INT)', { session: 'y' })
    await db.execute(
      `CREATE TEMP STREAM s (a INT); CREATE TEMP MATERIALIZED VIEW m AS SELECT 1 / a AS b FROM s;
       INSERT INTO s VALUES (0); VERIFY MATERIALIZED VIEW m`,
      { session: 'x', onNotice: (notice) => notices.push(notice) },
    )
    expect(notices).toEqual(['1 rows have failed: m.errors lists them'])
    const asked = {
      "SHOW STREAMS LIKE 's'": ['s,stream'],
      "SHOW QUERIES LIKE 'm'": [expect.stringMatching(/^m,running,/)],
      "SELECT query, rows_in FROM sys.queries WHERE query = 'm'": ['m,1'],
      'SELECT relation, code FROM sys.errors': ['m,division_by_zero'],
      'SELECT table_name FROM information_schema.tables': ['s', 'm'],
      'EXPLAIN SELECT a FROM s': ['Scan  s (a)'],
      'EXPLAIN (FORMAT JSON) SELECT a FROM s': [expect.stringContaining('"relation": "s"')],
    }
    for (const [sql, rows] of Object.entries(asked)) {
      expect((await rowsIn(db, 'x', sql)).map(String), sql).toEqual(rows)
    }
    expect(await rowsIn(db, '', 'SELECT * FROM sys.queries')).toEqual([])
    expect(await rowsIn(db, '', 'SELECT * FROM information_schema.tables')).toEqual([])
  })

  test('go with their session, and what follows them', async () => {
    await using db = await opened()
    const own = { session: 'x' }
    await db.execute('CREATE TEMP STREAM s (a INT); CREATE TEMP VIEW v AS SELECT a FROM s', own)
    await db.execute('CREATE TEMP FUNCTION f(a INT) RETURNS INT AS (a)', own)
    await db.execute("CREATE TABLE hole (a INT) WITH ('connector' = 'blackhole')")
    await db.execute('INSERT INTO hole SELECT f(a) FROM v', own)
    expect(await rowsIn(db, '', 'SHOW QUERIES')).toHaveLength(1)
    await db.leave('x')
    expect(await rowsIn(db, '', 'SHOW QUERIES')).toEqual([])
    for (const list of ['STREAMS', 'VIEWS']) {
      expect(await rowsIn(db, '', `SHOW ${list}`)).toEqual([])
    }
    const asked = db.execute('SELECT f(1)', own)
    await expect(asked).rejects.toMatchObject({ code: 'unknown_name' })
  })

  test('of the database itself are there after a replay, those of sessions are not', async () => {
    const db = await opened()
    await db.execute('CREATE TEMP TABLE t (a INT); INSERT INTO t VALUES (?)', { params: [1] })
    await db.execute('CREATE TEMP VIEW v AS SELECT a + 1 AS a FROM t')
    await db.execute('CREATE TEMP TABLE u (a INT)', { session: 'x' })
    await using again = await opened(db.log)
    expect(await rowsIn(again, '', 'SELECT a FROM v')).toEqual([['2']])
    expect(await rowsIn(again, 'x', 'SHOW TABLES')).toEqual([])
    await db.close()
  })

  test('take rows of a program', async () => {
    await using db = await opened()
    await db.execute('CREATE STREAM s (a INT)')
    await db.execute('CREATE TEMP STREAM s (b VARCHAR)')
    await db.append('s', [{ b: 'x' }])
    expect(await rowsIn(db, '', 'SELECT * FROM s')).toEqual([['x']])
  })
})
