/** Structs where they come in and go out: objects of programs, JSON files, every output format. */
import * as arrow from 'apache-arrow'
import { expect, test } from 'vitest'
import { builtinConnectors } from '../../src/connect/index.ts'
import { type Field, flatFields, type Row, type Type } from '../../src/data/index.ts'
import { open } from '../../src/index.ts'
import { createRenderer, type Format } from '../../src/shell/format/renderer.ts'
import { MemoryDisk, readAll } from '../connect/memory-disk.ts'
import { screen } from '../shell/screen.ts'

const at: Type = {
  kind: 'boolean',
  members: [
    { name: 'lat', type: { kind: 'double' }, nullable: true },
    { name: 'name', type: { kind: 'varchar' }, nullable: true },
  ],
}
const place: Type = {
  kind: 'boolean',
  members: [
    { name: 'id', type: { kind: 'integer' }, nullable: true },
    { name: 'at', type: at, nullable: true },
  ],
}
const fields: Field[] = [
  { name: 'k', type: { kind: 'integer' }, nullable: true },
  ...flatFields({ name: 'p', type: place, nullable: true }),
]
const rows: Row[] = [
  [1, true, 7, true, 0.5, 'x'],
  [2, true, null, null, null, null],
  [3, null, null, null, null, null],
]

test.each(['host', 'worker'] as const)('a program gives and gets objects (%s)', async (thread) => {
  await using db = await open(':memory:', { thread })
  await db.execute('CREATE STREAM s (k INT, p ROW<id INT, at ROW<lat DOUBLE, name VARCHAR>>)')
  await db.append('s', [
    { k: 1, P: { ID: 7, at: { name: 'x', lat: 0.5 } } },
    [2, [null, null]],
    { k: 3, p: null },
  ])
  expect(await db.query('SELECT * FROM s')).toEqual([
    { k: 1, p: { id: 7, at: { lat: 0.5, name: 'x' } } },
    { k: 2, p: { id: null, at: null } },
    { k: 3, p: null },
  ])
  const [result] = await db.execute('SELECT k, p.at FROM s')
  expect(result).toMatchObject({ fields: [{ name: 'k' }, { name: 'at' }] })
  await expect(db.append('s', [{ k: 1, p: 5 }])).rejects.toThrow('column p takes an object, not 5')
  await expect(db.append('s', [{ k: 1, p: { id: 'a' } }])).rejects.toThrow(
    "'a' is no INTEGER for column p.id",
  )
})

test('a source of the program gives objects, and bad ones are told', async () => {
  const given = [{ k: 1, p: { id: 7 } }, { k: 2, p: 'x' }, { k: 3 }]
  await using db = await open(':memory:', { sources: { given } })
  await db.execute(
    `CREATE TABLE t (k INT, p ROW<id INT>, n AS p.id + 1) WITH ('connector' = 'js', 'source' = 'given')`,
  )
  expect(await db.query('SELECT p, n FROM t')).toEqual([
    { p: { id: 7 }, n: 8 },
    { p: null, n: null },
  ])
  expect(await db.query('SELECT "offset", message FROM t.errors')).toEqual([
    { offset: 1n, message: 'column p takes an object, not x' },
  ])
})

test('a row on which a computed column fails is told, with its place in the source', async () => {
  const given = [{ k: 1 }, { k: 'x' }, { k: 0 }, { k: 2 }]
  await using db = await open(':memory:', { sources: { given } })
  await db.execute(
    `CREATE TABLE t (k INT, n AS 10 / k) WITH ('connector' = 'js', 'source' = 'given')`,
  )
  expect(await db.query('SELECT n FROM t')).toEqual([{ n: 10 }, { n: 5 }])
  expect(await db.query('SELECT "offset", message FROM t.errors ORDER BY "offset"')).toEqual([
    { offset: 1n, message: 'column k: cannot read string "x" as INTEGER' },
    { offset: 2n, message: 'division by zero' },
  ])
})

test('JSON files have structs, by name and by path; other formats refuse them', async () => {
  const disk = new MemoryDisk()
  const options = new Map([['path', 'out.jsonl']])
  const connector = builtinConnectors(disk).get('filesystem')!
  const writer = connector.create({ fields }, options)
  writer.write(rows, ['+I', '+I', '+I'])
  writer.close()
  expect(disk.readText('out.jsonl')).toBe(
    '{"k":1,"p":{"id":7,"at":{"lat":0.5,"name":"x"}}}\n' +
      '{"k":2,"p":{"id":null,"at":null}}\n' +
      '{"k":3,"p":null}\n',
  )
  expect((await readAll(disk, 'out.jsonl', { schema: { fields } })).rows).toEqual(rows)
  disk.put(
    'in.jsonl',
    '{"k":1,"x":{"P":{"AT":{"name":"x","lat":5e-1},"id":7}}}\n{"k":2,"x":{"P":3}}',
  )
  const moved = await readAll(disk, 'in.jsonl', {
    schema: { fields },
    options: { 'json.path.p': '$.x.p' },
  })
  expect(moved.rows).toEqual(rows.slice(0, 1))
  expect(moved.bad).toMatchObject([{ offset: 1 }])
  expect(() => connector.check(new Map([['path', 'a.csv']]), { fields })).toThrow('is a STRUCT')
})

async function shown(format: Format): Promise<string | Uint8Array> {
  const chunks: (string | Uint8Array)[] = []
  const output = { ...screen(), write: (more: string | Uint8Array) => void chunks.push(more) }
  const options = { format, kind: 'rows', header: true, live: false } as const
  const renderer = createRenderer(fields, output, options)
  await renderer.rows(rows, null)
  await renderer.end()
  return typeof chunks[0] === 'string' ? chunks.join('') : Buffer.concat(chunks as Uint8Array[])
}

test('outputs show a struct as one column', async () => {
  expect(await shown('jsonl')).toBe(
    '{"k":1,"p":{"id":7,"at":{"lat":0.5,"name":"x"}}}\n' +
      '{"k":2,"p":{"id":null,"at":null}}\n' +
      '{"k":3,"p":null}\n',
  )
  expect(await shown('csv')).toBe(
    'k,p\n1,"{""id"":7,""at"":{""lat"":0.5,""name"":""x""}}"\n2,"{""id"":null,""at"":null}"\n3,\n',
  )
  expect(await shown('table')).toContain('{"id":7,"at":{"lat":0.5,"name":"x"}}')
  const table = arrow.tableFromIPC((await shown('arrow')) as Uint8Array)
  expect(table.toArray().map((row) => JSON.parse(JSON.stringify(row)))).toEqual([
    { k: 1, p: { id: 7, at: { lat: 0.5, name: 'x' } } },
    { k: 2, p: { id: null, at: null } },
    { k: 3, p: null },
  ])
})
