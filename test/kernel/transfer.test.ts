/** Transfer: columns into an arena and back, chosen rows, and rows between arenas, against plain arrays. */
import { describe, expect, test } from 'vitest'
import { type Random, seededRandom } from '../../src/base/index.ts'
import {
  type Column,
  columnOf,
  type Type,
  typeText,
  type Value,
  valueAt,
} from '../../src/data/index.ts'
import {
  Arena,
  copyRows,
  Kernels,
  loadColumn,
  majorOf,
  positionOf,
  selectTrue,
  takeRows,
  takeVector,
  unloadColumn,
  type VectorBatch,
} from '../../src/kernel/index.ts'
import { iota } from '../../src/kernel/transfer.ts'

const texts = [
  '',
  'a',
  'twelve bytes',
  'thirteen byte',
  'äöü',
  'a string of more than twelve bytes',
  '😀',
]

const makers: [Type, (random: Random) => Value][] = [
  [{ kind: 'boolean' }, (random) => random.below(2) === 0],
  [{ kind: 'integer' }, (random) => random.below(2 ** 32) - 2 ** 31],
  [{ kind: 'bigint' }, (random) => BigInt(random.below(2 ** 32)) * -(2n ** 31n)],
  [{ kind: 'double' }, (random) => [0, -0, NaN, Infinity, random.next()][random.below(5)]!],
  [{ kind: 'varchar' }, (random) => texts[random.below(texts.length)]!],
  [{ kind: 'date' }, (random) => random.below(100_000) - 50_000],
]

const backends = ['wasm', 'closure'] as const
const lengths = [0, 1, 7, 8, 63, 64, 65, 200, 1000]

function values(column: Column, rows: number): Value[] {
  return Array.from({ length: rows }, (_, row) => valueAt(column, row))
}

function randomValues(random: Random, make: (random: Random) => Value, rows: number): Value[] {
  const nulls = [0, 0, 10, 90, 100][random.below(5)]!
  return Array.from({ length: rows }, () => (random.below(100) < nulls ? null : make(random)))
}

describe('differential: what is loaded from any row on comes back', () => {
  for (const backend of backends) {
    const kernels = new Kernels(new Arena(), backend)
    for (const [type, make] of makers) {
      test(`${typeText(type)} on ${backend}`, () => {
        const random = seededRandom(3)
        for (const rows of lengths) {
          const from = random.below(20)
          const host = randomValues(random, make, from + rows + random.below(5))
          const vector = loadColumn(kernels, columnOf(type, host), from, rows)
          const back = unloadColumn(kernels, vector, type, rows)
          const wanted = host.slice(from, from + rows)
          expect(values(back, rows)).toEqual(wanted)
          // Without NULL in the run there is no validity.
          expect(vector.validity === 0).toBe(!wanted.includes(null))
          kernels.arena.resetScratch()
        }
      })
    }
  }
})

test('a slot that is NULL holds zeros, whatever the host had there', () => {
  for (const backend of backends) {
    const kernels = new Kernels(new Arena(), backend)
    const validity = Uint8Array.of(0b101)
    const columns: Column[] = [
      {
        type: { kind: 'bigint' },
        data: { layout: 'i64', values: BigInt64Array.of(1n, 2n, 3n) },
        validity,
      },
      {
        type: { kind: 'boolean' },
        data: { layout: 'bits', values: Uint8Array.of(0b111) },
        validity,
      },
      {
        type: { kind: 'varchar' },
        data: {
          layout: 'utf8',
          offsets: Int32Array.of(0, 1, 2, 3),
          bytes: Uint8Array.of(65, 66, 67),
        },
        validity,
      },
    ]
    const [bigints, booleans, strings] = columns.map((column) => loadColumn(kernels, column, 0, 3))
    const { i64, u8 } = kernels.arena.views
    expect(Array.from(i64.slice(bigints!.data >>> 3, (bigints!.data >>> 3) + 3))).toEqual([
      1n,
      0n,
      3n,
    ])
    expect(u8[booleans!.data]! & 7).toBe(0b101)
    expect(u8.slice(strings!.data + 16, strings!.data + 32).every((byte) => byte === 0)).toBe(true)
  }
})

