/** JSON: lines, documents, paths, fallbacks, bad rows, chunk boundaries, inference and round trips. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Failure } from '../../src/base/index.ts'
import { builtinConnectors } from '../../src/connect/index.ts'
import { type Row, typeText } from '../../src/data/index.ts'
import { sized } from '../size.ts'
import { inferred, MemoryDisk, type ReadOptions, readAll, schemaOf } from './memory-disk.ts'

const schema = schemaOf({ id: 'integer', name: 'varchar', v: 'double' })
const read = (text: string | Uint8Array, options: ReadOptions = {}) =>
  readAll(new MemoryDisk().put('f.json', text), 'f.json', { schema, ...options })

test('lines: names in any case and order, absent members, nested values as text', async () => {
  const { rows, bad } = await read(
    `{"id":1,"name":"a","v":0.5}
 { "V" : -1e3 , "NAME" : "b\\"\\u00fc\\n" , "Id" : 2 }\r

{"id":3,"other":{"id":9,"x":["}",{}]},"name":{"a": [1, "]"]}}
{"name":[1,2],"id":null,"v":"2.5"}
{}
{"id":7,"name":true,"v":1,"name":12}`,
  )
  expect(bad).toEqual([])
  expect(rows).toEqual([
    [1, 'a', 0.5],
    [2, 'b"ü\n', -1000],
    [3, '{"a": [1, "]"]}', null],
    [null, '[1,2]', 2.5],
    [null, null, null],
    [7, '12', 1],
  ])
})

test('names with escapes are names', async () => {
  const { rows } = await read('{"\\u0069d":1,"n\\u0061me":"a"}\n{"\\u0069d":2,"n\\u0061me":"b"}')
  expect(rows).toEqual([
    [1, 'a', null],
    [2, 'b', null],
  ])
})

/** Each line is one bad row. */
const malformed: [name: string, text: string | Uint8Array, message: RegExp][] = [
  ['no JSON', 'hello', /not JSON/],
  ['an object cut off', '{"id":1', /not JSON/],
  ['a name cut off', '{"id', /not JSON/],
  ['a string cut off', '{"name":"a', /not JSON/],
  ['an escape cut off', '{"name":"a\\', /not JSON/],
  ['an object alone in the opening', '{', /not JSON/],
  ['no colon', '{"id" 1}', /not JSON/],
  ['no value', '{"id":}', /not JSON/],
  ['no comma', '{"id":1 "v":2}', /not JSON/],
  ['a comma too much', '{"id":1,}', /not JSON/],
  ['a bare name', '{id:1}', /not JSON/],
  ['text behind', '{"id":1} x', /not JSON/],
  ['two objects', '{"id":1}{"id":2}', /not JSON/],
  ['an open bracket', '{"other":[1,2}', /not JSON/],
  ['a wrong word', '{"id":nul}', /not JSON/],
  ['a wrong word nobody wants', '{"other":trux}', /not JSON/],
  ['a number that ends in a point', '{"v":1.}', /not JSON/],
  ['a sign alone', '{"v":-}', /not JSON/],
  ['an array', '  [1]', /not a JSON object/],
  ['a string', '"x"', /not a JSON object/],
  ['null', 'null', /not a JSON object/],
  ['a wrong escape', '{"name":"\\x"}', /column name is not valid text/],
  ['a text for a number', '{"id":"x"}', /column id: cannot read "x" as INTEGER/],
  ['a fraction for an integer', '{"id":1.5}', /cannot read "1.5" as INTEGER/],
  ['an integer out of range', '{"id":2147483648}', /cannot read "2147483648"/],
  ['an object for a number', '{"id":{"a":1}}', /cannot read .* as INTEGER/],
  ['a boolean for a double', '{"v":true}', /cannot read "true" as DOUBLE/],
  ['bytes that are not UTF-8', Uint8Array.from(Buffer.from('{"name":"\xff"}', 'latin1')), /text/],
  ['a control character', '{"name":"a\tb"}', /not JSON/],
]

test.each(malformed)('bad row: %s', async (_, text, message) => {
  const line = typeof text === 'string' ? Buffer.from(text) : text
  const file = Buffer.concat([Buffer.from('{"id":1}\n'), line, Buffer.from('\n{"id":2}\n')])
  const { rows, bad } = await read(file)
  expect(rows).toEqual([
    [1, null, null],
    [2, null, null],
  ])
  expect(bad.map((row) => row.offset)).toEqual([1])
  expect(bad[0]!.message).toMatch(message)
  expect(bad[0]!.text.length).toBeGreaterThan(0)
})

