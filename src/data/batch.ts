/**
 * Batch: rows as columns on the host, in Arrow's layout; what decoders produce, the log stores and sinks read.
 *
 * How      Numbers lie in typed arrays, booleans as bits (least significant first), strings as offsets and UTF-8 bytes,
 *          validity as a bitmap or null when no value is NULL. A null slot of a numeric column holds 0.
 * Contract 1 (trusted) a batch is not changed once it was handed over; arrays may be longer than `rows` needs.
 */
import { isBytes, isWide, type Row, type Schema, type Type, type Value } from './type.ts'
import { readWide, wideBytes } from './wide.ts'

export type ColumnValues =
  /** TINYINT, SMALLINT, INTEGER, DATE */
  | { layout: 'i32'; values: Int32Array }
  /** BIGINT, DECIMAL of up to 18 digits, TIMESTAMP, TIME, INTERVAL */
  | { layout: 'i64'; values: BigInt64Array }
  /** REAL, DOUBLE */
  | { layout: 'f64'; values: Float64Array }
  /** BOOLEAN */
  | { layout: 'bits'; values: Uint8Array }
  /**
   * VARCHAR, JSON, VARBINARY, GEOMETRY, DECIMAL of more digits (wide.ts), arrays and maps (nested.ts); string r is
   * bytes[offsets[r] .. offsets[r + 1])
   */
  | { layout: 'utf8'; offsets: Int32Array; bytes: Uint8Array }

export interface Column {
  type: Type
  data: ColumnValues
  validity: Uint8Array | null
}

export interface Batch {
  schema: Schema
  rows: number
  columns: Column[]
}

export function layoutOf(type: Type): ColumnValues['layout'] {
  switch (type.kind) {
    case 'boolean':
      return 'bits'
    case 'tinyint':
    case 'smallint':
    case 'integer':
    case 'date':
      return 'i32'
    case 'real':
    case 'double':
      return 'f64'
    case 'varchar':
    case 'varbinary':
    case 'json':
    case 'geometry':
    case 'period':
    case 'array':
    case 'map':
      return 'utf8'
    case 'decimal':
      return isWide(type) ? 'utf8' : 'i64'
    default:
      return 'i64'
  }
}

// Without ignoreBOM a string that begins with U+FEFF would lose it.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
const encoder = new TextEncoder()

export function isValid(column: Column, row: number): boolean {
  return column.validity === null || ((column.validity[row >> 3]! >> (row & 7)) & 1) === 1
}

/** The value at `row`, in the host's form (see `Value`). Not for hot loops. */
export function valueAt(column: Column, row: number): Value {
  if (!isValid(column, row)) return null
  const data = column.data
  switch (data.layout) {
    case 'bits':
      return ((data.values[row >> 3]! >> (row & 7)) & 1) === 1
    case 'utf8':
      return bytesValue(column.type, data.bytes, data.offsets[row]!, data.offsets[row + 1]!)
    default:
      return data.values[row]!
  }
}

/** Is a value on the host a string of bytes? */

/** Characters made at once. */
const charsMax = 4096

/** The value of a type in utf8 layout whose bytes lie from `start` to `end`. */
function bytesValue(type: Type, bytes: Uint8Array, start: number, end: number): Value {
  if (type.kind === 'decimal') return readWide(bytes, start, end)
  if (!isBytes(type)) return decoder.decode(bytes.subarray(start, end))
  // One character at a time would make a rope, of 32 bytes for each.
  let text = ''
  for (let at = start; at < end; at += charsMax) {
    text += String.fromCharCode(...bytes.subarray(at, Math.min(end, at + charsMax)))
  }
  return text
}

/** The bytes of a known value of a type in utf8 layout. Lone surrogates become U+FFFD. */
export function valueBytes(value: NonNullable<Value>, type: Type): Uint8Array {
  if (type.kind === 'decimal') return wideBytes(BigInt(value))
  const text = String(value)
  if (!isBytes(type)) return encoder.encode(text)
  return Uint8Array.from(text, (char) => char.charCodeAt(0))
}

const noBytes = new Uint8Array(0)

export function rowAt(batch: Batch, row: number): Row {
  return batch.columns.map((column) => valueAt(column, row))
}

export function rowsOf(batch: Batch): Row[] {
  return Array.from({ length: batch.rows }, (_, row) => rowAt(batch, row))
}

/** Builds a batch from rows of host values. Lone surrogates in strings become U+FFFD. */
export function batchOf(schema: Schema, rows: readonly Row[]): Batch {
  const columns = schema.fields.map((field, index) =>
    columnOf(
      field.type,
      rows.map((row) => row[index] ?? null),
    ),
  )
  return { schema, rows: rows.length, columns }
}

export function columnOf(type: Type, values: readonly Value[]): Column {
  const count = values.length
  let validity: Uint8Array | null = null
  values.forEach((value, row) => {
    if (value !== null) return
    validity ??= new Uint8Array((count + 7) >> 3).fill(0xff)
    validity[row >> 3]! &= ~(1 << (row & 7))
  })
  return { type, data: packed(type, values), validity }
}

function packed(type: Type, values: readonly Value[]): ColumnValues {
  const layout = layoutOf(type)
  switch (layout) {
    case 'i32':
      return { layout, values: Int32Array.from(values, (value) => Number(value ?? 0)) }
    case 'i64':
      return { layout, values: BigInt64Array.from(values, (value) => BigInt(value ?? 0)) }
    case 'f64':
      return { layout, values: Float64Array.from(values, (value) => Number(value ?? 0)) }
    case 'bits': {
      const bits = new Uint8Array((values.length + 7) >> 3)
      values.forEach((value, row) => {
        if (value === true) bits[row >> 3]! |= 1 << (row & 7)
      })
      return { layout, values: bits }
    }
    case 'utf8': {
      const parts = values.map((value) => (value === null ? noBytes : valueBytes(value, type)))
      const offsets = new Int32Array(values.length + 1)
      parts.forEach((part, row) => {
        offsets[row + 1] = offsets[row]! + part.length
      })
      const bytes = new Uint8Array(offsets[values.length]!)
      parts.forEach((part, row) => {
        bytes.set(part, offsets[row]!)
      })
      return { layout, offsets, bytes }
    }
  }
}
