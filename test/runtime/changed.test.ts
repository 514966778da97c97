/**
 * Changes found in columns against changes found on rows: rows that cancel, updates of a key, copies, places that
 * ascend or not, all layouts, NULLs, rows in one part and in many.
 */
import { describe, expect, test } from 'vitest'
import { type Random, seededRandom } from '../../src/base/index.ts'
import {
  columnOf,
  compareValues,
  type Field,
  type Row,
  type Type,
  type Value,
  valueAt,
} from '../../src/data/index.ts'
import { changedColumns } from '../../src/runtime/changed.ts'
import { type Contribution, finalChanges } from '../../src/runtime/changes.ts'
import { mixHashes, valueOrder } from '../../src/runtime/column.ts'

const types: Type[] = [
  { kind: 'bigint' },
  { kind: 'integer' },
  { kind: 'double' },
  { kind: 'boolean' },
  { kind: 'varchar' },
  { kind: 'decimal', precision: 30, scale: 2 },
]

function valueFor(random: Random, type: Type, nulls: boolean): Value {
  if (nulls && random.below(5) === 0) return null
  const number = random.below(6) - 3
  switch (type.kind) {
    case 'bigint':
      return BigInt(number) * 5_000_000_000n
    case 'decimal':
      return BigInt(number) * 5_000_000_000_000_000_000_000n
    case 'integer':
      return number * 2 ** 29
    case 'double':
      return number === 2 ? Number.NaN : number === 1 ? Number.POSITIVE_INFINITY : number / 4
    case 'boolean':
      return number > 0
    default:
      return ['', 'a', 'ab', 'é', '𝄞', '\u{ffff}'.repeat(20)][number + 3]!
  }
}

const fieldsOf = (chosen: readonly Type[]) =>
  chosen.map((type, at): Field => ({ name: `c${at}`, type, nullable: true }))

function columnsOf(rows: readonly Row[], fields: readonly Field[]) {
  return fields.map(({ type }, at) =>
    columnOf(
      type,
      rows.map((row) => row[at]!),
    ),
  )
}

/** The changes of rows that lie in parts of `most` rows. */
function changedOf(
  rows: readonly Contribution[],
  fields: readonly Field[],
  key: number[] | null,
  most: number,
) {
  const starts = Array.from(
    { length: Math.max(1, Math.ceil(rows.length / most)) },
    (_, at) => at * most,
  )
  const parts = starts.map((start) => partOf(rows.slice(start, start + most), fields))
  return changedColumns(parts, fields, key)
}

function partOf(rows: readonly Contribution[], fields: readonly Field[]) {
  return {
    rows: rows.length,
    columns: columnsOf(
      rows.map(({ row }) => row),
      fields,
    ),
    major: Float64Array.from(rows, ({ major }) => major),
    middle: rows.every(({ middle }) => middle === 0)
      ? null
      : Float64Array.from(rows, ({ middle }) => middle),
    minor: null,
    weights: rows.every(({ weight }) => weight === 1)
      ? null
      : Int32Array.from(rows, ({ weight }) => weight),
  }
}

function expectSame(rows: readonly Contribution[], fields: readonly Field[], key: number[] | null) {
  const expected = finalChanges(rows, fields, key)
  for (const most of [Math.max(1, rows.length), 7]) {
    const changed = changedOf(rows, fields, key, most)
    expect(changed.changes()).toEqual(expected)
    expect(changed.count).toBe(expected.length)
    expect(changed.ops).toEqual(expected.map(({ op }) => op))
    const columns = changed.columns()
    expect(expected.map((_, at) => columns.map((column) => valueAt(column, at)))).toEqual(
      expected.map(({ row }) => row),
    )
  }
}

describe('property: the changes without a key are those of the rows', () => {
  for (let seed = 1; seed <= 60; seed++) {
    test(`seed ${seed}`, () => {
      const random = seededRandom(seed)
      const chosen = types.slice(random.below(5), 5 + random.below(2))
      const isRising = seed % 2 === 0
      let position = 0
      const rows = Array.from({ length: random.below(80) }, (): Contribution => {
        position = isRising ? position + random.below(2) : random.below(9)
        const row = chosen.map((type) => valueFor(random, type, seed % 3 === 1))
        const weight = (random.below(2) === 0 ? -1 : 1) * (1 + random.below(seed % 4 === 0 ? 3 : 1))
        return {
          row,
          weight,
          major: position,
          middle: seed % 5 === 0 ? random.below(2) : 0,
          minor: 0,
        }
      })
      expectSame(rows, fieldsOf(chosen), null)
    })
  }
})

describe('property: what goes and comes of a key is an update', () => {
  for (let seed = 1; seed <= 40; seed++) {
    test(`seed ${seed}`, () => {
      const random = seededRandom(seed)
      const chosen: Type[] = [types[seed % 2 === 0 ? 4 : 0]!, ...types]
      const fields = fieldsOf([{ kind: 'integer' }, ...chosen])
      const rows: Contribution[] = []
      for (let key = 0; key < 40; key++) {
        for (const weight of [-1, 1]) {
          if (random.below(3) === 0) continue
          const place = { major: random.below(30), middle: 0, minor: 0 }
          const values = chosen.map((type) => valueFor(random, type, true))
          rows.push({ row: [key === 0 ? null : key, ...values], weight, ...place })
          // Touched more than once in the cycle.
          if (random.below(4) > 0) continue
          const other = chosen.map((type) => valueFor(random, type, true))
          for (const sign of [1, -1]) {
            rows.push({ row: [key, ...other], weight: sign, ...place, major: random.below(30) })
          }
        }
      }
      expectSame(rows, fields, [0])
    })
  }
})

test('values of columns stand in the order of values, and equal ones have equal hashes', () => {
  const random = seededRandom(7)
  for (const type of types) {
    const values = Array.from({ length: 60 }, () => valueFor(random, type, true))
    for (const some of [values, values.filter((value) => value !== null)]) {
      const column = columnOf(type, some)
      const order = valueOrder(column)
      const hashes = new Int32Array(some.length)
      mixHashes(column, some.length, hashes)
      for (const [a, left] of some.entries()) {
        for (const [b, right] of some.entries()) {
          const expected = compareValues(left, right, type)
          expect(Math.sign(order(a, b))).toBe(expected)
          if (expected === 0) expect(hashes[a]).toBe(hashes[b])
        }
      }
    }
  }
})

test('texts that differ in few bytes have hashes of their own', () => {
  const texts = Array.from({ length: 10_000 }, (_, at) => `channel-${at}-https://example.org/`)
  for (const type of types.filter(({ kind }) => kind === 'varchar' || kind === 'decimal')) {
    const values = type.kind === 'varchar' ? texts : texts.map((_, at) => BigInt(at) << 64n)
    const hashes = new Int32Array(values.length)
    mixHashes(columnOf(type, values), values.length, hashes)
    expect(new Set(hashes).size).toBeGreaterThan(9_990)
  }
})
