/**
 * Casts of the reference interpreter.
 *
 * How      Texts are read and written by src/data, which is tested on its own. Numbers pass through exact integers:
 *          to integers a DOUBLE rounds half to even, a DECIMAL half away from zero; a DOUBLE becomes the DECIMAL
 *          nearest to its value.
 */
import {
  parseValue,
  precisionMicros,
  type Type,
  typeText,
  type Value,
  valueText,
} from '../../src/data/index.ts'
import { quotient, ranged } from './number.ts'
import { exactBits, Fault, ratio, scaleOf } from './value.ts'

type Known = Exclude<Value, null>

const dayMicros = 86_400_000_000n

export function castValue(value: Known, from: Type, to: Type): Value {
  if (to.kind === 'varchar') return valueText(value, from)
  if (from.kind === 'varchar') return parsed(value as string, to)
  switch (to.kind) {
    case 'boolean':
      return typeof value === 'boolean' ? value : Number(value) !== 0
    case 'double':
      return toDouble(value, from)
    case 'integer':
    case 'bigint':
    case 'decimal':
      return toExact(value, from, to)
    case 'timestamp':
      return toTimestamp(value, from, to)
    case 'date':
      return typeof value === 'bigint' ? Number(floorTo(value, dayMicros) / dayMicros) : value
    default:
      return value
  }
}

function parsed(text: string, to: Type): Value {
  const value = parseValue(text, to)
  if (value === undefined) {
    throw new Fault('invalid_cast', `cannot cast '${text}' to ${typeText(to)}`)
  }
  return value
}

function toDouble(value: Known, from: Type): number {
  if (typeof value === 'boolean') return Number(value)
  if (typeof value === 'number') return value
  return ratio(value as bigint, 10n ** BigInt(scaleOf(from)))
}

function toExact(value: Known, from: Type, to: Type): Value {
  if (from.kind === 'double') return doubleToExact(value as number, to)
  const source = BigInt(value as bigint | boolean)
  const [have, want] = [scaleOf(from), scaleOf(to)]
  if (want >= have) return ranged(source * 10n ** BigInt(want - have), to)
  return ranged(quotient('round', source, 10n ** BigInt(have - want)), to)
}

function doubleToExact(value: number, to: Type): Value {
  if (!Number.isFinite(value))
    throw new Fault('overflow', `${value} does not fit into ${typeText(to)}`)
  const one = 1n << 1074n
  const scaled = exactBits(value) * 10n ** BigInt(scaleOf(to))
  const rounded = to.kind === 'decimal' ? quotient('round', scaled, one) : halfToEven(scaled, one)
  return ranged(rounded, to)
}

function halfToEven(value: bigint, unit: bigint): bigint {
  const down = floorTo(value, unit) / unit
  const rest = (value - down * unit) * 2n
  return rest > unit || (rest === unit && down % 2n !== 0n) ? down + 1n : down
}

function toTimestamp(value: Known, from: Type, to: Type): Value {
  const micros = from.kind === 'date' ? BigInt(value as number) * dayMicros : (value as bigint)
  return ranged(floorTo(micros, precisionMicros(to)), to)
}

const floorTo = (value: bigint, unit: bigint) => value - (((value % unit) + unit) % unit)
