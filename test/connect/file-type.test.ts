/** File type: the loops for whole arrays and the way value by value say the same. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readValues } from '../../src/connect/file-type.ts'
import { hostValue, type Type, type Value } from '../../src/data/index.ts'

/** Near the ends of what doubles and halves hold. */
const wide = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: -(2n ** 54n), max: 2n ** 54n }),
  fc.bigInt({ min: -5000n, max: 5000n }),
  fc.constantFrom(2n ** 53n, 2n ** 53n - 1n, -(2n ** 53n), 2n ** 32n, -(2n ** 32n), -1n),
)

test('twin: times of files in any unit, cut to any precision', () => {
  const check = (given: bigint[], nanos: bigint, precision: number) => {
    const type: Type = { kind: 'timestamp', precision }
    const field = { name: 't', type, nullable: true }
    const values = BigInt64Array.from(given)
    const { column, faults } = readValues(values, { kind: 'timestamp', nanos }, field)
    const found = given.map((_, at): Value | undefined =>
      faults?.has(at) ? undefined : column.longs[at]!,
    )
    const expected = given.map((value) => {
      const scaled = value * nanos
      const rest = ((scaled % 1000n) + 1000n) % 1000n
      return hostValue((scaled - rest) / 1000n, type)
    })
    expect(found).toEqual(expected)
  }
  const units = fc.constantFrom(1n, 1000n, 1_000_000n, 1_000_000_000n)
  const precisions = fc.constantFrom(0, 1, 3, 6)
  fc.assert(fc.property(fc.array(wide, { maxLength: 3 }), units, precisions, check), {
    numRuns: 2000,
  })
})
