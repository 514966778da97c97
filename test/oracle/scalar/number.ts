/**
 * Arithmetic of the reference interpreter: exact integers of any size first, the range of the type afterwards.
 */
import { type Type, typeText, type Value } from '../../../src/data/index.ts'
import { Fault, type Known } from '../value.ts'
import {
  dayMicros,
  divideRounded,
  exactBits,
  fits,
  floorDivide,
  isNumber,
  modulo,
  scaleOf,
} from './exact.ts'
import { moveMonths } from './time.ts'

/** The integer as a value of the type, or an overflow. */
export function ranged(value: bigint, type: Type): Value {
  if (!fits(value, type)) throw new Fault('overflow', `${type.kind} out of range`)
  return isNumber(type) ? Number(value) : value
}

/** a ± b of numbers and of times. */
export function add(a: Known, b: Known, types: readonly Type[], type: Type, sign: bigint): Value {
  if (type.kind === 'double') return Number(a) + Number(sign) * Number(b)
  const [left, right] = types
  if (type.kind === 'time')
    return modulo(BigInt(a as bigint) + sign * BigInt(b as bigint), dayMicros)
  if (right!.kind === 'months' && type.kind === 'timestamp') {
    const at = left!.kind === 'date' ? BigInt(a as number) * dayMicros : (a as bigint)
    return addMonths(at, sign * (b as bigint), type)
  }
  // A DATE counts days, a TIMESTAMP and an INTERVAL microseconds.
  const toMicros = left!.kind === 'date' && type.kind === 'timestamp' ? dayMicros : 1n
  const fromMicros = right!.kind === 'date' && type.kind === 'timestamp' ? dayMicros : 1n
  const sum = BigInt(a as bigint) * toMicros + sign * BigInt(b as bigint) * fromMicros
  return ranged(sum, type)
}

export function arithmetic(name: string, a: Known, b: Known, type: Type): Value {
  if (type.kind === 'double' || type.kind === 'real')
    return doubleArithmetic(name, a as number, b as number)
  const [left, right] = [BigInt(a as bigint), BigInt(b as bigint)]
  if (name === 'negate') return ranged(-left, type)
  if (name === 'multiply') return ranged(left * right, type)
  if (right === 0n) throw new Fault('division_by_zero', 'division by zero')
  return ranged(name === 'divide' ? left / right : left % right, type)
}

/** Beyond the years that a TIMESTAMP has there is no need for a calendar. */
function addMonths(at: bigint, months: bigint, type: Type): Value {
  const far = months > 10_000_000n || months < -10_000_000n
  return ranged(far ? 1n << 70n : moveMonths(at, Number(months)), type)
}

/** The number in base 2³², digit by digit; the last of four digits has the sign. */
export function limbOf(value: bigint, which: number): bigint {
  let rest = value
  for (let at = 0; at < which; at++) rest = floorDivide(rest, 1n << 32n)
  return which === 3 ? rest : modulo(rest, 1n << 32n)
}

export function limbSum(limbs: readonly Known[]): bigint {
  return limbs.reduceRight((sum: bigint, limb) => sum * (1n << 32n) + BigInt(limb as bigint), 0n)
}

export function joinLimbs(limbs: readonly Known[], type: Type): Value {
  const sum = limbSum(limbs)
  if (fits(sum, type)) return sum
  throw new Fault('overflow', `the sum does not fit into ${typeText(type)}`)
}

/** The quotient as a decimal, half away from zero. */
export function divideDecimals(a: Known, b: Known, types: readonly Type[], type: Type): Value {
  const [left, right] = [BigInt(a as bigint), BigInt(b as bigint)]
  if (right === 0n) throw new Fault('division_by_zero', 'division by zero')
  const scaled = left * 10n ** BigInt(scaleOf(type) + scaleOf(types[1]!) - scaleOf(types[0]!))
  const positive = right > 0n
  return ranged(divideRounded(positive ? scaled : -scaled, positive ? right : -right, 'away'), type)
}

function doubleArithmetic(name: string, a: number, b: number): number {
  if (name === 'negate') return -a
  if (name === 'multiply') return a * b
  if (b === 0) throw new Fault('division_by_zero', 'division by zero')
  return name === 'divide' ? a / b : a % b
}

/** ROUND, FLOOR and CEIL; `digits` behind the point, halves away from zero. */
export function roundTo(name: string, value: Known, digits: number, from: Type, type: Type): Value {
  if (from.kind === 'double') return roundDouble(name, value as number, digits)
  if (from.kind === 'real') return Math.fround(roundDouble(name, value as number, digits))
  if (from.kind !== 'decimal' && digits >= 0) return value
  const dropped = scaleOf(from) - digits
  if (dropped <= 0) return value as bigint
  const unit = 10n ** BigInt(dropped)
  const rounded = quotient(name, BigInt(value as bigint | number), unit) * unit
  return ranged(rescale(rounded, scaleOf(from), scaleOf(type)), type)
}

const rescale = (value: bigint, from: number, to: number) =>
  to >= from ? value * 10n ** BigInt(to - from) : value / 10n ** BigInt(from - to)

function quotient(name: string, value: bigint, unit: bigint): bigint {
  if (name === 'round') return divideRounded(value, unit, 'away')
  return name === 'floor' ? floorDivide(value, unit) : -floorDivide(-value, unit)
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

/** A DOUBLE as a count of its least unit, 2⁻¹⁰⁷⁴. */
const leastUnits = 2n ** 1074n

/** An INTERVAL so many times, to the nearest microsecond. */
export function scaledInterval(micros: bigint, factor: number): Value {
  if (!Number.isFinite(factor)) throw new Fault('overflow', 'interval out of range')
  const exact = micros * exactBits(factor)
  return ranged(divideRounded(exact, leastUnits, 'away'), { kind: 'interval' })
}

export function dividedInterval(micros: bigint, divisor: number): Value {
  if (divisor === 0) throw new Fault('division_by_zero', 'division by zero')
  if (Number.isNaN(divisor)) throw new Fault('overflow', 'interval out of range')
  if (!Number.isFinite(divisor)) return 0n
  const units = exactBits(divisor)
  const exact = micros * leastUnits * (units < 0n ? -1n : 1n)
  return ranged(divideRounded(exact, units < 0n ? -units : units, 'away'), { kind: 'interval' })
}
