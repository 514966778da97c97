/**
 * Checkpoints: random folds while one is taken, restored into another arena, where the folding goes on; and the check
 * that finds a change without a mark.
 */
import { describe, expect, test } from 'vitest'
import { type Random, seededRandom } from '../../src/base/index.ts'
import { Cuboid, type CuboidSpec } from '../../src/cuboid/index.ts'
import type { Type, Value } from '../../src/data/index.ts'
import {
  Arena,
  type Backend,
  type BlockSink,
  Checkpoint,
  Kernels,
  MarkCheck,
  restoreBlocks,
  type Vector,
} from '../../src/kernel/index.ts'
import { doublesOf, makeKernels, valuesOf, vectorOf, weightsOf } from '../cuboid/vectors.ts'

const bigint: Type = { kind: 'bigint' }
const double: Type = { kind: 'double' }
const varchar: Type = { kind: 'varchar' }

const grouped: CuboidSpec = {
  keys: [bigint, varchar],
  measures: [
    { function: 'count_star', argument: null, distinct: false, result: bigint },
    { function: 'count', argument: bigint, distinct: true, result: bigint },
    { function: 'sum', argument: double, distinct: false, result: double },
    { function: 'max', argument: bigint, distinct: false, result: bigint },
    { function: 'min', argument: varchar, distinct: false, result: varchar },
  ],
  retracts: true,
  changes: true,
  single: false,
}
/** One cell, which whole batches are reduced into. */
const single: CuboidSpec = {
  ...grouped,
  keys: [],
  measures: grouped.measures.filter(({ distinct, argument }) => !distinct && argument !== varchar),
  retracts: false,
  single: true,
}

interface Row {
  key: number
  value: number
  weight: 1 | -1
}

/** Insertions and, once there is something to retract, retractions. */
function rowsFor(random: Random, spec: CuboidSpec, live: Row[], count: number): Row[] {
  return Array.from({ length: count }, () => {
    if (spec.retracts && live.length > 50 && random.below(3) === 0) {
      return { ...live.splice(random.below(live.length), 1)[0]!, weight: -1 }
    }
    const row: Row = { key: random.below(700), value: random.below(900), weight: 1 }
    live.push(row)
    return row
  })
}

const textOf = (value: number) => `a string of number ${value}`

function fold(
  kernels: Kernels,
  spec: CuboidSpec,
  cuboid: Cuboid,
  rows: readonly Row[],
  position: number,
): void {
  const mark = kernels.arena.markScratch()
  const column = (type: Type, value: (row: Row) => Value) =>
    vectorOf(kernels, type, rows.map(value))
  const columns = new Map<Type, Vector>([
    [bigint, column(bigint, ({ value }) => BigInt(value))],
    [double, column(double, ({ value }) => value * 1e-20 * 10 ** (value % 40))],
    [varchar, column(varchar, ({ value }) => textOf(value))],
  ])
  cuboid.fold(0n, {
    rows: rows.length,
    keys: spec.keys.map((type) =>
      column(type, ({ key }) => (type === bigint ? BigInt(key % 7) : textOf(key))),
    ),
    arguments: spec.measures.map(({ argument }) =>
      argument === null ? null : columns.get(argument)!,
    ),
    filters: spec.measures.map(() => null),
    order: {
      major: doublesOf(
        kernels,
        rows.map((_, at) => position + at),
      ),
      middle: 0,
      minor: 0,
    },
    weights: spec.retracts
      ? weightsOf(
          kernels,
          rows.map(({ weight }) => weight),
        )
      : 0,
  })
  kernels.arena.releaseScratch(mark)
}

function changesOf(kernels: Kernels, spec: CuboidSpec, cuboid: Cuboid): unknown[] {
  const changes: unknown[] = []
  const results = [...spec.keys, ...spec.measures.map(({ result }) => result)]
  cuboid.emitChanges(64, (batch) => {
    const columns = results.map((type, at) =>
      valuesOf(kernels, batch.columns[at]!, type, batch.rows),
    )
    const { i32, f64 } = kernels.arena.views
    for (let row = 0; row < batch.rows; row++) {
      const weight = i32[(batch.weights >>> 2) + row]
      const position = f64[(batch.order.major >>> 3) + row]
      changes.push([weight, position, ...columns.map((column) => column[row])])
    }
  })
  return changes
}

/** A file of blocks in memory. */
function blockFile() {
  const parts: { numbers: Uint32Array; bytes: Uint8Array }[] = []
  const sink: BlockSink = (numbers, bytes) => {
    parts.push({ numbers: numbers.slice(), bytes: bytes.slice() })
  }
  const blocks = () => parts.reduce((sum, { numbers }) => sum + numbers.length, 0)
  return { parts, sink, blocks }
}

const backends: Backend[] = ['closure', 'wasm']

