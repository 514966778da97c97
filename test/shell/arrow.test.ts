/** Arrow output: what apache-arrow reads back from the stream. */
import * as arrow from 'apache-arrow'
import { expect, test } from 'vitest'
import type { Field, Op, Row, Type } from '../../src/data/index.ts'
import { createRenderer } from '../../src/shell/format/renderer.ts'
import { screen } from './screen.ts'

const fields: Field[] = [
  { name: 'flag', type: { kind: 'boolean' }, nullable: true },
  { name: 'small', type: { kind: 'integer' }, nullable: true },
  { name: 'id', type: { kind: 'bigint' }, nullable: true },
  { name: 'value', type: { kind: 'double' }, nullable: true },
  { name: 'price', type: { kind: 'decimal', precision: 10, scale: 2 }, nullable: true },
  { name: 'name', type: { kind: 'varchar' }, nullable: true },
  { name: 'at', type: { kind: 'timestamp', precision: 3 }, nullable: true },
  { name: 'day', type: { kind: 'date' }, nullable: true },
  { name: 'took', type: { kind: 'interval' }, nullable: true },
]
const rows: Row[] = [
  [true, -7, 9007199254740993n, 0.5, 150n, 'é', 1_000_500_000n, 20_000, 2_500n],
  [null, null, null, null, null, null, null, null, null],
  [false, 7, -1n, -0.5, -5n, '', -1_000_000n, -1, -1n],
]

async function written(
  parts: Row[][],
  ops: Op[][] | null,
  shown: Field[] = fields,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  const output = {
    ...screen(),
    write: (more: string | Uint8Array) => void chunks.push(more as Uint8Array),
  }
  const kind = ops === null ? 'rows' : 'updating'
  const renderer = createRenderer(shown, output, {
    format: 'arrow',
    kind,
    header: false,
    live: false,
  })
  for (const [at, part] of parts.entries()) await renderer.rows(part, ops?.[at] ?? null)
  await renderer.end()
  return Buffer.concat(chunks)
}

/** Values as they lie in the columns, decimals as their 128-bit integer. */
function columnValues(table: arrow.Table, name: string): unknown[] {
  const vector = table.getChild(name)!
  return Array.from({ length: table.numRows }, (_, row) => {
    const value: unknown = vector.get(row)
    return value instanceof Uint32Array
      ? BigInt.asIntN(64, new BigUint64Array(value.slice().buffer)[0]!)
      : value
  })
}

test('every type comes back, with NULLs, one record batch per call', async () => {
  const bytes = await written([rows.slice(0, 2), rows.slice(2)], null)
  const table = arrow.tableFromIPC(bytes)
  expect(table.batches.length).toBe(2)
  expect(table.schema.fields.map(({ type }) => String(type))).toEqual([
    'Bool',
    'Int32',
    'Int64',
    'Float64',
    'Decimal[10e+2]',
    'Utf8',
    'Timestamp<MICROSECOND>',
    'Date32<DAY>',
    'Duration<MICROSECOND>',
  ])
  expect(columnValues(table, 'flag')).toEqual([true, null, false])
  expect(columnValues(table, 'small')).toEqual([-7, null, 7])
  expect(columnValues(table, 'id')).toEqual([9007199254740993n, null, -1n])
  expect(columnValues(table, 'value')).toEqual([0.5, null, -0.5])
  expect(columnValues(table, 'price')).toEqual([150n, null, -5n])
  expect(columnValues(table, 'name')).toEqual(['é', null, ''])
  expect(columnValues(table, 'at')).toEqual([1_000_500, null, -1000])
  expect(columnValues(table, 'day')).toEqual([20_000 * 86_400_000, null, -86_400_000])
  expect(columnValues(table, 'took')).toEqual([2500n, null, -1n])
})

test('so do the small, the wide and the rare types', async () => {
  const types: Type[] = [
    { kind: 'tinyint' },
    { kind: 'smallint' },
    { kind: 'real' },
    { kind: 'decimal', precision: 38, scale: 2 },
    { kind: 'varbinary' },
    { kind: 'json' },
    { kind: 'time', precision: 6 },
    { kind: 'timestamp', precision: 6, zoned: true },
    { kind: 'months' },
  ]
  const rare = types.map((type, at): Field => ({ name: `c${at}`, type, nullable: true }))
  const wide = -(10n ** 37n)
  const row: Row = [-7, 300, 0.5, wide, '\0\xff', '[1]', 5n, 1_000_000n, 14n]
  const table = arrow.tableFromIPC(await written([[row, row.map(() => null)]], null, rare))
  expect(table.schema.fields.map(({ type }) => String(type))).toEqual([
    'Int8',
    'Int16',
    'Float32',
    'Decimal[38e+2]',
    'Binary',
    'Utf8',
    'Time64<MICROSECOND>',
    'Timestamp<MICROSECOND, UTC>',
    'Interval<YEAR_MONTH>',
  ])
  const values = rare.map(({ name }) => table.getChild(name)!.get(0))
  const words = new BigInt64Array((values[3] as Uint32Array).slice().buffer)
  expect((words[1]! << 64n) + BigInt.asUintN(64, words[0]!)).toBe(wide)
  expect(values.slice(0, 3)).toEqual([-7, 300, 0.5])
  expect([...(values[4] as Uint8Array)]).toEqual([0, 255])
  expect(values.slice(5, 8)).toEqual(['[1]', 5n, 1000])
  expect([...(values[8] as Int32Array)]).toEqual([1, 2])
  expect(rare.map(({ name }) => table.getChild(name)!.get(1))).toEqual(types.map(() => null))
})

test('changes carry their kind in the first column', async () => {
  const table = arrow.tableFromIPC(
    await written([[rows[0]!], [rows[0]!, rows[2]!]], [['+I'], ['-U', '+U']]),
  )
  expect(table.schema.names[0]).toBe('_op')
  expect(columnValues(table, '_op')).toEqual(['+I', '-U', '+U'])
  expect(columnValues(table, 'small')).toEqual([-7, -7, 7])
})

test('a result without rows is a whole stream', async () => {
  const table = arrow.tableFromIPC(await written([], null))
  expect(table.numRows).toBe(0)
  expect(table.schema.names).toEqual(fields.map(({ name }) => name))
})
