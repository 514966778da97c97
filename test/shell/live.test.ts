/** Live: the table of present rows that a terminal shows for a changing result. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Field, Op, Row } from '../../src/data/index.ts'
import { LiveRows, liveRenderer } from '../../src/shell/format/live.ts'
import { screen } from './screen.ts'

const fields: Field[] = [
  { name: 'k', type: { kind: 'varchar' }, nullable: true },
  { name: 'n', type: { kind: 'bigint' }, nullable: true },
]

test('an update keeps the place of its row', () => {
  const held = new LiveRows(fields)
  held.apply(
    [
      ['a', 1n],
      ['b', 1n],
      ['c', 1n],
    ],
    ['+I', '+I', '+I'],
  )
  held.apply(
    [
      ['a', 1n],
      ['a', 2n],
      ['b', 1n],
    ],
    ['-U', '+U', '-D'],
  )
  expect([...held.values()]).toEqual([
    ['a', 2n],
    ['c', 1n],
  ])
})

test('property: the rows held are what the changes add up to', () => {
  const step = fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.integer({ min: 0, max: 3 }))
  fc.assert(
    fc.property(fc.array(fc.array(step, { maxLength: 8 }), { maxLength: 60 }), (commits) => {
      const held = new LiveRows(fields)
      const counts = new Map<string, bigint>()
      for (const commit of commits) {
        const rows: Row[] = []
        const ops: Op[] = []
        for (const [key, add] of commit) {
          const old = counts.get(key)
          const next = (old ?? 0n) + BigInt(add)
          if (old !== undefined) {
            rows.push([key, old])
            ops.push(next === 0n || add === 0 ? '-D' : '-U')
          }
          if (add === 0) counts.delete(key)
          else {
            rows.push([key, next])
            ops.push(old === undefined ? '+I' : '+U')
            counts.set(key, next)
          }
        }
        held.apply(rows, ops)
      }
      const present = [...held.values()].map(([key, n]) => [key, n] as const)
      expect(new Map(present as [string, bigint][])).toEqual(counts)
      expect(present.length).toBe(counts.size)
    }),
  )
})

test('a drawing replaces the one before it, and the end shows all rows', async () => {
  let now = 0
  const output = screen({ columns: 40, rows: 8 })
  const renderer = liveRenderer(fields, output, { monotonicMillis: () => now })
  const many: Row[] = Array.from({ length: 10 }, (_, at) => [`k${at}`, 1n])
  await renderer.rows(
    many,
    many.map(() => '+I' as const),
  )
  await renderer.flush()
  expect(output.text().split('\n').length).toBe(2 + 3 + 1 + 1)
  expect(output.text()).toContain('7 more rows')
  await renderer.rows(
    [
      ['k0', 1n],
      ['k0', 5n],
    ],
    ['-U', '+U'],
  )
  await renderer.flush()
  const tooSoon = output.text()
  expect(tooSoon).not.toContain('5')
  now = 60
  await renderer.rows(
    [
      ['k1', 1n],
      ['k1', 6n],
    ],
    ['-U', '+U'],
  )
  await renderer.flush()
  expect(output.text().slice(tooSoon.length).startsWith('\x1b[6F\x1b[J')).toBe(true)
  await renderer.end()
  const last = output.text().slice(output.text().lastIndexOf('\x1b[J') + 3)
  expect(last.trimEnd().split('\n').length).toBe(12)
})
