/**
 * Ingest: rows as an application gives them, turned into the values of a schema.
 *
 * How      Rows are objects by column name (case aside) or arrays in column order. Numbers, bigints, strings,
 *          booleans and Dates become the column's type where nothing is lost; a column left out is NULL.
 * Contract 1 (checked) a value that does not fit is a mistake that names row, column and value; then nothing is
 *            appended.
 */
import { QueryMistake } from '../base/index.ts'
import {
  type Batch,
  batchOf,
  type Field,
  isValid,
  parseValue,
  precisionMicros,
  type Row,
  type Schema,
  sameType,
  type Type,
  typeText,
  type Value,
} from '../data/index.ts'

export type InputRow = Record<string, unknown> | readonly unknown[]

/** A batch that may be appended: rows converted, columns checked. */
export function ingest(schema: Schema, rows: readonly InputRow[] | Batch): Batch {
  if (isBatch(rows)) return checkedBatch(schema, rows)
  return batchOf(schema, rowsFrom(schema, rows))
}

function isBatch(rows: readonly InputRow[] | Batch): rows is Batch {
  return !Array.isArray(rows)
}

function checkedBatch(schema: Schema, batch: Batch): Batch {
  schema.fields.forEach((field, index) => {
    const column = batch.columns[index]
    if (column === undefined || !sameType(column.type, field.type)) {
      const type = column === undefined ? 'missing' : typeText(column.type)
      throw refused(
        `column ${field.name} is ${type} in the batch and ${typeText(field.type)} in the stream`,
      )
    }
    if (field.nullable || column.validity === null) return
    for (let row = 0; row < batch.rows; row++) {
      if (isValid(column, row)) continue
      const message = `row ${row} has no value for column ${field.name}`
      throw new QueryMistake([{ code: 'not_null', message }])
    }
  })
  if (batch.columns.length === schema.fields.length) return batch
  throw refused(`the batch has ${batch.columns.length} columns for ${schema.fields.length}`)
}

export function rowsFrom(schema: Schema, rows: readonly InputRow[]): Row[] {
  const places = new Map(schema.fields.map((field, index) => [field.name.toLowerCase(), index]))
  return rows.map((row, number) => {
    const values = isArray(row)
      ? arrayRow(schema, row, number)
      : objectRow(schema, row, number, places)
    return schema.fields.map((field, index) => fieldValue(field, values[index], number))
  })
}

function isArray(row: InputRow): row is readonly unknown[] {
  return Array.isArray(row)
}

function arrayRow(schema: Schema, row: readonly unknown[], number: number): readonly unknown[] {
  const width = schema.fields.length
  if (row.length === width) return row
  throw refused(`row ${number} has ${row.length} values for ${width} columns`)
}

function objectRow(
  schema: Schema,
  row: Record<string, unknown>,
  number: number,
  places: ReadonlyMap<string, number>,
): unknown[] {
  const values: unknown[] = new Array(schema.fields.length)
  for (const name of Object.keys(row)) {
    const place = places.get(name.toLowerCase())
    if (place === undefined) {
      const names = schema.fields.map((field) => field.name).join(', ')
      throw refused(`row ${number} has an unknown column ${name}`, `the columns are ${names}`)
    }
    values[place] = row[name]
  }
  return values
}

function fieldValue(field: Field, given: unknown, number: number): Value {
  if (given === null || given === undefined) {
    if (field.nullable) return null
    throw new QueryMistake([
      { code: 'not_null', message: `row ${number} has no value for column ${field.name}` },
    ])
  }
  const value = toValue(given, field.type)
  if (value !== undefined) return value
  const shown = typeof given === 'string' ? `'${given}'` : String(given)
  throw refused(`row ${number}: ${shown} is no ${typeText(field.type)} for column ${field.name}`)
}

/** The value of `type` that a host value stands for; undefined when there is none. */
export function toValue(given: unknown, type: Type): Value | undefined {
  if (given instanceof Date) return dateValue(given, type)
  if (typeof given === 'string') return type.kind === 'varchar' ? given : parseValue(given, type)
  switch (type.kind) {
    case 'boolean':
      return typeof given === 'boolean' ? given : undefined
    case 'integer':
    case 'date':
      return inRange(given, 32n) ? Number(given) : undefined
    case 'double':
      return typeof given === 'number' || typeof given === 'bigint' ? Number(given) : undefined
    case 'bigint':
      return inRange(given, 64n) ? BigInt(given as number | bigint) : undefined
    case 'decimal':
      if (typeof given === 'bigint') return given
      return typeof given === 'number' ? parseValue(String(given), type) : undefined
    case 'timestamp':
    case 'interval': {
      // Numbers are milliseconds, bigints are microseconds.
      if (typeof given === 'bigint') return truncated(given, type)
      if (typeof given !== 'number' || !Number.isFinite(given)) return undefined
      return truncated(BigInt(Math.round(given * 1000)), type)
    }
    default:
      return undefined
  }
}

function inRange(given: unknown, bits: bigint): boolean {
  if (typeof given === 'number' ? !Number.isInteger(given) : typeof given !== 'bigint') return false
  return BigInt.asIntN(Number(bits), BigInt(given as number | bigint)) === BigInt(given as number)
}

function dateValue(given: Date, type: Type): Value | undefined {
  if (Number.isNaN(given.getTime())) return undefined
  if (type.kind === 'timestamp') return truncated(BigInt(given.getTime()) * 1000n, type)
  return type.kind === 'date' ? Math.floor(given.getTime() / 86_400_000) : undefined
}

function truncated(micros: bigint, type: Type): bigint {
  const unit = precisionMicros(type)
  const rest = micros % unit
  return micros - (rest < 0n ? rest + unit : rest)
}

function refused(message: string, hint?: string): QueryMistake {
  return new QueryMistake([{ code: 'type_mismatch', message, hint }])
}
