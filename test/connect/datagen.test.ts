/** Made-up rows: their ranges, that they come again, and what is refused. */
import { expect, test } from 'vitest'
import { virtualClock } from '../../src/base/index.ts'
import { datagenConnector } from '../../src/connect/datagen.ts'
import { open } from '../../src/index.ts'

const columns = 'id BIGINT, v DOUBLE, k INT, s VARCHAR, b BOOLEAN, t TIMESTAMP(3)'
const options = `'connector' = 'datagen', 'number-of-rows' = 500, 'rows-per-second' = 10,
  'fields.id.kind' = 'sequence', 'fields.id.start' = 5, 'fields.v.min' = -1, 'fields.v.max' = 1,
  'fields.k.min' = 3, 'fields.k.max' = 6, 'fields.s.length' = 11`

test('rows lie in their ranges and come again', async () => {
  await using db = await open(':memory:')
  await db.execute(`CREATE TABLE d (${columns}) WITH (${options})`)
  const rows = await db.query<{ id: bigint; v: number; k: number; s: string; t: number }>(
    'SELECT * FROM d',
  )
  expect(rows.map(({ id }) => id)).toEqual(Array.from({ length: 500 }, (_, at) => BigInt(at + 5)))
  expect(new Set(rows.map(({ k }) => k))).toEqual(new Set([3, 4, 5, 6]))
  for (const { v, s } of rows) {
    expect(Math.abs(v)).toBeLessThanOrEqual(1)
    expect(s).toMatch(/^[0-9a-f]{11}$/)
  }
  expect(rows[499]!.t).toBe(Date.UTC(2026, 0, 1, 0, 0, 49, 900))
  expect(await db.query('SELECT t, s, k FROM d')).toEqual(rows.map(({ t, s, k }) => ({ t, s, k })))
})

test('the shortest sequence ends the table', async () => {
  await using db = await open(':memory:')
  await db.execute(
    `CREATE TABLE d (a INT, b INT) WITH ('connector' = 'datagen', 'fields.a.kind' = 'sequence',
       'fields.a.start' = 1, 'fields.a.end' = 3)`,
  )
  expect(await db.query('SELECT a FROM d')).toEqual([{ a: 1 }, { a: 2 }, { a: 3 }])
})

test('a table without an end comes in real time', async () => {
  const clock = virtualClock()
  const connector = datagenConnector(clock)
  expect(connector.isEndless?.(new Map())).toBe(true)
  expect(connector.isEndless?.(new Map([['fields.a.kind', 'sequence']]))).toBe(true)
  const fields = [{ name: 'a', type: { kind: 'integer' as const }, nullable: true }]
  const reader = connector.open({ fields }, new Map([['rows-per-second', 100]]), {
    projection: [0],
    bad: () => {},
  })
  let rows = 0
  while (rows < 200) rows += (await reader.read(4096))!.rows
  expect(clock.monotonicMillis()).toBeGreaterThanOrEqual(2000)
  expect(clock.monotonicMillis()).toBeLessThan(2200)
})

test.each([
  ['a INT', "'fields.b.min' = 1", "unknown option 'fields.b.min'"],
  ['a INT', "'fields.a.min' = 'x'", "option 'fields.a.min' cannot be 'x'"],
  ['a INT', "'fields.a.kind' = 'normal'", "option 'fields.a.kind' cannot be 'normal'"],
  ['a ROW<b INT>', "'number-of-rows' = 1", 'not supported yet: made-up values of STRUCT'],
])('%s WITH (%s) is refused', async (definition, option, message) => {
  await using db = await open(':memory:')
  await expect(
    db.execute(`CREATE TABLE d (${definition}) WITH ('connector' = 'datagen', ${option})`),
  ).rejects.toThrow(message)
})
