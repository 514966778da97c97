/**
 * Cuboid against its model: random folds over all types, with NULLs, filters, DISTINCT, retractions and buckets.
 */
import { describe, expect, test } from 'vitest'
import { type Random, seededRandom } from '../../src/base/index.ts'
import { Cuboid, type Measure } from '../../src/cuboid/index.ts'
import type { Type, Value } from '../../src/data/index.ts'
import { type Backend, type Kernels, MarkCheck, type VectorBatch } from '../../src/kernel/index.ts'
import { sized } from '../size.ts'
import { Model, type ModelRow } from './model.ts'
import { doublesOf, makeKernels, valuesOf, vectorOf, weightsOf } from './vectors.ts'

const types: Record<string, Type> = {
  boolean: { kind: 'boolean' },
  integer: { kind: 'integer' },
  bigint: { kind: 'bigint' },
  double: { kind: 'double' },
  decimal: { kind: 'decimal', precision: 18, scale: 3 },
  varchar: { kind: 'varchar' },
  interval: { kind: 'interval' },
}
const names = Object.keys(types)

const doubles = [
  0, -0, 1, -1, 0.1, -0.1, 1e300, -1e300, 5e-324, -5e-324, 2 ** -44, 2 ** -45, 2 ** 63, 2 ** 62,
  -(2 ** 63), Number.NaN, Infinity, -Infinity, 1 / 3, 123456.789,
] // biome-ignore format: one list
const strings = [
  '',
  'a',
  'ab',
  'twelve bytes',
  'thirteen byte',
  'thirteen bytf',
  'a long string that lies in a heap',
  'ä',
  '😀',
]

const pick = <T>(random: Random, list: readonly T[]) => list[random.below(list.length)]!

function valueFor(random: Random, type: Type, wild: boolean): Value {
  switch (type.kind) {
    case 'boolean':
      return random.below(2) === 1
    case 'integer':
      return random.below(20) - 10
    case 'double':
      return wild ? pick(random, doubles) : (random.below(2001) - 1000) / 8
    case 'varchar':
      return wild
        ? pick(random, strings) + (random.below(4) === 0 ? random.below(9) : '')
        : pick(random, strings)
    case 'decimal':
      return BigInt(random.below(2_000_001) - 1_000_000) * (wild ? 10n ** 11n : 1n)
    default:
      return wild ? BigInt(random.below(4) - 2) * 2n ** 62n : BigInt(random.below(100) - 50)
  }
}

function measuresFor(random: Random): Measure[] {
  const measures: Measure[] = [
    { function: 'count_star', argument: null, distinct: false, result: types['bigint']! },
  ]
  const count = 1 + random.below(6)
  for (let index = 0; index < count; index++) {
    const name = pick(random, ['count', 'sum', 'avg', 'min', 'max'] as const)
    const numeric = ['integer', 'bigint', 'double', 'decimal', 'interval']
    const argument = types[pick(random, name === 'sum' || name === 'avg' ? numeric : names)]!
    measures.push({
      function: name,
      argument,
      distinct: random.below(3) === 0 && name !== 'min' && name !== 'max',
      result: resultOf(name, argument),
    })
  }
  return measures
}

function resultOf(name: Measure['function'], argument: Type): Type {
  if (name === 'count') return types['bigint']!
  if (name === 'min' || name === 'max') return argument
  if (argument.kind === 'interval') return argument
  if (name === 'avg') return types['double']!
  if (argument.kind === 'integer') return types['bigint']!
  return argument
}

interface Setup {
  keys: Type[]
  measures: Measure[]
  filtered: boolean[]
  retracts: boolean
  single: boolean
}

function batchFor(
  random: Random,
  setup: Setup,
  live: ModelRow[],
  at: number,
  wild: boolean,
): ModelRow[] {
  const rows: ModelRow[] = []
  const count = 1 + random.below(60)
  for (let index = 0; index < count; index++) {
    const position = at + index
    if (setup.retracts && live.length > 0 && random.below(5) < 2) {
      const [old] = live.splice(random.below(live.length), 1)
      rows.push({ ...old!, weight: -1, position })
      continue
    }
    const orNull = (type: Type, isWild: boolean) =>
      random.below(6) === 0 ? null : valueFor(random, type, isWild)
    const row: ModelRow = {
      keys: setup.keys.map((type) => orNull(type, false)),
      arguments: setup.measures.map(({ argument }) =>
        argument === null ? null : orNull(argument, wild),
      ),
      filters: setup.filtered.map((filtered) =>
        filtered ? pick(random, [true, true, false, null]) : undefined,
      ),
      position,
      weight: 1,
    }
    rows.push(row)
    if (setup.retracts) live.push(row)
  }
  return rows
}

