/**
 * Cast: a single value of one type as one of another.
 *
 * How      Texts go through src/data, numbers through exact integers (number.ts); JSON goes by its text, arrays and
 *          maps item by item.
 * See      src/plan/coerce.ts says which casts there are; docs/laws.md has the rules
 */
import {
  arrayOf,
  elementOf,
  entriesOf,
  isWhole,
  itemOf,
  itemsOf,
  itemValue,
  jsonText,
  mapOf,
  memberItems,
  membersOf,
  parseValue,
  precisionMicros,
  shownIn,
  structOf,
  type Type,
  typeText,
  type Value,
  valueText,
  zoneNamed,
} from '../../data/index.ts'
import { dayMicros, Fault, type Known, type Outcome, ranged } from './fault.ts'
import * as number from './number.ts'
import { castPeriod } from './period.ts'

export function castValue(value: Known, from: Type, to: Type, zone: string | null = null): Outcome {
  if (zone !== null) return castByClock(value, from, to, zone)
  if (to.kind === 'varchar') return valueText(value, from)
  if (from.kind === 'varchar') return parsed(value as string, to)
  if (from.kind === 'json') return scalarOf(value as string, to)
  if (to.kind === 'json') {
    return elementOf(from) === null ? parsed(valueText(value, from), to) : jsonText(value, from)
  }
  if (from.kind === 'period' || to.kind === 'period') return castPeriod(value, from, to)
  switch (to.kind) {
    case 'array':
    case 'map':
      return castItems(value as string, from, to)
    case 'boolean':
      if (to.members !== undefined && typeof value === 'string') return castItems(value, from, to)
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

/** Of points in time what the clock of a zone shows, and back. */
function castByClock(value: Known, from: Type, to: Type, name: string): Outcome {
  if (to.kind === 'varchar') return valueText(value, shownIn(from, name))
  if (from.kind === 'varchar') return parsed(value as string, shownIn(to, name))
  if (elementOf(from) !== null || membersOf(from) !== null) {
    return castItems(value as string, from, to, name)
  }
  const zone = zoneNamed(name)!
  const isPoint = (type: Type) => type.kind === 'timestamp' && type.zoned === true
  if (isPoint(from) === isPoint(to)) return castValue(value, from, to)
  if (isPoint(from)) return castValue(zone.local(value as bigint), clock, to)
  const local = castValue(value, from, clock)
  return local instanceof Fault ? local : castValue(zone.instant(local as bigint), clock, to)
}

const clock: Type = { kind: 'timestamp', precision: 6 }

/** An array, a map or, inside of one, a struct as one of other parts. */
function castItems(value: string, from: Type, to: Type, zone: string | null = null): Outcome {
  const [element, wanted] = [elementOf(from), elementOf(to)]
  if (element === null || wanted === null) {
    const [members, targets] = [membersOf(from)!, membersOf(to)!]
    const items = memberItems(value, members).map((item, at) =>
      castItem(item, members[at]!.type, targets[at]!.type, zone),
    )
    return items.find((item) => item instanceof Fault) ?? structOf(items as string[])
  }
  const items = itemsOf(value, element).map((item) => castItem(item, element, wanted, zone))
  const fault = items.find((item) => item instanceof Fault)
  if (fault !== undefined) return fault
  const array = arrayOf(items as string[])
  if (to.kind !== 'map') return array
  // Keys that differed may be alike now, or in another order.
  return mapOf(entriesOf(array, to)) ?? new Fault('invalid_argument', 'a key is there twice')
}

function castItem(item: string, from: Type, to: Type, zone: string | null): string | Fault {
  const value = itemValue(item, from)
  if (value === null) return item
  const outcome = castValue(value, from, to, zone)
  return outcome instanceof Fault ? outcome : itemOf(outcome, to)
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
