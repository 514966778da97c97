/** Arrow: files and streams written by apache-arrow, compressed and not, dictionaries, NULLs, damaged files. */
import { readFileSync } from 'node:fs'
import { zstdCompressSync } from 'node:zlib'
import * as arrow from 'apache-arrow'
import { beforeAll, expect, test } from 'vitest'
import { Failure, QueryMistake } from '../../src/base/index.ts'
import type { Row } from '../../src/data/index.ts'
import { typeText } from '../../src/data/index.ts'
import { inferred, MemoryDisk, readAll, schemaOf } from './memory-disk.ts'

type Cells = Record<string, { type: arrow.DataType; values: unknown[] }>

/** A table of two record batches of three rows. */
function tableOf(cells: Cells): arrow.Table {
  const fields = Object.entries(cells).map(([name, { type }]) => new arrow.Field(name, type, true))
  const schema = new arrow.Schema(fields)
  const vectors = Object.values(cells).map(({ type, values }) =>
    arrow.vectorFromArray(values, type),
  )
  const length = vectors[0]!.length
  const struct = (from: number, to: number) =>
    arrow.makeData({
      type: new arrow.Struct(fields),
      length: to - from,
      nullCount: 0,
      children: vectors.map((vector) => vector.slice(from, to).data[0]!),
    })
  const batches = [struct(0, length)].map((data) => new arrow.RecordBatch(schema, data))
  return new arrow.Table(schema, batches)
}

const decimal = (value: bigint) => new Uint32Array(new BigInt64Array([value, value >> 63n]).buffer)

const cells: Cells = {
  k: { type: new arrow.Bool(), values: [true, false, null] },
  i8: { type: new arrow.Int8(), values: [-128, null, 127] },
  u16: { type: new arrow.Uint16(), values: [0, 65535, null] },
  i32: { type: new arrow.Int32(), values: [null, -(2 ** 31), 5] },
  u32: { type: new arrow.Uint32(), values: [2 ** 32 - 1, 0, null] },
  i64: { type: new arrow.Int64(), values: [-(2n ** 63n), null, 7n] },
  f32: { type: new arrow.Float32(), values: [0.5, -1.5, null] },
  f64: { type: new arrow.Float64(), values: [0.1, null, Number.NaN] },
  s: { type: new arrow.Utf8(), values: ['', 'é😀', null] },
  ls: { type: new arrow.LargeUtf8(), values: ['a', null, 'bc'] },
  dict: {
    type: new arrow.Dictionary(new arrow.Utf8(), new arrow.Int32()),
    values: ['x', 'y', null],
  },
  day: { type: new arrow.DateDay(), values: [new Date(0), null, new Date(-86_400_000)] },
  ts: { type: new arrow.TimestampSecond(), values: [1000, null, -1000] },
  tms: { type: new arrow.TimestampMillisecond(), values: [1, null, -1] },
  tus: { type: new arrow.TimestampMicrosecond(), values: [0.001, null, -1] },
  dec: { type: new arrow.Decimal(2, 12, 128), values: [decimal(150n), null, decimal(-1n)] },
  none: { type: new arrow.Null(), values: [null, null, null] },
}

const rows: Row[] = [
  [
    true,
    -128,
    0,
    null,
    2n ** 32n - 1n,
    -(2n ** 63n),
    0.5,
    0.1,
    '',
    'a',
    'x',
    0,
    1_000_000n,
    1000n,
    1n,
    150n,
    null,
  ],
  [
    false,
    null,
    65535,
    -(2 ** 31),
    0n,
    null,
    -1.5,
    null,
    'é😀',
    null,
    'y',
    null,
    null,
    null,
    null,
    null,
    null,
  ],
  [
    null,
    127,
    null,
    5,
    null,
    7n,
    null,
    Number.NaN,
    null,
    'bc',
    null,
    -1,
    -1_000_000n,
    -1000n,
    -1000n,
    -1n,
    null,
  ],
]

const table = tableOf(cells)

