/**
 * File type: what a column of a Parquet or Arrow file holds, which SQL type that is, and how its values become ours.
 *
 * How      `readValues` turns an array of the file's values into a column of the wanted type. Where both lie in memory
 *          alike the array is taken as it is; else value by value, through `fileValue`.
 * Contract 1 (checked) a value out of range is not cut: its index is in `faults`, and rows that hold it are bad rows.
 */
import { isAscii, isUtf8 } from 'node:buffer'
import { nearest } from '../../grammar/index.ts'
import { mistake } from '../base/index.ts'
import {
  type Field,
  flatFields,
  hostValue,
  isWhole,
  type Member,
  membersOf,
  parseValue,
  precisionMicros,
  type Type,
  typeText,
  type Value,
} from '../data/index.ts'
import { ColumnBuilder } from './column-builder.ts'

export type FileType =
  | { kind: 'boolean' }
  /** `bits`: how many a value of the file has, which decides between INTEGER and BIGINT. */
  | { kind: 'integer'; bits: number; signed: boolean }
  | { kind: 'double' }
  | { kind: 'decimal'; precision: number; scale: number }
  | { kind: 'varchar' }
  | { kind: 'varbinary' }
  /** Of a day; `nanos` as that of a timestamp. */
  | { kind: 'time'; nanos: bigint }
  /** `nanos`: what the file counts, in nanoseconds. */
  | { kind: 'timestamp'; nanos: bigint }
  | { kind: 'date'; unit: 'days' | 'millis' }
  /** A span of time, counted as a timestamp. */
  | { kind: 'interval'; nanos: bigint }
  | { kind: 'months' }
  /** Months, days and, as two words, nanoseconds. */
  | { kind: 'period' }
  | { kind: 'struct'; members: readonly FileColumn[] }
  | { kind: 'list'; element: FileColumn }
  | { kind: 'map'; key: FileColumn; value: FileColumn }
  | { kind: 'other'; text: string }

export interface FileColumn {
  name: string
  type: FileType
  nullable: boolean
}

/** The SQL type of a column that is declared by the file alone; VARCHAR where there is none, as it cannot be read. */
function sqlType(type: FileType): Type {
  switch (type.kind) {
    case 'integer': {
      const fits = type.bits < 32 || (type.bits === 32 && type.signed)
      return { kind: fits ? 'integer' : 'bigint' }
    }
    case 'decimal': {
      const { precision, scale } = type
      const works = precision >= 1 && precision <= 38 && scale >= 0 && scale <= precision
      return works ? { kind: 'decimal', precision, scale } : { kind: 'varchar' }
    }
    case 'timestamp':
    case 'time':
      return { kind: type.kind, precision: timestampPrecision(type.nanos) }
    case 'interval':
    case 'months':
    case 'period':
      return { kind: type.kind }
    case 'struct':
      return { kind: 'boolean', members: type.members.map(memberOf) }
    case 'list':
      return { kind: 'array', element: sqlType(type.element.type) }
    case 'map':
      return { kind: 'map', key: sqlType(type.key.type), value: sqlType(type.value.type) }
    case 'other':
      return { kind: 'varchar' }
    default:
      return { kind: type.kind }
  }
}

const memberOf = ({ name, type, nullable }: FileColumn): Member => ({
  name,
  type: sqlType(type),
  nullable,
})

/** Is there a type of ours for it? A DECIMAL may have more digits than ours. */
function isKnown(type: FileType): boolean {
  if (type.kind === 'list') return isKnown(type.element.type)
  if (type.kind === 'map') return isKnown(type.key.type) && isKnown(type.value.type)
  return type.kind === 'varchar' || sqlType(type).kind !== 'varchar'
}

function timestampPrecision(nanos: bigint): number {
  if (nanos >= 1_000_000_000n) return 0
  return nanos >= 1_000_000n ? 3 : 6
}

function fileTypeText(type: FileType): string {
  if (type.kind === 'other') return type.text
  if (type.kind === 'decimal') return `DECIMAL(${type.precision}, ${type.scale})`
  if (type.kind === 'integer') return `${type.signed ? 'INT' : 'UINT'}${type.bits}`
  if (['struct', 'list', 'map'].includes(type.kind)) return typeText(sqlType(type))
  return type.kind.toUpperCase()
}

/** Throws unless values of `type` can become values of the column. */
export function checkReadable(field: Field, type: FileType, path: string): void {
  if (readable(type, field.type)) return
  if (type.kind === 'other' || !isKnown(type)) unsupported(field, type)
  mistake({
    code: 'type_mismatch',
    message: `column ${field.name} is ${fileTypeText(type)} in the file and ${typeText(field.type)} in the table`,
    detail: path,
    hint: 'declare the columns that you need, with types that the file can give',
  })
}