const places = `{"type":"F","features":[
  {"properties":{"mag":1.5,"time":1517966773840,"title":"a ü"},"geometry":{"coordinates":[1.5,-2]}},
  {"geometry":{"coordinates":[]},"properties":{"time":null,"title":"b\\\\"}} ,{"x":1}
],"after":[1]}`

test('documents: root, paths and epoch numbers', async () => {
  const columns = schemaOf({
    mag: 'double',
    at: { kind: 'timestamp', precision: 3 },
    Title: 'varchar',
    lat: 'double',
    place: 'varchar',
  })
  const options = {
    'json.root': '$.features',
    'json.path.mag': '$.properties.mag',
    'json.path.at': "$['properties'].time",
    'json.path.title': 'properties.title',
    'json.path.lat': '$.geometry.coordinates[1]',
    'json.path.place': '$.geometry',
    'json.timestamp': 'millis',
  }
  for (const size of [1, 2, 7, 64, 100_000]) {
    const disk = new MemoryDisk().put('f.json', places)
    disk.readBytesMax = size
    const { rows, bad } = await readAll(disk, 'f.json', { schema: columns, options, rowsMax: 2 })
    expect(bad).toEqual([])
    expect(rows).toEqual([
      [1.5, 1_517_966_773_840_000n, 'a ü', -2, '{"coordinates":[1.5,-2]}'],
      [null, null, 'b\\', null, '{"coordinates":[]}'],
      [null, null, null, null, null],
    ])
  }
})

test('a file that begins with a bracket is a document', async () => {
  const text = ' [ {"id":1} , {"id":"x"}, 5, [1], null, {"id":2,"name":"b"}]\n'
  const { rows, bad } = await read(text)
  expect(rows).toEqual([
    [1, null, null],
    [2, 'b', null],
  ])
  expect(bad.map((row) => row.offset)).toEqual([1, 2, 3, 4])
  expect((await read('[]')).rows).toEqual([])
  expect((await read('\ufeff[{"id":1}]')).rows).toEqual([[1, null, null]])
})

test.each([
  ['[{"id":1}'],
  ['[{"id":1},'],
  ['[{"id":1} {"id":2}]'],
  ['[{"id":1},{"id":'],
  ['['],
  ['[{"id":1},"abc'],
])('a broken document is a failure: %s', async (text) => {
  await expect(read(text)).rejects.toThrow(Failure)
  await expect(read(text)).rejects.toMatchObject({ code: 'malformed_file' })
  await expect(read(text)).rejects.toThrow('f.json')
})

test.each([
  ['{"a":{"b":1}}', '$.a.b'],
  ['{"a":{"b":[]}}', '$.a.c'],
  ['{"a":{}}', '$.a.b'],
  ['{"a":[[1]]}', '$.a[3]'],
  ['{"a"', '$.a'],
  ['', '$.a'],
  ['5', '$'],
])('a document without the array at its root is a failure: %s at %s', async (text, root) => {
  await expect(read(text, { options: { 'json.root': root } })).rejects.toMatchObject({
    code: 'malformed_file',
  })
})

test('numbers in TIMESTAMP columns need a unit; texts are read as ever', async () => {
  const columns = schemaOf({ at: { kind: 'timestamp', precision: 3 } })
  const text = '{"at":1500}\n{"at":"1970-01-01T00:00:02.0005Z"}\n{"at":-0.5}\n{"at":"x"}'
  const at = async (unit: Record<string, string>) => {
    const { rows, bad } = await read(text, { schema: columns, options: unit })
    return [rows.flat(), bad.map((row) => row.offset)]
  }
  expect(await at({})).toEqual([[2_000_000n], [0, 2, 3]])
  expect(await at({ 'json.timestamp': 'millis' })).toEqual([[1_500_000n, 2_000_000n, -1000n], [3]])
  expect(await at({ 'json.timestamp': 'seconds' })).toEqual([
    [1_500_000_000n, 2_000_000n, -500_000n],
    [3],
  ])
  expect(await at({ 'json.timestamp': 'micros' })).toEqual([[1000n, 2_000_000n, 0n], [3]])
})

