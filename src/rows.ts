/**
 * Rows: rows of the engine as the objects that a program works with.
 *
 * Format   values as src/data/public.ts says · STRUCT an object of its members · NULL null
 * How      One function per column is chosen once per result; a row is one object with the columns in order.
 */
import {
  type Field,
  type HostValue,
  membersOf,
  publicValueOf,
  type Row,
  type Type,
  topColumns,
  widthOf,
} from './data/index.ts'

/** A row as an object with one property per column. */
export type RowObject = Record<string, HostValue>

export function rowObjects<T>(fields: readonly Field[]): (row: Row) => T {
  const tops = topColumns(fields)
  return objectOf(
    tops.map(({ field, at }) => ({ name: field.name, value: reader(field.type, at) })),
  ) as (row: Row) => T
}

type Read = (row: Row) => HostValue

/** Reads the column at `at`; a STRUCT from the columns that follow it. */
function reader(type: Type, at: number): Read {
  const members = membersOf(type)
  if (members === null) {
    const convert = publicValueOf(type)
    return (row) => {
      const value = row[at] ?? null
      return value === null ? null : convert(value)
    }
  }
  let next = at + 1
  const object = objectOf(
    members.map((member) => {
      const value = reader(member.type, next)
      next += widthOf(member.type)
      return { name: member.name, value }
    }),
  )
  return (row) => (row[at] === true ? object(row) : null)
}

function objectOf(parts: readonly { name: string; value: Read }[]): (row: Row) => RowObject {
  const names = parts.map(({ name }) => name)
  const reads = parts.map(({ value }) => value)
  // Assigning to this name would set the prototype.
  if (names.includes('__proto__')) {
    return (row) => Object.fromEntries(names.map((name, at) => [name, reads[at]!(row)]))
  }
  return (row) => {
    const object: RowObject = {}
    for (let at = 0; at < names.length; at++) object[names[at]!] = reads[at]!(row)
    return object
  }
}
