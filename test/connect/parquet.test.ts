/** Parquet: files written by DuckDB in many shapes, a file of three million rows, damaged files. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import fc from 'fast-check'
import { parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Failure, QueryMistake, systemDisk } from '../../src/base/index.ts'
import { isRepeated, readHybrid } from '../../src/connect/format/parquet-hybrid.ts'
import { builtinConnectors } from '../../src/connect/index.ts'
import { type Row, rowsOf, type Type, typeText } from '../../src/data/index.ts'
import { inferred, MemoryDisk, readAll, schemaOf } from './memory-disk.ts'

let folder = ''
let peer: Awaited<ReturnType<DuckDBInstance['connect']>>

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-'))
  peer = await (await DuckDBInstance.create(':memory:')).connect()
})

afterAll(() => {
  peer.closeSync()
  rmSync(folder, { recursive: true })
})

/** The bytes of a Parquet file with the rows of a query. */
async function written(query: string, options = ''): Promise<Uint8Array> {
  const path = join(folder, 'f.parquet')
  await peer.run(`COPY (${query}) TO '${path}' (FORMAT parquet ${options})`)
  return readFileSync(path)
}

const everything = `select
    i::integer as i, (i * 1000000007)::bigint as b, i::smallint as s, i::utinyint as u1, (i * 70000)::uinteger as u4,
    (i * 9000000000000)::ubigint as u8, i / 8.0::double as d, (i / 8.0)::float as f, i % 3 = 0 as k,
    'text ' || (i % 50) as v, case when i % 7 = 0 then null else 'é' || i end as n,
    (date '2024-02-28' + (i::integer)) as y, timestamp '1969-12-31 23:59:59.123456' + interval (i) millisecond as t,
    (timestamp '1969-12-31 23:59:59.123' + interval (i) millisecond)::timestamp_ms as tm,
    (timestamp '1969-12-31 23:59:59.123456' + interval (i) millisecond)::timestamp_ns as tn,
    (i / 100.0)::decimal(4, 2) as d4, (-i * 12345.678901)::decimal(18, 6) as d18, (i * 2.5)::decimal(9, 1) as d9,
    null::bigint as z
  from range(200) r(i)`

const types: Record<string, string> = {
  ...{ i: 'INTEGER', b: 'BIGINT', s: 'INTEGER', u1: 'INTEGER', u4: 'BIGINT', u8: 'BIGINT' },
  ...{ d: 'DOUBLE', f: 'DOUBLE', k: 'BOOLEAN', v: 'VARCHAR', n: 'VARCHAR', y: 'DATE' },
  ...{ t: 'TIMESTAMP', tm: 'TIMESTAMP(3)', tn: 'TIMESTAMP' },
  ...{ d4: 'DECIMAL(4, 2)', d18: 'DECIMAL(18, 6)', d9: 'DECIMAL(9, 1)', z: 'BIGINT' },
}

/** The row that `everything` gives for i. */
function rowOf(i: number): Row {
  const big = BigInt(i)
  const micros = -876_544n + big * 1000n
  return [
    ...[
      i,
      big * 1_000_000_007n,
      i,
      i,
      big * 70_000n,
      big * 9_000_000_000_000n,
      i / 8,
      i / 8,
      i % 3 === 0,
    ],
    ...[`text ${i % 50}`, i % 7 === 0 ? null : `é${i}`, 19_781 + i],
    ...[micros, -877_000n + big * 1000n, micros],
    ...[big, big * -12_345_678_901n, big * 25n, null],
  ]
}

test.each([
  [''],
  [', COMPRESSION uncompressed'],
  [', COMPRESSION zstd'],
  [', COMPRESSION gzip'],
  [', COMPRESSION brotli'],
  [', COMPRESSION lz4_raw'],
  [', PARQUET_VERSION v2'],
  [', ROW_GROUP_SIZE 64, DICTIONARY_SIZE_LIMIT 1'],
])('every type, as DuckDB writes it%s', async (options) => {
  const disk = new MemoryDisk().put('f.parquet', await written(everything, options))
  const schema = inferred(disk, 'f.parquet')!
  expect(Object.fromEntries(schema.fields.map(({ name, type }) => [name, typeText(type)]))).toEqual(
    types,
  )
  for (const rowsMax of [1, 13, 64, 5000]) {
    const { rows, bad, batches } = await readAll(disk, 'f.parquet', { rowsMax })
    expect(bad).toEqual([])
    expect(rows).toEqual(Array.from({ length: 200 }, (_, i) => rowOf(i)))
    expect(Math.max(...batches)).toBeLessThanOrEqual(rowsMax)
  }
  expect(disk.opened).toBe(0)
})

