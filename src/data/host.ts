/**
 * Host: values as a program gives them (rows of `append`, of JavaScript sources) as values of a column.
 *
 * Format   BOOLEAN boolean · TINYINT to BIGINT number, bigint · REAL, DOUBLE number, bigint · DECIMAL number, bigint,
 *          both for what they count · VARCHAR string · VARBINARY Uint8Array · JSON any other than a string, as its
 *          document · DATE Date, number of days since 1970 · TIMESTAMP Date, number of milliseconds, bigint of
 *          microseconds since 1970 · TIME and INTERVAL DAY TO SECOND number of milliseconds, bigint of microseconds ·
 *          INTERVAL YEAR TO MONTH number, bigint · GEOMETRY an object of GeoJSON, Uint8Array of WKB · INTERVAL both, of
 *          milliseconds and microseconds, and { months, days, micros } as rows of results have it · arrays any iterable
 *          · MAP a Map, pairs or an object · for each of them a string, read as CAST reads it.
 * Contract 1 (checked) a value out of range, of another kind or with a fraction where none is taken is undefined.
 *          2 (checked) times are cut to the precision of the column towards the past, as those of texts are.
 * See      test/data/host.test.ts; src/data/public.ts for the other way
 */
import { geometryBytes, ofGeoJson, readGeometry } from '../geometry/index.ts'
import { arrayOf, itemOf, itemOfFlat, mapOf, NONE } from './nested.ts'
import { periodValue } from './period.ts'
import { flatFields, flatValues, membersOf, NoStruct, widthOf } from './struct.ts'
import { parseValue } from './text.ts'
import { formOf, precisionMicros, rangeOf, type Type, type Value } from './type.ts'

const DAY_MILLIS = 86_400_000
const DAY_MICROS = 86_400_000_000n

/** The value of `type` that `given`, which is neither null nor undefined, stands for; undefined when there is none. */
export function hostValue(given: unknown, type: Type): Value | undefined {
  if (type.kind === 'json' && typeof given !== 'string') return ofDocument(given)
  switch (typeof given) {
    case 'string':
      return type.kind === 'varchar' && type.length === undefined ? given : parseValue(given, type)
    case 'boolean':
      return type.kind === 'boolean' ? given : undefined
    case 'number':
      return ofNumber(given, type)
    case 'bigint':
      return ofBigint(given, type)
    default:
      return ofObject(given, type)
  }
}

function ofObject(given: unknown, type: Type): Value | undefined {
  if (type.kind === 'array' || type.kind === 'map') return ofItems(given, type)
  if (given instanceof Date) return ofDate(given, type)
  if (type.kind === 'period') return ofParts(given)
  if (type.kind === 'geometry') {
    const isBytes = given instanceof Uint8Array
    const geometry = isBytes ? readGeometry(textOf(given)) : ofGeoJson(given)
    return geometry === null ? undefined : geometryBytes(geometry)
  }
  return given instanceof Uint8Array && type.kind === 'varbinary' ? textOf(given) : undefined
}

/** One character per byte. */
function textOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')
}

/** { months, days, micros }, each of them a whole number, 0 where it is left out. */
function ofParts(given: unknown): string | undefined {
  if (typeof given !== 'object' || given === null) return undefined
  const { months = 0, days = 0, micros = 0 } = given as Record<string, unknown>
  const whole = [months, days, micros].map((part) =>
    typeof part === 'bigint' || Number.isSafeInteger(part) ? BigInt(part as bigint) : undefined,
  )
  if (whole.includes(undefined)) return undefined
  const [m, d, u] = whole as bigint[]
  return periodValue({ months: m!, micros: d! * DAY_MICROS + u! })
}

