/** Renderer: the output formats, byte for byte. */
import { expect, test } from 'vitest'
import type { Field, Op, Row } from '../../src/data/index.ts'
import { createRenderer, type RenderOptions } from '../../src/shell/format/renderer.ts'
import { screen } from './screen.ts'

const fields: Field[] = [
  { name: 'id', type: { kind: 'bigint' }, nullable: true },
  { name: 'name', type: { kind: 'varchar' }, nullable: true },
  { name: 'price', type: { kind: 'decimal', precision: 10, scale: 2 }, nullable: true },
  { name: 'at', type: { kind: 'timestamp', precision: 6 }, nullable: true },
]
const rows: Row[] = [
  [1n, 'a "b"', 150n, 1_000_000n],
  [9007199254740993n, 'x,y\nz', null, 1_500_000n],
  [null, '', -5n, null],
]

async function rendered(
  options: Partial<RenderOptions>,
  ops: Op[] | null = null,
  output = screen(),
): Promise<string> {
  const renderer = createRenderer(fields, output, {
    format: 'jsonl',
    kind: ops === null ? 'rows' : 'updating',
    header: false,
    live: true,
    ...options,
  })
  await renderer.rows(rows, ops)
  await renderer.end()
  return output.text()
}

test('jsonl writes one object per row, in select order', async () => {
  expect(await rendered({ format: 'jsonl' })).toBe(
    [
      '{"id":1,"name":"a \\"b\\"","price":"1.50","at":"1970-01-01 00:00:01"}',
      '{"id":"9007199254740993","name":"x,y\\nz","price":null,"at":"1970-01-01 00:00:01.5"}',
      '{"id":null,"name":"","price":"-0.05","at":null}',
      '',
    ].join('\n'),
  )
})

test('jsonl tells the kind of change only where rows may be taken back', async () => {
  const changes = await rendered({ format: 'jsonl' }, ['+I', '-D', '+U'])
  expect(changes.split('\n').map((line) => line.slice(0, 13))).toEqual([
    '{"_op":"+I","',
    '{"_op":"-D","',
    '{"_op":"+U","',
    '',
  ])
  const appended = await rendered({ format: 'jsonl', kind: 'append-only' })
  expect(appended).not.toContain('_op')
})

test('csv quotes what needs it, and tells NULL from the empty string', async () => {
  expect(await rendered({ format: 'csv' })).toBe(
    [
      '1,"a ""b""",1.50,1970-01-01 00:00:01',
      '9007199254740993,"x,y\nz",,1970-01-01 00:00:01.5',
      ',"",-0.05,',
      '',
    ].join('\n'),
  )
  expect(await rendered({ format: 'csv', header: true })).toMatch(/^id,name,price,at\n1,/)
})

test('a table aligns numbers to the right and shows control characters as escapes', async () => {
  expect(await rendered({ format: 'table' })).toBe(
    [
      '               id │ name   │ price │ at',
      '──────────────────┼────────┼───────┼───────────────────────',
      '                1 │ a "b"  │  1.50 │ 1970-01-01 00:00:01',
      ' 9007199254740993 │ x,y\\nz │  NULL │ 1970-01-01 00:00:01.5',
      '             NULL │        │ -0.05 │ NULL',
      '',
    ].join('\n'),
  )
})

test('a table of changes has the kind of change first', async () => {
  const text = await rendered({ format: 'table' }, ['+I', '-D', '+U'])
  expect(text.split('\n')[0]).toMatch(/^ op │ +id │ name/)
  expect(text.split('\n')[3]).toMatch(/^ -D │/)
})

test('a table on a terminal never exceeds it', async () => {
  const output = screen({ columns: 40 })
  const text = await rendered({ format: 'table' }, null, output)
  expect(text).toContain('…')
  for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(40)
})

test('wide and combining characters keep the columns straight', async () => {
  const output = screen()
  const renderer = createRenderer(
    [
      { name: 'city', type: { kind: 'varchar' }, nullable: true },
      { name: 'n', type: { kind: 'integer' }, nullable: true },
    ],
    output,
    { format: 'table', kind: 'rows', header: false, live: false },
  )
  await renderer.rows(
    [
      ['東京', 1],
      ['Zu\u0308rich', 2],
      ['Rome', 3],
    ],
    null,
  )
  await renderer.end()
  expect(output.text()).toBe(
    [' city   │ n', '────────┼───', ' 東京   │ 1', ' Zu\u0308rich │ 2', ' Rome   │ 3', ''].join(
      '\n',
    ),
  )
})

test('a table streams beyond its sample with the widths it has', async () => {
  const output = screen()
  const renderer = createRenderer([fields[0]!], output, {
    format: 'table',
    kind: 'rows',
    header: false,
    live: false,
  })
  await renderer.rows(
    Array.from({ length: 2500 }, (_, at) => [BigInt(at)]),
    null,
  )
  const before = output.text().split('\n').length
  expect(before).toBeGreaterThan(2500)
  await renderer.end()
  expect(output.text().trimEnd().split('\n').length).toBe(2502)
})

test('a result without rows still has its head in a table, and nothing in jsonl', async () => {
  for (const [format, expected] of [
    ['table', ' id\n────\n'],
    ['jsonl', ''],
    ['csv', ''],
  ] as const) {
    const output = screen()
    const renderer = createRenderer([fields[0]!], output, {
      format,
      kind: 'rows',
      header: false,
      live: false,
    })
    await renderer.end()
    expect(output.text()).toBe(expected)
  }
})
