/**
 * Expansion: exact sums of doubles as doubles, in closures and as code.
 *
 * How      1. Knuth's TwoSum: x + y = s + e exactly, s being the rounded sum; six operations, no branch.
 *          2. Three doubles round to one by Boldo and Melquiond: what lies below the greatest part is rounded to odd,
 *             so that the last addition, to nearest, rounds the exact sum.
 * Contract 1 (checked) `roundThree` is the exact sum rounded once to nearest even, +0 for a sum of 0, for any three
 *            doubles; NaN if an operation on the way is not finite.
 * See      S. Boldo, G. Melquiond: Emulation of a FMA and correctly rounded sums: proved algorithms using rounding
 *          to odd, IEEE Transactions on Computers 57 (2008); docs/decisions/0005-sums-of-three-doubles.md
 */
import type { Assembly, F64 } from './assembler.ts'

/** What was lost when x + y was rounded to `sum`; NaN if anything is not finite. */
export function errorOf(x: number, y: number, sum: number): number {
  const added = sum - x
  return x - (sum - added) + (y - added)
}

/** Code: the sum of x and y, both in locals; what was rounded away goes to `error`. */
export function twoSum(a: Assembly, x: F64, y: F64, error: F64): F64 {
  const sum = a.let(x.add(y))
  const added = a.let(sum.sub(x))
  a.set(error, x.sub(sum.sub(added)).add(y.sub(added)))
  return sum
}

const bits = new BigInt64Array(1)
const double = new Float64Array(bits.buffer)

/** The sum of three doubles, rounded once. */
export function roundThree(x: number, y: number, z: number): number {
  const upper = y + z
  const lower = errorOf(y, z, upper)
  const top = x + upper
  const middle = errorOf(x, upper, top)
  let rest = middle + lower
  const lost = errorOf(middle, lower, rest)
  if (lost !== 0 && Number.isFinite(rest)) {
    double[0] = rest
    if ((bits[0]! & 1n) === 0n) bits[0]! += lost < 0 === rest < 0 ? 1n : -1n
    rest = double[0]
  }
  return top + rest + 0
}

/** `roundThree` as code. */
export function roundThreeCode(a: Assembly, parts: [F64, F64, F64]): F64 {
  const [x, y, z] = parts.map((part) => a.let(part)) as [F64, F64, F64]
  const [lower, middle, lost] = [a.f64(), a.f64(), a.f64()]
  const upper = twoSum(a, y, z, lower)
  const top = twoSum(a, x, upper, middle)
  const rest = a.let(twoSum(a, middle, lower, lost).bits())
  const step = rest.xor(lost.bits()).shrS(63n).or(1n)
  const isEven = rest.wrap().and(1).isZero()
  a.set(rest, rest.add(step).when(isEven.and(lost.ne(0)), rest))
  return top.add(rest.asF64()).add(0)
}
