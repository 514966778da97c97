/**
 * Casts of the reference interpreter.
 *
 * How      Texts are read and written by src/data, which is tested on its own. Numbers pass through exact integers:
 *          to integers a DOUBLE rounds half to even, a DECIMAL half away from zero; a DOUBLE becomes the DECIMAL
 *          nearest to its value.
 */
import {
  arrayOf,
  elementOf,
  entriesOf,
  flattenItem,
  isWhole,
  itemOfFlat,
  itemsOf,
  jsonText,
  mapOf,
  membersOf,
  parseValue,
  precisionMicros,
  type Type,
  typeText,
  type Value,
  valueText,
} from '../../../src/data/index.ts'
import { Fault, type Known } from '../value.ts'
import {
  dayMicros,
  divideRounded,
  exactBits,
  floorDivide,
  modulo,
  ratio,
  scaleOf,
} from './exact.ts'
import { ranged } from './number.ts'
import { castPeriod } from './period.ts'

export function castValue(value: Known, from: Type, to: Type): Value {
  if (to.kind === 'varchar') return valueText(value, from)
  if (from.kind === 'json' && isWhole(to) && /^-?[0-9]+[.eE]/.test((value as string).trim())) {
    // Fifteen digits behind the point count.
    const type: Type = { kind: 'decimal', precision: 38, scale: 15 }
    if (parseValue(value as string, type) !== undefined)
      return toExact(parsed(value as string, type) as Known, type, to)
  }
  if (from.kind === 'varchar' || from.kind === 'json') return parsed(value as string, to)
  if (to.kind === 'json') {
    const isNested = from.kind === 'array' || from.kind === 'map'
    return isNested ? jsonText(value, from) : parsed(valueText(value, from), to)
  }
  if (to.kind === 'array' || to.kind === 'map') return castItems(value as string, from, to)
  if (from.kind === 'period' || to.kind === 'period') return castPeriod(value, from, to)
  switch (to.kind) {
    case 'boolean':
      return typeof value === 'boolean' ? value : Number(value) !== 0
    case 'double':
      return toDouble(value, from)
    case 'real':
      return toReal(toDouble(value, from))
    case 'tinyint':
    case 'smallint':
    case 'integer':
    case 'bigint':
    case 'decimal':
      return toExact(value, from, to)
    case 'timestamp':
      return toTimestamp(value, from, to)
    case 'time':
      return cut(modulo(value as bigint, dayMicros), to)
    case 'date':
      return typeof value === 'bigint' ? Number(floorDivide(value, dayMicros)) : value
    default:
      return value
  }
}

/** By way of flat values: those of a struct lie behind each other. */
function castItems(value: string, from: Type, to: Type & { kind: 'array' | 'map' }): Value {
  const [source, target] = [elementOf(from)!, elementOf(to)!]
  const [sources, targets] = [flatTypes(source), flatTypes(target)]
  const items = itemsOf(value, source).map((item) => {
    const cells: Value[] = []
    flattenItem(item, source, cells)
    const cast = cells.map((cell, at) => {
      if (cell === null || membersOf(sources[at]!) !== null) return cell
      return castValue(cell, sources[at]!, targets[at]!)
    })
    return itemOfFlat(cast, 0, target)
  })
  if (to.kind === 'array') return arrayOf(items)
  const map = mapOf(entriesOf(arrayOf(items), to))
  if (map === null) throw new Fault('invalid_argument', 'a key is there twice')
  return map
}

function flatTypes(type: Type): Type[] {
  return [type, ...(membersOf(type) ?? []).flatMap((member) => flatTypes(member.type))]
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
  if (from.kind === 'double' || from.kind === 'real') return doubleToExact(value as number, to)
  const source = BigInt(value as bigint | boolean)
  const [have, want] = [scaleOf(from), scaleOf(to)]
  if (want >= have) return ranged(source * 10n ** BigInt(want - have), to)
  return ranged(divideRounded(source, 10n ** BigInt(have - want), 'away'), to)
}

function doubleToExact(value: number, to: Type): Value {
  if (!Number.isFinite(value))
    throw new Fault('overflow', `${value} does not fit into ${typeText(to)}`)
  const scaled = exactBits(value) * 10n ** BigInt(scaleOf(to))
  return ranged(divideRounded(scaled, 1n << 1074n, to.kind === 'decimal' ? 'away' : 'even'), to)
}

function toTimestamp(value: Known, from: Type, to: Type): Value {
  const micros = from.kind === 'date' ? BigInt(value as number) * dayMicros : (value as bigint)
  return ranged(cut(micros, to), to)
}

function cut(micros: bigint, to: Type): bigint {
  const unit = precisionMicros(to)
  return floorDivide(micros, unit) * unit
}

function toReal(value: number): number {
  const nearest = Math.fround(value)
  if (Number.isFinite(value) && !Number.isFinite(nearest))
    throw new Fault('overflow', `${value} does not fit into REAL`)
  return nearest
}
