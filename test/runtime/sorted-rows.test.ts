/** Rows that come and go anywhere stand in pieces as they would in one sorted array. */
import { expect, test } from 'vitest'
import { seededRandom } from '../../src/base/index.ts'
import type { Contribution } from '../../src/runtime/changes.ts'
import { SortedRows } from '../../src/runtime/sorted-rows.ts'

const row = (value: number, weight: number): Contribution => ({
  ...{ row: [value], weight, major: 0, middle: 0, minor: 0 },
})
const compare = (a: Contribution, b: Contribution) => Number(a.row[0]) - Number(b.row[0])

test('rows that come and go anywhere stand as in one sorted array', () => {
  const random = seededRandom(1)
  const sorted = new SortedRows(compare)
  const weights = new Map<number, number>()
  for (let step = 0; step < 20_000; step++) {
    // First mostly what comes, then mostly what goes.
    const comes = random.below(10) < (step < 12_000 ? 8 : 2)
    const value = comes ? random.below(5_000) : [...weights.keys()][random.below(20)]
    if (value === undefined) continue
    const before = weights.size
    const weight = (weights.get(value) ?? 0) + (comes ? 1 : -1)
    if (weight === 0) weights.delete(value)
    else weights.set(value, weight)
    expect(sorted.change(row(value, comes ? 1 : -1))).toBe(weights.size - before)
    if (step % 500 > 0) continue
    if (step % 1000 === 0 && weights.size > 0) {
      const last = sorted.pop()!
      expect(last.row[0]).toBe(Math.max(...weights.keys()))
      weights.delete(Number(last.row[0]))
    }
    const expected = [...weights].sort(([a], [b]) => a - b)
    expect([...sorted].map((one) => [one.row[0], one.weight])).toEqual(expected)
    expect(sorted.size).toBe(weights.size)
    expect(sorted.last?.row[0]).toBe(expected.at(-1)?.[0])
  }
})
