/** Parquet writer: what it writes is what our reader and DuckDB read. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { systemDisk } from '../../src/base/index.ts'
import { builtinConnectors } from '../../src/connect/index.ts'
import type { Row, Schema } from '../../src/data/index.ts'
import { isFull, sized } from '../size.ts'
import { duckdb } from './duckdb.ts'
import { inferred, readAll, schemaOf } from './memory-disk.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-parquet-'))
afterAll(() => rmSync(folder, { recursive: true }))

const schema: Schema = schemaOf({
  'id!': 'bigint',
  small: 'smallint',
  n: 'integer',
  x: 'double',
  ok: 'boolean',
  name: 'varchar',
  day: 'date',
  at: { kind: 'timestamp', precision: 6 },
  price: { kind: 'decimal', precision: 10, scale: 2 },
})

const rows: Row[] = Array.from({ length: sized(40_001, 150_001) }, (_, id): Row =>
  id % 5 === 3
    ? [BigInt(id), null, null, null, null, null, null, null, null]
    : [
        BigInt(id) - 70_000n, (id % 60_000) - 30_000, id * 7919 - 2 ** 29, id / 7, id % 3 === 0, `näme-${id % 99}`,
        id % 40_000, BigInt(id) * 1_234_567_891n, BigInt(id * 31 - 1_000_000),
      ],
) // biome-ignore format: a row

function write(
  path: string,
  given: Schema,
  all: readonly Row[],
  options: Record<string, string> = {},
): void {
  const connector = builtinConnectors(systemDisk).get('filesystem')!
  const writer = connector.create(given, new Map([['path', path], ...Object.entries(options)]))
  for (let from = 0; from < all.length; from += 10_000) {
    const part = all.slice(from, from + 10_000)
    writer.write(part, part.map(() => '+I' as const)) // biome-ignore format: short
  }
  writer.close()
}

test.each(['zstd', 'gzip', 'uncompressed'])(
  'rows of every type come back, packed by %s',
  async (codec) => {
    const path = join(folder, `${codec}.parquet`)
    write(path, schema, rows, { 'parquet.compression': codec })
    const found = await readAll(systemDisk, path, { schema })
    expect(found.bad).toEqual([])
    expect(found.rows.length).toBe(rows.length)
    const differs = rows.findIndex((row, at) =>
      row.some((value, column) => value !== found.rows[at]![column]),
    )
    expect(differs < 0 ? null : [rows[differs], found.rows[differs]]).toBeNull()
    const [[count, sum, x, names, ok, day, at, price] = []] = await duckdb(
      `SELECT count(*), sum(id), sum(x), count(DISTINCT name), count(*) FILTER (ok), max(day), max("at"), sum(price)
     FROM '${path}'`,
    )
    const present = rows.filter((row) => row[2] !== null)
    expect([count, sum, names, ok]).toEqual([
    String(rows.length), String(rows.reduce((total, row) => total + (row[0] as bigint), 0n)), '99',
    String(present.filter((row) => row[4] === true).length),
  ]) // biome-ignore format: a row
    expect(Number(x)).toBeCloseTo(
      present.reduce((total, row) => total + (row[3] as number), 0),
      0,
    )
    expect(day).toBe('2079-07-07')
    expect(at).toBe(isFull ? '1975-11-14 08:19:43.65' : '1971-07-26 13:25:15.64')
    expect(price).toBe(
      (Number(present.reduce((total, row) => total + (row[8] as bigint), 0n)) / 100).toFixed(2),
    )
  },
)

test('types of 38 digits, times and zones are told', async () => {
  const path = join(folder, 'types.parquet')
  const types = schemaOf({
    wide: { kind: 'decimal', precision: 38, scale: 3 },
    time: { kind: 'time', precision: 6 },
    zoned: { kind: 'timestamp', precision: 6, zoned: true },
    real: 'real',
    tiny: 'tinyint',
    json: 'json',
    bytes: 'varbinary',
  })
  const wide = 12_345_678_901_234_567_890_123_456_789_012_345_678n
  write(path, types, [
    [-wide, 3_600_000_000n, 1_000_000n, 0.5, -7, '{"a":1}', '\0\xff'],
    [null, null, null, null, null, null, null],
  ])
  const found = await readAll(systemDisk, path, { schema: types, projection: [0, 2, 3, 4, 5, 6] })
  expect(found.rows[0]).toEqual([-wide, 1_000_000n, 0.5, -7, '{"a":1}', '\0\xff'])
  const described = await duckdb(`SELECT column_type FROM (DESCRIBE SELECT * FROM '${path}')`)
  expect(described.flat()).toEqual([
    'DECIMAL(38,3)', 'TIME', 'TIMESTAMP WITH TIME ZONE', 'FLOAT', 'TINYINT', 'VARCHAR', 'BLOB',
  ]) // biome-ignore format: a row
  const [row] = await duckdb(`SELECT wide, time, epoch(zoned), real, tiny, json FROM '${path}'`)
  expect(row).toEqual([
    '-12345678901234567890123456789012345.678',
    '01:00:00',
    1,
    0.5,
    -7,
    '{"a":1}',
  ])
})

test('no rows make a file without rows', async () => {
  const path = join(folder, 'empty.parquet')
  write(path, schema, [])
  expect(inferred(systemDisk, path)?.fields.map(({ name }) => name)).toEqual(
    schema.fields.map(({ name }) => name),
  )
  expect(await duckdb(`SELECT count(*) FROM '${path}'`)).toEqual([['0']])
})

test('a type that has no place there is a mistake, and no file is made', () => {
  const path = join(folder, 'refused.parquet')
  expect(() => write(path, schemaOf({ i: 'interval' }), [])).toThrow(
    /column i of type INTERVAL DAY TO SECOND in a parquet file/,
  )
  expect(systemDisk.names(folder).some((name) => name.includes('refused'))).toBe(false)
})