function foldRows(
  kernels: Kernels,
  cuboid: Cuboid,
  end: bigint,
  setup: Setup,
  rows: ModelRow[],
): void {
  const mark = kernels.arena.markScratch()
  const boolean = types['boolean']!
  cuboid.fold(end, {
    rows: rows.length,
    keys: setup.keys.map((type, index) =>
      vectorOf(
        kernels,
        type,
        rows.map((row) => row.keys[index]!),
      ),
    ),
    arguments: setup.measures.map(({ argument }, index) =>
      argument === null
        ? null
        : vectorOf(
            kernels,
            argument,
            rows.map((row) => row.arguments[index]!),
          ),
    ),
    filters: setup.filtered.map((filtered, index) =>
      filtered
        ? vectorOf(
            kernels,
            boolean,
            rows.map((row) => row.filters[index]!),
          )
        : null,
    ),
    order: {
      major: doublesOf(
        kernels,
        rows.map((row) => row.position),
      ),
      middle: 0,
      minor: 0,
    },
    weights: setup.retracts
      ? weightsOf(
          kernels,
          rows.map((row) => row.weight),
        )
      : 0,
  })
  kernels.arena.releaseScratch(mark)
}

interface Out {
  row: Value[]
  weight: number
  major: number
  middle: number
  minor: number
}

function outOf(kernels: Kernels, setup: Setup, batch: VectorBatch): Out[] {
  const all = [...setup.keys, ...setup.measures.map(({ result }) => result)]
  const columns = all.map((type, index) =>
    valuesOf(kernels, batch.columns[index]!, type, batch.rows),
  )
  const { f64, i32 } = kernels.arena.views
  const { major, middle, minor } = batch.order
  return Array.from({ length: batch.rows }, (_, row) => ({
    row: columns.map((column) => column[row]!),
    weight: batch.weights === 0 ? 1 : i32[(batch.weights >>> 2) + row]!,
    major: f64[(major >>> 3) + row]!,
    middle: f64[(middle >>> 3) + row]!,
    minor: f64[(minor >>> 3) + row]!,
  }))
}

/** −0 and 0 are told apart in measures, NaN equals NaN. */
const show = (row: readonly Value[]) =>
  row
    .map((value) =>
      Object.is(value, -0) ? '-0' : typeof value === 'string' ? JSON.stringify(value) : `${value}`,
    )
    .join(' | ')
const same = (a: readonly Value[], b: readonly Value[]) =>
  show(a.map((value) => (value === 0 ? 0 : value))) ===
  show(b.map((value) => (value === 0 ? 0 : value)))

function setupFor(random: Random, retracts: boolean): Setup {
  const single = random.below(6) === 0
  const measures = measuresFor(random)
  return {
    keys: single ? [] : Array.from({ length: random.below(4) }, () => types[pick(random, names)]!),
    measures,
    filtered: measures.map(() => random.below(3) === 0),
    retracts,
    single,
  }
}

function specOf(setup: Setup, changes: boolean) {
  const { keys, measures, retracts, single } = setup
  return { keys, measures, retracts, changes, single }
}

const backends: Backend[] = ['closure', 'wasm']