/** An array of what any iterable gives; a map of a Map, of pairs or of an object. */
function ofItems(given: unknown, type: Type & { kind: 'array' | 'map' }): string | undefined {
  if (typeof given !== 'object' || given === null) return undefined
  const isIterable = Symbol.iterator in given
  if (type.kind === 'array') {
    if (!isIterable) return undefined
    const items = Array.from(given as Iterable<unknown>, (one) => itemGiven(one, type.element))
    return items.includes(undefined) ? undefined : arrayOf(items as string[])
  }
  const pairs = isIterable ? Array.from(given as Iterable<unknown>) : Object.entries(given)
  const entries = pairs.map((pair): [string | undefined, string | undefined] => {
    const [key, value] = Array.isArray(pair) ? pair : []
    return [itemGiven(key, type.key), itemGiven(value, type.value)]
  })
  if (entries.some((entry) => entry.includes(undefined))) return undefined
  return mapOf(entries as [string, string][]) ?? undefined
}

/** The item of a value, of a STRUCT of an object or an array of its members. */
function itemGiven(given: unknown, type: Type): string | undefined {
  if (given === null || given === undefined) return NONE
  const members = membersOf(type)
  if (members === null) {
    const value = hostValue(given, type)
    return value === undefined ? undefined : itemOf(value, type)
  }
  const width = widthOf(type)
  try {
    const flat = flatValues([{ field: { name: '', type, nullable: true }, at: 0, width }], [given])
    const types = flatFields({ name: '', type, nullable: true })
    const values = flat.map((one, at): Value | undefined =>
      one === null || one === undefined ? null : hostValue(one, types[at]!.type),
    )
    return values.includes(undefined) ? undefined : itemOfFlat(values as Value[], 0, type)
  } catch (error) {
    if (error instanceof NoStruct) return undefined
    throw error
  }
}

/** The text of a document; undefined for what JSON has no form for. */
function ofDocument(given: unknown): string | undefined {
  try {
    return JSON.stringify(given)?.toWellFormed()
  } catch {
    return undefined
  }
}

function ofNumber(given: number, type: Type): Value | undefined {
  switch (type.kind) {
    case 'double':
      return given
    case 'real':
      return ofDouble(given)
    case 'decimal':
      return parseValue(String(given), type)
    case 'period':
      return Number.isFinite(given) ? ofBigint(BigInt(Math.round(given * 1000)), type) : undefined
    case 'timestamp':
    case 'time':
    case 'interval':
      return Number.isFinite(given) ? cut(BigInt(Math.round(given * 1000)), type) : undefined
    default:
      return Number.isInteger(given) ? ofBigint(BigInt(given), type) : undefined
  }
}

/** The nearest float; undefined when it is beyond all of them. */
function ofDouble(given: number): number | undefined {
  const rounded = Math.fround(given)
  return Number.isFinite(given) && !Number.isFinite(rounded) ? undefined : rounded
}

function ofBigint(given: bigint, type: Type): Value | undefined {
  switch (type.kind) {
    case 'double':
      return Number(given)
    case 'real':
      return ofDouble(Number(given))
    case 'decimal':
      return parseValue(String(given), type)
    case 'period':
      return periodValue({ months: 0n, micros: given })
    case 'timestamp':
    case 'time':
    case 'interval':
      return cut(given, type)
    case 'tinyint':
    case 'smallint':
    case 'integer':
    case 'date':
    case 'bigint':
    case 'months':
      return ranged(given, type)
    default:
      return undefined
  }
}

function ranged(value: bigint, type: Type): Value | undefined {
  const { low, high } = rangeOf(type)
  if (value < low || value > high) return undefined
  return formOf(type) === 'number' ? Number(value) : value
}

function ofDate(given: Date, type: Type): Value | undefined {
  const millis = given.getTime()
  if (Number.isNaN(millis)) return undefined
  if (type.kind === 'date') return Math.floor(millis / DAY_MILLIS)
  return type.kind === 'timestamp' ? cut(BigInt(millis) * 1000n, type) : undefined
}

/** Microseconds cut to the precision of the type. */
function cut(micros: bigint, type: Type): Value | undefined {
  const unit = precisionMicros(type)
  const rest = micros % unit
  return ranged(micros - (rest < 0n ? rest + unit : rest), type)
}
