/**
 * Decode: turns the extents of one column's fields into values, one tight loop per type.
 *
 * How      Each decoder reads the usual spelling from bytes straight into the column; anything else goes through
 *          `slow`, which decodes the text and asks `parseValue`. So the slow path defines what a text means.
 * Contract 1 (checked) fast and slow path agree: test/connect/decode.test.ts, “twin”.
 *          2 (checked) a field that cannot be read leaves its slot's fault in `fields`; the caller drops the row.
 * Cost     About one nanosecond per byte; no allocation on the fast path.
 */
import { assert } from '../base/index.ts'
import {
  daysOf,
  hostValue,
  isWide,
  parseValue,
  type Type,
  typeText,
  type Value,
} from '../data/index.ts'
import type { ColumnBuilder } from './column-builder.ts'
import { ABSENT, type Fields } from './fields.ts'

/** Decodes the fields at..at + rows − 1 of `fields` into the rows base, base + 1 … of `target`. */
export type Decoder = (fields: Fields, at: number, target: ColumnBuilder, base: number) => void

const MINUS = 45
const POINT = 46
const ZERO = 48
const COLON = 58
const DAY_SECONDS = 86_400

/** Exact powers of ten: a double of at most 15 digits divided by one of them is rounded once, hence right. */
const powers = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`))

export interface DecodeOptions {
  /** What a bare number in a TIMESTAMP column counts, in microseconds; null: it is a bad value. */
  epochMicros?: bigint | null | undefined
}

export function decoderOf(type: Type, options: DecodeOptions = {}): Decoder {
  switch (type.kind) {
    case 'integer':
      return decodeInteger
    case 'bigint':
      return decodeBigint
    case 'double':
      return decodeDouble
    case 'boolean':
      return type.members === undefined ? decodeBoolean : decodePresence
    case 'varchar':
      return type.length === undefined ? decodeVarchar : decodeSlowly
    case 'date':
      return decodeDate
    case 'timestamp':
      if (options.epochMicros) return decodeEpoch(options.epochMicros)
      return type.zoned ? decodeSlowly : decodeTimestamp
    case 'decimal':
      return isWide(type) ? decodeSlowly : decodeDecimal
    default:
      return decodeSlowly
  }
}

/** NULL, escapes and every spelling that a fast path does not know. */
function slow(
  fields: Fields,
  index: number,
  target: ColumnBuilder,
  row: number,
  read: (text: string, type: Type) => Value | undefined = parseValue,
): void {
  const { name, type, nullable } = target.field
  const slot = index % fields.capacity
  if (fields.starts[index] === ABSENT) {
    target.setNull(row)
    if (!nullable) fields.fault(slot, `column ${name} is NULL but takes none`)
    return
  }
  const text = fields.text(index)
  if (text === undefined) {
    fields.fault(slot, `column ${name} is not valid text`)
    target.setNull(row)
    return
  }
  const whole = type.kind === 'varchar' && type.length === undefined
  const value = whole ? text : read(text, type)
  if (value === undefined) {
    fields.fault(slot, `column ${name}: cannot read ${quoted(text)} as ${typeText(type)}`)
    target.setNull(row)
  } else target.set(row, value)
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text)
}

function decodeSlowly(fields: Fields, at: number, target: ColumnBuilder, base: number): void {
  for (let slot = 0; slot < fields.rows; slot++) slow(fields, at + slot, target, base + slot)
}

function decodeInteger(fields: Fields, at: number, target: ColumnBuilder, base: number): void {
  const { bytes, starts, ends, rows } = fields
  const values = target.ints
  for (let slot = 0; slot < rows; slot++) {
    const start = starts[at + slot]!
    const end = ends[at + slot]!
    let position = start >= 0 && bytes[start] === MINUS ? start + 1 : start
    // Nine digits always fit into 31 bits.
    if (start >= 0 && position < end && end - position <= 9) {
      let value = 0
      for (; position < end; position++) {
        const digit = bytes[position]! - ZERO
        if (digit >>> 0 > 9) break
        value = value * 10 + digit
      }
      if (position === end) {
        values[base + slot] = bytes[start] === MINUS ? -value : value
        continue
      }
    }
    slow(fields, at + slot, target, base + slot)
  }
}

function decodeBigint(fields: Fields, at: number, target: ColumnBuilder, base: number): void {
  const { bytes, starts, ends, rows } = fields
  for (let slot = 0; slot < rows; slot++) {
    const start = starts[at + slot]!
    const negative = start >= 0 && bytes[start] === MINUS
    const isRead =
      start >= 0 &&
      scanNumber(bytes, negative ? start + 1 : start, ends[at + slot]!) &&
      scanned.fraction === 0
    if (isRead) target.setLong(base + slot, negative ? -scanned.mantissa : scanned.mantissa)
    else slow(fields, at + slot, target, base + slot)
  }
}

/**
 * Digits with at most one point, at most 15 digits in all. Afterwards `mantissa` is the number without its point and
 * `fraction` the number of digits behind it; false when the text is anything else.
 */
function scanNumber(bytes: Uint8Array, position: number, end: number): boolean {
  if (end - position > 16) return false
  let value = 0
  let point = -1
  const first = position
  for (; position < end; position++) {
    const byte = bytes[position]!
    const digit = byte - ZERO
    if (digit >>> 0 <= 9) value = value * 10 + digit
    else if (byte === POINT && point < 0 && position > first) point = position
    else return false
  }
  const digits = end - first - (point < 0 ? 0 : 1)
  if (digits < 1 || digits > 15 || point === end - 1) return false
  scanned.mantissa = value
  scanned.fraction = point < 0 ? 0 : end - point - 1
  return true
}

/** Result of `scanNumber`; one object for all calls, because a fresh one per value costs more than the parsing. */
const scanned = { mantissa: 0, fraction: 0 }

function decodeDouble(fields: Fields, at: number, target: ColumnBuilder, base: number): void {
  const { bytes, starts, ends, rows } = fields
  const values = target.doubles
  for (let slot = 0; slot < rows; slot++) {
    const start = starts[at + slot]!
    const negative = start >= 0 && bytes[start] === MINUS
    if (start >= 0 && scanNumber(bytes, negative ? start + 1 : start, ends[at + slot]!)) {
      const value = scanned.mantissa / powers[scanned.fraction]!
      values[base + slot] = negative ? -value : value
    } else slow(fields, at + slot, target, base + slot)
  }
}

function decodeDecimal(fields: Fields, at: number, target: ColumnBuilder, base: number): void {
  const { bytes, starts, ends, rows } = fields
  const type = target.field.type
  assert(type.kind === 'decimal', 'only DECIMAL columns are decoded as such')
  // Below 2^53 and below 10^precision the scaled value is exact and in range.
  const bound = Math.min(2 ** 53, powers[type.precision]!)
  for (let slot = 0; slot < rows; slot++) {
    const start = starts[at + slot]!
    const negative = start >= 0 && bytes[start] === MINUS
    if (
      start >= 0 &&
      scanNumber(bytes, negative ? start + 1 : start, ends[at + slot]!) &&
      scanned.fraction <= type.scale
    ) {
      const value = scanned.mantissa * powers[type.scale - scanned.fraction]!
      if (value < bound) {
        target.setLong(base + slot, negative ? -value : value)
        continue
      }
    }
    slow(fields, at + slot, target, base + slot)
  }
}

/** `true` and `false` as little-endian words of their first four bytes. */
const TRUE = 0x65757274
const FALS = 0x736c6166

function decodeBoolean(fields: Fields, at: number, target: ColumnBuilder, base: number): void {
  const { bytes, starts, ends, rows } = fields
  const bits = target.bits
  for (let slot = 0; slot < rows; slot++) {
    const start = starts[at + slot]!
    const length = ends[at + slot]! - start
    if (start >= 0 && (length === 4 || length === 5)) {
      const word =
        bytes[start]! |
        (bytes[start + 1]! << 8) |
        (bytes[start + 2]! << 16) |
        (bytes[start + 3]! << 24)
      if (length === 4 && word === TRUE) {
        const row = base + slot
        bits[row >> 3]! |= 1 << (row & 7)
        continue
      }
      if (length === 5 && word === FALS && bytes[start + 4] === 101) continue
    }
    slow(fields, at + slot, target, base + slot)
  }
}

const BRACE = 123

/** Is there an object? Its members are columns of their own. */
function decodePresence(fields: Fields, at: number, target: ColumnBuilder, base: number): void {
  const { bytes, starts, rows } = fields
  const { bits } = target
  for (let slot = 0; slot < rows; slot++) {
    const start = starts[at + slot]!
    const row = base + slot
    if (start >= 0 && bytes[start] === BRACE) bits[row >> 3]! |= 1 << (row & 7)
    else slow(fields, at + slot, target, row, () => undefined)
  }
}

/** Above this length the built-in copy is faster than a loop. */
const LOOP_COPY_MAX = 24

function decodeVarchar(fields: Fields, at: number, target: ColumnBuilder, base: number): void {
  const { bytes, starts, ends, rows } = fields
  const offsets = target.offsets
  offsets[base] = target.used
  for (let slot = 0; slot < rows; slot++) {
    let position = starts[at + slot]!
    const end = ends[at + slot]!
    if (position < 0 || end < 0 || !fields.utf8) {
      slow(fields, at + slot, target, base + slot)
      continue
    }
    const length = end - position
    if (target.used + length > target.bytes.length) target.reserve(length)
    const into = target.bytes
    let used = target.used
    if (length <= LOOP_COPY_MAX) while (position < end) into[used++] = bytes[position++]!
    else {
      into.set(bytes.subarray(position, end), used)
      used += length
    }
    target.used = used
    offsets[base + slot + 1] = used
  }
}

/** Two digits as a number; when they are none, so much that no sum with it is a year, month or time. */
function two(bytes: Uint8Array, position: number): number {
  const high = bytes[position]! - ZERO
  const low = bytes[position + 1]! - ZERO
  return high >>> 0 <= 9 && low >>> 0 <= 9 ? high * 10 + low : 1_000_000
}

const monthDays = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
const NO_DAY = -(2 ** 31)

/** The date of the last row, as most files come in order of time. */
const dateSeen = { year: 0, monthDay: 0, day: NO_DAY }

/** Days since 1970-01-01 of the ten bytes `YYYY-MM-DD`, year 1 and later; NO_DAY when they are not a date. */
function scanDate(bytes: Uint8Array, position: number): number {
  const year = two(bytes, position) * 100 + two(bytes, position + 2)
  const monthDay = two(bytes, position + 5) * 100 + two(bytes, position + 8)
  if (bytes[position + 4] !== MINUS || bytes[position + 7] !== MINUS) return NO_DAY
  if (year === dateSeen.year && monthDay === dateSeen.monthDay) return dateSeen.day
  const month = Math.floor(monthDay / 100)
  const day = monthDay % 100
  if (year < 1 || year > 9999 || month < 1 || month > 12) return NO_DAY
  if (day < 1 || day > monthDays[month - 1]!) return NO_DAY
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  if (month === 2 && day === 29 && !leap) return NO_DAY
  dateSeen.year = year
  dateSeen.monthDay = monthDay
  dateSeen.day = daysOf({ year, month, day })
  return dateSeen.day
}

function decodeDate(fields: Fields, at: number, target: ColumnBuilder, base: number): void {
  const { bytes, starts, ends, rows } = fields
  for (let slot = 0; slot < rows; slot++) {
    const start = starts[at + slot]!
    if (start >= 0 && ends[at + slot]! - start === 10) {
      const day = scanDate(bytes, start)
      if (day !== NO_DAY) {
        target.ints[base + slot] = day
        continue
      }
    }
    slow(fields, at + slot, target, base + slot)
  }
}

/** Seconds of the day of the eight bytes `HH:MM:SS`; −1 when they are not a time. */
function scanTime(bytes: Uint8Array, position: number): number {
  const hours = two(bytes, position)
  const minutes = two(bytes, position + 3)
  const seconds = two(bytes, position + 6)
  const good =
    hours < 24 &&
    minutes < 60 &&
    seconds < 60 &&
    bytes[position + 2] === COLON &&
    bytes[position + 5] === COLON
  return good ? hours * 3600 + minutes * 60 + seconds : -1
}

/** Digits behind the seconds' point as microseconds; −1 when they are not one to six digits. */
function scanFraction(bytes: Uint8Array, position: number, end: number): number {
  const digits = end - position
  if (digits < 1 || digits > 6) return -1
  let value = 0
  for (; position < end; position++) {
    const digit = bytes[position]! - ZERO
    if (digit >>> 0 > 9) return -1
    value = value * 10 + digit
  }
  return value * powers[6 - digits]!
}

/** Beyond these days the microseconds exceed 2^53: years before 1685 and after 2255. */
const DAYS_MAX = 104_000

/** Microseconds of `YYYY-MM-DD[T ]HH:MM:SS[.ffffff][Z]`; NaN when the slow path has to judge. */
function scanTimestamp(bytes: Uint8Array, start: number, end: number, unit: number): number {
  if (bytes[end - 1] === 90) end--
  const length = end - start
  if (length < 19 || length > 26) return Number.NaN
  const separator = bytes[start + 10]
  if (separator !== 84 && separator !== 32) return Number.NaN
  const day = scanDate(bytes, start)
  const seconds = scanTime(bytes, start + 11)
  if (seconds < 0 || day < -DAYS_MAX || day > DAYS_MAX) return Number.NaN
  let micros = 0
  if (length > 19) {
    if (bytes[start + 19] !== POINT) return Number.NaN
    micros = scanFraction(bytes, start + 20, end)
    if (micros < 0) return Number.NaN
    // The remainder of doubles is slow, and few texts have more digits than the column.
    if (powers[26 - length]! < unit) micros -= micros % unit
  }
  return (day * DAY_SECONDS + seconds) * 1e6 + micros
}

function decodeTimestamp(fields: Fields, at: number, target: ColumnBuilder, base: number): void {
  const { bytes, starts, ends, rows } = fields
  const type = target.field.type
  const unit = type.kind === 'timestamp' ? powers[6 - type.precision]! : 1
  for (let slot = 0; slot < rows; slot++) {
    const start = starts[at + slot]!
    if (start >= 0) {
      const micros = scanTimestamp(bytes, start, ends[at + slot]!, unit)
      if (!Number.isNaN(micros)) {
        target.setLong(base + slot, micros)
        continue
      }
    }
    slow(fields, at + slot, target, base + slot)
  }
}

/** TIMESTAMP from numbers that count `unitMicros` since 1970; texts are read as ever. */
function decodeEpoch(unitMicros: bigint): Decoder {
  const read = (text: string, type: Type): Value | undefined =>
    epochMicros(text, type, unitMicros) ?? parseValue(text, type)
  return (fields, at, target, base) => {
    for (let slot = 0; slot < fields.rows; slot++) {
      slow(fields, at + slot, target, base + slot, read)
    }
  }
}

function epochMicros(text: string, type: Type, unitMicros: bigint): bigint | undefined {
  const match = /^(-?)(\d{1,16})(?:\.(\d{1,18}))?$/.exec(text)
  if (match === null || type.kind !== 'timestamp') return undefined
  const fraction = match[3] ?? ''
  const scaled = BigInt(match[2]! + fraction) * unitMicros
  const micros = scaled / 10n ** BigInt(fraction.length)
  return hostValue(match[1] === '-' ? -micros : micros, type) as bigint | undefined
}
