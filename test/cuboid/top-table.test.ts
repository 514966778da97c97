/**
 * Top table against lists of rows on the host, sorted by the order that the laws give to values: partitions and order
 * keys of all types, NULLs, ties, limits, commits with and without changes, numbered and not.
 */
import { describe, expect, test } from 'vitest'
import { type Random, seededRandom } from '../../src/base/index.ts'
import { type TopSpec, TopTable } from '../../src/cuboid/index.ts'
import { compareValues, type Type, type Value } from '../../src/data/index.ts'
import { type Backend, type Kernels, MarkCheck } from '../../src/kernel/index.ts'
import { doublesOf, makeKernels, valuesOf, vectorOf } from './vectors.ts'

const types: Type[] = [
  { kind: 'bigint' },
  { kind: 'double' },
  { kind: 'varchar' },
  { kind: 'boolean' },
]

function valueFor(random: Random, type: Type): Value {
  if (random.below(6) === 0) return null
  const number = random.below(7) - 3
  switch (type.kind) {
    case 'bigint':
      return BigInt(number) * 3_000_000_000n
    case 'double':
      return [-0, 0, Number.NaN, Number.POSITIVE_INFINITY, -1.5, 2, 1e300][number + 3]!
    case 'boolean':
      return number > 0
    default:
      return ['', 'a', 'ab', 'the same beginning 1', 'the same beginning 2', 'é', '𝄞'][number + 3]!
  }
}

interface Placed {
  row: Value[]
  position: number
}

const text = (value: Value) => (typeof value === 'string' ? JSON.stringify(value) : `${value}`)
const line = (row: readonly Value[]) =>
  row.map((value) => text(Object.is(value, -0) ? 0 : value)).join('|')

/** Of two values, as an ORDER BY with its NULLS FIRST or LAST has them. */
function compareKeys(a: Value, b: Value, type: Type, key: TopSpec['order'][number]): number {
  if (a === null || b === null) {
    return (Number(a === null) - Number(b === null)) * (key.nullsFirst ? -1 : 1)
  }
  return compareValues(a, b, type) * (key.descending ? -1 : 1)
}

function comparedBy({ columns, order, byPosition }: TopSpec) {
  return (a: Placed, b: Placed): number => {
    for (const key of order) {
      const type = columns[key.column]!
      const result = compareKeys(a.row[key.column]!, b.row[key.column]!, type, key)
      if (result !== 0) return result
    }
    if (byPosition && a.position !== b.position) return a.position - b.position
    for (const [column, type] of columns.entries()) {
      const result = compareValues(a.row[column]!, b.row[column]!, type)
      if (result !== 0) return result
    }
    return 0
  }
}

/** What each partition shows, by its key: lines with their numbers where these are asked for. */
function shownOf(all: readonly Placed[], spec: TopSpec): string[] {
  const groups = Map.groupBy(all, ({ row }) => line(spec.partition.map((column) => row[column]!)))
  return [...groups.values()].flatMap((rows) =>
    rows
      .toSorted(comparedBy(spec))
      .slice(0, spec.limit)
      .map(({ row }, at) => (spec.numbered ? `${line(row)}|${at + 1}` : line(row))),
  )
}

function insert(kernels: Kernels, table: TopTable, { columns }: TopSpec, rows: readonly Placed[]) {
  const mark = kernels.arena.markScratch()
  const vectors = columns.map((type, column) =>
    vectorOf(
      kernels,
      type,
      rows.map(({ row }) => row[column]!),
    ),
  )
  const major = doublesOf(
    kernels,
    rows.map(({ position }) => position),
  )
  const order = { major, middle: 0, minor: 0 }
  table.insert({ rows: rows.length, columns: vectors, order, weights: 0, watermarks: 0 })
  kernels.arena.releaseScratch(mark)
}

/** Applies the changes to what was shown. */
function commit(
  kernels: Kernels,
  table: TopTable,
  { columns, numbered }: TopSpec,
  shown: string[],
) {
  const all: Type[] = numbered ? [...columns, { kind: 'bigint' }] : [...columns]
  const gone: string[] = []
  table.emitChanges(7, (batch) => {
    const values = batch.columns.map((vector, at) =>
      valuesOf(kernels, vector, all[at]!, batch.rows),
    )
    const { i32 } = kernels.arena.views
    for (let at = 0; at < batch.rows; at++) {
      const told = line(values.map((column) => column[at]!))
      const weight = batch.weights === 0 ? 1 : i32[(batch.weights >>> 2) + at]!
      if (weight > 0) shown.push(told)
      else gone.push(told)
    }
  })
  for (const told of gone) {
    const at = shown.indexOf(told)
    expect(at, `${told} was shown`).toBeGreaterThanOrEqual(0)
    shown.splice(at, 1)
  }
}

const backends: Backend[] = ['closure', 'wasm']

describe.each(backends)('%s', (backend) => {
  for (let seed = 1; seed <= 24; seed++) {
    test(`property: the first rows of each partition, seed ${seed}`, () => {
      const random = seededRandom(seed)
      const columns = Array.from({ length: 2 + random.below(4) }, () => types[random.below(4)]!)
      const sortable = [...columns.keys()].filter((column) => columns[column]!.kind !== 'varchar')
      const order = sortable.slice(0, 1 + random.below(2)).map((column) => ({
        column,
        descending: random.below(2) === 0,
        nullsFirst: random.below(2) === 0,
        nullable: true,
      }))
      const partition = random.below(4) === 0 ? [] : [random.below(columns.length)]
      const spec: TopSpec = {
        ...{ columns, partition, order, limit: [1, 2, 10][random.below(3)]! },
        ...{ byPosition: random.below(2) === 0, numbered: random.below(2) === 0 },
      }
      const kernels = makeKernels(backend)
      const table = new TopTable(kernels, spec)
      const marks = new MarkCheck(kernels.arena)
      const all: Placed[] = []
      const shown: string[] = []
      for (let step = 0; step < 12; step++) {
        const rows = Array.from({ length: random.below(40) }, () => ({
          row: columns.map((type) => valueFor(random, type)),
          position: random.below(1000),
        }))
        if (rows.length > 0) insert(kernels, table, spec, rows)
        all.push(...rows)
        if (random.below(2) === 0) continue
        commit(kernels, table, spec, shown)
        marks.check()
        expect(shown.toSorted()).toEqual(shownOf(all, spec).toSorted())
      }
    })
  }
})