/** Greedy LZ4 with literals and matches, so that both are decoded. */
function lz4(input: Uint8Array): Uint8Array {
  const out: number[] = []
  const length = (value: number) => {
    for (; value >= 255; value -= 255) out.push(255)
    out.push(value)
  }
  const sequence = (literals: Uint8Array, distance: number, match: number) => {
    const low = distance > 0 ? Math.min(15, match - 4) : 0
    out.push((Math.min(15, literals.length) << 4) | low)
    if (literals.length >= 15) length(literals.length - 15)
    out.push(...literals)
    if (distance === 0) return
    out.push(distance & 255, distance >> 8)
    if (match - 4 >= 15) length(match - 19)
  }
  let start = 0
  for (let at = 1; at < input.length - 12; ) {
    let match = 0
    // A run of one byte is a match at distance 1 that overlaps itself.
    while (at + match < input.length - 5 && input[at + match] === input[at - 1]) match++
    if (match >= 4) {
      sequence(input.subarray(start, at), 1, match)
      start = at += match
    } else at++
  }
  sequence(input.subarray(start), 0, 0)
  const stored = Uint8Array.from(out)
  const head = [0x04, 0x22, 0x4d, 0x18, 0x40, 0x40, 0xc0]
  const size = new Uint8Array(Uint32Array.of(stored.length).buffer)
  return Uint8Array.from([...head, ...size, ...stored, 0, 0, 0, 0])
}

beforeAll(() => {
  arrow.compressionRegistry.set(arrow.CompressionType.LZ4_FRAME, { encode: lz4 })
  arrow.compressionRegistry.set(arrow.CompressionType.ZSTD, {
    encode: (bytes) => zstdCompressSync(bytes),
  })
})

function written(
  of: arrow.Table,
  format: 'file' | 'stream',
  compressionType: number | null = null,
) {
  const Writer = format === 'file' ? arrow.RecordBatchFileWriter : arrow.RecordBatchStreamWriter
  return new Writer({ compressionType }).writeAll(of).toUint8Array(true)
}

test.each([
  ['file', null],
  ['stream', null],
  ['file', arrow.CompressionType.LZ4_FRAME],
  ['stream', arrow.CompressionType.ZSTD],
] as const)('every type: %s, compression %s', async (format, compression) => {
  const disk = new MemoryDisk().put('f.arrow', written(table, format, compression))
  const schema = inferred(disk, 'f.arrow')!
  expect(schema.fields.map(({ type }) => typeText(type))).toEqual([
    ...['BOOLEAN', 'INTEGER', 'INTEGER', 'INTEGER', 'BIGINT', 'BIGINT', 'DOUBLE', 'DOUBLE'],
    ...['VARCHAR', 'VARCHAR', 'VARCHAR', 'DATE', 'TIMESTAMP(0)', 'TIMESTAMP(3)', 'TIMESTAMP'],
    ...['DECIMAL(12, 2)', 'VARCHAR'],
  ])
  for (const rowsMax of [1, 2, 100]) {
    const got = await readAll(disk, 'f.arrow', { rowsMax })
    expect(got.bad).toEqual([])
    expect(got.rows).toEqual(rows)
  }
  for (let column = 0; column < schema.fields.length; column++) {
    const { rows: some } = await readAll(disk, 'f.arrow', { projection: [column] })
    expect(some).toEqual(rows.map((row) => [row[column]!]))
  }
  expect(disk.opened).toBe(0)
})

test('LZ4 of long runs and literals', async () => {
  const texts = [
    'a'.repeat(5000),
    'b',
    Array.from({ length: 600 }, (_, at) => `${at}`).join(''),
    '',
  ]
  const long = tableOf({ s: { type: new arrow.Utf8(), values: texts } })
  const bytes = written(long, 'file', arrow.CompressionType.LZ4_FRAME)
  expect(bytes.length).toBeLessThan(5000)
  const { rows: got } = await readAll(new MemoryDisk().put('f.arrow', bytes), 'f.arrow')
  expect(got.flat()).toEqual(texts)
})

test('reads cut anywhere give the same rows', async () => {
  const disk = new MemoryDisk().put('f.arrow', written(table, 'stream'))
  for (const size of [1, 3, 8, 100, 1000]) {
    disk.readBytesMax = size
    expect((await readAll(disk, 'f.arrow')).rows).toEqual(rows)
  }
})

