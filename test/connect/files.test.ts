/** Files: patterns, directories, partitions and packed files, read as one table. */
import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import { systemDisk } from '../../src/base/index.ts'
import { findFiles } from '../../src/connect/file/listing.ts'
import { builtinConnectors } from '../../src/connect/index.ts'
import { sized } from '../size.ts'
import { inferred, MemoryDisk, readAll, schemaOf } from './memory-disk.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-files-'))
afterAll(() => rmSync(folder, { recursive: true }))

function write(path: string, content: string): void {
  const file = systemDisk.create(join(folder, path))
  file.write(new TextEncoder().encode(content))
  file.close()
}

const paths = (disk: MemoryDisk, pattern: string) =>
  findFiles(disk, pattern).map(({ path }) => path)
const names = (schema: ReturnType<typeof inferred>) =>
  schema?.fields.map(({ name, type }) => `${name} ${type.kind}`)

describe('listing', () => {
  const disk = new MemoryDisk()
  for (const path of [
    'd/a.csv', 'd/b.csv', 'd/B.CSV', 'd/c.json', 'd/x/a.csv', 'd/x/y/z.csv', 'd/.hidden.csv',
    'd/_SUCCESS', 'd-e/a.csv', '/r/a1.csv', '/r/a2.csv', '/r/ab.csv', 'q[1].csv', 'q1.csv',
  ]) disk.put(path, '') // biome-ignore format: a list

  test.each([
    ['d/*.csv', ['d/a.csv', 'd/b.csv']],
    ['d/?.csv', ['d/a.csv', 'd/b.csv']],
    ['d/[!a].*', ['d/B.CSV', 'd/b.csv', 'd/c.json']],
    ['d/{a,c}.{csv,json}', ['d/a.csv', 'd/c.json']],
    ['d/**/*.csv', ['d/a.csv', 'd/b.csv', 'd/x/a.csv', 'd/x/y/z.csv']],
    ['**/z.csv', ['d/x/y/z.csv']],
    ['d/**/y/*', ['d/x/y/z.csv']],
    ['*/a.csv', ['d/a.csv', 'd-e/a.csv']],
    ['/r/a[0-9].csv', ['/r/a1.csv', '/r/a2.csv']],
    ['d', ['d/B.CSV', 'd/a.csv', 'd/b.csv', 'd/c.json', 'd/x/a.csv', 'd/x/y/z.csv']],
    ['d/x/', ['d/x/a.csv', 'd/x/y/z.csv']],
    ['d/x*', ['d/x/a.csv', 'd/x/y/z.csv']],
    ['q[1].csv', ['q[1].csv']],
    ['q[1]*.csv', ['q1.csv']],
    ['./q1.csv', ['./q1.csv']],
  ])('%s', (pattern, found) => {
    expect(paths(disk, pattern)).toEqual(found)
  })

  test('a pattern that names nothing is a failure', () => {
    expect(() => findFiles(disk, 'd/*.parquet')).toThrow('no file matches d/*.parquet')
  })
})

