/** Cursors: rows that are fetched, of subscriptions and of queries. */
import { expect, test } from 'vitest'
import { QueryMistake, seededRandom } from '../../../src/base/index.ts'
import { Database } from '../../../src/database/index.ts'
import { commitSeed } from '../../seed.ts'

async function opened() {
  const database = new Database({ connectors: new Map() })
  const run = async (sql: string, options: { session?: string; signal?: AbortSignal } = {}) => {
    const last = (await database.execute(sql, options)).at(-1)
    return last?.kind === 'rows' ? last.rows : []
  }
  await run('CREATE STREAM s (k INT, v INT); INSERT INTO s VALUES (1, 1), (2, 2)')
  return { database, run }
}

const sums = 'SUBSCRIBE (SELECT k, sum(v) AS v FROM s GROUP BY k)'

test('each row is fetched once, and what is there only', async () => {
  const { database, run } = await opened()
  await run(`DECLARE c CURSOR FOR ${sums} WITH (_op)`)
  expect(await run('FETCH 1 FROM c')).toEqual([['+I', 1, 1n]])
  expect(await run('FETCH NEXT FROM c')).toEqual([['+I', 2, 2n]])
  expect(await run('FETCH c')).toEqual([])
  expect(await run('INSERT INTO s VALUES (1, 5); FETCH ALL IN c')).toEqual([
    ['-U', 1, 1n],
    ['+U', 1, 6n],
  ])
  await database.close()
})

test('the columns say what has become of a row', async () => {
  const { database } = await opened()
  const fieldsOf = async (sql: string) => (await database.query(sql)).fields.map(({ name }) => name)
  await database.execute(
    `DECLARE a CURSOR FOR ${sums}; DECLARE b CURSOR FOR ${sums} ENVELOPE UPSERT`,
  )
  expect(await fieldsOf('FETCH ALL a')).toEqual(['_cycle', '_op', 'k', 'v'])
  expect(await fieldsOf('FETCH ALL b')).toEqual(['_cycle', '_state', 'k', 'v'])
  await database.close()
})

test('a timeout is waited for, and no longer than rows are missing', async () => {
  const { database, run } = await opened()
  await run('DECLARE c CURSOR FOR SUBSCRIBE s WITH (SNAPSHOT = FALSE, _op)')
  expect(await run("FETCH ALL c WITH (timeout = '20ms')")).toEqual([])
  const waiting = run("FETCH 2 FROM c WITH (timeout = '60s')")
  await database.append('s', [[3, 3]])
  await database.append('s', [[4, 4]])
  expect(await waiting).toEqual([
    ['+I', 3, 3],
    ['+I', 4, 4],
  ])
  const controller = new AbortController()
  const cancelled = run("FETCH c WITH (timeout = '60s')", { signal: controller.signal })
  controller.abort()
  await expect(cancelled).rejects.toMatchObject({ code: 'cancelled' })
  await database.close()
})

test('a query gives the rows of its declaration, an end no more', async () => {
  const { database, run } = await opened()
  await run('DECLARE q CURSOR FOR SELECT k FROM s; INSERT INTO s VALUES (9, 9)')
  expect(await run('FETCH ALL q')).toEqual([[1], [2]])
  await run('DECLARE u CURSOR FOR SUBSCRIBE s WITH (_op) UP TO OFFSET 3')
  expect(await run("FETCH 7 u WITH (timeout = '60s')")).toHaveLength(3)
  expect(await run('FETCH u')).toEqual([])
  await database.close()
})

test('a cursor that nobody fetches holds nothing back', async () => {
  const { database, run } = await opened()
  await run(
    'DECLARE c CURSOR FOR SUBSCRIBE s; CREATE MATERIALIZED VIEW n AS SELECT count(*) AS n FROM s',
  )
  for (let at = 0; at < 100; at++) await run(`INSERT INTO s VALUES (${at}, 0); SELECT * FROM n`)
  expect(await run('FETCH ALL c')).toHaveLength(102)
  await database.close()
})

