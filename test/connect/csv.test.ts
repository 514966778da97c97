/** CSV: the format, bad rows, chunk boundaries, projections, inference and round trips. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { builtinConnectors } from '../../src/connect/index.ts'
import { type Row, typeText } from '../../src/data/index.ts'
import { sized } from '../size.ts'
import { inferred, MemoryDisk, readAll, schemaOf } from './memory-disk.ts'

const schema = schemaOf({ id: 'integer', name: 'varchar', v: 'double' })
const read = (text: string | Uint8Array, options: Record<string, string> = {}, columns = schema) =>
  readAll(new MemoryDisk().put('f.csv', text), 'f.csv', { schema: columns, options })

test('fields, quotes, doubled quotes, newlines inside quotes, NULL and the empty string', async () => {
  const { rows, bad } = await read(
    '1,a,0.5\n2,"b,""c""\nd",-1e3\r\n3,"",\n,,\n\n4,"x"\r,1\n5,ab"c,2',
  )
  expect(rows).toEqual([
    [1, 'a', 0.5],
    [2, 'b,"c"\nd', -1000],
    [3, '', null],
    [null, null, null],
    [5, 'ab"c', 2],
  ])
  expect(bad.map(({ offset, message }) => [offset, message])).toEqual([
    [4, 'text behind a closing quote'],
  ])
})

test('a file without rows gives none, with and without header and newline', async () => {
  for (const text of ['', '\n', '\r\n\r\n', 'id,name,v', 'ID, Name ,v\r\n', '\ufeffid,name,v\n']) {
    expect((await read(text)).rows, JSON.stringify(text)).toEqual([])
  }
})

test('header: auto compares names, true skips, false does not', async () => {
  const header = 'ID,NAME,v\n1,a,1\n'
  expect((await read(header)).rows).toEqual([[1, 'a', 1]])
  expect((await read(`\ufeff${header}`)).rows).toEqual([[1, 'a', 1]])
  expect((await read('x,y,z\n1,a,1\n', { 'csv.header': 'true' })).rows).toEqual([[1, 'a', 1]])
  const kept = await read(header, { 'csv.header': 'false' })
  expect(kept.bad.map((row) => row.offset)).toEqual([0])
  expect(kept.rows).toEqual([[1, 'a', 1]])
  expect((await read('x,y,z\n1,a,1\n')).bad.map((row) => row.offset)).toEqual([0])
})

test('delimiter, quote, null literal, comments and ignored errors', async () => {
  expect((await read(`1|'a|b'|2`, { 'csv.field-delimiter': '|', 'csv.quote-character': "'" })).rows) //
    .toEqual([[1, 'a|b', 2]])
  expect((await read('1\ta\t2', { 'csv.field-delimiter': '\\t' })).rows).toEqual([[1, 'a', 2]])
  expect((await read('1,n/a,n/a\n2,"n/a",1', { 'csv.null-literal': 'n/a' })).rows).toEqual([
    [1, null, null],
    [2, 'n/a', 1],
  ])
  expect((await read('#x\n1,#a,2\n# y', { 'csv.allow-comments': 'true' })).rows) //
    .toEqual([[1, '#a', 2]])
  expect((await read('1,"a,2', { 'csv.disable-quote-character': 'true' })).rows) //
    .toEqual([[1, '"a', 2]])
  const ignoring = await read('x,a,1\n1,a,1', { 'csv.ignore-parse-errors': 'true' })
  expect([ignoring.rows, ignoring.bad]).toEqual([[[1, 'a', 1]], []])
})

test('tab-separated files are known by their extension', async () => {
  const disk = new MemoryDisk().put('f.tsv', 'id\tname\tv\n1\ta,b\t2\n')
  expect((await readAll(disk, 'f.tsv', { schema })).rows).toEqual([[1, 'a,b', 2]])
})

/** Each text has bad rows only; the number of messages is the number of records. */
const malformed: [name: string, text: string | Uint8Array, messages: RegExp[]][] = [
  ['too few fields', '1,a\n', [/2 fields where 3 are due/]],
  ['one field', 'a', [/1 field where 3 are due/]],
  ['too many fields', '1,a,2,3\n', [/4 fields where 3 are due/]],
  ['many too many', `1${',x'.repeat(50)}\n`, [/51 fields/]],
  ['a delimiter too much', '1,a,2,', [/4 fields/]],
  ['no number', 'x,a,1\n', [/column id: cannot read "x" as INTEGER/]],
  ['number and text', '1x,a,1\n', [/cannot read "1x"/]],
  ['a decimal as integer', '1.5,a,1\n', [/cannot read "1.5" as INTEGER/]],
  ['an integer out of range', '2147483648,a,1\n', [/2147483648/]],
  ['a negative one', '-2147483649,a,1\n', [/-2147483649/]],
  ['a sign alone', '-,a,1\n', [/cannot read "-"/]],
  ['two signs', '--1,a,1\n', [/cannot read "--1"/]],
  ['no double', '1,a,1.2.3\n', [/column v: cannot read "1.2.3" as DOUBLE/]],
  ['a point alone', '1,a,.\n', [/cannot read "."/]],
  ['a quoted empty number', '"",a,1\n', [/column id: cannot read ""/]],
  ['blanks only', '1,a,  \n', [/column v: cannot read " {2}"/]],
  ['an unclosed quote', '1,"a,2\n3,b,4\n', [/a quote is not closed/]],
  ['a quote at the end of the file', '1,a,"', [/a quote is not closed/]],
  ['a doubled quote at the end', '1,a,"x""', [/a quote is not closed/]],
  ['text behind a quote', '1,"a"b,2\n', [/text behind a closing quote/]],
  ['text behind a quote at the end', '1,"a"b', [/text behind a closing quote/]],
  ['a CR behind a quote', '1,"a"\rb,2\n', [/text behind a closing quote/]],
  ['text behind a quote, twice', '1,"a"b,2\n"1"x,a,2', [/text behind/, /text behind/]],
  ['bytes that are not UTF-8', Uint8Array.of(49, 44, 0xff, 44, 50, 10), [/name is not valid text/]],
  ['a character cut short', Uint8Array.of(49, 44, 0xe2, 0x82, 44, 50), [/name is not valid text/]],
  ['bytes that are no number', Uint8Array.of(0x80, 44, 97, 44, 50, 10), [/id is not valid text/]],
  ['a surrogate in UTF-8', Uint8Array.of(49, 44, 0xed, 0xa0, 0x80, 44, 50), [/name is not valid/]],
]

