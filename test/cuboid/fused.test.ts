/**
 * One pass for all accumulators against a loop for each, on the same rows: values by which no path may be told.
 */
import { expect, test } from 'vitest'
import { type Random, seededRandom } from '../../src/base/index.ts'
import { CellFold } from '../../src/cuboid/cell-fold.ts'
import { Cuboid, type Measure } from '../../src/cuboid/index.ts'
import type { Type, Value } from '../../src/data/index.ts'
import { Arena, type Backend, Kernels, MarkCheck } from '../../src/kernel/index.ts'
import { sized } from '../size.ts'
import { collidingKey, doublesOf, makeKernels, valuesOf, vectorOf } from './vectors.ts'

const bigint: Type = { kind: 'bigint' }
const double: Type = { kind: 'double' }
const varchar: Type = { kind: 'varchar' }

interface Rows {
  keys: Value[][]
  /** Per measure. */
  values: Value[][]
  /** Null where the rows follow each other from `first` on. */
  positions: number[] | null
  first: number
}

interface Setup {
  keys: Type[]
  measures: Measure[]
  everyRow: boolean
  wild: boolean
}

function setupFor(random: Random): Setup {
  const everyRow = random.below(2) === 0
  const types = [bigint, bigint, double]
  const measures = Array.from({ length: 1 + random.below(5) }, (): Measure => {
    const argument = types[random.below(3)]!
    const name = (['sum', 'avg', 'min', 'max', 'count'] as const)[random.below(5)]!
    const result = name === 'avg' ? double : name === 'count' ? bigint : argument
    return { function: name, argument, distinct: false, result, everyRow }
  })
  measures.push({
    function: 'count_star',
    argument: null,
    distinct: false,
    result: bigint,
    everyRow,
  })
  const keys = [[bigint], [bigint, double], [varchar], []][random.below(4)]!
  return { keys, measures, everyRow, wild: random.below(2) === 0 }
}

const far = [1e300, -1e300, 5e-324, Number.NaN, Number.NEGATIVE_INFINITY, -0]

function valueFor(random: Random, type: Type, wild: boolean): Value {
  if (type.kind === 'double') {
    if (wild && random.below(9) === 0) return far[random.below(far.length)]!
    return (random.next() - 0.5) * 2 ** random.below(wild ? 200 : 20)
  }
  if (wild && random.below(5) === 0) return 2n ** 62n * BigInt(random.below(4) - 2)
  return BigInt(random.below(1000)) - 500n
}

function rowsFor(random: Random, { keys, measures, everyRow, wild }: Setup, step: number): Rows {
  const count = 1 + random.below(400)
  const each = <T>(make: () => T) => Array.from({ length: count }, make)
  const someNull = random.below(3) === 0
  const keyFor = (type: Type, many: number): Value => {
    const key = random.below(many)
    if (someNull && key === 0) return null
    if (type.kind === 'varchar') return `the customer number ${key}`
    if (type.kind === 'double') return key / 2
    return key % 4 === 0 ? collidingKey(key) : BigInt(key)
  }
  const hasNulls = !everyRow && random.below(3) > 0
  const columns = new Map(
    [bigint, double].map((type) => [type, each(() => valueFor(random, type, wild))]),
  )
  return {
    keys: keys.map((type) => each(() => keyFor(type, 90))),
    values: measures.map(({ argument }) => {
      // Measures of one column and measures of their own.
      const values = argument === null ? [] : columns.get(argument)!
      return hasNulls ? values.map((value) => (random.below(5) === 0 ? null : value)) : values
    }),
    positions: random.below(2) === 0 ? each(() => random.below(10_000)) : null,
    first: step * 1000,
  }
}

function fold(kernels: Kernels, cuboid: Cuboid, setup: Setup, rows: Rows): void {
  const mark = kernels.arena.markScratch()
  const shared = new Map<Value[], ReturnType<typeof vectorOf>>()
  const columnOf = (type: Type, values: Value[]) => {
    if (!shared.has(values)) shared.set(values, vectorOf(kernels, type, values))
    return shared.get(values)!
  }
  const count = Math.max(
    ...rows.keys.map((key) => key.length),
    ...rows.values.map((v) => v.length),
    1,
  )
  cuboid.fold(0n, {
    rows: count,
    keys: setup.keys.map((type, index) => vectorOf(kernels, type, rows.keys[index]!)),
    arguments: setup.measures.map(({ argument }, index) =>
      argument === null ? null : columnOf(argument, rows.values[index]!),
    ),
    filters: setup.measures.map(() => null),
    order: {
      major: rows.positions === null ? 0 : doublesOf(kernels, rows.positions),
      first: rows.first,
      middle: 0,
      minor: 0,
    },
    weights: 0,
  })
  kernels.arena.releaseScratch(mark)
}

function shown(kernels: Kernels, cuboid: Cuboid, setup: Setup, changes: boolean): string[] {
  const out: string[] = []
  const all = [...setup.keys, ...setup.measures.map(({ result }) => result)]
  const sink: Parameters<Cuboid['emitChanges']>[1] = (batch) => {
    const columns = all.map((type, index) =>
      valuesOf(kernels, batch.columns[index]!, type, batch.rows),
    )
    const order = changes ? batch.order.major : batch.order.minor
    for (let row = 0; row < batch.rows; row++) {
      const position = kernels.arena.views.f64[(order >>> 3) + row]!
      out.push([position, ...columns.map((column) => String(column[row]))].join(' | '))
    }
  }
  if (changes) cuboid.emitChanges(64, sink)
  else cuboid.emit(0n, 64, sink)
  return out
}

const kinds: [Backend, boolean][] = [
  ['closure', true],
  ['wasm', true],
  ['wasm', false],
]

test.each(kinds)('differential: %s, marks %s', (backend, marks) => {
  const { fuses } = CellFold.prototype
  let fused = 0
  for (let seed = 1; seed <= sized(25, 150); seed++) {
    const random = seededRandom(seed)
    const setup = setupFor(random)
    const changes = seed % 3 === 0
    const spec = {
      keys: setup.keys,
      measures: setup.measures,
      retracts: false,
      changes,
      single: false,
    }
    const sides = [true, false].map((inOnePass) => {
      const kernels = marks ? makeKernels(backend) : new Kernels(new Arena(), backend)
      const check = marks ? new MarkCheck(kernels.arena) : null
      return { kernels, cuboid: new Cuboid(kernels, spec), check, inOnePass }
    })
    for (let step = 0; step < 4; step++) {
      const rows = rowsFor(random, setup, step)
      const seen = sides.map(({ kernels, cuboid, check, inOnePass }) => {
        CellFold.prototype.fuses = function (this: CellFold, input) {
          const may = inOnePass && fuses.call(this, input)
          if (may) fused++
          return may
        }
        fold(kernels, cuboid, setup, rows)
        check?.check()
        return shown(kernels, cuboid, setup, changes)
      })
      expect(seen[0]).toEqual(seen[1])
    }
    for (const { cuboid } of sides) cuboid.drop(0n)
  }
  CellFold.prototype.fuses = fuses
  expect(fused).toBeGreaterThan(sized(50, 300))
})