test('the rows do not depend on where reads cut the file', async () => {
  const text =
    '\ufeff{"id":1,"name":"a\\"ü\\\\","v":1.5}\r\n\n{"v":tru}\n{"x":[{"y":"]"}],"id":2}\n{"id":3'
  const whole = await read(text)
  expect(whole.rows.length).toBe(2)
  expect(whole.bad.length).toBe(2)
  for (let size = 1; size <= Buffer.byteLength(text); size++) {
    const disk = new MemoryDisk().put('f.json', text)
    disk.readBytesMax = size
    const { rows, bad } = await readAll(disk, 'f.json', { schema, rowsMax: 2 })
    expect([rows, bad], `reads of ${size} bytes`).toEqual([whole.rows, whole.bad])
  }
})

test('lines larger than the window', async () => {
  const long = 'x'.repeat(600_000)
  const { rows, bad } = await read(`{"id":1,"name":"${long}"}\n{"id":2,"pad":"${long}"}\n{"id":3}`)
  expect(bad).toEqual([])
  expect(rows.map((row) => row[0])).toEqual([1, 2, 3])
  expect(rows[0]![1]).toBe(long)
})

test('property: lines are read as JSON.parse reads them', async () => {
  const value = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
    fc.json({ maxDepth: 2 }).map((text) => JSON.parse(text) as unknown),
  )
  const object = fc.dictionary(
    fc.oneof(fc.constantFrom('id', 'name', 'v', 'Name'), fc.string()),
    value,
    { maxKeys: 6 },
  )
  const columns = schemaOf({ name: 'varchar', v: 'varchar' })
  const run = async (objects: Record<string, unknown>[], pretty: boolean) => {
    const lines = objects.map((each) =>
      JSON.stringify(each, null, pretty ? ' ' : '').replaceAll('\n', ''),
    )
    const { rows, bad } = await read(lines.join('\n'), { schema: columns })
    const expected = lines.map((line) => {
      const found: Row = [null, null]
      for (const [key, member] of Object.entries(JSON.parse(line) as object)) {
        const column = ['name', 'v'].indexOf(key.toLowerCase())
        if (column < 0) continue
        if (typeof member === 'string') found[column] = member.toWellFormed()
        else found[column] = member === null ? null : JSON.stringify(member)
      }
      return found
    })
    expect(bad).toEqual([])
    const compact = rows.map((row) => row.map((text) => compacted(text as string | null)))
    expect(compact).toEqual(
      expected.map((row) => row.map((text) => compacted(text as string | null))),
    )
  }
  await fc.assert(fc.asyncProperty(fc.array(object, { maxLength: 8 }), fc.boolean(), run), {
    numRuns: sized(60, 300),
  })
})

test('twin: lines alike are read as each of them alone', async () => {
  // A file of one line has nothing to be like.
  const shapes = [
    (v: string[]) => `{"id":${v[0]},"name":${v[1]},"v":${v[2]}}`,
    (v: string[]) => ` {"v": ${v[2]}, "other" : [1, {"x": ${v[1]}}], "ID": ${v[0]} }\r`,
    (v: string[]) => `{"at":{"deep":[${v[1]},${v[2]}]},"\\u006eame":${v[1]},"id":${v[0]}}`,
    (v: string[]) => `{"id":${v[0]},"id":${v[2]},"at":{"deep":{"0":1}},"name":${v[1]}}`,
    (v: string[]) => `{"at":{"deep":[${v[0]},{"a":${v[1]}},${v[2]}]}}`,
    (v: string[]) => `{"é${v[0]!.length % 2}":1,"name":${v[1]}}`,
    () => '{}',
    () => '',
  ]
  const value = fc.constantFrom(
    '1',
    '-2.5e1',
    'null',
    'true',
    '"s"',
    '"a \\" b \\u00e9"',
    `"${'long é '.repeat(30)}"`,
    '[1,"]"]',
    '{"a":{}}',
    'nil',
    '"',
    '1-',
  )
  const values = fc.array(value, { minLength: 3, maxLength: 3 })
  const line = fc.tuple(fc.nat(shapes.length - 1), values)
  const columns = schemaOf({ id: 'varchar', name: 'varchar', v: 'varchar', item: 'varchar' })
  const options = { schema: columns, options: { 'json.path.item': '$.at.deep[1]' } }
  const run = async (block: [number, string[]][], repeats: number, size: number) => {
    const lines = Array.from({ length: repeats }, () => block)
      .flat()
      .map(([shape, given]) => shapes[shape]!(given))
    const disk = new MemoryDisk().put('f.json', lines.join('\n'))
    disk.readBytesMax = size
    const { rows, bad } = await readAll(disk, 'f.json', options)
    const alone = await Promise.all(lines.map((text) => read(text, options)))
    expect(rows).toEqual(alone.flatMap((one) => one.rows))
    expect(bad.map(({ message }) => message)).toEqual(
      alone.flatMap((one) => one.bad.map(({ message }) => message)),
    )
  }
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { minLength: 1, maxLength: 6 }),
      fc.constantFrom(1, 3, 20),
      fc.constantFrom(7, 100, 100_000),
      run,
    ),
    { numRuns: sized(40, 300) },
  )
})

