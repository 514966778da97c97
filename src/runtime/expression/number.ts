/**
 * Number: arithmetic, rounding and casts between numbers on single values.
 *
 * How      Integers and decimals are computed exactly and judged by the range of the result's type afterwards.
 * See      docs/laws.md (Numbers); the vector kernels of src/kernel do the same without leaving 64 bits.
 */
import { monthsLater, type Type, typeText, type Value } from '../../data/index.ts'
import {
  dayMicros,
  divisionByZero,
  Fault,
  type Known,
  type Outcome,
  power10,
  ranged,
  scaleOf,
} from './fault.ts'

/** a + b, or a − b with `sign` −1; of times too. */
export function sum(a: Known, b: Known, from: [Type, Type], to: Type, sign: 1 | -1): Outcome {
  if (to.kind === 'double') return (a as number) + sign * (b as number)
  if (from[1].kind === 'months' && to.kind === 'timestamp') {
    return addMonths(microsOrInteger(a, from[0], to), BigInt(sign) * (b as bigint), to)
  }
  const exact = microsOrInteger(a, from[0], to) + BigInt(sign) * microsOrInteger(b, from[1], to)
  return to.kind === 'time' ? ((exact % dayMicros) + dayMicros) % dayMicros : ranged(exact, to)
}

/** The same day and time some months later; a day that the month does not have becomes its last. */
export function addMonths(micros: bigint, months: bigint, to: Type): Outcome {
  if (months > monthsMost || months < -monthsMost) return ranged(2n ** 64n, to)
  const clock = ((micros % dayMicros) + dayMicros) % dayMicros
  const days = monthsLater(Number((micros - clock) / dayMicros), Number(months))
  return ranged(BigInt(days) * dayMicros + clock, to)
}

/** More than lie between any two times. */
const monthsMost = 10_000_000n

/** A DATE that takes part in a TIMESTAMP counts microseconds. */
function microsOrInteger(value: Known, from: Type, to: Type): bigint {
  const integer = BigInt(value as bigint | number)
  return from.kind === 'date' && to.kind === 'timestamp' ? integer * dayMicros : integer
}

export function multiply(a: Known, b: Known, to: Type): Outcome {
  if (to.kind === 'double') return (a as number) * (b as number)
  return ranged(BigInt(a as bigint) * BigInt(b as bigint), to)
}

/** Truncates towards zero. */
export function divide(a: Known, b: Known, to: Type): Outcome {
  if (to.kind === 'double') return b === 0 ? divisionByZero : (a as number) / (b as number)
  const divisor = BigInt(b as bigint)
  return divisor === 0n ? divisionByZero : ranged(BigInt(a as bigint) / divisor, to)
}

/** Rounded half away from zero to the scale of the result. */
export function divideDecimals(a: Known, b: Known, from: [Type, Type], to: Type): Outcome {
  const divisor = BigInt(b as bigint)
  if (divisor === 0n) return divisionByZero
  const shift = scaleOf(to) + scaleOf(from[1]) - scaleOf(from[0])
  const dividend = BigInt(a as bigint) * power10(shift)
  return ranged(
    divisor < 0n ? quotient('round', -dividend, -divisor) : quotient('round', dividend, divisor),
    to,
  )
}

/** Has the sign of the dividend. */
export function modulo(a: Known, b: Known, to: Type): Outcome {
  if (to.kind === 'double') return b === 0 ? divisionByZero : (a as number) % (b as number)
  const divisor = BigInt(b as bigint)
  return divisor === 0n ? divisionByZero : ranged(BigInt(a as bigint) % divisor, to)
}

export function negate(a: Known, to: Type): Outcome {
  return to.kind === 'double' || to.kind === 'real'
    ? -(a as number)
    : ranged(-BigInt(a as bigint), to)
}

export function absolute(a: Known, to: Type): Outcome {
  if (to.kind === 'double' || to.kind === 'real') return Math.abs(a as number)
  return (a as number | bigint) < 0 ? negate(a, to) : a
}

/** ROUND, FLOOR, CEIL with `digits` behind the point; ROUND takes halves away from zero. */
export function roundTo(name: string, a: Known, digits: number, from: Type, to: Type): Outcome {
  if (from.kind === 'real') return Math.fround(roundDouble(name, a as number, digits))
  if (from.kind === 'double') return roundDouble(name, a as number, digits)
  if (from.kind !== 'decimal' && digits >= 0) return a
  const value = BigInt(a as bigint | number)
  const dropped = scaleOf(from) - digits
  const unit = power10(Math.max(0, dropped))
  const rounded = quotient(name, value, unit) * unit
  const rescaled = scaleOf(to) - scaleOf(from)
  // What is dropped here was rounded to zeros above.
  if (rescaled < 0) return ranged(rounded / power10(-rescaled), to)
  return ranged(rounded * power10(rescaled), to)
}

/** value ÷ unit by the rule that the function has. */
function quotient(name: string, value: bigint, unit: bigint): bigint {
  const rest = value % unit
  const cut = value / unit
  if (rest === 0n) return cut
  if (name === 'floor') return rest < 0n ? cut - 1n : cut
  if (name === 'ceil') return rest > 0n ? cut + 1n : cut
  const magnitude = rest < 0n ? -rest : rest
  return magnitude * 2n >= unit ? cut + (value < 0n ? -1n : 1n) : cut
}

