/**
 * Join table against a list of rows: inserts, removals, probes in parts, NULL keys and several buckets.
 */
import { describe, expect, test } from 'vitest'
import { type Random, seededRandom } from '../../src/base/index.ts'
import { JoinTable, joinKeys } from '../../src/cuboid/index.ts'
import type { Type, Value } from '../../src/data/index.ts'
import { type Backend, type Kernels, MarkCheck, type VectorBatch } from '../../src/kernel/index.ts'
import { sized } from '../size.ts'
import { doublesOf, makeKernels, valuesOf, vectorOf } from './vectors.ts'

const types: Type[] = [
  { kind: 'boolean' },
  { kind: 'integer' },
  { kind: 'bigint' },
  { kind: 'double' },
  { kind: 'varchar' },
]

interface Stored {
  row: Value[]
  position: number
}

const pick = <T>(random: Random, list: readonly T[]) => list[random.below(list.length)]!

function valueFor(random: Random, type: Type): Value {
  if (random.below(7) === 0) return null
  switch (type.kind) {
    case 'boolean':
      return random.below(2) === 1
    case 'integer':
      return random.below(5)
    case 'double':
      return pick(random, [0, -0, 1.5, Number.NaN])
    case 'varchar':
      return pick(random, [
        '',
        'short',
        'a string beyond twelve bytes',
        'a string beyond twelve bytez',
      ])
    default:
      return BigInt(random.below(5))
  }
}

/** Equality of values as the laws have it: one zero, one NaN. */
const text = (value: Value) => (typeof value === 'string' ? JSON.stringify(value) : `${value}`)
const exact = (value: Value) => (Object.is(value, -0) ? '-0' : text(value))

function batchOf(kernels: Kernels, columns: Type[], rows: readonly Stored[]): VectorBatch {
  return {
    rows: rows.length,
    columns: columns.map((type, index) =>
      vectorOf(
        kernels,
        type,
        rows.map(({ row }) => row[index]!),
      ),
    ),
    order: {
      major: doublesOf(
        kernels,
        rows.map(({ position }) => position),
      ),
      middle: 0,
      minor: 0,
    },
    weights: 0,
    watermarks: 0,
  }
}

const keysOf = (kernels: Kernels, batch: VectorBatch, columns: readonly number[]) =>
  joinKeys(
    kernels,
    columns.map((column) => batch.columns[column]!),
    batch.rows,
  )

/** Lines by the number with which they start, those of one number as they came. */
const byProbe = (lines: readonly string[]) =>
  lines.toSorted((a, b) => Number(a.split(' ')[0]) - Number(b.split(' ')[0]))

const backends: Backend[] = ['closure', 'wasm']

