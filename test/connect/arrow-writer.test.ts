/** Arrow writer: our reader and apache-arrow read what it writes, as a file, a stream and parts of a directory. */
import * as arrow from 'apache-arrow'
import { expect, test } from 'vitest'
import { builtinConnectors } from '../../src/connect/index.ts'
import { batchOf, periodValue, type Row, type Schema } from '../../src/data/index.ts'
import { inferred, MemoryDisk, readAll, schemaOf } from './memory-disk.ts'

const schema: Schema = schemaOf({
  'id!': 'bigint',
  tiny: 'tinyint',
  n: 'integer',
  real: 'real',
  x: 'double',
  ok: 'boolean',
  name: 'varchar',
  bytes: 'varbinary',
  day: 'date',
  at: { kind: 'timestamp', precision: 6 },
  time: { kind: 'time', precision: 6 },
  price: { kind: 'decimal', precision: 10, scale: 2 },
  wide: { kind: 'decimal', precision: 38, scale: 0 },
  took: 'interval',
  months: 'months',
  period: 'period',
})

const rows: Row[] = Array.from({ length: 66_001 }, (_, id): Row =>
  id % 5 === 3
    ? [BigInt(id), ...Array.from({ length: 15 }, () => null)]
    : [
        BigInt(id) - 66_000n, (id % 250) - 125, id * 7919, id / 4, id / 7, id % 3 === 0, `näme-${id % 99}`, `\xff${id}`,
        id % 40_000, BigInt(id) * 1_234_567n, BigInt(id), BigInt(id * 31 - 1_000_000), BigInt(id) * 10n ** 30n,
        BigInt(id) * 1000n, BigInt(id % 30),
        periodValue({ months: BigInt(id % 30) - 9n, micros: BigInt(id) * -7_919_001n })!,
      ],
) // biome-ignore format: a row

function write(
  disk: MemoryDisk,
  path: string,
  all: readonly Row[],
  options = {},
  given = schema,
): void {
  const connector = builtinConnectors(disk).get('filesystem')!
  const named = new Map<string, string>([['path', path], ...Object.entries<string>(options)])
  connector.check(named, given)
  const writer = connector.create(given, named)
  writer.write(all, all.map(() => '+I' as const)) // biome-ignore format: short
  writer.close()
}

test.each(['f.arrow', 'f.arrows', 'f.feather'])('%s comes back', async (path) => {
  const disk = new MemoryDisk()
  write(disk, path, rows)
  expect(disk.opened).toBe(0)
  const bytes = disk.files.get(path)!
  const isFile = Buffer.from(bytes.subarray(0, 6)).toString() === 'ARROW1'
  expect(isFile).toBe(path !== 'f.arrows')
  const { rows: found, bad } = await readAll(disk, path, { schema, rowsMax: 8192 })
  expect(bad).toEqual([])
  expect(found.length).toBe(rows.length)
  const differs = rows.findIndex((row, at) =>
    row.some((value, column) => value !== found[at]![column]),
  )
  expect(differs < 0 ? null : [rows[differs], found[differs]]).toBeNull()
  const table = arrow.tableFromIPC(bytes)
  expect([table.numRows, table.batches.length]).toEqual([rows.length, 2])
  const [last, second] = [table.get(66_000)!, table.get(3)!]
  expect([last['id'], last['name'], last['ok'], last['x']]).toEqual([
    0n,
    'näme-66',
    true,
    66_000 / 7,
  ])
  expect([second['id'], second['name']]).toEqual([3n, null])
})

test('columns are written as they come, small batches together', async () => {
  const disk = new MemoryDisk()
  const connector = builtinConnectors(disk).get('filesystem')!
  const writer = connector.create(schema, new Map([['path', 'f.arrow']]))
  let from = 0
  for (const count of [10, 5000, 20, 30, 6000]) {
    writer.writeBatch!(batchOf(schema, rows.slice(from, from + count)), null)
    from += count
  }
  writer.close()
  expect((await readAll(disk, 'f.arrow', { schema })).rows).toEqual(rows.slice(0, from))
  expect(arrow.tableFromIPC(disk.files.get('f.arrow')!).batches.map((batch) => batch.numRows)).toEqual([
    10, 5000, 50, 6000,
  ]) // biome-ignore format: a list
})

test('no rows make a file of columns, and a form can be asked for', async () => {
  const disk = new MemoryDisk()
  write(disk, 'e.arrow', [])
  expect(inferred(disk, 'e.arrow')?.fields.length).toBe(16)
  expect((await readAll(disk, 'e.arrow')).rows).toEqual([])
  expect(arrow.tableFromIPC(disk.files.get('e.arrow')!).numRows).toBe(0)
  write(disk, 's.arrow', rows.slice(0, 2), { 'arrow.form': 'stream' })
  expect((await readAll(disk, 's.arrow', { schema })).rows).toEqual(rows.slice(0, 2))
  expect(() => write(disk, 's.arrow', [], { 'arrow.form': 'row' })).toThrow(
    "option 'arrow.form' cannot be 'row'",
  )
})

test.each(['arrow', 'parquet'])('partitions of %s are directories', async (format) => {
  const disk = new MemoryDisk()
  const given = { fields: schema.fields.slice(0, 13) }
  const some = rows.slice(0, 200).flatMap((row) => (row[5] === null ? [] : [row.slice(0, 13)]))
  const options = { format, 'partition.columns': 'ok' }
  write(disk, 'd/', some, options, given)
  expect([...disk.files.keys()].sort()).toEqual([
    `d/ok=false/part-00000.${format}`,
    `d/ok=true/part-00000.${format}`,
  ])
  const found = await readAll(disk, 'd', { schema: given, options })
  const byId = (a: Row, b: Row) => Number((a[0] as bigint) - (b[0] as bigint))
  expect(found.rows.sort(byId)).toEqual(some.toSorted(byId))
})
