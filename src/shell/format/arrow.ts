/**
 * Arrow: rows or changes as one Arrow IPC stream on standard output.
 *
 * How      Rows of one call become one record batch. A result that takes rows back has the kind of change in a first
 *          column `_op`.
 * Format   schema message | record batch messages | end of stream (8 bytes). Types: BOOLEAN bool, TINYINT int8,
 *          SMALLINT int16, INTEGER int32, BIGINT int64, REAL float32, DOUBLE float64, DECIMAL decimal128, VARCHAR and
 *          JSON utf8, VARBINARY binary, TIMESTAMP timestamp[µs] without zone or of UTC, TIME time64[µs], DATE date32,
 *          INTERVAL duration[µs] or interval[year month].
 * Contract 1 (checked) several results of a script are several whole streams, one behind the other.
 * Cost     apache-arrow is loaded with the first result, as that takes 50 ms.
 */
import { createRequire } from 'node:module'
import type * as Arrow from 'apache-arrow'
import {
  batchOf,
  type Column,
  type Field,
  membersOf,
  type Op,
  type Row,
  type Type,
  topColumns,
  valueAt,
  widthOf,
} from '../../data/index.ts'
import type { Output } from '../output.ts'
import type { Renderer } from './renderer.ts'

/** Continuation mark and length 0. */
const endBytes = 8
const rowsMax = 65_536

export function arrowRenderer(
  fields: readonly Field[],
  output: Output,
  options: { ops: boolean },
): Renderer {
  const arrow = createRequire(import.meta.url)('apache-arrow') as typeof Arrow
  const shown: Field[] = options.ops
    ? [{ name: '_op', type: { kind: 'varchar' }, nullable: false }, ...fields]
    : [...fields]
  const schema = new arrow.Schema(
    topColumns(shown).map(
      ({ field: { name, type, nullable } }) =>
        new arrow.Field(name, arrowType(arrow, type), nullable),
    ),
  )
  const head = streamOf(arrow, schema, [])
  const headBytes = head.length - endBytes
  let begun = false
  const begin = async () => {
    if (!begun) await output.write(head.subarray(0, headBytes))
    begun = true
  }
  return {
    async rows(rows, ops) {
      await begin()
      for (let from = 0; from < rows.length; from += rowsMax) {
        const part = withOps(
          rows.slice(from, from + rowsMax),
          ops?.slice(from, from + rowsMax),
          options,
        )
        const stream = streamOf(arrow, schema, [recordBatch(arrow, schema, shown, part)])
        // Every stream begins with the same schema: only what lies between it and the end is new.
        await output.write(stream.subarray(headBytes, stream.length - endBytes))
      }
    },
    flush: () => output.flush(),
    async end() {
      await begin()
      await output.write(head.subarray(headBytes))
      await output.flush()
    },
  }
}

function withOps(
  rows: readonly Row[],
  ops: readonly Op[] | undefined,
  options: { ops: boolean },
): readonly Row[] {
  return options.ops ? rows.map((row, at) => [ops?.[at] ?? '+I', ...row]) : rows
}

function streamOf(
  arrow: typeof Arrow,
  schema: Arrow.Schema,
  batches: Arrow.RecordBatch[],
): Uint8Array {
  const writer = new arrow.RecordBatchStreamWriter()
  writer.reset(undefined, schema)
  for (const batch of batches) writer.write(batch)
  writer.finish()
  return writer.toUint8Array(true)
}

function recordBatch(
  arrow: typeof Arrow,
  schema: Arrow.Schema,
  fields: Field[],
  rows: readonly Row[],
): Arrow.RecordBatch {
  const { columns } = batchOf({ fields }, rows)
  const children = topColumns(fields).map(({ field, at }, index) =>
    columnData(arrow, schema.fields[index]!.type, field.type, columns.slice(at), rows.length),
  )
  const type = new arrow.Struct(schema.fields)
  return new arrow.RecordBatch(
    schema,
    arrow.makeData({ type, length: rows.length, nullCount: 0, children }),
  )
}