test('sessions have cursors of their own', async () => {
  const { database, run } = await opened()
  await run('DECLARE c CURSOR FOR SUBSCRIBE s', { session: 'one' })
  await expect(run('FETCH c', { session: 'two' })).rejects.toMatchObject({ code: 'unknown_name' })
  await database.leave('one')
  await expect(run('FETCH c', { session: 'one' })).rejects.toMatchObject({ code: 'unknown_name' })
  await run('DECLARE a CURSOR FOR SELECT 1; DECLARE b CURSOR FOR SELECT 2; CLOSE a')
  expect(await run('FETCH b')).toEqual([[2]])
  await run('CLOSE ALL')
  await expect(run('FETCH b')).rejects.toMatchObject({ code: 'unknown_name' })
  await database.close()
})

test.each([
  ['WITH (_op)', 0],
  ['ENVELOPE UPSERT', 1],
  ['ENVELOPE DEBEZIUM', 1],
] as const)('rows fetched by and by: %s', async (form, cycles) => {
  const { database, run } = await opened()
  const random = seededRandom(commitSeed(`cursor ${form}`))
  await run(`DECLARE whole CURSOR FOR ${sums} ${form}; DECLARE parts CURSOR FOR ${sums} ${form}`)
  const parts: unknown[] = []
  for (let step = 0; step < 60; step++) {
    await run(`INSERT INTO s VALUES (${random.below(4)}, ${random.below(9)})`)
    const count = random.below(4)
    if (count > 0) parts.push(...(await run(`FETCH ${count} FROM parts`)))
  }
  parts.push(...(await run('FETCH ALL FROM parts')))
  expect(parts.length).toBeGreaterThan(20)
  // Each cursor has its snapshot in a cycle of its own.
  const told = (rows: readonly unknown[]) => rows.map((row) => (row as unknown[]).slice(cycles))
  expect(told(parts)).toEqual(told(await run('FETCH ALL FROM whole')))
  expect(await run('FETCH ALL FROM whole')).toEqual([])
  await database.close()
})

const wrong: [string, string, string][] = [
  ['FETCH «c»', 'unknown_name', 'there is no cursor c in this session'],
  ['CLOSE «c»', 'unknown_name', 'there is no cursor c in this session'],
  ['DECLARE «Q» CURSOR FOR SELECT 1', 'duplicate_name', 'cursor Q is open already'],
  [
    'DECLARE c CURSOR FOR «SELECT k FROM s EMIT CHANGES»',
    'invalid_emit',
    'a cursor for a query takes its rows at once',
  ],
  ["FETCH q WITH («timeot = '1s'»)", 'invalid_option', 'FETCH has no option timeot'],
  ["FETCH q WITH («timeout = 'soon'»)", 'invalid_option', 'timeout is no span of time'],
  ['DECLARE c CURSOR FOR SUBSCRIBE «t»', 'unknown_name', 'table t does not exist'],
  ["COPY (SUBSCRIBE s) TO «'s.csv'»", 'syntax', 'COPY (SUBSCRIBE …) goes to STDOUT alone'],
  [
    'BEGIN; «DECLARE c» CURSOR FOR SUBSCRIBE s',
    'transaction',
    'DECLARE C cannot be part of a transaction',
  ],
]

test.each(wrong)('%s', async (marked, code, message) => {
  const { database, run } = await opened()
  await run('DECLARE q CURSOR FOR SELECT 1')
  const text = marked.replace(/[«»]/g, '')
  const fault = await run(text).catch((error) => error)
  expect(fault).toBeInstanceOf(QueryMistake)
  const [{ span, ...first }] = fault.diagnostics
  expect([first.code, first.message]).toEqual([code, message])
  expect(text.slice(span.start, span.end)).toBe(
    marked.slice(marked.indexOf('«') + 1, marked.indexOf('»')),
  )
  await database.close()
})

test('COPY of a subscription is the subscription', async () => {
  const { database } = await opened()
  const [result] = await database.execute('COPY (SUBSCRIBE s) TO STDOUT')
  expect(result?.kind).toBe('changes')
  await database.close()
})