describe('many files', () => {
  const schema = schemaOf({ id: 'integer', name: 'varchar' })

  test('are one table, in the order of their names, with and without header', async () => {
    const disk = new MemoryDisk().put('t/b.csv', 'id,name\n3,c\n').put('t/a.csv', '1,a\n2,b\n')
    for (const path of ['t', 't/', 't/*', 't/*.csv']) {
      const options = path.endsWith('*.csv') ? {} : { format: 'csv' }
      expect((await readAll(disk, path, { schema, options })).rows).toEqual([
        [1, 'a'],
        [2, 'b'],
        [3, 'c'],
      ])
    }
    expect(disk.opened).toBe(0)
  })

  test('bad rows are counted through all files and name theirs', async () => {
    const disk = new MemoryDisk().put('t/a.csv', '1,a\nx,b\n').put('t/b.csv', '3\n4,d\n')
    const { rows, bad } = await readAll(disk, 't/*.csv', { schema })
    expect(rows.map(([id]) => id)).toEqual([1, 4])
    expect(bad.map(({ offset, message }) => `${offset} ${message}`)).toEqual([
      '1 t/a.csv: column id: cannot read "x" as INTEGER',
      '2 t/b.csv: 1 field where 2 are due',
    ])
  })

  test('tell the file and the number of a row in it, bad rows counted, however they are read', async () => {
    const disk = new MemoryDisk()
      .put('t/k=1/a.csv', '1,a\nx,b\n3,c\n')
      .put('t/k=2/b.jsonl', '')
      .put('t/k=2/b.csv', 'x,y\n5,e\n')
    const columns = { fields: [...schema.fields, ...schemaOf({ k: 'integer' }).fields] }
    const metadata = ['file.name', 'offset', 'file.path']
    for (const rowsMax of [1, 2, 100]) {
      const all = { schema: columns, metadata, rowsMax, options: { format: 'csv' } }
      const { rows, bad } = await readAll(disk, 't', all)
      expect(rows).toEqual([
        [1, 'a', 1, 'a.csv', 0n, 't/k=1/a.csv'],
        [3, 'c', 1, 'a.csv', 2n, 't/k=1/a.csv'],
        [5, 'e', 2, 'b.csv', 1n, 't/k=2/b.csv'],
      ])
      expect(bad.map(({ offset }) => offset)).toEqual([1, 3])
      const some = await readAll(disk, 't', { ...all, projection: [], metadata: ['offset'] })
      expect(some.rows).toEqual([[0n], [2n], [1n]])
      const one = await readAll(disk, 't/k=1/a.csv', { schema, metadata: ['offset'], rowsMax })
      expect(one.rows.map((row) => row.at(-1))).toEqual([0n, 2n])
    }
  })

  test('a directory knows its format by its files, and leaves those of others', async () => {
    const disk = new MemoryDisk().put('t/a.jsonl', '{"id":1}').put('t/readme.txt', 'hello')
    expect(names(inferred(disk, 't'))).toEqual(['id bigint'])
    expect((await readAll(disk, 't')).rows).toEqual([[1n]])
  })

  test('an empty directory has no rows', async () => {
    const disk = new MemoryDisk().put('t/_SUCCESS', '')
    expect((await readAll(disk, 't', { schema, options: { format: 'csv' } })).rows).toEqual([])
  })

  test('partitions are columns, with types of their own, in any projection', async () => {
    const disk = new MemoryDisk()
      .put('t/day=2024-01-02/k=7/a.csv', '1,x\n')
      .put('t/day=2024-01-03/k=__HIVE_DEFAULT_PARTITION__/a.csv', '2,y\n3,z\n')
    const found = inferred(disk, 't', { format: 'csv' })
    expect(names(found)).toEqual(['column1 bigint', 'column2 varchar', 'day date', 'k bigint'])
    const all = await readAll(disk, 't', { options: { format: 'csv' } })
    expect(all.rows).toEqual([
      [1n, 'x', 19724, 7n],
      [2n, 'y', 19725, null],
      [3n, 'z', 19725, null],
    ])
    const some = await readAll(disk, 't/*/*/*.csv', { projection: [1, 3], rowsMax: 1 })
    expect(some.rows).toEqual([['x', 7n], ['y', null], ['z', null]]) // biome-ignore format: short
    const only = await readAll(disk, 't', { options: { format: 'csv' }, projection: [2] })
    expect(only.rows).toEqual([[19724], [19725], [19725]])
  })

  test("partition values are decoded; a column of both is an error in csv and the path's in json", async () => {
    const disk = new MemoryDisk()
      .put('t/at=10%3A30/a.csv', 'id\n1\n')
      .put('u/k=5/a.json', '{"k":1,"v":2}')
    expect((await readAll(disk, 't')).rows).toEqual([[1n, '10:30']])
    expect((await readAll(disk, 'u')).rows).toEqual([[2n, 5n]])
    expect((await readAll(disk, 'u', { options: { 'hive-partitioning': 'false' } })).rows).toEqual([
      [1n, 2n],
    ])
    disk.put('w/k=5/a.csv', 'k,v\n1,2\n')
    expect(() => inferred(disk, 'w')).toThrow('column k is in the file and in its path')
  })

  test('a partition that is missing or of another type is a failure', async () => {
    const disk = new MemoryDisk().put('t/k=a/f.csv', '1\n').put('t/g.csv', '2\n')
    const schema = schemaOf({ id: 'integer', k: 'integer' })
    const options = { 'partition.columns': 'k' }
    await expect(readAll(disk, 't', { schema, options })).rejects.toThrow(
      'partition column k is not in the path',
    )
    await expect(
      readAll(disk, 't/k=a/*', { schema, options: { ...options, format: 'csv' } }),
    ).rejects.toThrow('partition column k a is no INTEGER')
  })
})

