/**
 * Arrow: batches as record batches of Apache Arrow, for whoever writes them.
 *
 * Format   BOOLEAN bool, TINYINT int8, SMALLINT int16, INTEGER int32, BIGINT int64, REAL float32, DOUBLE float64,
 *          DECIMAL decimal128, VARCHAR and JSON utf8, VARBINARY binary, GEOMETRY binary (WKB), TIMESTAMP timestamp[µs]
 *          without zone or of UTC, TIME time64[µs], DATE date32, INTERVAL DAY TO SECOND duration[µs], INTERVAL YEAR TO
 *          MONTH interval[year month], INTERVAL interval[month day nano], STRUCT struct, arrays list, MAP map.
 * Contract 1 (trusted) `arrow` is the package apache-arrow: whoever needs it loads it when it is needed.
 */
import type * as Arrow from 'apache-arrow'
import { type Batch, type Column, columnOf, valueAt } from './batch.ts'
import type { Period } from './interval.ts'
import { elementOf, entryOf, itemsOf, itemValue, memberItems } from './nested.ts'
import { readPeriod } from './period.ts'
import { membersOf, topColumns, widthOf } from './struct.ts'
import type { Field, Type, Value } from './type.ts'

/** The schema of flat fields. */
export function arrowSchema(arrow: typeof Arrow, fields: readonly Field[]): Arrow.Schema {
  return new arrow.Schema(
    topColumns(fields).map(
      ({ field: { name, type, nullable } }) =>
        new arrow.Field(name, arrowType(arrow, type), nullable),
    ),
  )
}

/** A batch as a record batch of its schema; a STRUCT is one column of it. */
export function arrowBatch(
  arrow: typeof Arrow,
  schema: Arrow.Schema,
  { schema: { fields }, columns, rows }: Batch,
): Arrow.RecordBatch {
  const children = topColumns(fields).map(({ field, at }, index) =>
    columnData(arrow, schema.fields[index]!.type, field.type, columns.slice(at), rows),
  )
  const type = new arrow.Struct(schema.fields)
  return new arrow.RecordBatch(
    schema,
    arrow.makeData({ type, length: rows, nullCount: 0, children }),
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
  if (elementOf(column.type) !== null) {
    const values = Array.from({ length }, (_, row) => valueAt(column, row))
    return itemsData(arrow, type, column.type, values)
  }
  if (data.layout === 'utf8') {
    if (column.type.kind === 'period') {
      const words = periodWords(length, (row) => readPeriod(String(valueAt(column, row) ?? '')))
      return arrow.makeData({ type: type as Arrow.Interval, ...base, data: words })
    }
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

/** Values as they stand in arrays and maps, where a STRUCT is one. */
function itemsData(
  arrow: typeof Arrow,
  arrowed: Arrow.DataType,
  type: Type,
  values: readonly Value[],
): Arrow.Data {
  const length = values.length
  const element = elementOf(type)
  const members = membersOf(type)
  if (element === null && members === null) {
    return arrowData(arrow, arrowed, columnOf(type, values), length)
  }
  const { validity } = columnOf(
    { kind: 'null' },
    values.map((value) => (value === null ? null : 0n)),
  )
  const base = validity === null ? { length, nullCount: 0 } : { length, nullBitmap: validity }
  if (members !== null) {
    const rows = values.map((value) =>
      value === null ? null : memberItems(String(value), members),
    )
    const children = members.map((member, at) => {
      const inner = rows.map((items) =>
        items === null ? null : itemValue(items[at]!, member.type),
      )
      return itemsData(arrow, arrowed.children[at]!.type as Arrow.DataType, member.type, inner)
    })
    return arrow.makeData({ type: arrowed as Arrow.Struct, ...base, children })
  }
  const valueOffsets = new Int32Array(length + 1)
  const inner: Value[] = []
  values.forEach((value, row) => {
    const items = value === null ? [] : itemsOf(String(value), element!)
    for (const item of items) inner.push(itemValue(item, element!))
    valueOffsets[row + 1] = inner.length
  })
  const child = itemsData(arrow, arrowed.children[0]!.type as Arrow.DataType, element!, inner)
  return arrow.makeData({ type: arrowed as Arrow.List, ...base, valueOffsets, child })
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

const DAY_MICROS = 86_400_000_000n

/** Months, days and, as two words, nanoseconds. */
function periodWords(rows: number, at: (row: number) => Period): Int32Array {
  const words = new Int32Array(rows * 4)
  const nanos = new BigInt64Array(words.buffer)
  for (let row = 0; row < rows; row++) {
    const { months, micros } = at(row)
    words[4 * row] = Number(months)
    words[4 * row + 1] = Number(micros / DAY_MICROS)
    nanos[2 * row + 1] = (micros % DAY_MICROS) * 1000n
  }
  return words
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
    case 'geometry':
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
    case 'period':
      return new arrow.IntervalMonthDayNano()
    case 'array':
      return new arrow.List(new arrow.Field('item', arrowType(arrow, type.element), true))
    case 'map': {
      const entry = arrowType(arrow, entryOf(type)) as Arrow.Struct
      return new arrow.Map_(new arrow.Field('entries', entry, false))
    }
    case 'null':
      return new arrow.Null()
  }
}
