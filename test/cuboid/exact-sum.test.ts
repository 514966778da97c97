/**
 * Exact sums against BigInt: random series of doubles added and retracted, in the cell and in the wide
 *          part.
 */
import { describe, expect, test } from 'vitest'
import { type Random, seededRandom } from '../../src/base/index.ts'
import { roundUnits } from '../../src/cuboid/exact-sum.ts'
import { Cuboid } from '../../src/cuboid/index.ts'
import type { Backend, Kernels } from '../../src/kernel/index.ts'
import { sized } from '../size.ts'
import { doubleSum, roundUnits as nearest, unitsOf } from './model.ts'
import { doublesOf, makeKernels, valuesOf, vectorOf, weightsOf } from './vectors.ts'

const double = { kind: 'double' } as const
const bigint = { kind: 'bigint' } as const
const backends: Backend[] = ['closure', 'wasm']

function doubleFor(random: Random, kind: number): number {
  const mantissa = 1 + random.next()
  const sign = random.below(2) === 0 ? 1 : -1
  switch (kind % 4) {
    case 0:
      return sign * Math.round(random.next() * 1e6) * 0.01
    case 1:
      return sign * mantissa * 2 ** (random.below(107) - 44)
    case 2:
      return sign * mantissa * 2 ** (random.below(2090) - 1070)
    default: {
      const edge = [
        0,
        5e-324,
        2 ** -44,
        2 ** -44 - 2 ** -97,
        2 ** 63,
        2 ** 63 - 1024,
        Number.MAX_VALUE,
      ]
      return sign * edge[random.below(edge.length)]!
    }
  }
}

function foldDoubles(
  kernels: Kernels,
  cuboid: Cuboid,
  values: readonly number[],
  weights: number[],
): void {
  const mark = kernels.arena.markScratch()
  cuboid.fold(0n, {
    rows: values.length,
    keys: [
      vectorOf(
        kernels,
        bigint,
        values.map(() => 1n),
      ),
    ],
    arguments: [vectorOf(kernels, double, [...values]), null],
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
}

function sumIn(kernels: Kernels, cuboid: Cuboid): number {
  let sum = Number.NaN
  cuboid.emit(0n, 10, (batch) => {
    sum = valuesOf(kernels, batch.columns[1]!, double, 1)[0] as number
  })
  return sum
}

describe.each(backends)('%s', (backend) => {
  test('oracle: sums of random series, added and retracted', () => {
    const kernels = makeKernels(backend)
    for (let seed = 1; seed <= sized(100, 400); seed++) {
      const random = seededRandom(seed)
      const cuboid = new Cuboid(kernels, {
        keys: [bigint],
        measures: [
          { function: 'sum', argument: double, distinct: false, result: double },
          { function: 'count_star', argument: null, distinct: false, result: bigint },
        ],
        retracts: true,
        changes: false,
        single: false,
      })
      // One value stays, so that the cell does.
      const live: number[] = [doubleFor(random, seed)]
      foldDoubles(kernels, cuboid, live, [1])
      for (let step = 0; step < 6; step++) {
        const values: number[] = []
        const weights: number[] = []
        for (let row = random.below(30) + 1; row > 0; row--) {
          if (live.length > 1 && random.below(2) === 0) {
            values.push(live.splice(1 + random.below(live.length - 1), 1)[0]!)
            weights.push(-1)
          } else {
            const value = doubleFor(random, seed)
            live.push(value)
            values.push(value)
            weights.push(1)
          }
        }
        foldDoubles(kernels, cuboid, values, weights)
        const expected = doubleSum(live.map((value) => ({ value, weight: 1n })))
        const sum = sumIn(kernels, cuboid)
        if (sum !== expected) throw new Error(`seed ${seed}: ${sum} instead of ${expected}`)
      }
      const rest = live.splice(1)
      if (rest.length > 0)
        foldDoubles(
          kernels,
          cuboid,
          rest,
          rest.map(() => -1),
        )
      expect(sumIn(kernels, cuboid)).toBe(live[0] === 0 ? 0 : live[0])
      cuboid.drop(0n)
    }
  })

  test('oracle: ties of the rounding', () => {
    const kernels = makeKernels(backend)
    const cases = [
      [2 ** 53, 1],
      [2 ** 53, 1, 2 ** -40],
      [2 ** 53, 3],
      [-(2 ** 53), -1],
      [-(2 ** 53), -1, -(2 ** -40)],
      [2 ** 62, 2 ** 9, 2 ** -44],
      [2 ** 62, -(2 ** -44)],
      [2 ** -44, 2 ** -43, 2 ** -97],
    ]
    for (const values of cases) {
      const cuboid = new Cuboid(kernels, {
        keys: [bigint],
        measures: [
          { function: 'sum', argument: double, distinct: false, result: double },
          { function: 'count_star', argument: null, distinct: false, result: bigint },
        ],
        retracts: false,
        changes: false,
        single: false,
      })
      foldDoubles(
        kernels,
        cuboid,
        values,
        values.map(() => 1),
      )
      expect(sumIn(kernels, cuboid)).toBe(doubleSum(values.map((value) => ({ value, weight: 1n }))))
    }
  })
})

test('oracle: rounding of integers of any size', () => {
  const random = seededRandom(9)
  for (let round = 0; round < sized(500, 3000); round++) {
    const bits = 1 + random.below(2150)
    let units = 1n
    for (let bit = 1; bit < bits; bit += 16) units = (units << 16n) | BigInt(random.below(65_536))
    // Ties and their neighbours.
    if (round % 3 === 0) units = (units >> 60n) << 60n
    if (round % 6 === 0) units += 1n
    if (round % 2 === 0) units = -units
    const expected = nearest(units)
    const rounded = roundUnits(units)
    if (!Object.is(rounded + 0, expected + 0))
      throw new Error(`${units}: ${rounded} instead of ${expected}`)
  }
  expect(roundUnits(unitsOf(0.1) * 3n)).toBe(0.30000000000000004)
})
