/**
 * Type: SQL types, how each lies in memory, and schemas.
 *
 * How      A SQL type maps to one physical type. INTEGER, DATE and BOOLEAN keys widen on load, so that a kernel exists
 *          once per operation and physical type: `bits` (BOOLEAN), `i64` (INTEGER, BIGINT, DECIMAL, TIMESTAMP, DATE,
 *          INTERVAL), `f64` (DOUBLE), `view` (VARCHAR, a 16-byte string view).
 * See      docs/decisions/0001-four-physical-types.md
 */

export type Type =
  | { kind: 'boolean' }
  | { kind: 'integer' }
  | { kind: 'bigint' }
  | { kind: 'double' }
  /** 1 ≤ precision ≤ 18, 0 ≤ scale ≤ precision; the value is an integer scaled by 10^scale. */
  | { kind: 'decimal'; precision: number; scale: number }
  | { kind: 'varchar' }
  /** Microseconds since 1970-01-01 without a zone; precision 0–6, values are multiples of 10^(6−precision). */
  | { kind: 'timestamp'; precision: number }
  /** Days since 1970-01-01. */
  | { kind: 'date' }
  /** Microseconds (day-time interval). */
  | { kind: 'interval' }
  /** The type of a bare NULL before it is coerced. */
  | { kind: 'null' }

export type TypeKind = Type['kind']
export type Physical = 'bits' | 'i64' | 'f64' | 'view'

export function physicalOf(type: Type): Physical {
  switch (type.kind) {
    case 'boolean':
      return 'bits'
    case 'double':
      return 'f64'
    case 'varchar':
      return 'view'
    default:
      return 'i64'
  }
}

export function sameType(a: Type, b: Type): boolean {
  if (a.kind !== b.kind) return false
  if (a.kind === 'decimal' && b.kind === 'decimal') {
    return a.precision === b.precision && a.scale === b.scale
  }
  return !(a.kind === 'timestamp' && b.kind === 'timestamp' && a.precision !== b.precision)
}

/** The type as SQL text: `DECIMAL(10, 2)`. */
export function typeText(type: Type): string {
  switch (type.kind) {
    case 'decimal':
      return `DECIMAL(${type.precision}, ${type.scale})`
    case 'timestamp':
      return type.precision === 6 ? 'TIMESTAMP' : `TIMESTAMP(${type.precision})`
    default:
      return type.kind.toUpperCase()
  }
}

/** Unit of the last digit of a TIMESTAMP(p), in microseconds: 1,000 for p = 3. */
export function precisionMicros(type: Type): bigint {
  return type.kind === 'timestamp' ? 10n ** BigInt(6 - type.precision) : 1n
}

export interface Field {
  name: string
  type: Type
  nullable: boolean
}

export interface Schema {
  fields: Field[]
}

/**
 * A value of a row on the host: BOOLEAN boolean; INTEGER and DATE number; BIGINT, DECIMAL (scaled), TIMESTAMP and
 * INTERVAL (microseconds) bigint; DOUBLE number; VARCHAR string; NULL null.
 */
export type Value = null | boolean | number | bigint | string
export type Row = Value[]

/** Kind of a change: insertion, the old and the new half of an update, deletion. */
export type Op = '+I' | '-U' | '+U' | '-D'
