/**
 * Nested values: lists, maps and the structs inside of them, from files of columns.
 *
 * How      A format says how the items of a row follow from what it has (arrow-nested.ts, parquet-nested.ts); here they
 *          become a column, and single values of decoded columns become items.
 * Contract 1 (checked) a value that has no item makes its row a bad one; so does a map with a NULL for a key, or one
 *          key twice.
 */
import { type Column, itemOf, mapOf, NONE, type Type, type Value, valueAt } from '../data/index.ts'
import { ColumnBuilder } from './column-builder.ts'
import type { Run } from './columnar-reader.ts'

/** Where the first mistake of a row is kept. */
export class Faulty {
  reason: string | null = null

  /** An item for a value that cannot be used. */
  item(reason: string): string {
    this.reason ??= reason
    return NONE
  }

  map(entries: readonly (readonly [string, string])[]): string {
    const map = mapOf(entries)
    return map === null ? this.item('a key of a map is NULL or there twice') : map
  }
}

/** Gives the item of value `index` of a run, as a value of the type. */
export function itemsOfRun(run: Run, type: Type, faulty: Faulty): (index: number) => string {
  const { layout, offsets, bytes } = run.column
  const column: Column =
    layout === 'utf8'
      ? { type, data: { layout, offsets, bytes }, validity: null }
      : run.column.finish()
  return (index) => {
    const at = run.indexes === null ? index : run.indexes[index]!
    if (at < 0) return NONE
    const fault = run.faults?.get(at)
    return fault === undefined ? itemOf(valueAt(column, at), type) : faulty.item(fault)
  }
}

/** The values of so many rows as a run. */
export function runOfRows(
  rows: number,
  field: Run['column']['field'],
  faulty: Faulty,
  valueAtRow: (row: number) => Value,
): Run {
  const column = new ColumnBuilder(field, rows)
  const faults = new Map<number, string>()
  const indexes = new Int32Array(rows)
  for (let row = 0; row < rows; row++) {
    faulty.reason = null
    const value = valueAtRow(row)
    column.set(row, value)
    indexes[row] = value === null ? -1 : row
    if (faulty.reason === null) continue
    faults.set(row, `column ${field.name}: ${faulty.reason}`)
    indexes[row] = row
  }
  return { column, count: rows, rows, indexes, faults: faults.size === 0 ? null : faults }
}
