/**
 * Exact numbers of the reference interpreter: integers of any size, and doubles as what they stand for.
 *
 * How      A DOUBLE is an integer count of 2⁻¹⁰⁷⁴, the least double, so no sum ever rounds.
 * See      docs/laws.md (numbers)
 */
import type { Type } from '../../../src/data/index.ts'

export const dayMicros = 86_400_000_000n

/** Digits after the point of the integer that stands for a value. */
export const scaleOf = (type: Type) => (type.kind === 'decimal' ? type.scale : 0)

/** Types whose values are numbers of the host. */
export const isNumber = (type: Type) =>
  ['tinyint', 'smallint', 'integer', 'date', 'real', 'double'].includes(type.kind)

/** Is the integer a value of the type? */
export function fits(value: bigint, type: Type): boolean {
  if (type.kind === 'decimal') {
    const limit = 10n ** BigInt(type.precision)
    return value < limit && value > -limit
  }
  if (type.kind === 'time') return value >= 0n && value < dayMicros
  const bits = { tinyint: 8, smallint: 16, integer: 32, date: 32 }[type.kind as string] ?? 64
  return BigInt.asIntN(bits, value) === value
}

export const modulo = (a: bigint, b: bigint) => ((a % b) + b) % b

export const floorDivide = (a: bigint, b: bigint) => a / b - (a % b < 0n ? 1n : 0n)

/** a / b as an integer, halves away from zero unless `even` sends them to the even neighbour. */
export function divideRounded(a: bigint, b: bigint, half: 'away' | 'even'): bigint {
  const down = floorDivide(a, b)
  const rest = (a - down * b) * 2n
  const up = half === 'even' ? down % 2n !== 0n : a >= 0n
  return rest > b || (rest === b && up) ? down + 1n : down
}

/** The double as an integer number of 2⁻¹⁰⁷⁴; finite values only. */
export function exactBits(value: number): bigint {
  const bits = new BigUint64Array(Float64Array.of(Math.abs(value)).buffer)[0]!
  const exponent = bits >> 52n
  const fraction = bits & (2n ** 52n - 1n)
  const magnitude = exponent === 0n ? fraction : (fraction + 2n ** 52n) << (exponent - 1n)
  return value < 0 ? -magnitude : magnitude
}

/** `units`·2^`exponent` as a double, rounded once, to nearest even. */
export function roundOnce(units: bigint, exponent: number): number {
  const magnitude = units < 0n ? -units : units
  // 53 bits are kept, fewer where the least double is the unit.
  const shift = Math.max(0, magnitude.toString(2).length - 53, -1074 - exponent)
  const kept = divideRounded(magnitude, 1n << BigInt(shift), 'even')
  const power = exponent + shift
  const result = power > 971 && kept > 0n ? Number.POSITIVE_INFINITY : Number(kept) * 2 ** power
  return units < 0n ? -result : result
}

/** n / d as a double, rounded once; d > 0. */
export function ratio(numerator: bigint, denominator: bigint): number {
  // 1,200 extra bits leave a quotient whose last bit may be made sticky without changing the rounding.
  const scaled = numerator << 1200n
  const quotient = scaled / denominator
  const exact = quotient * denominator === scaled
  return roundOnce((quotient << 1n) | (exact ? 0n : 1n), -1201)
}