function roundDouble(name: string, value: number, digits: number): number {
  if (name === 'floor') return Math.floor(value)
  if (name === 'ceil') return Math.ceil(value)
  // Powers of ten are exact, their reciprocals are not.
  const unit = 10 ** Math.abs(digits)
  const scaled = digits < 0 ? Math.abs(value) / unit : Math.abs(value) * unit
  if (!Number.isFinite(scaled)) return value
  const whole = Math.floor(scaled) + (scaled % 1 >= 0.5 ? 1 : 0)
  const magnitude = whole === 0 ? 0 : digits < 0 ? whole * unit : whole / unit
  return value < 0 || Object.is(value, -0) ? -magnitude : magnitude
}

/** Numbers and BOOLEAN to whole numbers or DECIMAL. */
export function toExact(a: Known, from: Type, to: Type): Outcome {
  if (from.kind === 'double' || from.kind === 'real') return doubleToExact(a as number, to)
  const value = BigInt(a as bigint | number | boolean)
  const more = scaleOf(to) - scaleOf(from)
  return ranged(more >= 0 ? value * power10(more) : quotient('round', value, power10(-more)), to)
}

/** To integers half to even, to DECIMAL half away from zero, both of the exact value. */
function doubleToExact(value: number, to: Type): Outcome {
  if (!Number.isFinite(value)) {
    return new Fault('overflow', `${value} does not fit into ${typeText(to)}`)
  }
  const { mantissa, exponent } = exactOf(value)
  const scaled = mantissa * power10(scaleOf(to))
  if (exponent >= 0n) return ranged(scaled << exponent, to)
  const unit = 1n << -exponent
  const rounded = quotient('round', scaled, unit)
  const tie = (scaled % unit) * 2n
  const isTie = tie === unit || tie === -unit
  // Halves went away from zero: an odd result steps back.
  if (to.kind !== 'decimal' && isTie && rounded % 2n !== 0n) {
    return ranged(rounded - (value < 0 ? -1n : 1n), to)
  }
  return ranged(rounded, to)
}

/** The finite double as mantissa · 2^exponent. */
function exactOf(value: number): { mantissa: bigint; exponent: bigint } {
  const bits = new BigUint64Array(Float64Array.of(value).buffer)[0]!
  const field = (bits >> 52n) & 0x7ffn
  const fraction = bits & (2n ** 52n - 1n)
  const mantissa = field === 0n ? fraction : fraction | (2n ** 52n)
  const exponent = (field === 0n ? 1n : field) - 1075n
  return { mantissa: value < 0 ? -mantissa : mantissa, exponent }
}

/** Rounded once. */
export function toDouble(a: Known, from: Type): number {
  const scale = scaleOf(from)
  // The reader of decimal text rounds correctly, however long it is.
  return scale === 0 ? Number(a) : Number(`${a}e-${scale}`)
}

/** 32 bits of a DECIMAL, from bit 32 · `which` on; the last of four has the sign. */
export function limbOf(value: bigint, which: number): bigint {
  const moved = value >> BigInt(32 * which)
  return which < 3 ? moved & 0xffff_ffffn : moved
}

function sumOfLimbs(limbs: readonly Value[]): bigint {
  return limbs.reduce((sum: bigint, limb, at) => sum + ((limb as bigint) << BigInt(32 * at)), 0n)
}

/** The sum whose limbs were added up one by one. */
export function joinLimbs(limbs: readonly Value[], to: Type): Outcome {
  const sum = ranged(sumOfLimbs(limbs), to)
  return sum instanceof Fault
    ? new Fault('overflow', `the sum does not fit into ${typeText(to)}`)
    : sum
}

/** Sums of four limbs, their count, and the scale. */
export function averageLimbs(values: readonly Value[]): number {
  return Number(sumOfLimbs(values.slice(0, 4))) / Number(values[4]) / 10 ** Number(values[5])
}

/** By way of the nearest double. */
export function toReal(a: Known, from: Type): Outcome {
  const double = toDouble(a, from)
  const rounded = Math.fround(double)
  if (Number.isFinite(double) && !Number.isFinite(rounded)) {
    return new Fault('overflow', `${double} does not fit into REAL`)
  }
  return rounded
}

/** Order of two numbers of exact types by value. */
export function compareExact(a: Value, left: Type, b: Value, right: Type): number {
  const scale = Math.max(scaleOf(left), scaleOf(right))
  const x = BigInt(a as bigint | number) * power10(scale - scaleOf(left))
  const y = BigInt(b as bigint | number) * power10(scale - scaleOf(right))
  return x < y ? -1 : x > y ? 1 : 0
}

/** Microseconds times a factor, or over it, exact and rounded once, half away from zero. */
export function scaleInterval(micros: bigint, factor: number, over: boolean): Outcome {
  if (over && factor === 0) return divisionByZero
  const type: Type = { kind: 'interval' }
  if (!Number.isFinite(factor)) {
    return over && !Number.isNaN(factor) ? 0n : new Fault('overflow', 'interval out of range')
  }
  let [whole, unit] = [Math.abs(factor), 1n]
  for (; !Number.isInteger(whole); whole *= 2) unit *= 2n
  const [times, parts] = over ? [unit, BigInt(whole)] : [BigInt(whole), unit]
  const amount = micros < 0n ? -micros : micros
  const value = (amount * times * 2n + parts) / (parts * 2n)
  return ranged(micros < 0n === factor < 0 ? value : -value, type)
}