test('a projection gives the columns of the full read', async () => {
  const disk = new MemoryDisk().put('f.parquet', await written(everything))
  const full = await readAll(disk, 'f.parquet')
  for (const projection of [[0], [9, 10], [8, 17], []]) {
    const { rows } = await readAll(disk, 'f.parquet', { projection })
    expect(rows).toEqual(full.rows.map((row) => projection.map((index) => row[index]!)))
  }
})

test('columns are found by name, case aside, and become the declared types', async () => {
  const query = `select 1::smallint as "A", 2.345::decimal(6, 3) as b, date '1970-01-02' as c,
    timestamp '1970-01-01 00:00:00.987654' as d, 7::integer as e, [1] as list`
  const disk = new MemoryDisk().put('f.parquet', await written(query))
  const schema = schemaOf({
    d: { kind: 'timestamp', precision: 3 },
    a: 'double',
    B: { kind: 'decimal', precision: 4, scale: 2 },
    c: { kind: 'timestamp', precision: 6 },
    e: { kind: 'decimal', precision: 5, scale: 1 },
  })
  const { rows } = await readAll(disk, 'f.parquet', { schema })
  expect(rows).toEqual([[987_000n, 1, 235n, 86_400_000_000n, 70n]])
})

test('values out of range and NULL where none may be are bad rows', async () => {
  const query = `select * from (values
    (1, 1::bigint, 99.5::decimal(5, 2)), (2, 3000000000, 1), (3, 5, 999.99), (4, null, 3)) t(a, b, c)`
  const disk = new MemoryDisk().put('f.parquet', await written(query))
  const schema = schemaOf({
    a: 'integer',
    'b!': 'integer',
    c: { kind: 'decimal', precision: 3, scale: 1 },
  })
  const { rows, bad } = await readAll(disk, 'f.parquet', { schema, rowsMax: 3 })
  expect(rows).toEqual([[1, 1, 995n]])
  expect(bad.map(({ offset, message }) => [offset, message])).toEqual([
    [1, 'column b: 3000000000 is no INTEGER'],
    [2, 'column c: 99999 is no DECIMAL(3, 1)'],
    [3, 'column b is NULL but takes none'],
  ])
})

test('UBIGINT beyond BIGINT is a bad row', async () => {
  const query = 'select 18446744073709551615::ubigint as u union all select 5::ubigint'
  const disk = new MemoryDisk().put('f.parquet', await written(query))
  const { rows, bad } = await readAll(disk, 'f.parquet')
  expect([rows.length, bad.length]).toEqual([1, 1])
})

const refused: [string, string, Type['kind'] | Type, RegExp][] = [
  ['a list', 'select [1, 2] as c', 'varchar', /column c is INTEGER\[\] in the file and VARCHAR/],
  [
    'a struct',
    "select {'x': 1} as c",
    'varchar',
    /column c is STRUCT\(x INTEGER\) in the file and VARCHAR/,
  ],
  ['a struct of a list', "select {'x': [1]} as c", 'varchar', /column c is STRUCT/],
  [
    'a map',
    "select map {'x': 1} as c",
    'varchar',
    /column c is MAP\(VARCHAR, INTEGER\) in the file/,
  ],
  ['a wide decimal', 'select 1::decimal(30, 2) as c', 'varchar', /column c .*DECIMAL\(30, 2\)/],
  ['a time', "select time '10:00' as c", 'varchar', /column c is TIME in the file and VARCHAR/],
  ['bytes', "select 'x'::blob as c", 'varchar', /column c is VARBINARY in the file and VARCHAR/],
  [
    'a text for a number',
    "select 'x' as c",
    'bigint',
    /column c is VARCHAR in the file and BIGINT/,
  ],
  ['a number for a text', 'select 1 as c', 'varchar', /column c is INT32 in the file and VARCHAR/],
]