test.each(malformed)('bad row: %s', async (_, text, messages) => {
  const { rows, bad } = await read(text, { 'csv.header': 'false' })
  expect(rows).toEqual([])
  expect(bad.length).toBe(messages.length)
  bad.forEach(({ offset, message, text: excerpt }, index) => {
    expect(offset).toBe(index)
    expect(message).toMatch(messages[index]!)
    expect(excerpt.length).toBeGreaterThan(0)
    expect(excerpt.length).toBeLessThanOrEqual(200)
  })
})

test('NULL in a NOT NULL column is a bad row, also if the column is VARCHAR', async () => {
  const strict = schemaOf({ 'id!': 'integer', 'name!': 'varchar', v: 'double' })
  const { rows, bad } = await read(',a,1\n1,,1\n1,"",\n', {}, strict)
  expect(rows).toEqual([[1, '', null]])
  expect(bad.map(({ offset, message }) => [offset, message])).toEqual([
    [0, 'column id is NULL but takes none'],
    [1, 'column name is NULL but takes none'],
  ])
})

test('bad rows among good ones: order, offsets and values of the rest', async () => {
  const lines: string[] = []
  const expected: Row[] = []
  const offsets: number[] = []
  for (let row = 0; row < 5000; row++) {
    const kind = (row * 7919) % 11
    if (kind === 0) lines.push(`${row},short`)
    else if (kind === 1) lines.push(`${row},name,oops`)
    else if (kind === 2) lines.push(`,"q${row}",`)
    else lines.push(`${row},n${row},${row}.25`)
    if (kind < 2) offsets.push(row)
    else expected.push(kind === 2 ? [null, `q${row}`, null] : [row, `n${row}`, row + 0.25])
  }
  for (const rowsMax of [1, 7, 2048, 5000]) {
    const disk = new MemoryDisk().put('f.csv', lines.join('\n'))
    const { rows, bad, batches } = await readAll(disk, 'f.csv', { schema, rowsMax })
    expect(rows).toEqual(expected)
    expect(bad.map((row) => row.offset)).toEqual(offsets)
    expect(Math.max(...batches)).toBeLessThanOrEqual(rowsMax)
    expect(disk.opened).toBe(0)
  }
})