describe.each(backends)('%s', (backend) => {
  for (let seed = 1; seed <= 6; seed++) {
    test(`property: what is restored goes on as the original does, seed ${seed}`, () => {
      const random = seededRandom(seed)
      const spec = seed % 3 === 0 ? single : grouped
      const kernels = makeKernels(backend)
      const cuboid = new Cuboid(kernels, spec)
      const live: Row[] = []
      const file = blockFile()
      let position = 0
      const step = () => {
        const rows = rowsFor(random, spec, live, 1 + random.below(60))
        fold(kernels, spec, cuboid, rows, (position += 100))
        if (random.below(4) === 0) changesOf(kernels, spec, cuboid)
      }
      // The second and third checkpoint hold only what changed since the one before.
      let report = null
      for (let turn = 0; turn < 3; turn++) {
        for (let at = 0; at < 40; at++) step()
        const before = file.blocks()
        const options = { sliceMillis: 0.01, pauseMillis: 0.02 }
        const checkpoint = new Checkpoint(kernels, file.sink, options)
        for (let slices = 0; slices < 30 && !checkpoint.slice(); slices++) step()
        report = checkpoint.finish()
        expect(report.blocks).toBe(file.blocks() - before)
      }
      const state = structuredClone(cuboid.state())
      const other = new Kernels(new Arena({ marks: true, lists: true }), backend)
      other.arena.restore(structuredClone(report!.arena))
      for (const { numbers, bytes } of file.parts) restoreBlocks(other.arena, numbers, bytes)
      const restored = new Cuboid(other, spec, state)
      expect(restored.stats()).toEqual(cuboid.stats())
      for (let turn = 0; turn < 10; turn++) {
        expect(changesOf(other, spec, restored)).toEqual(changesOf(kernels, spec, cuboid))
        const rows = rowsFor(random, spec, live, 1 + random.below(200))
        fold(kernels, spec, cuboid, rows, (position += 300))
        fold(other, spec, restored, rows, position)
      }
    })
  }

  test('a checkpoint that is abandoned loses nothing', () => {
    const spec = grouped
    const random = seededRandom(77)
    const kernels = makeKernels(backend)
    const cuboid = new Cuboid(kernels, spec)
    const live: Row[] = []
    const file = blockFile()
    fold(kernels, spec, cuboid, rowsFor(random, spec, live, 300), 0)
    new Checkpoint(kernels, file.sink).finish()
    fold(kernels, spec, cuboid, rowsFor(random, spec, live, 300), 1000)
    const abandoned = new Checkpoint(kernels, () => {})
    abandoned.slice()
    abandoned.abandon()
    fold(kernels, spec, cuboid, rowsFor(random, spec, live, 10), 2000)
    const { arena } = new Checkpoint(kernels, file.sink).finish()
    const other = new Kernels(new Arena({ marks: true }), backend)
    other.arena.restore(arena)
    for (const { numbers, bytes } of file.parts) restoreBlocks(other.arena, numbers, bytes)
    const restored = new Cuboid(other, spec, cuboid.state())
    expect(changesOf(other, spec, restored)).toEqual(changesOf(kernels, spec, cuboid))
  })

  test('a change without a mark is found', () => {
    const spec = grouped
    const kernels = makeKernels(backend)
    const cuboid = new Cuboid(kernels, spec)
    fold(kernels, spec, cuboid, [{ key: 1, value: 5, weight: 1 }], 0)
    const marks = new MarkCheck(kernels.arena)
    fold(kernels, spec, cuboid, [{ key: 1, value: 5, weight: 1 }], 1)
    marks.check()
    kernels.get = function (this: Kernels, name: string) {
      const other = name === 'cell_count_marked' ? 'cell_count' : name
      return Kernels.prototype.get.call(this, other)
    }
    fold(kernels, spec, cuboid, [{ key: 1, value: 5, weight: 1 }], 2)
    expect(() => marks.check()).toThrow('is marked when it changes')
  })

  test('an arena that keeps no marks takes no checkpoint', () => {
    const kernels = new Kernels(new Arena(), backend)
    expect(() => new Checkpoint(kernels, () => {})).toThrow('the arena keeps marks')
  })
})

test('a checkpoint ends after eight passes, however much is written meanwhile', () => {
  const kernels = makeKernels('wasm')
  const { arena } = kernels
  const state = arena.allocate(1 << 20)
  const write = () => arena.markDirty(state, 1 << 20)
  const checkpoint = new Checkpoint(kernels, write, { pauseMillis: 0 })
  let slices = 1
  while (!checkpoint.slice()) slices++
  const report = checkpoint.finish()
  expect(report.passes).toBe(9)
  expect(report.slices).toBe(slices)
  // The first finds the megabyte and the seven after it as well.
  expect(report.blocks).toBeGreaterThanOrEqual(9 * 4096)
})