/** What cannot be read stops only those who ask for it. */
function unsupported({ name }: Field, type: FileType): never {
  return mistake({
    code: 'unsupported',
    message: `not supported yet: column ${name} of type ${fileTypeText(type)}`,
    hint: 'the other columns can be read',
  })
}

/** The flat fields of a file without declared columns. What cannot be read may be there if nobody asks for it. */
export function inferredSchema(columns: readonly FileColumn[]): Field[] {
  return columns.flatMap((column) => flatFields(memberOf(column)))
}

/** The column of the file that a path of names leads to: the same names, else the same but for case. */
export function findColumn<T extends { name: string }>(
  columns: readonly T[],
  [name, ...members]: readonly string[],
  path: string,
  below: (column: T) => readonly T[],
): T {
  const found = memberNamed(columns, name!)
  if (found !== undefined) {
    return members.length === 0 ? found : findColumn(below(found), members, path, below)
  }
  const names = columns.map((each) => each.name)
  const near = nearest(name!.toLowerCase(), names)
  return mistake({
    code: 'unknown_name',
    message: `no column ${name} in ${path}`,
    hint: near === undefined ? `columns are ${names.join(', ')}` : `did you mean ${near}?`,
  })
}

function readable(from: FileType, to: Type): boolean {
  switch (from.kind) {
    case 'integer':
      return isWhole(to) || ['real', 'double', 'decimal'].includes(to.kind)
    case 'double':
      return to.kind === 'double' || to.kind === 'real'
    case 'varchar':
      return to.kind === 'varchar' || to.kind === 'json'
    case 'decimal':
      return to.kind === 'decimal' || to.kind === 'double' || to.kind === 'real'
    case 'date':
      return to.kind === 'date' || to.kind === 'timestamp'
    case 'boolean':
      return to.kind === 'boolean' && membersOf(to) === null
    case 'struct':
      return membersOf(to) !== null
    case 'list':
      return to.kind === 'array' && readableInside(from.element.type, to.element)
    case 'map': {
      if (to.kind !== 'map') return false
      return readableInside(from.key.type, to.key) && readableInside(from.value.type, to.value)
    }
    case 'other':
      return false
    default:
      return from.kind === to.kind
  }
}

/** Of values in lists and maps, where a STRUCT is one. */
function readableInside(from: FileType, to: Type): boolean {
  const wanted = membersOf(to)
  if (from.kind !== 'struct' || wanted === null) return readable(from, to)
  return wanted.every((member) => {
    const given = memberNamed(from.members, member.name)
    return given !== undefined && readableInside(given.type, member.type)
  })
}

/** The member of the name, else that of the same name but for case. */
export function memberNamed<T extends { name: string }>(
  members: readonly T[],
  name: string,
): T | undefined {
  const lower = name.toLowerCase()
  return (
    members.find((each) => each.name === name) ??
    members.find((each) => each.name.toLowerCase() === lower)
  )
}

/** What decoders of files give. */
export type FileValues = ArrayLike<unknown> & (object | readonly unknown[])

export interface Values {
  column: ColumnBuilder
  count: number
  /** Index → why this value cannot be used. */
  faults: Map<number, string> | null
}

export function readValues(given: FileValues, type: FileType, field: Field): Values {
  if (type.kind === 'varchar') return withTextsChecked(stringValues(given, field), field)
  const column = taken(given, type, field) ?? copied(given, type, field)
  const count = given.length
  if (column !== null) return { column, count, faults: null }
  const slow = new ColumnBuilder(field, given.length)
  let faults: Map<number, string> | null = null
  for (let index = 0; index < given.length; index++) {
    const raw = given[index]
    const value = fileValue(raw, type, field.type)
    if (value === undefined) {
      faults ??= new Map()
      faults.set(index, `column ${field.name}: ${text(raw)} is no ${typeText(field.type)}`)
      slow.setNull(index)
    } else slow.set(index, value)
  }
  return { column: slow, count, faults }
}

/** Strings that lie behind each other are taken as they are; texts are checked. */
export function laidStrings(
  { offsets, bytes }: { offsets: Int32Array; bytes: Uint8Array },
  count: number,
  type: FileType,
  field: Field,
): Values {
  const column = new ColumnBuilder(field, 0)
  column.offsets = offsets
  column.bytes = bytes
  if (type.kind !== 'varchar') return { column, count, faults: null }
  const faults = isAscii(bytes) ? null : invalidStrings(column, count)
  return withTextsChecked({ column, count, faults }, field)
}

