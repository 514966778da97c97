/**
 * Hints: OPTIONS behind a table of a connector means the table with these options; elsewhere it is said to be ignored.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { systemDisk } from '../../../src/base/index.ts'
import { builtinConnectors } from '../../../src/connect/index.ts'
import { type Database, open } from '../../../src/database/index.ts'
import type { Log } from '../../../src/log/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'hint-'))
afterAll(() => rmSync(folder, { recursive: true }))
writeFileSync(join(folder, 'a.csv'), '1,x\n2,y\n')
writeFileSync(join(folder, 'b.csv'), '3;z\n')

async function opened(log?: Log): Promise<Database> {
  const connectors = builtinConnectors(systemDisk, new Map())
  const db = await open(':memory:', { connectors, ...(log === undefined ? {} : { log }) })
  if (log !== undefined) return db
  await db.execute(`CREATE TABLE f (a INT, b VARCHAR)
    WITH ('connector' = 'filesystem', 'path' = '${folder}/a.csv', 'format' = 'csv')`)
  await db.execute(`CREATE TABLE g (a INT) WITH ('connector' = 'datagen')`)
  await db.execute('CREATE STREAM s (a INT)')
  return db
}

const other = `/*+ OPTIONS('path' = '${folder}/b.csv', 'csv.field-delimiter' = ';') */`

async function asked(db: Database, sql: string): Promise<{ rows: unknown[]; notices: string[] }> {
  const notices: string[] = []
  const result = (await db.execute(sql, { onNotice: (text) => notices.push(text) })).at(-1)!
  return { rows: result.kind === 'rows' ? result.rows : [], notices }
}

describe('OPTIONS', () => {
  test('hold for one table of one statement', async () => {
    await using db = await opened()
    expect((await asked(db, `SELECT a FROM f ${other}`)).rows).toEqual([[3]])
    expect((await asked(db, `SELECT x.b FROM f ${other} AS x`)).rows).toEqual([['z']])
    expect((await asked(db, `SELECT x.b FROM f AS x ${other}`)).rows).toEqual([['z']])
    expect((await asked(db, 'SELECT a FROM f ORDER BY a')).rows).toEqual([[1], [2]])
    const both = `SELECT o.a, n.a FROM f AS o, f ${other} AS n ORDER BY o.a`
    expect((await asked(db, both)).rows).toEqual([
      [1, 3],
      [2, 3],
    ])
  })

  test('make a source end, and are in the log', async () => {
    const db = await opened()
    const cells = "'fields.a.kind' = 'sequence', 'fields.a.start' = '5', 'fields.a.end' = '7'"
    const some = `/*+ OPTIONS('number-of-rows' = '3', ${cells}) */`
    expect((await asked(db, `SELECT sum(a) FROM g ${some}`)).rows).toEqual([[18n]])
    await db.execute(`CREATE MATERIALIZED VIEW m AS SELECT b FROM f ${other}`)
    await db.settled()
    expect((await asked(db, 'SELECT * FROM m')).rows).toEqual([['z']])
    await using again = await opened(db.log)
    expect((await asked(again, 'SELECT * FROM m')).rows).toEqual([['z']])
    const shown = (await asked(again, 'SHOW CREATE MATERIALIZED VIEW m')).rows
    expect(String(shown[0])).toContain(`FROM f /*+ OPTIONS('path' = `)
    await db.close()
  })

  test('say where an INSERT writes', async () => {
    await using db = await opened()
    const path = join(folder, 'out.csv')
    await db.execute(
      `INSERT INTO f /*+ OPTIONS('path' = '${path}') */ SELECT a, 'q' FROM f ${other}`,
    )
    expect(readFileSync(path, 'utf8')).toBe('3,q\n')
    expect(await db.explain(`SELECT a FROM f ${other}`)).toContain('csv.field-delimiter = ;')
  })

  test.each([
    [`SELECT * FROM f /*+ OPTIONS('pth' = 'x') */`, 'invalid_option', `'pth' = 'x'`],
    [`SELECT * FROM f /*+ OPTIONS('connector' = 'js') */`, 'invalid_option', `'connector' = 'js'`],
    [`SELECT * FROM f /*+ OPTIONS('format' = 'xls') */`, 'invalid_option', `'format' = 'xls'`],
    [`SELECT * FROM f /*+ OPTIONS('path' = ) */`, 'syntax', ')'],
    [`SELECT * FROM f /*+ OPTIONS() */`, 'syntax', ')'],
    [`INSERT INTO f /*+ OPTIONS('pth' = 'x') */ SELECT 1, 'a'`, 'invalid_option', `'pth' = 'x'`],
    [`SELECT a FROM g /*+ OPTIONS('rows-per-second' = '9') */`, 'unbounded', 'g'],
  ])('%s is refused', async (sql, code, place) => {
    await using db = await opened()
    const fault = await db.execute(sql).then(
      () => null,
      (error) => error,
    )
    expect(fault).toMatchObject({ code })
    const { start, end } = fault.diagnostics[0].span
    expect(sql.slice(start, end)).toBe(place)
  })

  test.each([
    [`SELECT a FROM s /*+ OPTIONS('x' = 'y') */`, ['hint OPTIONS is ignored: s has no connector']],
    [`SELECT /*+ OPTIONS('x' = 'y') */ a FROM s`, ['hint OPTIONS is ignored']],
    [`SELECT /*+ STATE_TTL('s' = '1d') */ a FROM s`, ['hint STATE_TTL is ignored']],
    [
      `SELECT a FROM s /*+ LOOKUP('table' = 's'), BROADCAST(s) */`,
      ['hint LOOKUP, BROADCAST is ignored'],
    ],
    [
      `WITH c AS (SELECT 1 AS a) SELECT a FROM c /*+ OPTIONS('x' = 'y') */`,
      ['hint OPTIONS is ignored: c has no connector'],
    ],
  ])('%s: %s', async (sql, told) => {
    await using db = await opened()
    expect((await asked(db, sql)).notices).toEqual(told)
  })
})