/** A column, which is the first of flat ones; a STRUCT with those that belong to it. */
function columnData(
  arrow: typeof Arrow,
  arrowed: Arrow.DataType,
  type: Type,
  columns: readonly Column[],
  length: number,
): Arrow.Data {
  const members = membersOf(type)
  if (members === null) return arrowData(arrow, arrowed, columns[0]!, length)
  let at = 1
  const children = members.map((member, index) => {
    const child = arrowed.children[index]!.type as Arrow.DataType
    const data = columnData(arrow, child, member.type, columns.slice(at), length)
    at += widthOf(member.type)
    return data
  })
  const { validity } = columns[0]!
  const base = validity === null ? { length, nullCount: 0 } : { length, nullBitmap: validity }
  return arrow.makeData({ type: arrowed as Arrow.Struct, ...base, children })
}

function arrowData(
  arrow: typeof Arrow,
  type: Arrow.DataType,
  column: Column,
  length: number,
): Arrow.Data {
  const { data, validity } = column
  if (arrow.DataType.isNull(type)) return arrow.makeData({ type, length })
  // Without a count of NULLs apache-arrow counts them in the bitmap.
  const base = validity === null ? { length, nullCount: 0 } : { length, nullBitmap: validity }
  if (data.layout === 'utf8') {
    if (column.type.kind === 'decimal') {
      const words = decimalWords(length, (row) => BigInt(valueAt(column, row) ?? 0))
      return arrow.makeData({ type: type as Arrow.Decimal, ...base, data: words })
    }
    return arrow.makeData({
      type: type as Arrow.Utf8,
      ...base,
      valueOffsets: data.offsets,
      data: data.bytes,
    })
  }
  if (data.layout === 'i64') {
    const values = arrow.DataType.isDecimal(type)
      ? decimalWords(length, (row) => data.values[row]!)
      : arrow.DataType.isInterval(type)
        ? Int32Array.from(data.values, Number)
        : data.values
    return arrow.makeData({ type: type as Arrow.Int64, ...base, data: values as BigInt64Array })
  }
  return arrow.makeData({ type: type as Arrow.Int32, ...base, data: narrowed(data.values, column) })
}

/** Values as the type has them, of 8, 16 or 32 bits. */
function narrowed(values: Int32Array | Float64Array | Uint8Array, { type }: Column): Int32Array {
  switch (type.kind) {
    case 'tinyint':
      return Int8Array.from(values) as ArrayLike<number> as Int32Array
    case 'smallint':
      return Int16Array.from(values) as ArrayLike<number> as Int32Array
    case 'real':
      return Float32Array.from(values) as ArrayLike<number> as Int32Array
    default:
      return values as Int32Array
  }
}

/** Integers with their sign, as four words each. */
function decimalWords(rows: number, at: (row: number) => bigint): Uint32Array {
  const wide = new BigInt64Array(rows * 2)
  for (let row = 0; row < rows; row++) {
    const value = at(row)
    wide[2 * row] = BigInt.asIntN(64, value)
    wide[2 * row + 1] = value >> 64n
  }
  return new Uint32Array(wide.buffer)
}

function arrowType(arrow: typeof Arrow, type: Type): Arrow.DataType {
  switch (type.kind) {
    case 'boolean': {
      const { members } = type
      if (members === undefined) return new arrow.Bool()
      const fields = members.map(
        ({ name, type: inner, nullable }) =>
          new arrow.Field(name, arrowType(arrow, inner), nullable),
      )
      return new arrow.Struct(fields)
    }
    case 'tinyint':
      return new arrow.Int8()
    case 'smallint':
      return new arrow.Int16()
    case 'integer':
      return new arrow.Int32()
    case 'bigint':
      return new arrow.Int64()
    case 'real':
      return new arrow.Float32()
    case 'double':
      return new arrow.Float64()
    case 'decimal':
      return new arrow.Decimal(type.scale, type.precision)
    case 'varchar':
    case 'json':
      return new arrow.Utf8()
    case 'varbinary':
      return new arrow.Binary()
    case 'timestamp':
      return new arrow.TimestampMicrosecond(type.zoned ? 'UTC' : null)
    case 'time':
      return new arrow.TimeMicrosecond()
    case 'date':
      return new arrow.DateDay()
    case 'interval':
      return new arrow.DurationMicrosecond()
    case 'months':
      return new arrow.IntervalYearMonth()
    case 'null':
      return new arrow.Null()
  }
}