function invalidStrings(column: ColumnBuilder, count: number): Map<number, string> | null {
  let faults: Map<number, string> | null = null
  for (let row = 0; row < count; row++) {
    if (isUtf8(column.bytes.subarray(column.offsets[row]!, column.offsets[row + 1]!))) continue
    faults ??= new Map()
    faults.set(row, `column ${column.field.name} is not valid UTF-8`)
  }
  return faults
}

/** The presence of structs that are there: NULLs are not among the values. */
export function presence(count: number, field: Field): Values {
  return laidBits(new Uint8Array((count + 7) >> 3).fill(0xff), count, field)
}

/** BOOLEAN values of one bit each, lowest first. */
export function laidBits(bits: Uint8Array, count: number, field: Field): Values {
  const column = new ColumnBuilder(field, 0)
  column.bits = bits
  return { column, count, faults: null }
}

/** Of a VARCHAR(n), the values with more than n characters are faults; of JSON, those that are no document. */
function withTextsChecked(values: Values, { name, type }: Field): Values {
  const most = type.kind === 'varchar' ? type.length : type.kind === 'json' ? -1 : undefined
  if (most === undefined) return values
  const { column, count } = values
  const faults = new Map(values.faults)
  for (let index = 0; index < count; index++) {
    const [start, end] = [column.offsets[index]!, column.offsets[index + 1]!]
    if (end - start <= most || faults.has(index)) continue
    const text = decoder.decode(column.bytes.subarray(start, end))
    if (parseValue(text, type) !== undefined) continue
    faults.set(index, `column ${name}: ${text} is no ${typeText(type)}`)
  }
  return { ...values, faults: faults.size === 0 ? null : faults }
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

function stringValues(given: FileValues, field: Field): Values {
  const column = new ColumnBuilder(field, given.length)
  let faults: Map<number, string> | null = null
  for (let index = 0; index < given.length; index++) {
    const bytes = given[index]
    if (!(bytes instanceof Uint8Array)) column.setString(index, String(bytes))
    else {
      column.setBytes(index, bytes)
      if (!isUtf8(bytes)) {
        faults ??= new Map()
        faults.set(index, `column ${field.name} is not valid UTF-8`)
      }
    }
  }
  return { column, count: given.length, faults }
}

function text(raw: unknown): string {
  return raw instanceof Uint8Array
    ? `0x${Buffer.from(raw.subarray(0, 20)).toString('hex')}`
    : String(raw)
}

/** The array itself, where its memory is laid out as ours is. */
function taken(given: FileValues, type: FileType, field: Field): ColumnBuilder | null {
  const column = new ColumnBuilder(field, 0)
  const to = field.type
  if (given instanceof Int32Array) {
    const fits =
      (type.kind === 'integer' && to.kind === 'integer') ||
      (type.kind === 'date' && type.unit === 'days' && to.kind === 'date')
    if (!fits) return null
    column.ints = given
    return column
  }
  if (given instanceof BigInt64Array) {
    const micros = type.kind === 'timestamp' && type.nanos === 1000n
    const fits =
      (type.kind === 'integer' && to.kind === 'bigint') ||
      (micros && to.kind === 'timestamp' && to.precision === 6)
    if (!fits) return null
    column.longs = given
    column.halves = new Int32Array(given.buffer, given.byteOffset, given.length * 2)
    return column
  }
  if (given instanceof Float64Array && to.kind === 'double') {
    column.doubles = given
    return column
  }
  return null
}

/** Loops for the usual conversions that cannot fail. */
function copied(given: FileValues, type: FileType, field: Field): ColumnBuilder | null {
  const to = field.type.kind
  if (given instanceof BigInt64Array && type.kind === 'timestamp' && to === 'timestamp') {
    return cutTimes(given, Number(type.nanos), field)
  }
  const isSmall =
    given instanceof Int32Array ||
    given instanceof Int16Array ||
    given instanceof Int8Array ||
    given instanceof Uint8Array ||
    given instanceof Uint16Array ||
    given instanceof Uint32Array
  if (isSmall && type.kind === 'integer' && (to === 'bigint' || to === 'integer')) {
    if (to === 'integer' && given instanceof Uint32Array) return null
    const column = new ColumnBuilder(field, given.length)
    if (to === 'integer') column.ints.set(given)
    else for (let index = 0; index < given.length; index++) column.setLong(index, given[index]!)
    return column
  }
  if ((isSmall || given instanceof Float32Array) && to === 'double' && type.kind !== 'decimal') {
    const column = new ColumnBuilder(field, given.length)
    column.doubles.set(given)
    return column
  }
  return null
}

/** 2^32 and 2^53. */
const HALF = 4_294_967_296
const EXACT = 9_007_199_254_740_992

/** Times that count `nanos` as the column's, without a bigint for each; null when one is not exact as a double. */
function cutTimes(given: BigInt64Array, nanos: number, field: Field): ColumnBuilder | null {
  const column = new ColumnBuilder(field, given.length)
  const halves = new Int32Array(given.buffer, given.byteOffset, given.length * 2)
  const unit = Number(precisionMicros(field.type))
  const [factor, divisor] = nanos < 1000 ? [1, 1000 / nanos] : [nanos / 1000, 1]
  for (let index = 0; index < given.length; index++) {
    const high = halves[2 * index + 1]!
    // Of the high half, what the divisor leaves is below 2^42 together with the low one.
    const whole = Math.floor(high / divisor)
    const low = (high - whole * divisor) * HALF + (halves[2 * index]! >>> 0)
    const micros = (whole * HALF + Math.floor(low / divisor)) * factor
    // A quotient may have been rounded up.
    const near = Math.floor(micros / unit) * unit
    const value = near > micros ? near - unit : near
    if (!(Math.abs(micros) < EXACT && Math.abs(value) < EXACT)) return null
    column.setLong(index, value)
  }
  return column
}

const DAY_MICROS = 86_400_000_000n

/** One value of the file as a value of `to`; undefined when it does not fit. */
function fileValue(raw: unknown, from: FileType, to: Type): Value | undefined {
  switch (from.kind) {
    case 'boolean':
      return Boolean(raw)
    case 'varchar':
      return String(raw)
    case 'varbinary':
      return hostValue(raw, to)
    case 'time':
    case 'interval':
      return hostValue(floorDivide(BigInt(raw as bigint) * from.nanos, 1000n), to)
    case 'months':
      return hostValue(BigInt(raw as number), to)
    case 'period': {
      const [months, days, low, high] = raw as Int32Array
      const nanos = (BigInt(high!) << 32n) + BigInt(low! >>> 0)
      return hostValue({ months, days, micros: nanos / 1000n }, to)
    }
    case 'double':
      return hostValue(Number(raw), to)
    case 'integer':
      if (to.kind === 'double') return Number(raw)
      if (to.kind === 'real') return hostValue(Number(raw), to)
      if (to.kind === 'decimal') return rescale(BigInt(raw as number), 0, to)
      return hostValue(BigInt(raw as number), to)
    case 'decimal': {
      const unscaled =
        typeof raw === 'object' ? wordValue(raw as Uint8Array) : BigInt(raw as number)
      // The text is rounded once; dividing doubles would round twice.
      if (to.kind === 'double') return Number(`${unscaled}e${-from.scale}`)
      if (to.kind === 'real') return Math.fround(Number(`${unscaled}e${-from.scale}`))
      return to.kind === 'decimal' ? rescale(unscaled, from.scale, to) : undefined
    }
    case 'date':
      return dateValue(raw, from.unit, to)
    case 'timestamp':
      return hostValue(floorDivide(BigInt(raw as bigint) * from.nanos, 1000n), to)
    case 'struct':
    case 'list':
    case 'map':
    case 'other':
      return undefined
  }
}

function dateValue(raw: unknown, unit: 'days' | 'millis', to: Type): Value | undefined {
  const days =
    unit === 'days' ? BigInt(raw as number) : floorDivide(BigInt(raw as bigint), 86_400_000n)
  return hostValue(to.kind === 'date' ? days : days * DAY_MICROS, to)
}

function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by
  return value % by < 0n ? quotient - 1n : quotient
}

/** An integer of `scale` digits behind the point as one of `to.scale`, rounded half away from zero. */
function rescale(value: bigint, scale: number, to: Type & { kind: 'decimal' }): bigint | undefined {
  let result = value
  if (to.scale >= scale) result *= 10n ** BigInt(to.scale - scale)
  else {
    const unit = 10n ** BigInt(scale - to.scale)
    const half = value < 0n ? -unit / 2n : unit / 2n
    result = (value + half) / unit
  }
  const bound = 10n ** BigInt(to.precision)
  return result < bound && result > -bound ? result : undefined
}

/** A two's complement integer of big-endian bytes (Parquet) or little-endian 32-bit words (Arrow). */
function wordValue(raw: Uint8Array | Uint32Array): bigint {
  let value = 0n
  const isWords = raw instanceof Uint32Array
  const width = isWords ? 32n : 8n
  for (let index = 0; index < raw.length; index++) {
    const part = isWords ? raw[raw.length - 1 - index]! : raw[index]!
    value = (value << width) | BigInt(part)
  }
  return BigInt.asIntN(Number(width) * raw.length, value)
}