test.each(refused)('mistake: %s', async (_, query, type, message) => {
  const file = await written(`select 1 as good, * from (${query})`)
  const disk = new MemoryDisk().put('f.parquet', file)
  const schema = schemaOf({ good: 'integer', c: type })
  await expect(readAll(disk, 'f.parquet', { schema })).rejects.toThrow(message)
  await expect(readAll(disk, 'f.parquet', { schema })).rejects.toThrow(QueryMistake)
  expect(disk.opened).toBe(0)
  // It does not matter while nobody asks for it.
  expect((await readAll(disk, 'f.parquet', { schema, projection: [0] })).rows).toEqual([[1]])
})

test('mistake: a column that the file does not have', async () => {
  const disk = new MemoryDisk().put('f.parquet', await written('select 1 as price'))
  const schema = schemaOf({ prize: 'integer' })
  await expect(readAll(disk, 'f.parquet', { schema })).rejects.toMatchObject({
    diagnostics: [{ code: 'unknown_name', hint: 'did you mean price?' }],
  })
})

test('wide decimals, bytes and times have types of their own; a REAL is read when it is declared', async () => {
  const disk = new MemoryDisk().put(
    'f.parquet',
    await written(`select 12345678901234567890123456.78::decimal(38, 2) as w, '\\x00\\xFF'::blob as b,
      time '10:20:30.5' as t, 0.1::float as r, 'abcd' as v, 7 as n
      union all select -0.01, ''::blob, time '00:00:00', 2.5, 'ab', 300`),
  )
  const { rows } = await readAll(disk, 'f.parquet', { projection: [0, 1, 2] })
  expect(rows).toEqual([
    [1234567890123456789012345678n, '\x00\xff', 37_230_500_000n],
    [-1n, '', 0n],
  ])
  const schema = schemaOf({ r: 'real', v: { kind: 'varchar', length: 3 }, n: 'tinyint' })
  const narrow = await readAll(disk, 'f.parquet', { schema })
  expect([narrow.rows, narrow.bad.length]).toEqual([[], 2])
  const reals = await readAll(disk, 'f.parquet', { schema, projection: [0] })
  expect(reals.rows).toEqual([[Math.fround(0.1)], [2.5]])
})

test('a file without rows', async () => {
  const disk = new MemoryDisk().put('f.parquet', await written(`${everything} where false`))
  expect(await readAll(disk, 'f.parquet')).toEqual({ rows: [], bad: [], batches: [] })
})

test('damaged files are failures that name the path', async () => {
  const whole = await written(everything, ', ROW_GROUP_SIZE 64')
  const broken: Uint8Array[] = [
    new Uint8Array(0),
    new Uint8Array(20),
    whole.slice(0, 4),
    whole.slice(0, whole.length - 1),
    whole.slice(0, whole.length / 2),
    whole.slice(100),
    new TextEncoder().encode('id,name\n1,a\n'),
  ]
  for (const bytes of broken) {
    const disk = new MemoryDisk().put('f.parquet', bytes)
    const reading = readAll(disk, 'f.parquet')
    await expect(reading).rejects.toMatchObject({ code: 'malformed_file' })
    await expect(reading).rejects.toThrow('f.parquet')
    expect(disk.opened).toBe(0)
  }
})

test('property: a byte changed anywhere gives rows, bad rows or a failure, never a bug', async () => {
  const whole = await written(everything, ', ROW_GROUP_SIZE 64, COMPRESSION uncompressed')
  let failures = 0
  for (let step = 0; step < 400; step++) {
    const bytes = whole.slice()
    bytes[(step * 7919 + 13) % bytes.length]! ^= 1 << (step % 8)
    try {
      await readAll(new MemoryDisk().put('f.parquet', bytes), 'f.parquet')
    } catch (fault) {
      if (!(fault instanceof Failure) && !(fault instanceof QueryMistake)) throw fault
      failures++
    }
  }
  expect(failures).toBeGreaterThan(0)
})