describe('packed files', () => {
  const schema = schemaOf({ id: 'integer', name: 'varchar' })
  const count = sized(50_000, 200_000)
  const lines = Array.from({ length: count }, (_, id) => `${id},name-${(id * 7919) % 1000}\n`).join(
    '',
  )
  const packs = { gz: gzipSync, zst: zstdCompressSync }

  test.each(['gz', 'zst'] as const)(
    '.%s is read as the file inside, in several steps',
    async (extension) => {
      const disk = new MemoryDisk().put(`f.csv.${extension}`, packs[extension](Buffer.from(lines)))
      const plain = new MemoryDisk().put('f.csv', lines)
      const expected = await readAll(plain, 'f.csv', { schema })
      const found = await readAll(disk, `f.csv.${extension}`, { schema })
      expect(found.rows.length).toBe(count)
      expect(found.rows).toEqual(expected.rows)
      expect(names(inferred(disk, `f.csv.${extension}`))).toEqual([
        'column1 bigint',
        'column2 varchar',
      ])
      expect(disk.opened).toBe(0)
    },
  )

  test('the option says it too, and members follow each other', async () => {
    const parts = Buffer.concat([gzipSync('1,a\n2,'), gzipSync('b\n3,c\n')])
    const disk = new MemoryDisk().put('f.csv', parts)
    const { rows } = await readAll(disk, 'f.csv', { schema, options: { compression: 'gzip' } })
    expect(rows).toEqual([[1, 'a'], [2, 'b'], [3, 'c']]) // biome-ignore format: short
  })

  test('frames of zstd follow each other, small and large, and what a sink writes in blocks', async () => {
    const part = (from: number, to: number) =>
      zstdCompressSync(lines.split('\n').slice(from, to).join('\n').concat('\n'))
    const cuts = [0, 3, 5, 12_000, 12_001, 30_000, count]
    const frames = cuts.slice(1).map((to, at) => part(cuts[at]!, to))
    const disk = new MemoryDisk().put('f.csv.zst', Buffer.concat(frames))
    const plain = await readAll(new MemoryDisk().put('f.csv', lines), 'f.csv', { schema })
    expect((await readAll(disk, 'f.csv.zst', { schema })).rows).toEqual(plain.rows)
    disk.put(
      'd.json.zst',
      Buffer.concat([zstdCompressSync('[{"id":1},'), zstdCompressSync('{"id":2}]')]),
    )
    expect((await readAll(disk, 'd.json.zst')).rows).toEqual([[1n], [2n]])
    for (const path of ['o.csv.zst', 'o.csv.gz']) {
      const writer = builtinConnectors(disk)
        .get('filesystem')!
        .create(schema, new Map([['path', path]]))
      writer.write(plain.rows, plain.rows.map(() => '+I' as const)) // biome-ignore format: short
      writer.close()
      expect((await readAll(disk, path, { schema })).rows).toEqual(plain.rows)
    }
  })

  test('json lines and documents', async () => {
    const disk = new MemoryDisk()
      .put('l.jsonl.gz', gzipSync('{"id":1}\n{"id":2}\n'))
      .put('d.json.zst', zstdCompressSync('[{"id":1},{"id":2}]'))
      .put('r.json.gz', gzipSync('{"items":[{"id":1},{"id":2}]}'))
    expect((await readAll(disk, 'l.jsonl.gz')).rows).toEqual([[1n], [2n]])
    expect((await readAll(disk, 'd.json.zst')).rows).toEqual([[1n], [2n]])
    expect(
      (await readAll(disk, 'r.json.gz', { options: { 'json.root': '$.items' } })).rows,
    ).toEqual([[1n], [2n]])
  })

  test('several in a directory', async () => {
    const disk = new MemoryDisk().put('t/a.csv.gz', gzipSync('1,a\n')).put('t/b.csv', '2,b\n')
    expect((await readAll(disk, 't', { schema })).rows).toEqual([[1, 'a'], [2, 'b']]) // biome-ignore format: short
  })

  test.each(['gz', 'zst'] as const)('a damaged or cut .%s is a failure', async (extension) => {
    const bytes = packs[extension](Buffer.from(lines))
    const cut = new MemoryDisk().put(`f.csv.${extension}`, bytes.subarray(0, bytes.length - 100))
    const code = { code: 'malformed_file' }
    await expect(readAll(cut, `f.csv.${extension}`, { schema })).rejects.toMatchObject(code)
    const none = new MemoryDisk().put(`f.csv.${extension}`, 'not packed')
    await expect(readAll(none, `f.csv.${extension}`, { schema })).rejects.toMatchObject(code)
  })

  test('columnar files are refused', () => {
    const disk = new MemoryDisk()
    expect(() => inferred(disk, 'f.parquet.gz')).toThrow(/not supported yet|cannot open/)
  })
})

