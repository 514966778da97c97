/**
 * Text: values as text and text as values, the one meaning that CAST, literals, decoders and renderers share; and the
 * canonical order of values.
 *
 * Format   BOOLEAN true, false; REAL and DOUBLE the shortest text that reads back, NaN, Infinity, -Infinity; DECIMAL
 *          with all digits of its scale; DATE YYYY-MM-DD; TIME HH:MM:SS[.ffffff] without trailing zeros; TIMESTAMP
 *          both with a blank between, TIMESTAMPTZ with the offset behind, +00 in UTC; years beyond 9999 with more
 *          digits, before 0 with a sign; INTERVAL [Y year(s)] [M mon(s)] [D day(s)] [HH:MM:SS[.ffffff]] as Postgres
 *          prints it; VARBINARY \x and two hexadecimal digits per byte; JSON as it was written; GEOMETRY as WKT;
 *          arrays and maps as nested-text.ts says.
 * Contract 1 (checked) parseValue(valueText(v, t), t) equals v, NULL and −0 of DOUBLE included in what is printed.
 *          2 (checked) parseValue never gives null: undefined stands for a text that cannot be read.
 */
import { geometryBytes, geometryText, parseGeometry, readGeometry } from '../geometry/index.ts'
import { civilOf, daysInMonth, daysOf } from './calendar.ts'
import { parseInterval, parseMonths, parsePeriod } from './interval.ts'
import { nestedText, parseNested } from './nested-text.ts'
import { periodValue, readPeriod } from './period.ts'
import { formOf, precisionMicros, rangeOf, type Type, type Value } from './type.ts'
import { zoneNamed } from './zone.ts'

const dayMicros = 86_400_000_000n
const int64Min = -(2n ** 63n)
const int64Max = 2n ** 63n - 1n

/** Text of a value as CAST(value AS VARCHAR) gives it; NULL reads `NULL`. */
export function valueText(value: Value, type: Type): string {
  if (value === null) return 'NULL'
  switch (type.kind) {
    case 'real':
      return realText(value as number)
    case 'double':
      return Object.is(value, -0) ? '-0' : String(value)
    case 'decimal':
      return decimalText(value as bigint, type.scale)
    case 'timestamp':
      return type.zoned ? zonedText(value as bigint, type) : timestampText(value as bigint)
    case 'time':
      return clockText(Number(value))
    case 'months':
      return monthsText(value as bigint)
    case 'varbinary':
      return `\\x${Array.from(value as string, (char) => hexOf(char.charCodeAt(0))).join('')}`
    case 'geometry':
      return geometryText(readGeometry(value as string)!)
    case 'date':
      return dateText(value as number)
    case 'interval':
      return intervalText(value as bigint)
    case 'period':
      return periodText(value as string)
    case 'array':
    case 'map':
      return nestedText(value as string, type, valueText)
    case 'boolean':
      // The bytes of a STRUCT inside of an array.
      return typeof value === 'string' ? nestedText(value, type, valueText) : String(value)
    default:
      return String(value)
  }
}

/** The shortest decimal that is nearer to this float than to any other. */
function realText(value: number): string {
  if (Object.is(value, -0)) return '-0'
  if (!Number.isFinite(value)) return String(value)
  // Nine digits tell all floats apart.
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits))
    if (Math.fround(short) === value) return String(short)
  }
  return String(Number(value.toPrecision(9)))
}

const hexOf = (byte: number) => byte.toString(16).padStart(2, '0')

