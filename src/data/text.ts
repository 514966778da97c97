/**
 * Text: values as text and text as values, the one meaning that CAST, literals, decoders and renderers share; and the
 * canonical order of values.
 *
 * Format   BOOLEAN true, false; DOUBLE the shortest text that reads back, NaN, Infinity, -Infinity; DECIMAL with all
 *          digits of its scale; DATE YYYY-MM-DD; TIMESTAMP YYYY-MM-DD HH:MM:SS[.ffffff] without trailing zeros; years
 *          beyond 9999 with more digits, before 0 with a sign; INTERVAL [D day(s)] [HH:MM:SS[.ffffff]] as Postgres
 *          prints it.
 * Contract 1 (checked) parseValue(valueText(v, t), t) equals v, NULL and −0 of DOUBLE included in what is printed.
 *          2 (checked) parseValue never gives null: undefined stands for a text that cannot be read.
 */
import { civilOf, daysInMonth, daysOf } from './calendar.ts'
import { parseInterval } from './interval.ts'
import { precisionMicros, type Type, type Value } from './type.ts'

const dayMicros = 86_400_000_000n
const int64Min = -(2n ** 63n)
const int64Max = 2n ** 63n - 1n
const integerMin = -2_147_483_648
const integerMax = 2_147_483_647

/** Text of a value as CAST(value AS VARCHAR) gives it; NULL reads `NULL`. */
export function valueText(value: Value, type: Type): string {
  if (value === null) return 'NULL'
  switch (type.kind) {
    case 'double':
      return Object.is(value, -0) ? '-0' : String(value)
    case 'decimal':
      return decimalText(value as bigint, type.scale)
    case 'timestamp':
      return timestampText(value as bigint)
    case 'date':
      return dateText(value as number)
    case 'interval':
      return intervalText(value as bigint)
    default:
      return String(value)
  }
}

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

/** The value that a text stands for, or undefined when it cannot be read as one of `type`. */
export function parseValue(text: string, type: Type): Value | undefined {
  if (type.kind === 'varchar') return text.toWellFormed()
  const trimmed = text.trim()
  switch (type.kind) {
    case 'boolean':
      return booleans.get(trimmed.toLowerCase())
    case 'integer':
      return parseInteger(trimmed)
    case 'bigint':
      return parseBigint(trimmed)
    case 'double':
      return parseDouble(trimmed)
    case 'decimal':
      return parseDecimal(trimmed, type)
    case 'timestamp':
      return parseTimestamp(trimmed, type)
    case 'date':
      return parseDate(trimmed)
    case 'interval':
      return inInt64(parseInterval(trimmed))
    case 'null':
      return undefined
  }
}

const booleans = new Map<string, boolean>([
  ...['true', 't', 'yes', 'y', 'on', '1'].map((text): [string, boolean] => [text, true]),
  ...['false', 'f', 'no', 'n', 'off', '0'].map((text): [string, boolean] => [text, false]),
])

const integerForm = /^[+-]?\d+$/

function parseInteger(text: string): number | undefined {
  if (!integerForm.test(text)) return undefined
  const value = Number(text)
  // `+ 0` turns the −0 of "-0" into 0.
  return value >= integerMin && value <= integerMax ? value + 0 : undefined
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
  return days >= integerMin && days <= integerMax ? days : undefined
}

const clockForm = /^(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d+))?)?$/

/** A date, and perhaps a blank or T and a time of day; Z may stand at the end. */
function parseTimestamp(text: string, type: Type & { kind: 'timestamp' }): bigint | undefined {
  const bare = /[zZ]$/.test(text) ? text.slice(0, -1).trimEnd() : text
  const cut = /[T ]\s*/i.exec(bare)
  const days = parseDate(cut === null ? bare : bare.slice(0, cut.index))
  if (days === undefined) return undefined
  const clock = cut === null ? 0 : parseClock(bare.slice(cut.index + cut[0].length))
  if (clock === undefined) return undefined
  const micros = BigInt(days) * dayMicros + BigInt(clock)
  const unit = precisionMicros(type)
  const rest = micros % unit
  return inInt64(rest === 0n ? micros : micros - rest - (rest < 0n ? unit : 0n))
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

/** Canonical order of two values of one type: NULL last, NaN greatest, −0 = 0, strings by their UTF-8 bytes. */
export function compareValues(a: Value, b: Value, type: Type): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null)
  if (type.kind === 'varchar') return compareText(a as string, b as string)
  if (type.kind === 'double') {
    if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : 1
    if (Number.isNaN(b)) return -1
  }
  return a < b ? -1 : a > b ? 1 : 0
}

/** UTF-8 orders as code points do; only surrogates stand elsewhere in UTF-16. */
export function compareText(a: string, b: string): number {
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