function batchOf(kernels: Kernels, random: Random, rows: number) {
  const host = makers.map(([, make]) => randomValues(random, make, rows))
  const weights = kernels.arena.scratch(rows * 4)
  const middle = iota(kernels, 1000, rows)
  const batch: VectorBatch = {
    rows,
    columns: makers.map(([type], index) =>
      loadColumn(kernels, columnOf(type, host[index]!), 0, rows),
    ),
    order: {
      major: random.below(2) === 0 ? 0 : iota(kernels, 2 ** 40, rows),
      first: 2 ** 40,
      middle,
      minor: 0,
    },
    weights,
    watermarks: 0,
  }
  for (let row = 0; row < rows; row++) {
    kernels.arena.views.i32[(weights >>> 2) + row] = random.below(2) * 2 - 1
  }
  if (rows > 1) batch.columns[1]!.errors = new Map([[1, { code: 'overflow', message: 'x' }]])
  return { batch, host }
}

/** Everything of a batch as plain values. */
function shown(kernels: Kernels, batch: VectorBatch) {
  const major = majorOf(kernels, batch)
  const { f64, i32 } = kernels.arena.views
  const { order, weights, rows } = batch
  return {
    columns: batch.columns.map((vector, index) => {
      const type = makers[index]![0]
      return values(unloadColumn(kernels, vector, type, rows), rows)
    }),
    errors: batch.columns.map(({ errors }) => (errors === null ? null : [...errors.keys()])),
    major: Array.from(f64.slice(major >>> 3, (major >>> 3) + rows)),
    positions: Array.from({ length: rows }, (_, row) => positionOf(kernels, order, row)),
    middle: Array.from(f64.slice(order.middle >>> 3, (order.middle >>> 3) + rows)),
    minor: order.minor,
    weights: Array.from(i32.slice(weights >>> 2, (weights >>> 2) + rows)),
    watermarks: batch.watermarks,
  }
}

describe('differential: chosen rows, within an arena and into another', () => {
  for (const backend of backends) {
    test(backend, () => {
      const random = seededRandom(11)
      const kernels = new Kernels(new Arena(), backend)
      const other = new Kernels(new Arena(), backend)
      for (const rows of lengths) {
        const { batch, host } = batchOf(kernels, random, rows)
        const chosen = Array.from({ length: rows }, (_, row) => row).filter(
          () => random.below(3) > 0,
        )
        const selection = kernels.arena.scratch(chosen.length * 4)
        kernels.arena.views.u32.set(chosen, selection >>> 2)
        const all = shown(kernels, batch)
        const wanted = {
          ...all,
          columns: host.map((column) => chosen.map((row) => column[row])),
          errors: all.errors.map((errors) => {
            const places = errors?.map((row) => chosen.indexOf(row)).filter((place) => place >= 0)
            return places === undefined || places.length === 0 ? null : places
          }),
          major: chosen.map((row) => all.major[row]),
          positions: chosen.map((row) => all.positions[row]),
          middle: chosen.map((row) => all.middle[row]),
          weights: chosen.map((row) => all.weights[row]),
        }
        expect(shown(kernels, takeRows(kernels, batch, selection, chosen.length))).toEqual(wanted)
        // Something else lies at the start of the other arena.
        other.arena.scratch(random.below(500))
        const copied = copyRows(kernels, batch, Uint32Array.from(chosen), other)
        expect(shown(other, copied)).toEqual(wanted)
        kernels.arena.resetScratch()
        other.arena.resetScratch()
      }
    })
  }
})

test('a predicate selects the rows that are TRUE, neither FALSE nor NULL', () => {
  for (const backend of backends) {
    const kernels = new Kernels(new Arena(), backend)
    const random = seededRandom(2)
    for (const rows of lengths) {
      const host = randomValues(random, (r) => r.below(2) === 0, rows)
      const predicate = loadColumn(kernels, columnOf({ kind: 'boolean' }, host), 0, rows)
      const { selection, count } = selectTrue(kernels, predicate, rows)
      const at = selection >>> 2
      const wanted = host.flatMap((value, row) => (value === true ? [row] : []))
      expect(Array.from(kernels.arena.views.u32.slice(at, at + count))).toEqual(wanted)
      const taken = takeVector(kernels, predicate, selection, count)
      expect(values(unloadColumn(kernels, taken, { kind: 'boolean' }, count), count)).toEqual(
        wanted.map(() => true),
      )
    }
  }
})
