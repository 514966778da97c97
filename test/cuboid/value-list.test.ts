/**
 * Value lists: MIN and MAX over many values of one cell, through slabs, their splitting and the directory.
 */
import { describe, expect, test } from 'vitest'
import { seededRandom } from '../../src/base/index.ts'
import { Cuboid } from '../../src/cuboid/index.ts'
import type { Type, Value } from '../../src/data/index.ts'
import { MarkCheck } from '../../src/kernel/index.ts'
import { doublesOf, makeKernels, valuesOf, vectorOf, weightsOf } from './vectors.ts'

const bigint = { kind: 'bigint' } as const

const kinds: { type: Type; value: (n: number) => Exclude<Value, null> }[] = [
  { type: bigint, value: (n) => BigInt(n) * 1_000_000_007n - 5_000_000_000n },
  { type: { kind: 'double' }, value: (n) => (n - 2000) / 7 },
  { type: { kind: 'varchar' }, value: (n) => `${(n * 7919) % 10007} is a number in a long string` },
]

describe('property: extremes follow insertions and retractions', () => {
  for (const { type, value } of kinds) {
    test(type.kind, () => {
      const random = seededRandom(3)
      const kernels = makeKernels('wasm')
      const marks = new MarkCheck(kernels.arena)
      const before = kernels.arena.liveBytes
      const cuboid = new Cuboid(kernels, {
        keys: [],
        measures: [
          { function: 'min', argument: type, distinct: false, result: type },
          { function: 'max', argument: type, distinct: false, result: type },
        ],
        retracts: true,
        changes: false,
        single: true,
      })
      const live: number[] = []
      // Grows to some 6,000 values, then shrinks to none.
      for (let step = 0; step < 60; step++) {
        const values: Exclude<Value, null>[] = []
        const weights: number[] = []
        for (let row = 0; row < 400; row++) {
          const growing = step < 30 ? random.below(10) < 7 : random.below(10) < 2
          if (growing || live.length === 0) {
            const n = random.below(8000)
            live.push(n)
            values.push(value(n))
            weights.push(1)
          } else {
            // Extremes go first now and then.
            const at =
              row % 16 === 0
                ? indexOfExtreme(live, value, row % 32 === 0 ? 1 : -1)
                : random.below(live.length)
            values.push(value(live.splice(at, 1)[0]!))
            weights.push(-1)
          }
        }
        const mark = kernels.arena.markScratch()
        const argument = vectorOf(kernels, type, values)
        cuboid.fold(0n, {
          rows: values.length,
          keys: [],
          arguments: [argument, argument],
          filters: [null, null],
          order: {
            major: doublesOf(
              kernels,
              values.map((_, at) => at),
            ),
            middle: 0,
            minor: 0,
          },
          weights: weightsOf(kernels, weights),
        })
        kernels.arena.releaseScratch(mark)
        marks.check()
        const least = live.length === 0 ? null : value(live[indexOfExtreme(live, value, -1)]!)
        const greatest = live.length === 0 ? null : value(live[indexOfExtreme(live, value, 1)]!)
        cuboid.emit(0n, 4, (batch) => {
          const got = batch.columns.map((column) => valuesOf(kernels, column, type, 1)[0])
          expect({ step, got }).toEqual({ step, got: [least, greatest] })
        })
      }
      cuboid.drop(0n)
      expect(kernels.arena.liveBytes - before).toBeLessThan(600_000)
    })
  }
})

/** The strings here are ASCII: their order is that of JavaScript. */
function indexOfExtreme(
  live: readonly number[],
  value: (n: number) => Exclude<Value, null>,
  sign: number,
): number {
  let best = 0
  let extreme = value(live[0]!)
  for (let at = 1; at < live.length; at++) {
    const other = value(live[at]!)
    if (sign > 0 ? other <= extreme : other >= extreme) continue
    best = at
    extreme = other
  }
  return best
}