const awkward =
  'id,name,v\r\n1,"a ""q"" b",2.5\r\n\r\n2,"l1\r\nl2",\n3,"ü€😀",1e-7\n4,x\n5,"y"z,1\n6,,7\n7,"a","b","c"\n8,"end'

test('the rows do not depend on where reads cut the file', async () => {
  const bytes = new TextEncoder().encode(awkward)
  const whole = await read(awkward)
  expect(whole.rows.length).toBe(4)
  expect(whole.bad.length).toBe(4)
  for (let size = 1; size <= bytes.length; size++) {
    const disk = new MemoryDisk().put('f.csv', awkward)
    disk.readBytesMax = size
    const { rows, bad } = await readAll(disk, 'f.csv', { schema, rowsMax: 3 })
    expect(rows, `reads of ${size} bytes`).toEqual(whole.rows)
    expect(bad, `reads of ${size} bytes`).toEqual(whole.bad)
  }
})

/** Records of two columns, character by character; a bad one is null. */
function oracle(text: string): (Row | null)[] {
  const records: (Row | null)[] = []
  let at = 0
  const isEnd = (position: number) => position >= text.length || text[position] === '\n'
  while (at < text.length) {
    const blank = text[at] === '\r' ? at + 1 : at
    if (isEnd(blank)) {
      at = blank + 1
      continue
    }
    const fields: Row = []
    let isBad = false
    for (;;) {
      let value = ''
      if (text[at] === '"') {
        let isClosed = false
        for (at++; at < text.length && !isClosed; at++) {
          if (text[at] !== '"') value += text[at]
          else if (text[at + 1] === '"') value += text[at++]
          else isClosed = true
        }
        if (text[at] === '\r' && isEnd(at + 1)) at++
        isBad = !isClosed || !(isEnd(at) || text[at] === ',')
        fields.push(value)
        if (isBad) while (!isEnd(at)) at++
      } else {
        while (!isEnd(at) && text[at] !== ',') value += text[at++]
        if (isEnd(at)) value = value.replace(/\r$/, '')
        fields.push(value === '' ? null : value)
      }
      if (isEnd(at)) break
      at++
    }
    at++
    records.push(isBad || fields.length !== 2 ? null : fields)
  }
  return records
}

test('oracle: any text is read as by a parser that goes character by character', async () => {
  const piece = fc.constantFrom(
    ',',
    ',',
    '\n',
    '\n',
    '\r\n',
    '\r',
    '"',
    '""',
    '","',
    'a',
    'bc',
    ' ',
    'd,e\n',
  )
  const two = schemaOf({ a: 'varchar', b: 'varchar' })
  const check = async (pieces: string[], size: number) => {
    const text = pieces.join('')
    const disk = new MemoryDisk().put('f.csv', text)
    disk.readBytesMax = size
    const options = { 'csv.header': 'false' }
    const { rows, bad } = await readAll(disk, 'f.csv', { schema: two, options, rowsMax: 5 })
    const expected = oracle(text)
    expect(rows, JSON.stringify(text)).toEqual(expected.filter((row) => row !== null))
    expect(bad.map((row) => row.offset)).toEqual(
      expected.flatMap((row, offset) => (row === null ? [offset] : [])),
    )
  }
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 30 }), fc.constantFrom(1, 2, 5, 1000), check),
    { numRuns: sized(500, 3000) },
  )
})

test('every prefix of a file can be read', async () => {
  const bytes = new TextEncoder().encode(awkward)
  for (let size = 0; size <= bytes.length; size++) {
    const { rows, bad } = await read(bytes.slice(0, size))
    expect(rows.length + bad.length).toBeLessThanOrEqual(8)
  }
})

test('records larger than the window', async () => {
  const long = 'x'.repeat(700_000)
  const { rows, bad } = await read(`1,"${long}\n""",2\n2,${long},3\n3,b,4\n`)
  expect(bad).toEqual([])
  expect(rows.map((row) => row[0])).toEqual([1, 2, 3])
  expect(rows[0]![1]).toBe(`${long}\n"`)
  expect(rows[1]![1]).toBe(long)
})

