/**
 * Public: values of rows as a program gets them.
 *
 * Format   BOOLEAN boolean · TINYINT, SMALLINT, INTEGER number · BIGINT bigint · REAL, DOUBLE number · DECIMAL string ·
 *          VARCHAR string · VARBINARY Uint8Array · JSON what the document says, by JSON.parse · GEOMETRY GeoJSON · DATE
 *          'YYYY-MM-DD' · TIME 'HH:MM:SS[.ffffff]' · TIMESTAMP milliseconds since 1970 as a number (with a fraction for
 *          microseconds) · INTERVAL { months, days, micros } · arrays Array, a STRUCT inside an object · MAP Map · NULL
 *          null
 * See      src/data/host.ts for the other way, src/rows.ts for whole rows
 */
import { geoJson, readGeometry } from '../geometry/index.ts'
import { valueBytes } from './batch.ts'
import { entriesOf, itemsOf, itemValue, memberItems } from './nested.ts'
import { readPeriod } from './period.ts'
import { membersOf } from './struct.ts'
import { valueText } from './text.ts'
import type { Member, Type, Value } from './type.ts'

export interface Interval {
  months: number
  days: number
  micros: bigint
}

/** What a JSON document says is an object, an array or one of the others. */
export type HostValue = null | boolean | number | bigint | string | Uint8Array | Interval | object

const microsPerDay = 86_400_000_000n

/** How a value of the type, other than NULL, is given to a program. */
export function publicValueOf(type: Type): (value: NonNullable<Value>) => HostValue {
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
    case 'period':
      return (value) => {
        const { months, micros } = readPeriod(value as string)
        const days = Number(micros / microsPerDay)
        return { months: Number(months), days, micros: micros % microsPerDay }
      }
    case 'array': {
      const element = itemReader(type.element)
      return (value) => itemsOf(value as string, type.element).map(element)
    }
    case 'map': {
      const [key, inner] = [itemReader(type.key), itemReader(type.value)]
      return (value) =>
        new Map(entriesOf(value as string, type).map(([k, v]) => [key(k), inner(v)]))
    }
    case 'varbinary':
      return (value) => valueBytes(value, type)
    case 'json':
      return (value) => JSON.parse(value as string) as HostValue
    case 'geometry':
      return (value) => geoJson(readGeometry(value as string)!)
    case 'time':
    case 'date':
    case 'decimal':
      return (value) => valueText(value, type)
    default:
      return (value) => value
  }
}

/** Reads an item of an array or a map; a STRUCT in it is one value. */
function itemReader(type: Type): (item: string) => HostValue {
  const members = membersOf(type)
  const convert = members === null ? publicValueOf(type) : structReader(members)
  return (item) => {
    const value = itemValue(item, type)
    return value === null ? null : convert(value)
  }
}

function structReader(members: readonly Member[]): (value: NonNullable<Value>) => HostValue {
  const reads = members.map(({ type }) => itemReader(type))
  return (value) => {
    const items = memberItems(value as string, members)
    return Object.fromEntries(members.map(({ name }, at) => [name, reads[at]!(items[at]!)]))
  }
}

/** Exact to the microsecond until the year 2255. */
export function timestampMillis(micros: bigint): number {
  return Number(micros) / 1000
}
