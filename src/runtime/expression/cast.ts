/**
 * Cast: a single value of one type as one of another.
 *
 * How      Texts go through src/data, numbers through exact integers (number.ts); JSON goes by its text.
 * See      src/plan/coerce.ts says which casts there are; docs/laws.md has the rules
 */
import {
  isWhole,
  parseValue,
  precisionMicros,
  type Type,
  typeText,
  type Value,
  valueText,
} from '../../data/index.ts'
import { dayMicros, Fault, type Known, type Outcome, ranged } from './fault.ts'
import * as number from './number.ts'
import { castPeriod } from './period.ts'

export function castValue(value: Known, from: Type, to: Type): Outcome {
  if (to.kind === 'varchar') return valueText(value, from)
  if (from.kind === 'varchar') return parsed(value as string, to)
  if (from.kind === 'json') return scalarOf(value as string, to)
  if (to.kind === 'json') return parsed(valueText(value, from), to)
  if (from.kind === 'period' || to.kind === 'period') return castPeriod(value, from, to)
  switch (to.kind) {
    case 'boolean':
      return typeof value === 'boolean' ? value : Number(value) !== 0
    case 'double':
      return number.toDouble(value, from)
    case 'real':
      return number.toReal(value, from)
    case 'tinyint':
    case 'smallint':
    case 'integer':
    case 'bigint':
    case 'decimal':
      return number.toExact(value, from, to)
    case 'timestamp': {
      const micros = from.kind === 'date' ? BigInt(value as number) * dayMicros : (value as bigint)
      return ranged(cut(micros, to), to)
    }
    case 'time':
      return cut(clockOf(value as bigint), to)
    case 'date':
      return from.kind === 'timestamp' ? Number(dayOf(value as bigint)) : value
    default:
      return value
  }
}

const anyNumber: Type = { kind: 'decimal', precision: 38, scale: 15 }

/** A JSON number with a fraction or an exponent becomes a whole one as a DECIMAL does. */
function scalarOf(text: string, to: Type): Value | Fault {
  const value = parseValue(text, to)
  if (value !== undefined || !isWhole(to)) return value ?? parsed(text, to)
  const exact = parseValue(text, anyNumber)
  return exact === undefined ? parsed(text, to) : number.toExact(exact as bigint, anyNumber, to)
}

function parsed(text: string, to: Type): Value | Fault {
  const value = parseValue(text, to)
  if (value !== undefined) return value
  return new Fault('invalid_cast', `cannot cast '${text}' to ${typeText(to)}`)
}

/** Cut to the precision of the type, towards the past. */
function cut(micros: bigint, type: Type): bigint {
  const unit = precisionMicros(type)
  return micros - (((micros % unit) + unit) % unit)
}

/** Microseconds since midnight. */
function clockOf(micros: bigint): bigint {
  return ((micros % dayMicros) + dayMicros) % dayMicros
}

function dayOf(micros: bigint): bigint {
  return (micros - clockOf(micros)) / dayMicros
}
