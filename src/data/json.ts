/**
 * JSON of values: the one form in which jsonl output, the rpc door and JSON sinks write a value.
 *
 * Format   null, true and false; TINYINT to INTEGER, REAL and DOUBLE as numbers, but "NaN", "Infinity" and "-Infinity"
 *          as strings; BIGINT as a number while it is a safe integer, else as a string; DECIMAL as a string; DATE,
 *          TIME, TIMESTAMP, INTERVAL and VARBINARY as their text in a string; VARCHAR as a string; JSON as it is, on
 *          one line; GEOMETRY as an object of GeoJSON; arrays as arrays, maps as objects whose names are the texts of
 *          the keys.
 * Contract 1 (checked) what is written parses as JSON, and a number parses back to the value it came from.
 */
import { geoJson, readGeometry } from '../geometry/index.ts'
import { nestedJson } from './nested-text.ts'
import { valueText } from './text.ts'
import type { Type, Value } from './type.ts'

const safeMax = BigInt(Number.MAX_SAFE_INTEGER)

export function jsonText(value: Value, type: Type): string {
  if (value === null) return 'null'
  switch (type.kind) {
    case 'array':
    case 'map':
      return nestedJson(value as string, type, valueText, jsonText)
    case 'boolean':
      // The bytes of a STRUCT inside of an array.
      if (typeof value === 'string') return nestedJson(value, type, valueText, jsonText)
      return value === true ? 'true' : 'false'
    case 'tinyint':
    case 'smallint':
    case 'integer':
      return String(value)
    case 'real':
    case 'double': {
      const number = value as number
      if (!Number.isFinite(number)) return `"${valueText(value, type)}"`
      // JSON.stringify would lose the sign of −0.
      return Object.is(number, -0) ? '-0.0' : valueText(number, type)
    }
    case 'bigint': {
      const integer = value as bigint
      const safe = integer <= safeMax && integer >= -safeMax
      return safe ? integer.toString() : `"${integer}"`
    }
    case 'varchar':
      return JSON.stringify(value)
    case 'geometry':
      return JSON.stringify(geoJson(readGeometry(value as string)!))
    case 'json':
      // Within a JSON string a line end is escaped: what stands bare is white space.
      return (value as string).replace(/[\r\n]+/g, ' ')
    default:
      return JSON.stringify(valueText(value, type))
  }
}
