/** SUBSCRIBE … WITH: metadata of each change in columns of their own, and rows that tell of progress. */
import { expect, test } from 'vitest'
import { Database, type RawCommit } from '../../src/database/index.ts'

async function followed(subscribe: string) {
  const database = new Database({ cycles: 'manual', connectors: new Map() })
  await database.execute(`CREATE STREAM bid (k INT, v INT); CREATE STREAM other (k INT);
    CREATE MATERIALIZED VIEW sums AS SELECT k, sum(v) AS total FROM bid GROUP BY k;
    INSERT INTO bid VALUES (1, 10)`)
  const [result] = await database.execute(subscribe)
  if (result?.kind !== 'changes') throw new Error('a subscription gives changes')
  await database.execute('INSERT INTO bid VALUES (1, 5); FLUSH; FLUSH')
  const commits: RawCommit[] = []
  const reading = (async () => {
    for await (const commit of result.commits) commits.push(commit)
  })()
  await database.close()
  await reading
  return { fields: result.fields, rows: commits.flatMap(({ rows }) => rows), commits }
}

test('columns that are asked for by name stand before those of the query', async () => {
  const { fields, rows, commits } = await followed('SUBSCRIBE sums WITH (_diff, _op, _cycle, _ts)')
  expect(fields.map(({ name }) => name)).toEqual(['_cycle', '_ts', '_op', '_diff', 'k', 'total'])
  expect(rows.map(([, , ...rest]) => rest)).toEqual([
    ['+I', 1, 1, 10n],
    ['-U', -1, 1, 10n],
    ['+U', 1, 1, 15n],
  ])
  expect(rows.map(([cycle]) => cycle)).toEqual(
    commits.flatMap(({ cycle, rows: own }) => own.map(() => BigInt(cycle))),
  )
  expect(rows.every(([, at]) => typeof at === 'bigint')).toBe(true)
})

test('PROGRESS tells when a cycle is over', async () => {
  const { fields, rows } = await followed('SUBSCRIBE sums WITH (SNAPSHOT = FALSE, PROGRESS, _diff)')
  expect(fields.map(({ name, nullable }) => [name, nullable])).toEqual([
    ['_diff', true],
    ['_progress', false],
    ['k', true],
    ['total', true],
  ])
  const told = rows.slice(rows.findIndex(([diff]) => diff !== null))
  expect(told).toEqual([
    [-1, false, 1, 10n],
    [1, false, 1, 15n],
    [null, true, null, null],
  ])
  const before = rows.slice(0, rows.length - told.length)
  expect(before.every(([, progress]) => progress === true)).toBe(true)
})

test('an option that is off is not there', async () => {
  const { fields } = await followed('SUBSCRIBE sums WITH (PROGRESS = FALSE, _diff = FALSE)')
  expect(fields.map(({ name }) => name)).toEqual(['k', 'total'])
})
