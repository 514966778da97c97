/** Filesystem and blackhole: options, formats, sinks and failures of the world. */
import { expect, test } from 'vitest'
import { QueryMistake } from '../../src/base/index.ts'
import { type BlackholeWriter, builtinConnectors } from '../../src/connect/index.ts'
import { MemoryDisk, readAll, schemaOf } from './memory-disk.ts'

const schema = schemaOf({ id: 'integer', mag: 'double' })
const connector = builtinConnectors(new MemoryDisk()).get('filesystem')!

function checked(options: Record<string, string | number | boolean>): {
  message: string
  hint?: string
} {
  try {
    connector.check(new Map(Object.entries(options)), schema)
    return { message: 'fine' }
  } catch (fault) {
    if (!(fault instanceof QueryMistake)) throw fault
    const { message, hint } = fault.diagnostics[0]!
    return hint === undefined ? { message } : { message, hint }
  }
}

test.each([
  [{ path: 'f.csv' }],
  [{ path: 'f', format: 'CSV', connector: 'filesystem' }],
  [{ path: 'f.csv', 'csv.header': true, 'csv.ignore-parse-errors': 'TRUE' }],
  [{ path: 'f.json', 'json.path.mag': '$.properties.mag', 'json.root': '$' }],
  [{ path: 'f.parquet', 'source.monitor-interval': '1s', 'table.exec.mini-batch.enabled': true }],
  [{ path: 'f.csv', 'sink.rolling-policy.check-interval': '1min', force_append_only: 'true' }],
])('options that work: %j', (options) => {
  expect(checked(options as Record<string, string>)).toEqual({ message: 'fine' })
})

test.each([
  [{}, `option 'path' is missing`, /for example/],
  [{ path: 'f' }, `option 'format' is missing`, /formats are 'csv'/],
  [{ path: 'f.csv', format: 'jsom' }, `option 'format' cannot be 'jsom'`, /did you mean 'json'/],
  [{ path: 'f.csv', pth: 'x' }, `unknown option 'pth'`, /did you mean 'path'\?/],
  [{ path: 'f.csv', 'csv.heder': 'x' }, `unknown option 'csv.heder'`, /'csv.header'/],
  [{ path: 'f.csv', 'json.root': '$' }, `unknown option 'json.root'`, /options are 'path'/],
  [{ path: 'f.csv', 'csv.header': 'yes' }, `option 'csv.header' cannot be 'yes'`, /'auto'/],
  [{ path: 'f.csv', 'csv.field-delimiter': '||' }, /csv.field-delimiter/, /one ASCII character/],
  [{ path: 'f.csv', 'csv.quote-character': 'é' }, /csv.quote-character/, /one ASCII/],
  [{ path: 'f.csv', 'csv.escape-character': '\\' }, /not supported yet/, /doubled/],
  [{ path: 'f.json', 'json.path.magg': '$.x' }, /names no column/, /did you mean 'mag'/],
  [
    { path: 'f.json', 'json.root': '$..x' },
    `option 'json.root' is not a path: '$..x'`,
    /for example/,
  ],
  [{ path: 'f.json', 'json.root': '$.x[' }, /is not a path/, /for example/],
  [{ path: 'f.json', 'json.timestamp': 'milis' }, /json.timestamp/, /did you mean 'millis'/],
])('mistake: %j', (options, message, hint) => {
  const found = checked(options as Record<string, string>)
  if (typeof message === 'string') expect(found.message).toBe(message)
  else expect(found.message).toMatch(message)
  expect(found.hint).toMatch(hint)
})

test('a file that is not there is a failure, whatever its format', async () => {
  for (const path of ['f.csv', 'f.json', 'f.parquet', 'f.arrow']) {
    await expect(readAll(new MemoryDisk(), path, { schema })).rejects.toMatchObject({
      code: 'file',
    })
  }
})

test('paths may begin with file://', async () => {
  const disk = new MemoryDisk().put('/data/f.csv', '1,2\n')
  expect((await readAll(disk, 'file:///data/f.csv', { schema })).rows).toEqual([[1, 2]])
})

test('a sink buffers, then writes all on close', () => {
  const disk = new MemoryDisk()
  const files = builtinConnectors(disk).get('filesystem')!
  const writer = files.create(schema, new Map([['path', 'o.csv']]))
  const rows = Array.from({ length: 50_000 }, (_, row) => [row, row / 4])
  writer.write(rows, rows.map(() => '+I' as const)) // biome-ignore format: short
  writer.close()
  writer.close()
  expect(disk.readText('o.csv').split('\n').length).toBe(50_001)
  expect(disk.opened).toBe(0)
})

test('progress counts the bytes read', () => {
  const disk = new MemoryDisk().put('f.csv', '1,2\n'.repeat(1000))
  const files = builtinConnectors(disk).get('filesystem')!
  const reader = files.open(schema, new Map([['path', 'f.csv']]), {
    projection: [0],
    bad: () => {},
  })
  reader.read(500)
  expect(reader.progress()).toEqual({ bytes: 2000, bytesTotal: 4000 })
  reader.close()
  expect(reader.read(1)).toBeNull()
  expect(disk.opened).toBe(0)
})

test('blackhole takes every kind of change and counts it; it cannot be read', () => {
  const blackhole = builtinConnectors(new MemoryDisk()).get('blackhole')!
  expect([blackhole.sink, blackhole.source]).toEqual(['changes', false])
  blackhole.check(new Map([['connector', 'blackhole']]), schema)
  expect(() => blackhole.check(new Map([['path', 'x']]), schema)).toThrow(`unknown option 'path'`)
  const writer = blackhole.create(schema, new Map()) as BlackholeWriter
  writer.write([[1, 2], [1, 2]], ['+I', '-D']) // biome-ignore format: short
  writer.close()
  expect(writer.count).toBe(2)
  const reader = { projection: [0], bad: () => {} }
  expect(() => blackhole.open(schema, new Map(), reader)).toThrow(QueryMistake)
})
