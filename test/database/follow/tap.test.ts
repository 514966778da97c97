/** TAP: what leaves the operators of a query that runs. */
import { expect, test } from 'vitest'
import { QueryMistake } from '../../../src/base/index.ts'
import { Database } from '../../../src/database/index.ts'

async function opened() {
  const database = new Database({ connectors: new Map(), cycles: 'manual' })
  await database.execute(`CREATE STREAM s (k INT, v INT); CREATE TABLE t (k INT PRIMARY KEY, n VARCHAR);
    CREATE MATERIALIZED VIEW m AS SELECT n, sum(v) AS total FROM s JOIN t ON s.k = t.k WHERE v > 1 GROUP BY n;
    INSERT INTO t VALUES (1, 'a'), (2, 'b'); INSERT INTO s VALUES (1, 5), (2, 0); FLUSH`)
  return database
}

/** What is told until the query is over, a list per commit. */
async function toldBy(database: Database, sql: string) {
  const commits: unknown[][][] = []
  const following = database.subscribe(sql)
  const rest = (async () => {
    for await (const { rows, ops } of following) {
      commits.push(rows.map((row, at) => [ops[at], ...row]))
    }
  })()
  // It has begun when another statement is answered.
  await database.execute('SHOW QUERIES')
  return { commits, following, rest }
}

test('each operator tells what it gives from then on, commit by commit, until the query is dropped', async () => {
  const database = await opened()
  const { rows } = await database.query("SELECT operator, id FROM sys.operators WHERE query = 'm'")
  const names = rows.map(([operator, id]) => `${operator}_${id}`)
  const taps = []
  for (const name of names) taps.push({ name, ...(await toldBy(database, `TAP m.${name}`)) })
  const all = await toldBy(database, 'SUBSCRIBE m WITH (SNAPSHOT = FALSE)')
  const count = (await database.query('SELECT count(*) FROM sys.operators')).rows
  await database.execute('INSERT INTO s VALUES (1, 7), (2, 1), (2, 3); FLUSH')
  await database.execute(
    "UPDATE t SET n = 'c' WHERE k = 2; FLUSH; INSERT INTO s VALUES (9, 9); FLUSH",
  )
  expect((await database.query('SELECT count(*) FROM sys.operators')).rows).toEqual(count)
  await database.execute('DROP MATERIALIZED VIEW m')
  await Promise.all([...taps, all].map(({ rest }) => rest))
  expect(taps[0]!.commits).toEqual(all.commits)
  const byName = new Map(taps.map(({ name, commits }) => [name.replace(/_\d+$/, ''), commits]))
  expect(byName.get('aggregate')).toEqual([
    [
      ['-U', 'a', 5n],
      ['+U', 'a', 12n],
      ['+I', 'b', 3n],
    ],
    [
      ['-D', 'b', 3n],
      ['+I', 'c', 3n],
    ],
  ])
  expect(byName.get('filter')).toEqual([
    [
      ['+I', 1, 7],
      ['+I', 2, 3],
    ],
    [['+I', 9, 9]],
  ])
  expect(byName.get('join')!.map((commit) => commit.length)).toEqual([2, 2])
  await database.close()
})

test('it ends when it is cancelled, changes nothing, and is in no log', async () => {
  const database = await opened()
  const frames = database.log.frames.length
  const { commits, following, rest } = await toldBy(database, 'TAP m.aggregate')
  following.close()
  await rest
  await database.execute('INSERT INTO s VALUES (1, 7); FLUSH')
  expect(commits).toEqual([])
  expect((await database.query('SELECT DISTINCT query FROM sys.operators')).rows).toEqual([['m']])
  expect(database.log.frames.slice(frames).filter(({ kind }) => kind === 'statement')).toEqual([])
  const again = new Database({ connectors: new Map(), cycles: 'manual', log: database.log })
  await again.recover()
  expect((await again.query('SELECT * FROM m')).rows).toEqual([['a', 12n]])
  await database.close()
  await again.close()
})

test.each([
  ['TAP m.sort', 'unknown_name', 'm has no operator sort', 'sort'],
  ['TAP m.scan', 'unknown_name', 'm has 2 operators scan', 'scan'],
  ['TAP nix.scan', 'unknown_name', 'there is no query nix', 'nix'],
  ['TAP m', 'syntax', 'TAP names a query and one of its operators', 'm'],
])('%s is a mistake', async (sql, code, message, at) => {
  const database = await opened()
  const fault = await database.execute(sql).catch((error: unknown) => error)
  expect(fault).toBeInstanceOf(QueryMistake)
  const [found] = (fault as QueryMistake).diagnostics
  expect(found).toMatchObject({ code, message })
  expect(sql.slice(found!.span!.start, found!.span!.end)).toBe(at)
  expect(found!.hint).toMatch(/_\d|aggregate|SHOW QUERIES/)
  await database.close()
})