function decimalText(value: bigint, scale: number): string {
  if (scale === 0) return value.toString()
  const digits = (value < 0n ? -value : value).toString().padStart(scale + 1, '0')
  return `${value < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

const two = (part: number) => (part < 10 ? `0${part}` : `${part}`)

function dateText(days: number): string {
  const { year, month, day } = civilOf(days)
  const years = String(Math.abs(year)).padStart(4, '0')
  return `${year < 0 ? '-' : ''}${years}-${two(month)}-${two(day)}`
}

function timestampText(micros: bigint): string {
  let days = micros / dayMicros
  if (days * dayMicros > micros) days--
  return `${dateText(Number(days))} ${clockText(Number(micros - days * dayMicros))}`
}

/** HH:MM:SS[.ffffff] of microseconds below 2^53. */
function clockText(micros: number): string {
  const seconds = Math.floor(micros / 1_000_000)
  const fraction = micros - seconds * 1_000_000
  const clock = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
  if (fraction === 0) return clock
  return `${clock}.${String(fraction).padStart(6, '0').replace(/0+$/, '')}`
}

function intervalText(micros: bigint): string {
  const sign = micros < 0n ? '-' : ''
  const magnitude = micros < 0n ? -micros : micros
  const days = magnitude / dayMicros
  const rest = Number(magnitude % dayMicros)
  const parts: string[] = []
  if (days !== 0n) parts.push(`${sign}${days} ${days === 1n && sign === '' ? 'day' : 'days'}`)
  if (rest !== 0 || days === 0n) parts.push(`${sign}${clockText(rest)}`)
  return parts.join(' ')
}

function monthsText(months: bigint): string {
  const [years, rest] = [months / 12n, months % 12n]
  const parts: string[] = []
  if (years !== 0n) parts.push(`${years} ${years === 1n ? 'year' : 'years'}`)
  if (rest !== 0n || years === 0n) parts.push(`${rest} ${rest === 1n ? 'mon' : 'mons'}`)
  return parts.join(' ')
}

function periodText(value: string): string {
  const { months, micros } = readPeriod(value)
  const parts = months === 0n ? [] : [monthsText(months)]
  if (micros !== 0n || months === 0n) parts.push(intervalText(micros))
  return parts.join(' ')
}

/** The value that a text stands for, or undefined when it cannot be read as one of `type`. */
export function parseValue(text: string, type: Type): Value | undefined {
  switch (type.kind) {
    case 'varchar':
      return within(text.toWellFormed(), type.length)
    case 'varbinary':
      return parseBytes(text)
    case 'json':
      return isJson(text) ? text.toWellFormed() : undefined
    case 'array':
    case 'map':
      return parseNested(text.toWellFormed(), type, parseValue)
    default:
      return parseTrimmed(text, type)
  }
}

type Trimmed = Exclude<Type, { kind: 'varchar' | 'varbinary' | 'json' | 'array' | 'map' }>

function parseTrimmed(text: string, type: Trimmed): Value | undefined {
  const trimmed = text.trim()
  switch (type.kind) {
    case 'boolean':
      return booleans.get(trimmed.toLowerCase())
    case 'tinyint':
    case 'smallint':
    case 'integer':
      return parseInteger(trimmed, type)
    case 'bigint':
      return parseBigint(trimmed)
    case 'real': {
      const exact = parseDouble(trimmed)
      const rounded = exact === undefined ? undefined : Math.fround(exact)
      return Number.isFinite(exact) && !Number.isFinite(rounded) ? undefined : rounded
    }
    case 'double':
      return parseDouble(trimmed)
    case 'decimal':
      return parseDecimal(trimmed, type)
    case 'timestamp':
      return type.zoned ? parseZoned(trimmed, type) : parseTimestamp(trimmed, type)
    case 'date':
      return parseDate(trimmed) ?? parts(trimmed)?.day
    case 'time': {
      const micros = parseClock(trimmed) ?? parts(trimmed)?.clock
      return micros === undefined ? undefined : cut(BigInt(micros), type)
    }
    case 'interval':
      return inInt64(parseInterval(trimmed))
    case 'months':
      return inInt64(parseMonths(trimmed))
    case 'period': {
      const period = parsePeriod(trimmed)
      return period === undefined ? undefined : periodValue(period)
    }
    case 'geometry': {
      const geometry = parseGeometry(trimmed)
      return geometry === null ? undefined : geometryBytes(geometry)
    }
    case 'null':
      return undefined
  }
}

const booleans = new Map<string, boolean>([
  ...['true', 't', 'yes', 'y', 'on', '1'].map((text): [string, boolean] => [text, true]),
  ...['false', 'f', 'no', 'n', 'off', '0'].map((text): [string, boolean] => [text, false]),
])

const integerForm = /^[+-]?\d+$/

function parseInteger(text: string, type: Type): number | undefined {
  if (!integerForm.test(text)) return undefined
  const value = Number(text)
  const { low, high } = rangeOf(type)
  // `+ 0` turns the −0 of "-0" into 0.
  return value >= low && value <= high ? value + 0 : undefined
}

function parseBigint(text: string): bigint | undefined {
  if (!integerForm.test(text)) return undefined
  // BigInt reads no plus sign.
  return inInt64(BigInt(text.startsWith('+') ? text.slice(1) : text))
}

function inInt64(value: bigint | undefined): bigint | undefined {
  return value !== undefined && value >= int64Min && value <= int64Max ? value : undefined
}

const doubleForm = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i

function parseDouble(text: string): number | undefined {
  if (doubleForm.test(text)) {
    const value = Number(text)
    return Number.isFinite(value) ? value : undefined
  }
  const special = /^([+-]?)(inf|infinity)$/i.exec(text)
  if (special !== null) return special[1] === '-' ? -Infinity : Infinity
  return /^nan$/i.test(text) ? NaN : undefined
}

const decimalForm = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d{1,4}))?$/i

/** Digits beyond the scale are rounded, halves away from zero. */
function parseDecimal(text: string, type: Type & { kind: 'decimal' }): bigint | undefined {
  const match = decimalForm.exec(text)
  if (match === null) return undefined
  const [, sign, whole = '', fraction = '', exponent = '0'] = match
  if (whole === '' && fraction === '') return undefined
  let magnitude = BigInt(whole + fraction)
  const shift = Number(exponent) + type.scale - fraction.length
  if (shift >= 0) {
    // More than 19 zeros behind a digit fit into no type.
    magnitude *= 10n ** BigInt(magnitude === 0n ? 0 : Math.min(shift, 40))
  } else {
    const unit = 10n ** BigInt(Math.min(-shift, whole.length + fraction.length + 1))
    magnitude = (magnitude + unit / 2n) / unit
  }
  if (magnitude >= 10n ** BigInt(type.precision)) return undefined
  return sign === '-' ? -magnitude : magnitude
}

const dateForm = /^([+-]?\d{4,7})-(\d{1,2})-(\d{1,2})$/

function parseDate(text: string): number | undefined {
  const match = dateForm.exec(text)
  if (match === null) return undefined
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])]
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined
  const days = daysOf({ year, month, day })
  return (days | 0) === days ? days : undefined
}

const clockForm = /^(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d+))?)?$/

const offsetForm = /^(.*\d)\s*(?:z|utc|gmt|([+-])(\d{1,2})(?::?(\d{2}))?(?::(\d{2}))?)$/i

/**
 * A date, and perhaps a blank or T and a time of day; Z may stand at the end. With a zone, the offset from UTC may
 * stand there, too.
 */
function parseTimestamp(text: string, type: Type & { kind: 'timestamp' }): bigint | undefined {
  const cutAt = /[T ]\s*/i.exec(text)
  if (cutAt === null) return midnight(text, type)
  const zone = offsetForm.exec(text)
  const isPlain = zone === null || (zone[2] === undefined && /z$/i.test(text))
  if (!type.zoned && !isPlain) return undefined
  const bare = zone === null ? text : zone[1]!
  const days = parseDate(bare.slice(0, cutAt.index))
  const clock = parseClock(bare.slice(cutAt.index + cutAt[0].length))
  if (days === undefined || clock === undefined) return undefined
  const micros = BigInt(days) * dayMicros + BigInt(clock) - offsetMicros(zone)
  return inInt64(cut(micros, type))
}

/** A point in time as the clock of its zone shows it, with the offset of that moment: `2026-07-01 14:00:00+02`. */
function zonedText(micros: bigint, { zone }: Type & { kind: 'timestamp' }): string {
  const local = zone === undefined ? micros : zoneNamed(zone)!.local(micros)
  const seconds = (local - micros) / 1_000_000n
  const parts = [seconds / 3600n, (seconds / 60n) % 60n, seconds % 60n].map((part) =>
    String(part < 0n ? -part : part).padStart(2, '0'),
  )
  while (parts.length > 1 && parts.at(-1) === '00') parts.pop()
  return `${timestampText(local)}${seconds < 0n ? '-' : '+'}${parts.join(':')}`
}

/** The point in time of a text, which the clock of the zone shows where no offset stands behind it. */
function parseZoned(text: string, type: Type & { kind: 'timestamp' }): bigint | undefined {
  const { precision, zone } = type
  const hasOffset = /z$/i.test(text) || (/[T ]/i.test(text) && offsetForm.test(text))
  if (zone === undefined || hasOffset) return parseTimestamp(text, type)
  const local = parseTimestamp(text, { kind: 'timestamp', precision: 6 })
  if (local === undefined) return undefined
  return cut(zoneNamed(zone)!.instant(local), { kind: 'timestamp', precision })
}

/** Day and time of day of a text that is a timestamp of no zone. */
function parts(text: string): { day: number; clock: bigint } | undefined {
  const micros = parseTimestamp(text, { kind: 'timestamp', precision: 6 })
  if (micros === undefined) return undefined
  const clock = ((micros % dayMicros) + dayMicros) % dayMicros
  return { day: Number((micros - clock) / dayMicros), clock }
}

function midnight(text: string, type: Type): bigint | undefined {
  const days = parseDate(text.replace(/\s*z$/i, ''))
  return days === undefined ? undefined : inInt64(cut(BigInt(days) * dayMicros, type))
}

function offsetMicros(zone: RegExpExecArray | null): bigint {
  const [sign, hours, minutes, seconds] = zone?.slice(2) ?? []
  const offset = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60 + Number(seconds ?? 0)
  return BigInt(sign === '-' ? -offset : offset) * 1_000_000n
}

/** Microseconds cut to the precision of the type, towards the past. */
function cut(micros: bigint, type: Type): bigint {
  const unit = precisionMicros(type)
  const rest = micros % unit
  return rest === 0n ? micros : micros - rest - (rest < 0n ? unit : 0n)
}

/** Microseconds of a time of day. */
function parseClock(text: string): number | undefined {
  const match = clockForm.exec(text)
  if (match === null) return undefined
  const [hours, minutes, seconds] = [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)]
  if (hours > 23 || minutes > 59 || seconds > 59) return undefined
  const fraction = Number((match[4] ?? '').slice(0, 6).padEnd(6, '0'))
  return ((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + fraction
}

/** A text of at most `length` characters. */
function within(text: string, length: number | undefined): string | undefined {
  if (length === undefined || text.length <= length) return text
  return [...text].length <= length ? text : undefined
}

const utf8 = new TextEncoder()

/** `\x` and hexadecimal digits; else the bytes of the text, with `\\` for a backslash and `\ooo` for a byte. */
function parseBytes(text: string): string | undefined {
  if (/^\\x/i.test(text)) {
    const digits = text.slice(2).replace(/\s+/g, '')
    if (!/^([0-9a-f]{2})*$/i.test(digits)) return undefined
    return digits.replace(/../g, (pair) => String.fromCharCode(Number.parseInt(pair, 16)))
  }
  const pieces: readonly string[] =
    text.toWellFormed().match(/\\\\|\\[0-3][0-7]{2}|[^\\]+|\\/g) ?? []
  if (pieces.includes('\\')) return undefined
  return pieces.map(bytesOf).join('')
}

function bytesOf(piece: string): string {
  if (piece === '\\\\') return '\\'
  if (piece.startsWith('\\')) return String.fromCharCode(Number.parseInt(piece.slice(1), 8))
  return Array.from(utf8.encode(piece), (byte) => String.fromCharCode(byte)).join('')
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Canonical order of two values of one type: NULL last, NaN greatest, −0 = 0, strings by their UTF-8 bytes. */
export function compareValues(a: Value, b: Value, type: Type): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null)
  const form = formOf(type)
  if (form === 'string') return compareText(a as string, b as string)
  if (form === 'number') {
    if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : 1
    if (Number.isNaN(b)) return -1
  }
  return a < b ? -1 : a > b ? 1 : 0
}

/** UTF-8 orders as code points do; only surrogates stand elsewhere in UTF-16. */
function compareText(a: string, b: string): number {
  const shared = Math.min(a.length, b.length)
  for (let index = 0; index < shared; index++) {
    const left = a.charCodeAt(index)
    const right = b.charCodeAt(index)
    if (left === right) continue
    const leftHigh = isSurrogate(left)
    if (leftHigh !== isSurrogate(right)) {
      // A pair lies beyond U+FFFF, and so beyond every single unit.
      return leftHigh ? 1 : -1
    }
    return left < right ? -1 : 1
  }
  return Math.sign(a.length - b.length)
}

const isSurrogate = (unit: number) => unit >= 0xd800 && unit <= 0xdfff