test('200,000 flights: the values of apache-arrow itself', async () => {
  const bytes = readFileSync('node_modules/vega-datasets/data/flights-200k.arrow')
  const { rows: got } = await readAll(new MemoryDisk().put('f.arrow', bytes), 'f.arrow', {
    rowsMax: 2048,
  })
  const whole = arrow.tableFromIPC(bytes)
  expect(got.length).toBe(whole.numRows)
  const columns = whole.schema.fields.map(({ name }) => whole.getChild(name)!)
  for (let row = 0; row < got.length; row += 997) {
    expect(got[row]).toEqual(columns.map((column) => column.get(row)))
  }
})

test('declared types and NOT NULL', async () => {
  const disk = new MemoryDisk().put('f.arrow', written(table, 'file'))
  const schema = schemaOf({
    'I64!': 'integer',
    tus: { kind: 'timestamp', precision: 0 },
    i8: 'double',
  })
  const { rows: got, bad } = await readAll(disk, 'f.arrow', { schema })
  expect(got).toEqual([[7, -1_000_000n, 127]])
  expect(bad.map(({ offset, message }) => [offset, message])).toEqual([
    [0, 'column I64: -9223372036854775808 is no INTEGER'],
    [1, 'column I64 is NULL but takes none'],
  ])
})

test('mistakes name the column and its type', async () => {
  const odd = tableOf({
    good: { type: new arrow.Int32(), values: [1] },
    odd: { type: new arrow.Float16(), values: [1] },
  })
  const disk = new MemoryDisk().put('f.arrow', written(odd, 'file'))
  expect(inferred(disk, 'f.arrow')?.fields.map(({ name }) => name)).toEqual(['good', 'odd'])
  await expect(readAll(disk, 'f.arrow')).rejects.toThrow(
    /not supported yet: column odd of type FLOAT16/,
  )
  const schema = schemaOf({ good: 'integer', odd: 'varchar' })
  await expect(readAll(disk, 'f.arrow', { schema })).rejects.toThrow(QueryMistake)
  expect((await readAll(disk, 'f.arrow', { schema, projection: [0] })).rows).toEqual([[1]])
  const wrong = schemaOf({ good: 'varchar' })
  await expect(readAll(disk, 'f.arrow', { schema: wrong })).rejects.toThrow(
    'column good is INT32 in the file and VARCHAR in the table',
  )
  expect(disk.opened).toBe(0)
})

test('damaged files are failures that name the path', async () => {
  const file = written(table, 'file')
  const stream = written(table, 'stream')
  const broken: Uint8Array[] = [
    new Uint8Array(0),
    new Uint8Array(100).fill(7),
    new TextEncoder().encode('id,name\n1,a\n'),
    new TextEncoder().encode('ARROW1'),
    file.slice(0, 20),
    file.slice(0, file.length - 1),
    file.slice(0, file.length / 2),
    stream.slice(0, 30),
    stream.slice(0, 600),
    stream.slice(0, stream.length - 100),
    stream.slice(3),
  ]
  for (const bytes of broken) {
    const disk = new MemoryDisk().put('f.arrow', bytes)
    const reading = readAll(disk, 'f.arrow')
    await expect(reading, `${bytes.length} bytes`).rejects.toMatchObject({ code: 'malformed_file' })
    await expect(reading).rejects.toThrow('f.arrow')
    expect(disk.opened).toBe(0)
  }
})

test.each(['file', 'stream'] as const)(
  'property: a byte of a %s changed anywhere gives rows, bad rows or a failure, never a bug',
  async (format) => {
    const whole = written(table, format)
    let failures = 0
    for (let step = 0; step < 400; step++) {
      const bytes = whole.slice()
      bytes[(step * 7919 + 13) % bytes.length]! ^= 1 << (step % 8)
      try {
        await readAll(new MemoryDisk().put('f.arrow', bytes), 'f.arrow')
      } catch (fault) {
        if (!(fault instanceof Failure) && !(fault instanceof QueryMistake)) throw fault
        failures++
      }
    }
    expect(failures).toBeGreaterThan(0)
  },
)