test('a file shows under its name when it is whole; links are followed, devices written to', async () => {
  write('whole.csv', 'old\n')
  const file = systemDisk.create(join(folder, 'whole.csv'))
  file.write(new TextEncoder().encode('new\n'))
  expect(systemDisk.readText(join(folder, 'whole.csv'))).toBe('old\n')
  expect(findFiles(systemDisk, folder).map(({ path }) => path)).toEqual([join(folder, 'whole.csv')])
  file.close()
  expect(systemDisk.readText(join(folder, 'whole.csv'))).toBe('new\n')
  symlinkSync(join(folder, 'whole.csv'), join(folder, 'link.csv'))
  write('link.csv', 'linked\n')
  expect(systemDisk.readText(join(folder, 'whole.csv'))).toBe('linked\n')
  systemDisk.create('/dev/null').close()
  expect(systemDisk.kind('/dev/null')).toBe('other')
  expect(readdirSync(folder).sort()).toEqual(['link.csv', 'whole.csv'])
})

test('a file that is given up leaves nothing, nor do those of a process that is gone', async () => {
  const place = join(folder, 'given-up')
  const path = join(place, 'a.csv')
  write('given-up/a.csv', 'old\n')
  const file = systemDisk.create(path)
  const [hidden] = readdirSync(place)
  expect(hidden).toMatch(/^\.a\.csv\.inprogress-/)
  file.abort()
  file.abort()
  file.close()
  expect(readdirSync(place)).toEqual(['a.csv'])
  // As a process would leave it that ended in the middle: this one, before, and one whose number nobody has.
  const by = (text: string) => hidden!.replace(`-${process.pid}-`, `-${text}-`)
  const left = [
    hidden!,
    by('4194305'),
    by(`1`),
    '.b.csv.inprogress-x',
    by('4194305').replace('a', 'b'),
  ]
  for (const name of left) writeFileSync(join(place, name), 'half')
  const other = systemDisk.create(path)
  expect(readdirSync(place).sort()).toHaveLength(5)
  other.close()
  expect(readdirSync(place).sort()).toEqual([by('1'), ...left.slice(3), 'a.csv'].sort())
  expect(systemDisk.readText(path)).toBe('')
  const elsewhere = by('4194305').replace('a.csv', 'part-00000.csv')
  writeFileSync(join(place, elsewhere), 'half')
  const connector = builtinConnectors(systemDisk).get('filesystem')!
  const options = new Map([
    ['path', `${place}/`],
    ['format', 'csv'],
  ])
  const writer = connector.create(schemaOf({ a: 'integer' }), options)
  writer.write([[1]], ['+I'])
  expect(readdirSync(place)).not.toContain(elsewhere)
  writer.abort!()
  expect(readdirSync(place)).not.toContain('part-00000.csv')
  rmSync(place, { recursive: true })
})

describe('columns of csv', () => {
  test('a name that is there twice gets a number', async () => {
    const disk = new MemoryDisk().put('f.csv', 'a,b,a,A\n1,2,3,4\n').put('g.csv', 'a,a\nx,y\n')
    expect(names(inferred(disk, 'f.csv'))).toEqual([
      'a bigint',
      'b bigint',
      'a_1 bigint',
      'A_2 bigint',
    ])
    expect((await readAll(disk, 'f.csv')).rows).toEqual([[1n, 2n, 3n, 4n]])
  })

  test('whole numbers beyond 64 bits keep their digits', async () => {
    const disk = new MemoryDisk().put('f.csv', 'n,m\n12345678901234567890,1e30\n1,2\n')
    expect(names(inferred(disk, 'f.csv'))).toEqual(['n varchar', 'm double'])
    const { rows } = await readAll(disk, 'f.csv')
    expect(rows).toEqual([['12345678901234567890', 1e30], ['1', 2]]) // biome-ignore format: short
  })
})
