/** Segments: batches of all types, forms and lengths, one behind the other, against plain arrays. */
import { describe, expect, test } from 'vitest'
import { type Random, seededRandom } from '../../src/base/index.ts'
import { columnOf, type Row, type Type, type Value, valueAt } from '../../src/data/index.ts'
import { Arena, Kernels, loadColumn, type VectorBatch } from '../../src/kernel/index.ts'
import { Segment } from '../../src/runtime/segment.ts'

const types: Type[] = [
  { kind: 'boolean' },
  { kind: 'integer' },
  { kind: 'bigint' },
  { kind: 'double' },
  { kind: 'varchar' },
]
const texts = [
  '',
  'a',
  'twelve bytes',
  'thirteen byte',
  'äöü',
  '😀',
  'more than sixteen bytes',
  'x'.repeat(999),
]
const doubles = [0, -0, Number.NaN, Number.POSITIVE_INFINITY, 1.5]

function valueFor(random: Random, { kind }: Type): Value {
  switch (kind) {
    case 'boolean':
      return random.below(2) === 0
    case 'integer':
      return random.below(2 ** 32) - 2 ** 31
    case 'bigint':
      return BigInt(random.below(2 ** 32)) * -(2n ** 31n)
    case 'double':
      return doubles[random.below(doubles.length)]!
    default:
      return texts[random.below(texts.length)]!
  }
}

interface Placed {
  row: Row
  triple: [number, number, number]
  weight: number
}

/** Rows with their place, and which of middle, minor and weights there are. */
function randomRows(random: Random, rows: number, form: readonly boolean[], from: number) {
  const nulls = [0, 0, 10, 100][random.below(4)]!
  return Array.from({ length: rows }, (_, at): Placed => {
    const value = (type: Type) => (random.below(100) < nulls ? null : valueFor(random, type))
    return {
      row: types.map(value),
      triple: [from + at, form[0] ? random.below(9) : 0, form[1] ? random.below(9) : 0],
      weight: form[2] && random.below(2) === 0 ? -1 : 1,
    }
  })
}

function batchOf(kernels: Kernels, rows: readonly Placed[], form: readonly boolean[]): VectorBatch {
  const { arena } = kernels
  const place = (of: (row: Placed) => number) => {
    const to = arena.scratch(rows.length * 8)
    for (const [at, row] of rows.entries()) arena.views.f64[(to >>> 3) + at] = of(row)
    return to
  }
  const weights = form[2] ? arena.scratch(rows.length * 4) : 0
  if (form[2])
    for (const [at, row] of rows.entries()) arena.views.i32[(weights >>> 2) + at] = row.weight
  const consecutive = form[3] === true
  return {
    rows: rows.length,
    columns: types.map((type, index) =>
      loadColumn(
        kernels,
        columnOf(
          type,
          rows.map(({ row }) => row[index]!),
        ),
        0,
        rows.length,
      ),
    ),
    order: {
      major: consecutive ? 0 : place(({ triple }) => triple[0]),
      first: rows[0]?.triple[0] ?? 0,
      middle: form[0] ? place(({ triple }) => triple[1]) : 0,
      minor: form[1] ? place(({ triple }) => triple[2]) : 0,
    },
    weights,
    watermarks: 0,
  }
}

function rowsOf(segment: Segment): Placed[] {
  const columns = segment.columns()
  const { major, middle, minor } = segment.order()
  return Array.from({ length: segment.rows }, (_, row) => ({
    row: columns.map((column) => valueAt(column, row)),
    triple: [major[row]!, middle?.[row] ?? 0, minor?.[row] ?? 0],
    weight: segment.weights()?.[row] ?? 1,
  }))
}

/** No −0. */
const plain = (value: Value) => (value === 0 ? 0 : value)

describe('differential: batches one behind the other on', () => {
  for (const backend of ['wasm', 'closure'] as const) {
    test(backend, () => {
      const random = seededRandom(5)
      const kernels = new Kernels(new Arena(), backend)
      const segment = new Segment(kernels, types, 1000)
      for (let round = 0; round < 20; round++) {
        const form = [0, 1, 2, 3].map(() => random.below(2) === 0)
        const wanted: Placed[] = []
        for (;;) {
          const length = [1, 7, 64, 65, random.below(300)][random.below(5)]!
          const rows = randomRows(random, length, form, wanted.length)
          const isTaken = segment.append(batchOf(kernels, rows, form))
          kernels.arena.resetScratch()
          if (!isTaken) break
          wanted.push(...rows.map((one) => ({ ...one, row: one.row.map(plain) })))
        }
        expect(rowsOf(segment)).toEqual(wanted)
        expect(segment.ties()).toEqual(new Uint32Array())
        segment.clear()
      }
      const { liveBytes } = kernels.arena
      segment.free()
      expect(kernels.arena.liveBytes).toBeLessThan(liveBytes)
    })
  }
})

test('a batch of another form, or with more rows than there is room for, is refused', () => {
  const kernels = new Kernels(new Arena(), 'wasm')
  const segment = new Segment(kernels, types, 10)
  const batch = (rows: number, form: boolean[]) =>
    batchOf(kernels, randomRows(seededRandom(1), rows, form, 0), form)
  expect(segment.append(batch(11, []))).toBe(false)
  expect(segment.append(batch(4, [true]))).toBe(true)
  expect(segment.append(batch(4, []))).toBe(false)
  expect(segment.append(batch(4, [true, false, true]))).toBe(false)
  expect(segment.append(batch(6, [true]))).toBe(true)
  expect(segment.append(batch(1, [true]))).toBe(false)
  expect(segment.rows).toBe(10)
})

test('ties are found, and what does not ascend', () => {
  const kernels = new Kernels(new Arena(), 'wasm')
  const segment = new Segment(kernels, [], 10)
  const append = (...major: number[]) => {
    const at = kernels.arena.scratch(major.length * 8)
    kernels.arena.views.f64.set(major, at >>> 3)
    const order = { major: at, middle: 0, minor: 0 }
    segment.append({ rows: major.length, columns: [], order, weights: 0, watermarks: 0 })
  }
  append(1, 1, 2)
  append(2, 3)
  expect(segment.ties()).toEqual(Uint32Array.of(1, 3))
  append(2)
  expect(segment.ties()).toBe(null)
})
