/** Structs in files: JSON, Parquet and Arrow have them, read and written, csv does not; lists beside and inside. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as arrow from 'apache-arrow'
import { afterAll, expect, test } from 'vitest'
import { systemDisk } from '../../src/base/index.ts'
import { builtinConnectors } from '../../src/connect/index.ts'
import {
  arrayOf,
  flatFields,
  itemOf,
  type Row,
  type Schema,
  type Type,
  typeText,
} from '../../src/data/index.ts'
import { duckdb } from './duckdb.ts'
import { inferred, MemoryDisk, readAll } from './memory-disk.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-structs-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** p STRUCT(a BIGINT, q STRUCT(b DOUBLE, c VARCHAR NOT NULL), d VARCHAR) */
const inner: Type = {
  kind: 'boolean',
  members: [
    { name: 'b', type: { kind: 'double' }, nullable: true },
    { name: 'c', type: { kind: 'varchar' }, nullable: false },
  ],
}
const outer: Type = {
  kind: 'boolean',
  members: [
    { name: 'a', type: { kind: 'bigint' }, nullable: true },
    { name: 'q', type: inner, nullable: true },
    { name: 'd', type: { kind: 'varchar' }, nullable: true },
  ],
}
const schema: Schema = {
  fields: [
    { name: 'id', type: { kind: 'integer' }, nullable: false },
    ...flatFields({ name: 'p', type: outer, nullable: true }),
    { name: 'z', type: { kind: 'integer' }, nullable: true },
  ],
}

const rows: Row[] = Array.from({ length: 3000 }, (_, id): Row => {
  if (id % 7 === 0) return [id, null, null, null, null, null, null, id]
  if (id % 7 < 3) return [id, true, BigInt(id), null, null, null, `d${id}`, null]
  const b = id % 5 === 0 ? null : id / 4
  return [id, true, id % 3 === 0 ? null : BigInt(id), true, b, `c${id % 10}`, null, -id]
})

function write(disk: MemoryDisk, path: string, given = schema, all = rows, options = {}): void {
  const connector = builtinConnectors(disk).get('filesystem')!
  const named = new Map<string, string>([['path', path], ...Object.entries<string>(options)])
  connector.check(named, given)
  const writer = connector.create(given, named)
  writer.write(all, all.map(() => '+I' as const)) // biome-ignore format: short
  writer.close()
}

test.each(['f.json', 'f.parquet', 'f.arrow', 'f.arrows'])('%s comes back', async (path) => {
  const disk = new MemoryDisk()
  write(disk, path)
  expect((await readAll(disk, path, { schema })).rows).toEqual(rows)
  const some = await readAll(disk, path, { schema, projection: [5, 7], rowsMax: 7 })
  expect(some.rows).toEqual(rows.map((row) => [row[5], row[7]]))
  const there = await readAll(disk, path, { schema, projection: [1, 3] })
  expect(there.rows).toEqual(rows.map((row) => [row[1], row[3]]))
})

test('csv has no form for them', () => {
  expect(() => write(new MemoryDisk(), 'f.csv')).toThrow('column p is a STRUCT')
})

test('directories are not made of structs', () => {
  for (const column of ['p', 'p.a']) {
    expect(() =>
      write(new MemoryDisk(), 'd/', schema, rows, {
        format: 'parquet',
        'partition.columns': column,
      }),
    ).toThrow(`names no column ${column}`)
  }
})

const plain = (_: string, value: unknown) => (typeof value === 'bigint' ? Number(value) : value)

test('DuckDB and apache-arrow read what is written', async () => {
  const path = join(folder, 'f.parquet')
  const disk = new MemoryDisk()
  write(disk, 'f.parquet')
  write(disk, 'f.arrow')
  const file = systemDisk.create(path)
  file.write(disk.files.get('f.parquet')!)
  file.close()
  const count = (keep: (row: Row) => boolean) => String(rows.filter(keep).length)
  expect(
    await duckdb(
      `SELECT count(p), count(p.q), count(p.q.b), count(p.a), count(*) FILTER (p.q.c = 'c3') FROM '${path}'`,
    ),
  ).toEqual([
    [
      count((row) => row[1] !== null), count((row) => row[3] !== null), count((row) => row[4] !== null),
      count((row) => row[2] !== null), count((row) => row[5] === 'c3'),
    ],
  ]) // biome-ignore format: a row
  const table = arrow.tableFromIPC(disk.files.get('f.arrow')!)
  expect(JSON.parse(JSON.stringify(table.get(4)!.toJSON(), plain))).toEqual({
    id: 4, p: { a: 4, q: { b: 1, c: 'c4' }, d: null }, z: -4,
  }) // biome-ignore format: a row
})

test('structs of DuckDB, lists beside and inside', async () => {
  const path = join(folder, 'duckdb.parquet')
  await duckdb(
    `COPY (SELECT i::INTEGER AS id, [i] AS l,
       CASE WHEN i % 3 > 0 THEN {'x': i, 'l': [i], 's': {'t': 'v' || i}} END AS p,
       map {'k': i} AS m FROM range(10) r(i)) TO '${path}'`,
  )
  const disk = new MemoryDisk().put('f.parquet', readFileSync(path))
  const found = inferred(disk, 'f.parquet')!
  expect(found.fields.map(({ name, type }) => `${name} ${typeText(type)}`)).toEqual([
    'id INTEGER', 'l BIGINT[]', 'p STRUCT(x BIGINT, l BIGINT[], s STRUCT(t VARCHAR))', 'p.x BIGINT',
    'p.l BIGINT[]', 'p.s STRUCT(t VARCHAR)', 'p.s.t VARCHAR', 'm MAP(VARCHAR, BIGINT)',
  ]) // biome-ignore format: a list
  const readable = await readAll(disk, 'f.parquet', { projection: [0, 2, 3, 5, 6] })
  expect(readable.rows).toEqual(
    Array.from({ length: 10 }, (_, id) =>
      id % 3 > 0 ? [id, true, BigInt(id), true, `v${id}`] : [id, null, null, null, null],
    ),
  )
  const lists = await readAll(disk, 'f.parquet', { projection: [1, 4] })
  const one = (id: number) => arrayOf([itemOf(BigInt(id), { kind: 'bigint' })])
  expect(lists.rows).toEqual(readable.rows.map((_, id) => [one(id), id % 3 > 0 ? one(id) : null]))
  await duckdb(`COPY (SELECT {'l': [1]} AS p) TO '${path}'`)
  disk.put('only.parquet', readFileSync(path))
  expect((await readAll(disk, 'only.parquet', { projection: [0] })).rows).toEqual([[true]])
})

test('a member that is missing is a mistake with a hint', async () => {
  const disk = new MemoryDisk()
  write(disk, 'f.parquet')
  write(disk, 'f.arrow')
  const type: Type = {
    kind: 'boolean',
    members: [{ name: 'aa', type: { kind: 'bigint' }, nullable: true }],
  }
  const wanted = { fields: flatFields({ name: 'P', type, nullable: true }) }
  for (const path of ['f.parquet', 'f.arrow']) {
    await expect(readAll(disk, path, { schema: wanted })).rejects.toMatchObject({
      diagnostics: [
        { code: 'unknown_name', message: `no column aa in ${path}`, hint: 'did you mean a?' },
      ],
    })
  }
})
