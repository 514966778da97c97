/** Js: rows of the host program, synchronous and asynchronous. */
import { expect, test } from 'vitest'
import { builtinConnectors, type JsSource } from '../../src/connect/index.ts'
import { type BadRow, type Row, rowsOf } from '../../src/data/index.ts'
import { MemoryDisk, schemaOf } from './memory-disk.ts'

const schema = schemaOf({
  'id!': 'bigint',
  name: 'varchar',
  at: { kind: 'timestamp', precision: 3 },
})

async function read(source: JsSource, { rowsMax = 10, projection = [0, 1, 2] } = {}) {
  const connector = builtinConnectors(new MemoryDisk(), new Map([['s', source]])).get('js')!
  const options = new Map([['source', 's']])
  connector.check(options, schema)
  const bad: BadRow[] = []
  const reader = connector.open(schema, options, { projection, bad: (row) => bad.push(row) })
  const rows: Row[] = []
  for (;;) {
    const batch = await reader.read(rowsMax)
    if (batch === null) break
    expect(batch.rows).toBeLessThanOrEqual(rowsMax)
    rows.push(...rowsOf(batch))
  }
  reader.close()
  return { rows, bad }
}

const given = [
  { id: 1, name: 'a', at: new Date(1500) },
  { ID: 2n, Name: 'b', at: '1970-01-01 00:00:02.5' },
  [3, null, 7],
  { id: '4', at: -1n },
]
const expected: Row[] = [
  [1n, 'a', 1_500_000n],
  [2n, 'b', 2_500_000n],
  [3n, null, 7000n],
  [4n, null, -1000n],
]

test('objects and arrays, from an array, an iterator and an async iterator', async () => {
  async function* later() {
    for (const row of given) {
      await new Promise((resolve) => setTimeout(resolve, 1))
      yield row
    }
  }
  async function* soon() {
    yield* given
  }
  for (const rowsMax of [1, 3, 10]) {
    expect((await read(given, { rowsMax })).rows).toEqual(expected)
    expect((await read(new Set(given), { rowsMax })).rows).toEqual(expected)
    expect((await read(later(), { rowsMax })).rows).toEqual(expected)
    expect((await read({ rows: soon(), bounded: true }, { rowsMax })).rows).toEqual(expected)
  }
  expect((await read(given, { projection: [1] })).rows).toEqual(expected.map((row) => [row[1]!]))
})

test('a trickle is not held back until a batch is full', async () => {
  let give: (row: { id: number }) => void = () => {}
  async function* trickle() {
    yield { id: 1 }
    yield await new Promise<{ id: number }>((resolve) => {
      give = resolve
    })
  }
  const sources = new Map<string, JsSource>([['s', trickle()]])
  const connector = builtinConnectors(new MemoryDisk(), sources).get('js')!
  const reader = connector.open(schema, new Map([['source', 's']]), {
    projection: [0],
    bad: () => {},
  })
  expect(reader.asynchronous).toBe(true)
  expect((await reader.read(10))?.rows).toBe(1)
  const second = reader.read(10)
  give({ id: 2 })
  expect((await second)?.rows).toBe(1)
  expect(await reader.read(10)).toBeNull()
})

test('values that do not fit are bad rows', async () => {
  const bad = [
    { name: 'no id' },
    { id: 1.5 },
    { id: 'x' },
    { id: true },
    { id: 1, name: 5 },
    { id: 1, at: 'noon' },
    { id: 1, at: Number.NaN },
    { id: 1, at: new Date(Number.NaN) },
    { id: { a: 1 } },
    [1, 'a'],
    'row',
    null,
    { id: 2n ** 63n },
  ] as unknown as { id: number }[]
  const got = await read([...bad, { id: 9 }])
  expect(got.rows).toEqual([[9n, null, null]])
  expect(got.bad.map((row) => row.offset)).toEqual(bad.map((_, index) => index))
  expect(got.bad[0]!.message).toBe('column id is NULL but takes none')
  expect(got.bad[9]!.message).toBe('2 values where 3 are due')
})

test('bounded when every source is', () => {
  async function* endless() {
    yield { id: 1 }
  }
  const bounded = (sources: [string, JsSource][]) =>
    builtinConnectors(new MemoryDisk(), new Map(sources)).get('js')!.bounded
  expect(bounded([])).toBe(true)
  expect(bounded([['a', []]])).toBe(true)
  expect(bounded([['a', endless()]])).toBe(false)
  expect(bounded([['a', { rows: endless(), bounded: true }]])).toBe(true)
  expect(bounded([['a', []], ['b', new Set([{ id: 1 }])]])).toBe(false) // biome-ignore format: short
})

test('an unknown source is a mistake', () => {
  const connector = builtinConnectors(new MemoryDisk(), new Map([['orders', []]])).get('js')!
  expect(() => connector.check(new Map([['source', 'order']]), null)).toThrow(
    /registered as 'order'/,
  )
  expect(() => connector.check(new Map(), null)).toThrow(`option 'source' is missing`)
  expect(() => connector.check(new Map([['sauce', 'x']]), null)).toThrow(`unknown option 'sauce'`)
})