test('three million flights: the values of hyparquet itself, in bounded batches', async () => {
  const path = 'node_modules/vega-datasets/data/flights-3m.parquet'
  const connector = builtinConnectors(systemDisk).get('filesystem')!
  const options = new Map([['path', path]])
  const schema = connector.infer(options)!
  const reader = connector.open(schema, options, { projection: [0, 1, 2, 3, 4], bad: () => {} })
  let rows = 0
  let delays = 0n
  let sample: Row[] = []
  for (;;) {
    const batch = await reader.read(8192)
    if (batch === null) break
    const delay = batch.columns[1]!.data
    if (delay.layout === 'i64')
      for (const value of delay.values.subarray(0, batch.rows)) delays += value
    // Across the border of the first row group, which has 272,727 rows.
    if (rows < 273_000 && rows + batch.rows > 272_000) sample = sample.concat(rowsOf(batch))
    rows += batch.rows
  }
  expect(rows).toBe(3_000_000)
  const from = Math.floor(272_001 / 8192) * 8192
  const expected = await parquetReadObjects({
    file: readFileSync(path).buffer as ArrayBuffer,
    compressors,
    rowStart: from,
    rowEnd: from + sample.length,
    parsers: { timestampFromMicroseconds: (micros) => micros },
  })
  expect(sample).toEqual(
    expected.map((row) => [
      row['date'],
      row['delay'],
      row['distance'],
      row['origin'],
      row['destination'],
    ]),
  )
  const answer = await peer.runAndReadAll(`select sum(delay)::bigint from '${path}'`)
  expect(delays).toBe(answer.getRows()[0]![0])
})

/** Runs of values of `width` bits, as writers put them. */
function packed(runs: readonly { values: number[]; repeat: number }[], width: number): Uint8Array {
  const bytes: number[] = []
  const header = (value: number) => {
    for (let rest = value; ; rest >>>= 7) {
      bytes.push(rest < 128 ? rest : (rest & 127) | 128)
      if (rest < 128) return
    }
  }
  for (const { values, repeat } of runs) {
    if (repeat > 0) {
      header(repeat << 1)
      for (let shift = 0; shift < width; shift += 8) bytes.push((values[0]! >>> shift) & 255)
      continue
    }
    const groups = Math.ceil(values.length / 8)
    header((groups << 1) | 1)
    const part = new Uint8Array(groups * width)
    values.forEach((value, index) => {
      for (let bit = 0; bit < width; bit++) {
        const at = index * width + bit
        part[at >> 3]! |= ((value >>> bit) & 1) << (at & 7)
      }
    })
    bytes.push(...part)
  }
  return Uint8Array.from(bytes)
}

test('property: packed integers are read as they were written; cut off, they are refused', () => {
  const widths = fc.constantFrom(1, 2, 3, 7, 8, 9, 15, 20, 24, 25, 26, 31)
  const run = fc.record({
    values: fc.array(fc.nat(2 ** 31 - 1), { minLength: 1, maxLength: 40 }),
    repeat: fc.constantFrom(0, 0, 1, 3, 100, 1000),
  })
  const check = (width: number, given: { values: number[]; repeat: number }[], cut: number) => {
    const runs = given.map(({ values, repeat }) => {
      const narrow = values.map((value) => value & (2 ** width - 1))
      // Only the last group may have fewer than eight values.
      while (narrow.length % 8 > 0) narrow.push(0)
      return { values: narrow, repeat }
    })
    const expected = runs.flatMap(({ values, repeat }) =>
      repeat > 0 ? new Array<number>(repeat).fill(values[0]!) : values,
    )
    const bytes = packed(runs, width)
    const count = expected.length - (cut % 8)
    if (count < 1) return
    expect([...readHybrid(bytes, width, count)]).toEqual(expected.slice(0, count))
    expect(() => readHybrid(bytes, width, expected.length + 1)).toThrow('cut off')
    if (width === 1 && isRepeated(bytes, 1, count, 1)) {
      expect(expected.slice(0, count).every((value) => value === 1)).toBe(true)
    }
  }
  const runs = fc.array(run, { minLength: 1, maxLength: 6 })
  fc.assert(fc.property(widths, runs, fc.nat(), check), { numRuns: 500 })
  expect([...readHybrid(new Uint8Array(0), 0, 3)]).toEqual([0, 0, 0])
  expect(() => readHybrid(new Uint8Array(9).fill(255), 8, 3)).toThrow('cut off')
})
