/**
 * Ingest: rows as an application gives them, turned into the values of a schema.
 *
 * How      Rows are objects by column name (case aside) or arrays in column order; a column left out is NULL.
 * Contract 1 (checked) a value that does not fit is a mistake that names row, column and value; then nothing is
 *            appended.
 * See      src/data/host.ts for what a value may be
 */
import { QueryMistake } from '../base/index.ts'
import {
  type Batch,
  batchOf,
  type Field,
  flatValues,
  hostValue,
  isValid,
  NoStruct,
  type Row,
  type Schema,
  sameType,
  type Top,
  topColumns,
  typeText,
  type Value,
} from '../data/index.ts'

export type InputRow = Record<string, unknown> | readonly unknown[]

/** A batch that may be appended: rows converted, columns checked. */
export function ingest(schema: Schema, rows: readonly InputRow[] | Batch): Batch {
  if (isArray(rows)) return batchOf(schema, rowsFrom(schema, rows))
  if (typeof rows === 'object' && rows !== null && 'columns' in rows) {
    return checkedBatch(schema, rows)
  }
  throw refused('rows come as an array of objects or arrays, or as a batch')
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

function rowsFrom(schema: Schema, rows: readonly InputRow[]): Row[] {
  const tops = topColumns(schema.fields)
  const nested = tops.length < schema.fields.length
  const outer = { fields: tops.map(({ field }) => field) }
  const places = new Map(outer.fields.map((field, index) => [field.name.toLowerCase(), index]))
  return rows.map((row, number) => {
    if (typeof row !== 'object' || row === null) {
      throw refused(
        `row ${number} is ${row === null ? 'null' : `a ${typeof row}`}, no object or array`,
      )
    }
    const given = isArray(row)
      ? arrayRow(outer, row, number)
      : objectRow(outer, row, number, places)
    const values = nested ? flatRow(tops, given, number) : given
    return schema.fields.map((field, index) => fieldValue(field, values[index], number))
  })
}

function flatRow(tops: readonly Top[], given: readonly unknown[], number: number): unknown[] {
  try {
    return flatValues(tops, given)
  } catch (fault) {
    if (fault instanceof NoStruct) throw refused(`row ${number}: ${fault.message}`)
    throw fault
  }
}

function isArray<T>(given: readonly T[] | object): given is readonly T[] {
  return Array.isArray(given)
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
  const value = hostValue(given, field.type)
  if (value !== undefined) return value
  const shown = typeof given === 'string' ? `'${given}'` : String(given)
  throw refused(`row ${number}: ${shown} is no ${typeText(field.type)} for column ${field.name}`)
}

function refused(message: string, hint?: string): QueryMistake {
  return new QueryMistake([{ code: 'type_mismatch', message, hint }])
}
