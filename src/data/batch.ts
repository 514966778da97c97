/**
 * Batch: rows as columns on the host, in Arrow's layout; what decoders produce, the log stores and sinks read.
 *
 * How      Numbers lie in typed arrays, booleans as bits (least significant first), strings as offsets and UTF-8 bytes,
 *          validity as a bitmap or null when no value is NULL. A null slot of a numeric column holds 0.
 * Contract 1 (trusted) a batch is not changed once it was handed over; arrays may be longer than `rows` needs.
 */
import type { Row, Schema, Type, Value } from './type.ts'

export type ColumnValues =
  /** INTEGER, DATE */
  | { layout: 'i32'; values: Int32Array }
  /** BIGINT, DECIMAL, TIMESTAMP, INTERVAL */
  | { layout: 'i64'; values: BigInt64Array }
  /** DOUBLE */
  | { layout: 'f64'; values: Float64Array }
  /** BOOLEAN */
  | { layout: 'bits'; values: Uint8Array }
  /** VARCHAR; string r is bytes[offsets[r] .. offsets[r + 1]) */
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
    case 'integer':
    case 'date':
      return 'i32'
    case 'double':
      return 'f64'
    case 'varchar':
      return 'utf8'
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
      return decoder.decode(data.bytes.subarray(data.offsets[row]!, data.offsets[row + 1]!))
    default:
      return data.values[row]!
  }
}

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
      const parts = values.map((value) => encoder.encode(value === null ? '' : String(value)))
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