describe.each(backends)('%s', (backend) => {
  for (let seed = 1; seed <= sized(10, 24); seed++) {
    test(`property: pairs are those of nested loops, seed ${seed}`, () => {
      const random = seededRandom(seed)
      const columns = [
        ...Array.from({ length: 1 + random.below(4) }, () => pick(random, types)),
        ...(seed % 10 === 0 ? Array<Type>(40).fill(types[2]!) : []),
      ]
      const keyColumns = [0, ...(columns.length > 1 && random.below(2) === 0 ? [1] : [])]
      const keys = keyColumns.map((column) => columns[column]!)
      const kernels = makeKernels(backend)
      const removable = seed % 2 === 0
      const spec = { keys: keyColumns, columns, removable }
      let table = new JoinTable(kernels, spec)
      const marks = new MarkCheck(kernels.arena)
      const before = kernels.arena.liveBytes
      const ends = [0n, 60n].slice(0, 1 + random.below(2))
      const stored = new Map<bigint, Stored[]>(ends.map((end) => [end, []]))
      const keyOf = (row: readonly Value[]) => keyColumns.map((column) => row[column]!)
      for (let step = 0; step < 30; step++) {
        const mark = kernels.arena.markScratch()
        const end = pick(random, ends)
        const list = stored.get(end)!
        const action = random.below(3)
        if (action === 0 || list.length === 0) {
          const rows = Array.from({ length: 1 + random.below(40) }, (_, index) => ({
            row: columns.map((type) => valueFor(random, type)),
            position: step * 100 + index,
          }))
          const batch = batchOf(kernels, columns, rows)
          table.insert(end, keysOf(kernels, batch, keyColumns), batch)
          list.push(...rows.filter(({ row }) => keyOf(row).every((key) => key !== null)))
        } else if (action === 1 && seed % 2 === 0) {
          const rows = Array.from({ length: Math.min(list.length, 1 + random.below(20)) }, () => {
            const at = random.below(list.length)
            // Of equal rows the table may take another one: positions are compared as sets of equal rows below.
            return list.splice(at, 1)[0]!
          })
          const batch = batchOf(kernels, columns, rows)
          table.remove(end, keysOf(kernels, batch, keyColumns), batch)
        }
        marks.check()
        // A table made anew of the state goes on where the other one stopped.
        if (random.below(4) === 0) table = new JoinTable(kernels, spec, table.state())
        const probes = Array.from({ length: 1 + random.below(30) }, () =>
          keys.map((type) => valueFor(random, type)),
        )
        const vectors = keys.map((type, index) =>
          vectorOf(
            kernels,
            type,
            probes.map((probe) => probe[index]!),
          ),
        )
        const got: string[] = []
        const most = 1 + random.below(10)
        const probing = joinKeys(kernels, vectors, probes.length)
        table.probe(end, probing, most, ({ count, probe, build }) => {
          if (count > most) throw new Error('more matches than were asked for')
          const inner = kernels.arena.markScratch()
          const values = columns.map((type, column) =>
            valuesOf(kernels, table.gather(column, build, count), type, count),
          )
          const major = table.gatherMajor(build, count)
          const { u32, f64 } = kernels.arena.views
          const numbers = u32.slice(probe >>> 2, (probe >>> 2) + count)
          expect(numbers).toEqual(numbers.toSorted())
          for (let at = 0; at < count; at++) {
            const row = values.map((column) => column[at]!)
            const position = seed % 2 === 0 ? '' : f64[(major >>> 3) + at]
            got.push(
              `${u32[(probe >>> 2) + at]} ${row.map(seed % 2 === 0 ? text : exact).join('|')} ${position}`,
            )
          }
          kernels.arena.releaseScratch(inner)
        })
        const expected = probes.flatMap((probe, number) =>
          list
            .toReversed()
            .filter(({ row }) =>
              keyOf(row).every((key, at) => probe[at] !== null && text(key) === text(probe[at]!)),
            )
            .map(
              ({ row, position }) =>
                `${number} ${row.map(seed % 2 === 0 ? text : exact).join('|')} ${seed % 2 === 0 ? '' : position}`,
            ),
        )
        // Without removals the newest match comes first.
        if (seed % 2 === 0) expect(got.sort()).toEqual(expected.sort())
        else expect(byProbe(got)).toEqual(expected)
        expect(table.stats().rows).toBe(
          [...stored.values()].reduce((sum, { length }) => sum + length, 0),
        )
        kernels.arena.releaseScratch(mark)
      }
      for (const end of table.buckets()) table.drop(end)
      // Scratch memory stays with the arena.
      expect(kernels.arena.liveBytes - before).toBeLessThan(600_000)
    })
  }

  test.each([false, true])('chains grow into many parts, removable: %s', (removable) => {
    const kernels = makeKernels(backend)
    const columns: Type[] = [{ kind: 'bigint' }, { kind: 'bigint' }]
    const table = new JoinTable(kernels, { keys: [0], columns, removable })
    const marks = new MarkCheck(kernels.arena)
    const rows = (from: number, count: number) =>
      Array.from({ length: count }, (_, index) => ({
        row: [BigInt((from + index) % 30_000), BigInt(from + index)],
        position: from + index,
      }))
    const each = (batch: VectorBatch, act: 'insert' | 'remove') =>
      table[act](0n, keysOf(kernels, batch, [0]), batch)
    for (let from = 0; from < 90_000; from += 3000) {
      const mark = kernels.arena.markScratch()
      each(batchOf(kernels, columns, rows(from, 3000)), 'insert')
      kernels.arena.releaseScratch(mark)
      marks.check()
    }
    if (removable) each(batchOf(kernels, columns, rows(32_000, 1000)), 'remove')
    marks.check()
    const keys = batchOf(kernels, columns, rows(0, 5000))
    const got: string[] = []
    table.probe(0n, keysOf(kernels, keys, [0]), 100, ({ count, probe, build }) => {
      const mark = kernels.arena.markScratch()
      const values = valuesOf(kernels, table.gather(1, build, count), columns[1]!, count)
      const { u32 } = kernels.arena.views
      for (const [at, value] of values.entries()) got.push(`${u32[(probe >>> 2) + at]} ${value}`)
      kernels.arena.releaseScratch(mark)
    })
    const expected = Array.from({ length: 5000 }, (_, key) =>
      [key + 60_000, key + 30_000, key]
        .filter((value) => !removable || value < 32_000 || value >= 33_000)
        .map((value) => `${key} ${value}`),
    ).flat()
    expect(byProbe(got)).toEqual(expected)
  })

  test('regression: removing a row that is not there is a bug of the caller', () => {
    const kernels = makeKernels(backend)
    const columns: Type[] = [{ kind: 'bigint' }]
    const table = new JoinTable(kernels, { keys: [0], columns, removable: true })
    const one = batchOf(kernels, columns, [{ row: [1n], position: 0 }])
    const two = batchOf(kernels, columns, [{ row: [2n], position: 0 }])
    table.insert(0n, keysOf(kernels, one, [0]), one)
    expect(() => table.remove(0n, keysOf(kernels, two, [0]), two)).toThrow(
      'a removed row is in the table',
    )
    expect(() => table.remove(9n, keysOf(kernels, one, [0]), one)).toThrow(
      'a removed row is in the table',
    )
  })
})
