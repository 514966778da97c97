/** CREATE OR REPLACE MATERIALIZED VIEW: what fails leaves the old view; who follows new rows only comes to an end. */
import { expect, test } from 'vitest'
import { systemDisk } from '../../../src/base/index.ts'
import { builtinConnectors } from '../../../src/connect/index.ts'
import { open } from '../../../src/database/index.ts'
import { Log } from '../../../src/log/index.ts'

const given = [1, 2, 3].map((x) => ({ x }))
const connectors = builtinConnectors(systemDisk, new Map([['given', given]]))

test('a query that fails in its first cycle leaves the view as it was', async () => {
  const log = new Log()
  await using db = await open(':memory:', { connectors, log })
  await db.execute('CREATE TABLE t (a INT); INSERT INTO t VALUES (1)')
  await db.execute('CREATE MATERIALIZED VIEW m AS SELECT a FROM t')
  const path = "'filesystem', path = '/nowhere/at/all.csv', format = 'csv'"
  await db.execute(`CREATE TABLE lost (a INT) WITH (connector = ${path})`)
  await expect(
    db.execute('CREATE OR REPLACE MATERIALIZED VIEW m AS SELECT a FROM lost'),
  ).rejects.toThrow()
  await db.execute('INSERT INTO t VALUES (2)')
  expect((await db.query('SELECT a FROM m')).rows).toEqual([[1], [2]])
})

test('rows of a source outside are the same after a replay', async () => {
  const log = new Log()
  const rows = [[1n], [2n], [3n]]
  {
    await using db = await open(':memory:', { connectors, log })
    await db.execute("CREATE TABLE g (x BIGINT) WITH (connector = 'js', source = 'given')")
    await db.execute('CREATE MATERIALIZED VIEW m AS SELECT x FROM g WHERE x > 1')
    await db.execute('CREATE MATERIALIZED VIEW n AS SELECT x FROM m')
    await db.execute('CREATE OR REPLACE MATERIALIZED VIEW m AS SELECT x FROM g')
    expect((await db.query('SELECT x FROM n ORDER BY x')).rows).toEqual(rows)
  }
  await using again = await open(':memory:', { connectors, log })
  expect((await again.query('SELECT x FROM n ORDER BY x')).rows).toEqual(rows)
})

test('who follows new rows only comes to an end, and a view over them refuses', async () => {
  await using db = await open(':memory:', { connectors })
  await db.execute('CREATE STREAM s (a INT)')
  await db.append('s', [[1], [2]])
  await db.execute('CREATE MATERIALIZED VIEW m AS SELECT a FROM s')
  const told: unknown[] = []
  const follow = (async () => {
    for await (const { rows } of db.subscribe('m')) told.push(...rows)
  })()
  await db.settled()
  await db.execute('CREATE OR REPLACE MATERIALIZED VIEW m AS SELECT a FROM s WHERE a > 0')
  await db.append('s', [[3]])
  await db.settled()
  expect(told).toEqual([[1], [2], [3]])
  await db.execute('CREATE MATERIALIZED VIEW n AS SELECT a FROM m')
  const fewer = 'CREATE OR REPLACE MATERIALIZED VIEW m AS SELECT a FROM s WHERE a > 1'
  await expect(db.execute(fewer)).rejects.toThrow('n would have to take back rows of m')
  expect((await db.query('SELECT a FROM m')).rows).toEqual([[1], [2], [3]])
  await db.execute('DROP MATERIALIZED VIEW n')
  await db.execute(fewer)
  await follow
  expect((await db.query('SELECT a FROM m')).rows).toEqual([[2], [3]])
})