describe.each(backends)('%s', (backend) => {
  for (let seed = 1; seed <= sized(10, 40); seed++) {
    test(`property: emit gives every cell, seed ${seed}`, () => {
      const random = seededRandom(seed)
      const setup = setupFor(random, seed % 2 === 0)
      const kernels = makeKernels(backend)
      const cuboid = new Cuboid(kernels, specOf(setup, false))
      const marks = new MarkCheck(kernels.arena)
      const ends = setup.single ? [0n] : [0n, 60_000_000n, -7n].slice(0, 1 + random.below(3))
      const models = new Map(ends.map((end) => [end, new Model(setup.measures)]))
      const live = new Map<bigint, ModelRow[]>(ends.map((end) => [end, []]))
      let position = 10
      for (let step = 0; step < 25; step++) {
        const end = pick(random, ends)
        const rows = batchFor(random, setup, live.get(end)!, position, seed % 3 !== 0)
        position += 100
        // Joins hand rows over out of order.
        if (seed % 5 === 0) for (const row of rows) row.position = random.below(5000)
        foldRows(kernels, cuboid, end, setup, rows)
        marks.check()
        for (const row of rows) models.get(end)!.fold(row)
      }
      for (const end of cuboid.buckets()) {
        const model = models.get(end)!
        const out: Out[] = []
        cuboid.emit(end, 7, (batch) => out.push(...outOf(kernels, setup, batch)))
        const expected = [...model.cells]
          .map(([id, cell]) => ({ row: model.value(id, setup.single), created: cell.created }))
          .filter(({ row }) => row !== null)
          .map(({ row, created }) => `${setup.single ? 0 : created}: ${show(row!)}`)
        expect(out.map(({ row, minor }) => `${minor}: ${show(row)}`).sort()).toEqual(
          expected.sort(),
        )
        expect(out.every(({ minor }, at) => at === 0 || minor >= out[at - 1]!.minor)).toBe(true)
        expect(out.every(({ middle }) => middle === Number(end))).toBe(true)
      }
      for (const end of cuboid.buckets()) cuboid.drop(end)
      expect(cuboid.buckets()).toEqual([])
    })

    test(`property: changes add up to the cells, seed ${seed}`, () => {
      const random = seededRandom(1000 + seed)
      const setup = setupFor(random, seed % 3 !== 0)
      const kernels = makeKernels(backend)
      const before = kernels.arena.liveBytes
      const cuboid = new Cuboid(kernels, specOf(setup, true))
      const marks = new MarkCheck(kernels.arena)
      const ends = setup.single ? [0n] : [0n, 5n].slice(0, 1 + random.below(2))
      const models = new Map(ends.map((end) => [end, new Model(setup.measures)]))
      const live = new Map<bigint, ModelRow[]>(ends.map((end) => [end, []]))
      const shown = new Map<string, Value[]>()
      if (setup.single) models.get(0n)!.cells.set('', { keys: [], rows: [], created: 0 })
      let position = 10
      for (let cycle = 0; cycle < 12; cycle++) {
        const touched = new Map<string, { major: number; end: bigint; id: string }>()
        if (cycle === 0 && setup.single) touched.set('0/', { major: 0, end: 0n, id: '' })
        for (let step = random.below(4); step > 0; step--) {
          const end = pick(random, ends)
          const rows = batchFor(random, setup, live.get(end)!, position, seed % 4 !== 0)
          position += 100
          foldRows(kernels, cuboid, end, setup, rows)
          marks.check()
          for (const row of rows) {
            const id = models.get(end)!.fold(row)
            const key = `${end}/${id}`
            if (!touched.has(key)) touched.set(key, { major: row.position, end, id })
          }
        }
        const out: Out[] = []
        cuboid.emitChanges(2 + random.below(9), (batch) => {
          const part = outOf(kernels, setup, batch)
          if (part.at(-1)!.weight < 0) part.push({ ...part.at(-1)!, row: ['end of batch'] })
          out.push(...part)
        })
        marks.check()
        const expected: string[] = []
        for (const [key, { major, end, id }] of [...touched].sort(
          (a, b) => a[1].major - b[1].major,
        )) {
          const old = shown.get(key)
          const next = models.get(end)!.value(id, setup.single)
          if (next === null) models.get(end)!.cells.delete(id)
          if (old !== undefined && next !== null && same(old, next)) continue
          if (old !== undefined) expected.push(`- ${major} ${Number(end)} ${show(old)}`)
          if (next !== null) expected.push(`+ ${major} ${Number(end)} ${show(next)}`)
          if (next === null) shown.delete(key)
          else shown.set(key, next)
        }
        const got = out
          .filter(
            ({ row, weight }, at) =>
              row[0] !== 'end of batch' || out[at + 1]?.weight === 1 || weight > 0,
          )
          .filter(({ row }) => row[0] !== 'end of batch')
          .map(
            ({ row, weight, major, middle }) =>
              `${weight > 0 ? '+' : '-'} ${major} ${middle} ${show(row)}`,
          )
        expect(got).toEqual(expected)
      }
      for (const end of cuboid.buckets()) cuboid.drop(end)
      expect(kernels.arena.liveBytes - before).toBeLessThan(600_000)
    })
  }
})