test('lines of a few kinds by turns, many of them, come whole and in order', async () => {
  const line = (id: number) => {
    if (id % 7 === 3) return `{"name":"n${id}","id":${id}}`
    if (id % 100 === 99) return `{"id":${id},"extra":[${'1,'.repeat(id % 5)}2],"name":"n${id}"}`
    return `{"id":${id},"name":"n${id}","v":${id / 4}}`
  }
  const text = Array.from({ length: 20_000 }, (_, id) => line(id)).join('\n')
  const { rows, bad } = await read(text)
  expect(bad).toEqual([])
  expect(rows.every(([id, name], at) => id === at && name === `n${at}`)).toBe(true)
  expect(rows.length).toBe(20_000)
})

/** JSON texts without the blanks that the file had; other texts as they are. */
function compacted(text: string | null): string | null {
  if (text === null || !/^[[{]/.test(text)) return text
  try {
    return JSON.stringify(JSON.parse(text))
  } catch {
    return text
  }
}

test('names and types are found in the file', () => {
  const disk = new MemoryDisk()
    .put(
      'a.json',
      '{"id":1,"n":1.5,"s":"x","b":true,"d":"2020-01-02","mixed":1}\n' +
        '{"t":"2020-01-02T03:04:05Z","o":{"a":1},"code":"12","mixed":"x","big":9007199254740993,"ID":2,"z":null}',
    )
    .put('b.json', places)
    .put('c.json', '')
  const text = (path: string, options = {}) =>
    inferred(disk, path, options)?.fields.map(({ name, type }) => `${name} ${typeText(type)}`)
  expect(text('a.json')).toEqual([
    'id BIGINT',
    'n DOUBLE',
    's VARCHAR',
    'b BOOLEAN',
    'd DATE',
    'mixed VARCHAR',
    't TIMESTAMP(3)',
    'o STRUCT(a BIGINT)',
    'o.a BIGINT',
    'code VARCHAR',
    'big BIGINT',
    'z VARCHAR',
  ])
  expect(
    text('b.json', { 'json.root': '$.features', 'json.path.mag': '$.properties.mag' }),
  ).toEqual([
    'properties STRUCT(mag DOUBLE, time BIGINT, title VARCHAR)',
    'properties.mag DOUBLE',
    'properties.time BIGINT',
    'properties.title VARCHAR',
    'geometry STRUCT(coordinates DOUBLE[])',
    'geometry.coordinates DOUBLE[]',
    'x BIGINT',
    'mag DOUBLE',
  ])
  expect(text('c.json')).toBeUndefined()
  expect(disk.opened).toBe(0)
})

test('what a sink writes a source reads back', async () => {
  const columns = schemaOf({
    i: 'integer',
    b: 'bigint',
    d: 'double',
    n: { kind: 'decimal', precision: 10, scale: 2 },
    's "x"': 'varchar',
    t: { kind: 'timestamp', precision: 6 },
    y: 'date',
    k: 'boolean',
    v: 'interval',
  })
  const rows: Row[] = [
    [1, 2n ** 63n - 1n, 0.1, 150n, 'a"\n\u2028ü', 1_700_000_000_123_400n, 0, true, 93_784_500_000n],
    [null, null, null, null, null, null, null, null, null],
    [0, 5n, Number.NaN, -1n, '', -1n, -1, false, 0n],
    [0, -(2n ** 63n), Number.NEGATIVE_INFINITY, 0n, 'x', 0n, 0, false, -1n],
  ]
  const disk = new MemoryDisk()
  const options = new Map([['path', 'out.jsonl']])
  const writer = builtinConnectors(disk).get('filesystem')!.create(columns, options)
  writer.write(rows, ['+I', '+I', '+I', '+I'])
  writer.close()
  expect(disk.readText('out.jsonl').split('\n')[0]).toBe(
    '{"i":1,"b":"9223372036854775807","d":0.1,"n":"1.50","s \\"x\\"":"a\\"\\n\u2028ü",' +
      '"t":"2023-11-14 22:13:20.1234","y":"1970-01-01","k":true,"v":"1 day 02:03:04.5"}',
  )
  expect((await readAll(disk, 'out.jsonl', { schema: columns })).rows).toEqual(rows)
})
