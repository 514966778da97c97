/**
 * Rows: rows of the engine as the objects that a program works with.
 *
 * Format   BOOLEAN boolean · TINYINT, SMALLINT, INTEGER number · BIGINT bigint · REAL, DOUBLE number · DECIMAL string ·
 *          VARCHAR string · VARBINARY Uint8Array · JSON what the document says, by JSON.parse · DATE 'YYYY-MM-DD' ·
 *          TIME 'HH:MM:SS[.ffffff]' · TIMESTAMP milliseconds since 1970 as a number (with a fraction for microseconds)
 *          · INTERVAL { months, days, micros } · STRUCT an object of its members · NULL null
 * How      One function per column is chosen once per result; a row is one object with the columns in order.
 */
import {
  type Field,
  membersOf,
  type Row,
  type Type,
  topColumns,
  type Value,
  valueBytes,
  valueText,
  widthOf,
} from './data/index.ts'

export interface Interval {
  months: number
  days: number
  micros: bigint
}

/** What a JSON document says is an object, an array or one of the others. */
export type HostValue = null | boolean | number | bigint | string | Uint8Array | Interval | object

/** A row as an object with one property per column. */
export type RowObject = Record<string, HostValue>

const microsPerDay = 86_400_000_000n

function hostValueOf(type: Type): (value: NonNullable<Value>) => HostValue {
  switch (type.kind) {
    case 'timestamp':
      return (value) => timestampMillis(value as bigint)
    case 'interval':
      return (value) => {
        const micros = value as bigint
        return { months: 0, days: Number(micros / microsPerDay), micros: micros % microsPerDay }
      }
    case 'months':
      return (value) => ({ months: Number(value), days: 0, micros: 0n })
    case 'varbinary':
      return (value) => valueBytes(value, type)
    case 'json':
      return (value) => JSON.parse(value as string) as HostValue
    case 'time':
    case 'date':
    case 'decimal':
      return (value) => valueText(value, type)
    default:
      return (value) => value
  }
}

/** Exact to the microsecond until the year 2255. */
export function timestampMillis(micros: bigint): number {
  return Number(micros) / 1000
}

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
    const convert = hostValueOf(type)
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
