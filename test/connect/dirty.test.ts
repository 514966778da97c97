/** Dirty files: cut, damaged and odd ones give rows, rows of errors or a failure that names them; never other rows. */
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { Failure, QueryMistake } from '../../src/base/index.ts'
import { builtinConnectors } from '../../src/connect/index.ts'
import type { Row } from '../../src/data/index.ts'
import { inferred, MemoryDisk, readAll, schemaOf } from './memory-disk.ts'

const schema = schemaOf({ id: 'integer', name: 'varchar' })
const rows: Row[] = Array.from({ length: 3000 }, (_, id) => [id, `name-${(id * 7919) % 1000}`])

function written(path: string, options: Record<string, string> = {}): Uint8Array {
  const disk = new MemoryDisk()
  const connector = builtinConnectors(disk).get('filesystem')!
  const writer = connector.create(schema, new Map([['path', path], ...Object.entries(options)]))
  writer.write(rows, rows.map(() => '+I' as const)) // biome-ignore format: short
  writer.close()
  return disk.files.get(path)!
}

/** The rows, or what stopped them; whatever it is, no file stays open. */
async function outcome(path: string, bytes: Uint8Array | string) {
  const disk = new MemoryDisk().put(path, bytes)
  try {
    return await readAll(disk, path, { schema })
  } catch (fault) {
    expect(fault instanceof Failure || fault instanceof QueryMistake, String(fault)).toBe(true)
    if (fault instanceof Failure) expect(fault.message).toContain(path)
    return fault as Failure
  } finally {
    expect(disk.opened).toBe(0)
  }
}

describe.each(['f.parquet', 'f.arrow', 'f.arrows', 'f.csv.gz', 'f.csv.zst'])('%s', (path) => {
  const whole = written(path)

  test('cut anywhere is a failure', async () => {
    const cuts = [0, 1, 4, 7, 8, 50, 0.3, 0.6, 0.9]
    const lengths = [
      ...cuts.map((cut) => Math.floor(cut < 1 ? cut * whole.length : cut)),
      whole.length - 1,
    ]
    for (const length of lengths) {
      const found = await outcome(path, whole.subarray(0, length))
      // A packed file of no bytes is an empty one.
      if (length === 0 && 'rows' in found) expect(found.rows).toEqual([])
      else expect(found, `${length} bytes`).toMatchObject({ code: 'malformed_file' })
    }
  })

  test('bytes that are changed give a failure, bad rows, or rows of the same shape', async () => {
    for (let at = 0; at < whole.length; at += Math.ceil(whole.length / 60)) {
      const bytes = whole.slice()
      bytes[at]! ^= 0x55
      const found = await outcome(path, bytes)
      if ('rows' in found) expect(found.rows.length + found.bad.length).toBeLessThanOrEqual(2 ** 16)
    }
  })

  test('something else under the name is a failure', async () => {
    for (const other of ['hello, world\n', '\0'.repeat(100), 'PAR1', 'ARROW1', 'PAR1....PAR1']) {
      expect(await outcome(path, other)).toMatchObject({ code: 'malformed_file' })
    }
  })
})

describe('csv', () => {
  const read = async (content: string, given = schema, options = {}) => {
    const disk = new MemoryDisk().put('f.csv', content)
    return readAll(disk, 'f.csv', { schema: given, options })
  }

  test('a byte order mark, CRLF, blank ends and no end of line', async () => {
    const marked = '\ufeffid,name\r\n1,a\r\n2,"b"\r\n3,c'
    expect((await read(marked)).rows).toEqual([[1, 'a'], [2, 'b'], [3, 'c']]) // biome-ignore format: short
    const disk = new MemoryDisk().put('f.csv', marked)
    expect(inferred(disk, 'f.csv')?.fields.map(({ name }) => name)).toEqual(['id', 'name'])
    expect((await read('\ufeff')).rows).toEqual([])
    expect((await read('')).rows).toEqual([])
  })

  test('quotes over lines are one record, and an open one takes what is left', async () => {
    const { rows, bad } = await read('1,"a\nb\r\n""c"""\n2,d\n3,"open\n4,e\n')
    expect(rows).toEqual([[1, 'a\nb\r\n"c"'], [2, 'd']]) // biome-ignore format: short
    expect(bad.map(({ offset }) => offset)).toEqual([2])
    expect(bad[0]!.message).toMatch(/quote/)
  })

  test('rows with more or fewer fields are bad rows, the others stay', async () => {
    const { rows, bad } = await read('1,a\n2\n3,b,c\n\n4,d\n')
    expect(rows).toEqual([[1, 'a'], [4, 'd']]) // biome-ignore format: short
    expect(bad.map(({ offset, message }) => `${offset} ${message}`)).toEqual([
      '1 1 field where 2 are due',
      '2 3 fields where 2 are due',
    ])
  })

  test('bytes that are no UTF-8 are bad rows', async () => {
    const disk = new MemoryDisk().put('f.csv', Buffer.from('1,a\n2,\xff\xfe\n3,c\n', 'latin1'))
    const { rows, bad } = await readAll(disk, 'f.csv', { schema })
    expect(rows).toEqual([[1, 'a'], [3, 'c']]) // biome-ignore format: short
    expect(bad.map(({ offset }) => offset)).toEqual([1])
  })

  test('a line of 100 MB is one bad row', { timeout: 60_000 }, async () => {
    const long = Buffer.alloc(100_000_000, 'x')
    const disk = new MemoryDisk().put(
      'f.csv',
      Buffer.concat([Buffer.from('1,a\n2,'), long, Buffer.from('\n3,c\n')]),
    )
    const { rows, bad } = await readAll(disk, 'f.csv', { schema })
    expect(rows.filter(([id]) => id !== 2).slice(0, 2)).toEqual([[1, 'a'], [3, 'c']]) // biome-ignore format: short
    expect(rows.length + bad.length).toBeLessThanOrEqual(4)
    for (const { text } of bad) expect(text.length).toBeLessThanOrEqual(200)
  })
})

describe('json', () => {
  test('lines that are no objects are bad rows, CRLF and a byte order mark are none', async () => {
    const lines = [
      '{"id":1,"name":"a"}',
      '{"id":2',
      '[1]',
      'null',
      '{"id":"x"}',
      '{"id":3,"id":4}',
      '{}',
      '',
    ]
    const disk = new MemoryDisk().put('f.jsonl', `\ufeff${lines.join('\r\n')}`)
    const { rows, bad } = await readAll(disk, 'f.jsonl', { schema })
    expect(rows.map(([id]) => id)).toEqual([1, 4, null])
    expect(bad.map(({ offset }) => offset)).toEqual([1, 2, 3, 4])
  })

  test('a document that is cut is a failure or has a bad row', async () => {
    const whole = JSON.stringify(rows.slice(0, 20).map(([id, name]) => ({ id, name })))
    for (const length of [1, 10, 100, whole.length - 1]) {
      const found = await outcome('f.json', whole.slice(0, length))
      if ('rows' in found) expect(found.bad.length, `${length} bytes`).toBeGreaterThan(0)
      else expect(found.code).toBe('malformed_file')
    }
  })

  test.each([
    ['gz', gzipSync],
    ['zst', zstdCompressSync],
  ] as const)('a cut .%s document is a failure', async (extension, pack) => {
    const bytes = pack(JSON.stringify(rows.map(([id, name]) => ({ id, name }))))
    const cut = bytes.subarray(0, bytes.length - 20)
    expect(await outcome(`f.json.${extension}`, cut)).toMatchObject({ code: 'malformed_file' })
  })
})
