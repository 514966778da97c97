/** Literal: the host value of a literal of a plan, where 64-bit values and special numbers are texts. */
import type { Type, Value } from '../../data/index.ts'

export function literalValue(value: string | number | boolean | null, type: Type): Value {
  if (value === null) return null
  switch (type.kind) {
    case 'bigint':
    case 'decimal':
    case 'timestamp':
    case 'interval':
      return BigInt(value)
    case 'integer':
    case 'date':
    case 'double':
      return Number(value)
    case 'boolean':
      return value === true
    default:
      return String(value)
  }
}
