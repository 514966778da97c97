/**
 * Sums of three doubles against BigInt, and their kernels' twins byte by byte.
 */
import { describe, expect, test } from 'vitest'
import { type Random, seededRandom } from '../../src/base/index.ts'
import { roundUnits } from '../../src/cuboid/exact-sum.ts'
import { roundThree } from '../../src/kernel/expansion.ts'
import { Arena, type Backend, cellBlocks, Kernels } from '../../src/kernel/index.ts'
import { unitsOf } from '../cuboid/model.ts'
import { sized } from '../size.ts'

/** A cell with a sum, and its cold part behind it. */
const cellBytes = 64
const [sumAt, coldAt, restAt] = [24, 40, 8]
const place = sumAt | (restAt << 16)

/** Doubles whose sums lie close to ties, cancel, are subnormal, huge, or far apart. */
function triple(random: Random, round: number): [number, number, number] {
  const sign = () => (random.below(2) === 0 ? 1 : -1)
  const short = () => 1 + random.below(8) / 8
  const long = () => 1 + random.next() + random.below(2) * 2 ** -52
  const scaled = (exponent: number) =>
    sign() * (random.below(2) === 0 ? short() : long()) * 2 ** exponent
  const base = [0, 0, 900, -1000, -1060, 1022][round % 6]!
  const x = scaled(base + random.below(3) - 1)
  // Half a unit in the last place of x, or about that.
  const y = scaled(base - 53 + random.below(5) - 2)
  const z = scaled(base - 53 - random.below(120))
  switch (random.below(8)) {
    case 0:
      return [x, -x, z]
    case 1:
      return [y, -x, x * (1 + random.below(3) * 2 ** -52)]
    case 2:
      return [z, y, x]
    case 3:
      return [
        x,
        sign() * 2 ** Math.max(-1074, base - 53),
        sign() * 2 ** Math.max(-1074, base - 108),
      ]
    case 4:
      return [x, random.below(2) === 0 ? 0 : -0, y]
    case 5:
      return [y, x, -y]
    default:
      return [x, y, z]
  }
}

const exact = (parts: readonly number[]) =>
  roundUnits(parts.reduce((sum, part) => sum + unitsOf(part), 0n)) + 0

test('oracle: three doubles round once', () => {
  const random = seededRandom(5)
  for (let round = 0; round < sized(30_000, 200_000); round++) {
    const parts = triple(random, round)
    const sum = roundThree(...parts)
    // Operations on the way may overflow; the caller is told by a result that is not finite.
    if (!Number.isFinite(sum)) {
      expect(Math.max(...parts.map(Math.abs))).toBeGreaterThan(2 ** 1021)
      continue
    }
    const expected = exact(parts)
    if (!Object.is(sum, expected)) throw new Error(`${parts.join(' + ')}: ${sum}, not ${expected}`)
  }
})

function makeCells(backend: Backend, cells: number): { kernels: Kernels; start: number } {
  const kernels = new Kernels(new Arena(), backend)
  const start = kernels.arena.allocateZeroed(cells * cellBytes)
  for (let at = start; at < start + cells * cellBytes; at += cellBytes) {
    kernels.arena.views.u32[(at + cellBlocks.cell.cold) >>> 2] = at + coldAt
  }
  return { kernels, start }
}

describe.each<Backend>(['closure', 'wasm'])('%s', (backend) => {
  test('differential: the reading kernel is roundThree', () => {
    const cells = 1000
    const { kernels, start } = makeCells(backend, cells)
    const { arena } = kernels
    const refs = arena.allocate(cells * 4)
    const out = arena.allocate(cells * 8)
    const random = seededRandom(6)
    for (let round = 0; round < 100; round++) {
      const { f64, u32 } = arena.views
      const expected: number[] = []
      for (let cell = 0; cell < cells; cell++) {
        const parts = triple(random, round * cells + cell)
        u32[(refs >>> 2) + cell] = start + cell * cellBytes
        const at = start + cell * cellBytes
        f64.set(parts.slice(0, 2), (at + sumAt) >>> 3)
        f64[(at + coldAt + restAt) >>> 3] = parts[2]
        const sum = roundThree(...parts)
        expected.push(Number.isFinite(sum) ? sum : Number.POSITIVE_INFINITY)
      }
      const unsure = kernels.get('cell_read_sum_f64')(refs, cells, place, out)
      expect(unsure).toBe(expected.filter((sum) => !Number.isFinite(sum)).length)
      expect([...f64.subarray(out >>> 3, (out >>> 3) + cells)]).toEqual(expected)
    }
  })
})

/** Adds the values until all are in or refused; the bytes of the cells and the rows refused. */
function fold(backend: Backend, values: readonly number[], weighted: boolean): string {
  const cells = 3
  const { kernels, start } = makeCells(backend, cells)
  const { arena } = kernels
  const data = arena.allocate(values.length * 8)
  const refs = arena.allocate(values.length * 4)
  const weights = weighted ? arena.allocate(values.length * 4) : 0
  const { f64, u32, i32, u8 } = arena.views
  values.forEach((value, row) => {
    f64[(data >>> 3) + row] = value
    u32[(refs >>> 2) + row] = start + (row % cells) * cellBytes
    if (weighted) i32[(weights >>> 2) + row] = row % 5 === 0 ? -1 : 1
  })
  const refused: number[] = []
  for (let from = 0; ; from++) {
    from = kernels.get('cell_sum_f64')(refs, from, values.length, place, data, weights)
    if (from === values.length) break
    refused.push(from)
  }
  const sums = Array.from({ length: cells }, (_, cell) => {
    const at = (start + cell * cellBytes + sumAt) >>> 3
    const third = (start + cell * cellBytes + coldAt + restAt) >>> 3
    const parts = [f64[at]!, f64[at + 1]!, f64[third]!]
    return parts.reduce((sum, part) => sum + unitsOf(part), 0n)
  })
  values.forEach((value, row) => {
    if (refused.includes(row)) return
    sums[row % cells]! -= unitsOf(weighted && row % 5 === 0 ? -value : value)
  })
  expect(sums).toEqual([0n, 0n, 0n])
  return `${refused.join()} ${Buffer.from(u8.slice(start, start + cells * cellBytes)).toString('hex')}`
}

test('differential: both bodies leave the same bytes, and the sum of the doubles is exact', () => {
  const random = seededRandom(7)
  const edges = [Number.MAX_VALUE, 5e-324, Number.NaN, -0, Number.POSITIVE_INFINITY, 2 ** -1022]
  let refusals = 0
  for (let round = 0; round < 600; round++) {
    const spread = [10, 60, 300, 2000][round % 4]!
    const values = Array.from({ length: 1 + random.below(40) }, () => {
      if (random.below(12) === 0) return edges[random.below(edges.length)]!
      const value = (random.next() - 0.5) * 2 ** (random.below(spread) - spread / 2)
      return Number.isFinite(value) ? value : 1
    })
    const weighted = round % 2 === 0
    const closure = fold('closure', values, weighted)
    expect(fold('wasm', values, weighted)).toBe(closure)
    if (!closure.startsWith(' ')) refusals++
  }
  expect(refusals).toBeGreaterThan(100)
})