test.each(backends)('%s: a cell counts on beyond 2^30 rows', (backend) => {
  const measures = measuresFor(seededRandom(1)).slice(0, 1)
  const setup = { keys: [types['bigint']!], measures, filtered: [false], retracts: false }
  const row = { keys: [1n], arguments: [null], filters: [undefined], position: 1, weight: 1 }
  const rows = Array.from({ length: 5 }, () => row)
  for (const changes of [false, true]) {
    const kernels = makeKernels(backend)
    const spec = { ...setup, single: false }
    const cuboid = new Cuboid(kernels, specOf(spec, changes))
    const marks = new MarkCheck(kernels.arena)
    const seen: string[] = []
    const emit = () => {
      const sink = (batch: VectorBatch) => {
        seen.push(...outOf(kernels, spec, batch).map((out) => `${out.weight} ${show(out.row)}`))
      }
      if (changes) cuboid.emitChanges(10, sink)
      else cuboid.emit(0n, 10, sink)
      marks.check()
    }
    foldRows(kernels, cuboid, 0n, spec, rows)
    emit()
    const cell = cuboid.state().buckets[0]!.table.chunks[0]!.address
    kernels.arena.views.i32[(cell + 16) >>> 2]! += 2 ** 30 - 8
    kernels.arena.markDirty(cell, 24)
    foldRows(kernels, cuboid, 0n, spec, rows)
    emit()
    foldRows(kernels, cuboid, 0n, spec, rows)
    emit()
    const many = 2 ** 30 + 2
    expect(seen.slice(1)).toEqual(
      changes
        ? [`-1 1 | ${many - 5}`, `1 1 | ${many}`, `-1 1 | ${many}`, `1 1 | ${many + 5}`]
        : [`1 1 | ${many}`, `1 1 | ${many + 5}`],
    )
    cuboid.drop(0n)
  }
})

describe('differential: both back ends leave the same bytes', () => {
  for (let seed = 1; seed <= 40; seed++) {
    test(`seed ${seed}`, () => {
      const [closure, wasm] = backends.map((backend) => memoryAfter(backend, seed))
      const differs = closure!.findIndex((byte, at) => byte !== wasm![at])
      expect({ bytes: closure!.length, differs }).toEqual({ bytes: wasm!.length, differs: -1 })
    })
  }
})

/** All memory but scratch memory, and the marks, after a series of folds and emissions. */
function memoryAfter(backend: Backend, seed: number): Uint8Array {
  const random = seededRandom(5000 + seed)
  const setup = setupFor(random, seed % 2 === 0)
  const kernels = makeKernels(backend)
  const cuboid = new Cuboid(kernels, specOf(setup, seed % 3 !== 0))
  const live: ModelRow[] = []
  for (let step = 0; step < 20; step++) {
    const rows = batchFor(random, setup, live, step * 100, true)
    if (seed % 5 === 0 && seed % 3 === 0) for (const row of rows) row.position = random.below(5000)
    foldRows(kernels, cuboid, 0n, setup, rows)
    if (random.below(4) > 0) continue
    if (seed % 3 !== 0) cuboid.emitChanges(16, (batch) => outOf(kernels, setup, batch))
    else cuboid.emit(0n, 16, (batch) => outOf(kernels, setup, batch))
  }
  // Scratch memory behind the last row may hold anything.
  const { arena } = kernels
  arena.resetScratch()
  const scratch = arena.scratch(262_144)
  arena.views.u8.fill(0, scratch, scratch + 262_144)
  const { u8 } = arena.views
  const map = arena.activeMap
  const marked = u8.subarray(map + (arena.start >>> 8), map + (arena.end >>> 8))
  const data = u8.subarray(arena.start, arena.end)
  const all = new Uint8Array(marked.length + data.length)
  all.set(marked)
  all.set(data, marked.length)
  return all
}
