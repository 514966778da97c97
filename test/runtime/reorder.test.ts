/**
 * Reorder against a plain sort of rows: parts that overlap or not, ties of several lengths, all layouts, NULLs.
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
import {
  inOrder,
  type OrderedColumns,
  type PlacedColumns,
  tiesOf,
} from '../../src/runtime/reorder.ts'

const types: Type[] = [
  { kind: 'bigint' },
  { kind: 'integer' },
  { kind: 'double' },
  { kind: 'boolean' },
  { kind: 'varchar' },
]

interface Placed {
  row: Row
  triple: [number, number, number]
}

function valueFor(random: Random, type: Type, nulls: boolean): Value {
  if (nulls && random.below(5) === 0) return null
  const number = random.below(5) - 2
  switch (type.kind) {
    case 'bigint':
      return BigInt(number) * 5_000_000_000n
    case 'integer':
      return number
    case 'double':
      return number === 2 ? Number.NaN : number / 4
    case 'boolean':
      return number > 0
    default:
      return 'string'.repeat(number + 2)
  }
}

function compare(a: Placed, b: Placed, fields: readonly Field[], key: readonly number[]): number {
  for (const [at, place] of a.triple.entries())
    if (place !== b.triple[at]) return place - b.triple[at]!
  for (const at of [...key, ...fields.keys()]) {
    const order = compareValues(a.row[at]!, b.row[at]!, fields[at]!.type)
    if (order !== 0) return order
  }
  return 0
}

function partOf(rows: readonly Placed[], fields: readonly Field[], whole: boolean): OrderedColumns {
  const place = (at: 0 | 1 | 2) => Float64Array.from(rows, ({ triple }) => triple[at])
  const part = {
    rows: rows.length,
    columns: fields.map(({ type }, at) =>
      columnOf(
        type,
        rows.map(({ row }) => row[at]!),
      ),
    ),
    major: place(0),
    middle: whole ? place(1) : null,
    minor: whole ? place(2) : null,
  }
  return { ...part, ties: tiesOf(part) }
}

function rowsOf(parts: readonly PlacedColumns[]): Placed[] {
  return parts.flatMap((part) =>
    Array.from({ length: part.rows }, (_, row) => ({
      row: part.columns.map((column) => valueAt(column, row)),
      triple: [
        part.major[row]!,
        part.middle?.[row] ?? 0,
        part.minor?.[row] ?? 0,
      ] as Placed['triple'],
    })),
  )
}

describe('property: columns are in the order of their rows', () => {
  for (let seed = 1; seed <= 60; seed++) {
    test(`seed ${seed}`, () => {
      const random = seededRandom(seed)
      const chosen = seed % 3 === 0 ? types.slice(0, 2) : types.slice(random.below(4))
      const fields = chosen.map((type, at): Field => ({ name: `c${at}`, type, nullable: true }))
      const whole = seed % 4 === 0
      const rising = seed % 2 === 0
      const all: Placed[] = []
      let position = 0
      const parts = Array.from({ length: 1 + random.below(4) }, () => {
        const rows = Array.from({ length: 1 + random.below(40) }, (): Placed => {
          position = rising ? position + (random.below(3) === 0 ? 1 : 0) : random.below(30)
          const triple: Placed['triple'] = [position, 0, 0]
          if (whole && !rising) for (const at of [1, 2]) triple[at] = random.below(3)
          return { row: chosen.map((type) => valueFor(random, type, seed % 3 === 1)), triple }
        })
        all.push(...rows)
        return partOf(rows, fields, whole)
      })
      const key = seed % 5 < 2 ? [fields.length - 1] : []
      const expected = all.toSorted((a, b) => compare(a, b, fields, key))
      const placed = inOrder(parts, fields, key).map((late) => late.placed())
      expect(rowsOf(placed)).toEqual(expected)
    })
  }
})
