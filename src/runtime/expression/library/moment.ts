/**
 * Moment: variances and regressions from exact sums, and pairs that order as their first part; what derived aggregates
 * are made of.
 *
 * How      Sums are scaled integers, so that numerators and denominators are exact, and one quotient is rounded. Square
 *          roots are taken of the rounded quotient.
 */
import { parseValue, type Type, type Value, valueText } from '../../../data/index.ts'
import type { Outcome } from '../fault.ts'
import type { Makers } from '../maker.ts'

/** A fraction of integers as the nearest double. */
function quotient(numerator: bigint, denominator: bigint): number {
  if (numerator === 0n) return 0
  const negative = numerator < 0n !== denominator < 0n
  const [a, b] = [numerator, denominator].map((one) => (one < 0n ? -one : one)) as [bigint, bigint]
  // At least 64 bits of quotient, and one more for what is cut off.
  const shift = Math.max(0, 66 + b.toString(2).length - a.toString(2).length)
  const scaled = a << BigInt(shift)
  const cut = scaled / b
  const sticky = cut * b === scaled ? 0n : 1n
  const value = Number((cut << 1n) | sticky) / 2 / 2 ** shift
  return negative ? -value : value
}

interface Sum {
  value: bigint
  scale: bigint
}

/** n times the sum of products less the product of the sums, scaled as both of these are. */
const minus = (n: bigint, both: Sum, one: Sum, other: Sum) =>
  n * both.value - one.value * other.value

function moment(kind: string, n: bigint, sums: readonly Sum[]): Outcome {
  const [y, yy, x, xx, yx] = sums as [Sum, Sum, Sum, Sum, Sum]
  const unitY = 10n ** y.scale
  const vy = minus(n, yy, y, y)
  if (x === undefined) {
    const sample = kind.endsWith('samp')
    if (sample && n < 2n) return null
    const variance = quotient(vy, n * (sample ? n - 1n : n) * unitY * unitY)
    return kind.startsWith('stddev') ? Math.sqrt(variance) : variance
  }
  const unitX = 10n ** x.scale
  const [vx, vxy] = [minus(n, xx, x, x), minus(n, yx, y, x)]
  switch (kind) {
    case 'covar_pop':
      return quotient(vxy, n * n * unitX * unitY)
    case 'covar_samp':
      return n < 2n ? null : quotient(vxy, n * (n - 1n) * unitX * unitY)
    case 'regr_avgx':
      return quotient(x.value, n * unitX)
    case 'regr_avgy':
      return quotient(y.value, n * unitY)
    case 'regr_sxx':
      return quotient(vx, n * unitX * unitX)
    case 'regr_syy':
      return quotient(vy, n * unitY * unitY)
    case 'regr_sxy':
      return quotient(vxy, n * unitX * unitY)
    case 'corr':
      if (vx === 0n || vy === 0n) return null
      return Math.sign(Number(vxy)) * Math.sqrt(quotient(vxy * vxy, vx * vy))
    case 'regr_slope':
      return vx === 0n ? null : quotient(vxy * unitX, vx * unitY)
    case 'regr_intercept':
      return vx === 0n ? null : quotient(y.value * vx - vxy * x.value, n * vx * unitY)
    default:
      if (vx === 0n) return null
      return vy === 0n ? 1 : quotient(vxy * vxy, vx * vy)
  }
}

const half = 1n << 63n

/** A pair as a text that orders by its first part and then by the text of the second. */
function packed(by: Value, value: Value, type: Type): string {
  const digits = (BigInt(by as bigint | number) + half).toString(16).padStart(16, '0')
  return digits + valueText(value, type)
}

export const moments: Makers = {
  moment: () => (kind, n, _c, all) => {
    const sums: Sum[] = []
    for (let at = 2; at < all.length; at += 2) {
      sums.push({ value: BigInt(all[at] as bigint), scale: BigInt(all[at + 1] as number) })
    }
    return moment(kind as string, n as bigint, sums)
  },
  pack: (_, types) => (by, value) => packed(by!, value!, types[1]!),
  unpack:
    ({ type }) =>
    (text) =>
      parseValue((text as string).slice(16), type) ?? null,
}