test('a projection gives the columns of the full read, and does not parse the others', async () => {
  const text = Array.from({ length: 300 }, (_, row) => `${row},"n""${row}",${row / 8}`).join('\n')
  const disk = new MemoryDisk().put('f.csv', `${text}\nx,last,1\n`)
  const full = await readAll(disk, 'f.csv', { schema })
  expect(full.rows.length).toBe(300)
  for (const projection of [[0], [1], [2], [0, 2], [1, 2], []]) {
    const some = await readAll(disk, 'f.csv', { schema, projection })
    const picked = full.rows.map((row) => projection.map((index) => row[index]!))
    const wantsId = projection.includes(0)
    expect(some.rows.slice(0, 300)).toEqual(picked)
    expect(some.rows.length).toBe(wantsId ? 300 : 301)
  }
})

test('a column alone: an empty line is NULL', async () => {
  const one = schemaOf({ n: 'integer' })
  expect((await read('1\n\n2\r\n\r\n3', {}, one)).rows).toEqual([[1], [null], [2], [null], [3]])
})

test('names and types are found in the file', () => {
  const disk = new MemoryDisk()
    .put(
      'a.csv',
      'id,Price,ok,day,at,micro,code,"a b",none\n' +
        '1,1.5,true,2020-01-02,2020-01-02 03:04:05,2020-01-02T03:04:05.123456Z,007,x,\n' +
        '-2,3,FALSE,1999-12-31,2020-01-02 03:04:05.123,2020-01-02 00:00:00,1,"1",\n',
    )
    .put('b.csv', '1,a\n2,b\n')
    .put('c.csv', 'a,a,A\n1,2,3\n')
    .put('d.csv', '')
    .put('e.csv', 'a,b\n')
  const text = (path: string, options = {}) =>
    inferred(disk, path, options)?.fields.map(({ name, type }) => `${name} ${typeText(type)}`)
  expect(text('a.csv')).toEqual([
    'id BIGINT',
    'Price DOUBLE',
    'ok BOOLEAN',
    'day DATE',
    'at TIMESTAMP(3)',
    'micro TIMESTAMP',
    'code VARCHAR',
    'a b VARCHAR',
    'none VARCHAR',
  ])
  expect(text('b.csv')).toEqual(['column1 BIGINT', 'column2 VARCHAR'])
  expect(text('c.csv', { 'csv.header': 'true' })).toEqual(['a BIGINT', 'a_1 BIGINT', 'A_2 BIGINT'])
  expect(text('d.csv')).toBeUndefined()
  expect(text('e.csv')).toEqual(['a VARCHAR', 'b VARCHAR'])
  expect(disk.opened).toBe(0)
})

test('what a sink writes a source reads back', async () => {
  const columns = schemaOf({
    i: 'integer',
    b: 'bigint',
    d: 'double',
    n: { kind: 'decimal', precision: 18, scale: 4 },
    s: 'varchar',
    t: { kind: 'timestamp', precision: 6 },
    y: 'date',
    k: 'boolean',
    v: 'interval',
  })
  const rows: Row[] = [
    [1, 2n ** 63n - 1n, 0.1, 12345n, 'plain', 1_700_000_000_123_456n, 0, true, 93_784_500_000n],
    [-5, -(2n ** 63n), -0, -1n, 'a,"b"\n', -1n, -1, false, 0n],
    [null, null, null, null, null, null, null, null, null],
    [0, 0n, Number.NaN, 0n, '', 0n, 20_000, true, -1n],
    [
      2,
      1n,
      Number.POSITIVE_INFINITY,
      999_999_999_999_999_999n,
      ' ü ',
      1n,
      1,
      true,
      86_400_000_000n,
    ],
    [3, 1n, 5e-324, 1n, '\r', 253_402_300_799_999_999n, -100_000, true, 1n],
  ]
  for (const header of ['true', 'false']) {
    const disk = new MemoryDisk()
    const options = new Map([
      ['path', 'out.csv'],
      ['csv.header', header],
    ])
    const writer = builtinConnectors(disk).get('filesystem')!.create(columns, options)
    for (const row of rows) writer.write([row], ['+I'])
    writer.close()
    expect(disk.readText('out.csv').startsWith('i,b,d')).toBe(header === 'true')
    expect(disk.readText('out.csv')).toContain('\n,,,,,,,,\n')
    expect((await readAll(disk, 'out.csv', { schema: columns })).rows).toEqual(rows)
  }
})
