/**
 * Checkpoints: random folds while one is taken, restored into another arena, where the folding goes on; and the check
 * that finds a change without a mark.
 */
import { describe, expect, test } from 'vitest'
import { type Random, seededRandom } from '../../src/base/index.ts'
import { Cuboid } from '../../src/cuboid/index.ts'
import type { Type } from '../../src/data/index.ts'
import {
  Arena,
  type Backend,
  type BlockSink,
  Checkpoint,
  Kernels,
  MarkCheck,
  restoreBlocks,
} from '../../src/kernel/index.ts'
import { doublesOf, makeKernels, valuesOf, vectorOf, weightsOf } from '../cuboid/vectors.ts'

const bigint: Type = { kind: 'bigint' }
const double: Type = { kind: 'double' }
const varchar: Type = { kind: 'varchar' }

const spec = {
  keys: [bigint, varchar],
  measures: [
    { function: 'count_star', argument: null, distinct: false, result: bigint },
    { function: 'count', argument: bigint, distinct: true, result: bigint },
    { function: 'sum', argument: double, distinct: false, result: double },
    { function: 'max', argument: bigint, distinct: false, result: bigint },
    { function: 'min', argument: varchar, distinct: false, result: varchar },
  ] as const,
  retracts: true,
  changes: true,
  single: false,
}
const results = [bigint, varchar, bigint, bigint, double, bigint, varchar]

interface Row {
  key: number
  value: number
  weight: 1 | -1
}

/** Insertions and, once there is something to retract, retractions. */
function rowsFor(random: Random, live: Row[], count: number): Row[] {
  return Array.from({ length: count }, () => {
    if (live.length > 50 && random.below(3) === 0) {
      return { ...live.splice(random.below(live.length), 1)[0]!, weight: -1 }
    }
    const row: Row = { key: random.below(700), value: random.below(900), weight: 1 }
    live.push(row)
    return row
  })
}

const textOf = (value: number) => `a string of number ${value}`

function fold(kernels: Kernels, cuboid: Cuboid, rows: readonly Row[], position: number): void {
  const mark = kernels.arena.markScratch()
  const bigints = vectorOf(
    kernels,
    bigint,
    rows.map(({ value }) => BigInt(value)),
  )
  const doubles = vectorOf(
    kernels,
    double,
    rows.map(({ value }) => value * 1e-20 * 10 ** (value % 40)),
  )
  const texts = vectorOf(
    kernels,
    varchar,
    rows.map(({ value }) => textOf(value)),
  )
  cuboid.fold(0n, {
    rows: rows.length,
    keys: [
      vectorOf(
        kernels,
        bigint,
        rows.map(({ key }) => BigInt(key % 7)),
      ),
      vectorOf(
        kernels,
        varchar,
        rows.map(({ key }) => textOf(key)),
      ),
    ],
    arguments: [null, bigints, doubles, bigints, texts],
    filters: [null, null, null, null, null],
    order: {
      major: doublesOf(
        kernels,
        rows.map((_, at) => position + at),
      ),
      middle: 0,
      minor: 0,
    },
    weights: weightsOf(
      kernels,
      rows.map(({ weight }) => weight),
    ),
  })
  kernels.arena.releaseScratch(mark)
}

function changesOf(kernels: Kernels, cuboid: Cuboid): unknown[] {
  const changes: unknown[] = []
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
      const kernels = makeKernels(backend)
      const cuboid = new Cuboid(kernels, { ...spec, measures: [...spec.measures] })
      const live: Row[] = []
      const file = blockFile()
      let position = 0
      const step = () => {
        const rows = rowsFor(random, live, 1 + random.below(60))
        fold(kernels, cuboid, rows, (position += 100))
        if (random.below(4) === 0) changesOf(kernels, cuboid)
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
      const restored = new Cuboid(other, { ...spec, measures: [...spec.measures] }, state)
      expect(restored.stats()).toEqual(cuboid.stats())
      for (let turn = 0; turn < 10; turn++) {
        expect(changesOf(other, restored)).toEqual(changesOf(kernels, cuboid))
        const rows = rowsFor(random, live, 1 + random.below(200))
        fold(kernels, cuboid, rows, (position += 300))
        fold(other, restored, rows, position)
      }
    })
  }

  test('a checkpoint that is abandoned loses nothing', () => {
    const random = seededRandom(77)
    const kernels = makeKernels(backend)
    const cuboid = new Cuboid(kernels, { ...spec, measures: [...spec.measures] })
    const live: Row[] = []
    const file = blockFile()
    fold(kernels, cuboid, rowsFor(random, live, 300), 0)
    new Checkpoint(kernels, file.sink).finish()
    fold(kernels, cuboid, rowsFor(random, live, 300), 1000)
    const abandoned = new Checkpoint(kernels, () => {})
    abandoned.slice()
    abandoned.abandon()
    fold(kernels, cuboid, rowsFor(random, live, 10), 2000)
    const { arena } = new Checkpoint(kernels, file.sink).finish()
    const other = new Kernels(new Arena({ marks: true }), backend)
    other.arena.restore(arena)
    for (const { numbers, bytes } of file.parts) restoreBlocks(other.arena, numbers, bytes)
    const restored = new Cuboid(other, { ...spec, measures: [...spec.measures] }, cuboid.state())
    expect(changesOf(other, restored)).toEqual(changesOf(kernels, cuboid))
  })

  test('a change without a mark is found', () => {
    const kernels = makeKernels(backend)
    const cuboid = new Cuboid(kernels, { ...spec, measures: [...spec.measures] })
    fold(kernels, cuboid, [{ key: 1, value: 5, weight: 1 }], 0)
    const marks = new MarkCheck(kernels.arena)
    fold(kernels, cuboid, [{ key: 1, value: 5, weight: 1 }], 1)
    marks.check()
    kernels.get = function (this: Kernels, name: string) {
      return name === 'mark_rows' ? () => 0 : Kernels.prototype.get.call(this, name)
    }
    fold(kernels, cuboid, [{ key: 1, value: 5, weight: 1 }], 2)
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
