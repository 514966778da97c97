/**
 * Type: SQL types, how each lies in memory, and schemas.
 *
 * How      A SQL type maps to one physical type. Small integers, DATE and BOOLEAN keys widen on load, so that a kernel
 *          exists once per operation and physical type: `bits` (BOOLEAN), `i64` (integers, DECIMAL up to 18 digits,
 *          times and intervals), `f64` (REAL, DOUBLE), `view` (VARCHAR, VARBINARY, JSON, GEOMETRY: 16 bytes). A
 *          DECIMAL of more than 18 digits, an INTERVAL of months and days, an array and a map are views of bytes, too,
 *          which order as the values do: see wide.ts, period.ts and nested.ts.
 * See      docs/decisions/0001-four-physical-types.md, docs/decisions/0009-wide-decimals-as-bytes.md
 */

export type Type =
  /** With `members` the presence of a STRUCT, whose members lie in the columns that follow: see struct.ts. */
  | { kind: 'boolean'; members?: Member[] }
  /** 8, 16, 32 and 64 bits with a sign. */
  | { kind: 'tinyint' }
  | { kind: 'smallint' }
  | { kind: 'integer' }
  | { kind: 'bigint' }
  /** A double that is rounded to the nearest float of 32 bits. */
  | { kind: 'real' }
  | { kind: 'double' }
  /** 1 ≤ precision ≤ 38, 0 ≤ scale ≤ precision; the value is an integer scaled by 10^scale. */
  | { kind: 'decimal'; precision: number; scale: number }
  /** `length`: the most characters that a column takes; expressions have none. */
  | { kind: 'varchar'; length?: number }
  | { kind: 'varbinary' }
  /** A JSON document as its text. */
  | { kind: 'json' }
  /** Points, lines and polygons as WKB: see geometry.ts. */
  | { kind: 'geometry' }
  /**
   * Microseconds since 1970-01-01, precision 0–6, values are multiples of 10^(6−precision). Without `zoned` the clock
   * of no place in particular; with it a point in time. `zone` says whose clock texts of it show, UTC's where it is
   * left out: it is no part of the type, and only there where texts are made and read.
   */
  | { kind: 'timestamp'; precision: number; zoned?: true; zone?: string }
  /** Microseconds since midnight, below one day; precision as that of a timestamp. */
  | { kind: 'time'; precision: number }
  /** Days since 1970-01-01. */
  | { kind: 'date' }
  /** Microseconds (day-time interval). */
  | { kind: 'interval' }
  /** Months (year-month interval). */
  | { kind: 'months' }
  /** Months and microseconds (any interval): see period.ts. */
  | { kind: 'period' }
  /** Elements of one type, a STRUCT too; the value is bytes that order as it does: see nested.ts. */
  | { kind: 'array'; element: Type }
  /** Values by keys, each once, none NULL, in their order; bytes, too. */
  | { kind: 'map'; key: Type; value: Type }
  /** The type of a bare NULL before it is coerced. */
  | { kind: 'null' }

/** A member of a STRUCT. */
export interface Member {
  name: string
  type: Type
  nullable: boolean
}

type TypeKind = Type['kind']
export type Physical = 'bits' | 'i64' | 'f64' | 'view'

export function physicalOf(type: Type): Physical {
  switch (type.kind) {
    case 'boolean':
      return 'bits'
    case 'real':
    case 'double':
      return 'f64'
    case 'varchar':
    case 'varbinary':
    case 'json':
    case 'geometry':
    case 'period':
    case 'array':
    case 'map':
      return 'view'
    case 'decimal':
      return isWide(type) ? 'view' : 'i64'
    default:
      return 'i64'
  }
}

/** Digits of a DECIMAL that fit into 64 bits. */
const narrowDigits = 18

/** Is it a DECIMAL beyond 64 bits? */
export function isWide(type: Type): boolean {
  return type.kind === 'decimal' && type.precision > narrowDigits
}

/** Is its value on the host a string with one character per byte? */
export function isBytes({ kind }: Type): boolean {
  return ['varbinary', 'geometry', 'period', 'array', 'map'].includes(kind)
}

/** Is it an integer type, of 8 to 64 bits? */
export function isWhole(type: Type): boolean {
  const { kind } = type
  return kind === 'integer' || kind === 'bigint' || kind === 'smallint' || kind === 'tinyint'
}

/** The form of a host value of the type: what `typeof` says of it. */
export function formOf(type: Type): 'boolean' | 'number' | 'bigint' | 'string' {
  switch (type.kind) {
    case 'boolean':
      return 'boolean'
    case 'tinyint':
    case 'smallint':
    case 'integer':
    case 'date':
    case 'real':
    case 'double':
      return 'number'
    case 'varchar':
    case 'varbinary':
    case 'json':
    case 'geometry':
    case 'period':
    case 'array':
    case 'map':
    case 'null':
      return 'string'
    default:
      return 'bigint'
  }
}

/** A literal of a plan, where 64-bit values and special numbers are texts, as a host value. */
export function plainValue(value: string | number | boolean | null, type: Type): Value {
  if (value === null) return null
  switch (formOf(type)) {
    case 'boolean':
      return value === true
    case 'number':
      return Number(value)
    case 'bigint':
      return BigInt(value)
    case 'string':
      return String(value)
  }
}

const bitsOf: Partial<Record<TypeKind, bigint>> = {
  tinyint: 8n,
  smallint: 16n,
  integer: 32n,
  date: 32n,
}

/** Least and greatest (scaled) integer of a type whose values are integers. */
export function rangeOf(type: Type): { low: bigint; high: bigint } {
  if (type.kind === 'decimal') {
    const high = 10n ** BigInt(type.precision) - 1n
    return { low: -high, high }
  }
  if (type.kind === 'time') return { low: 0n, high: 86_399_999_999n }
  const half = 2n ** ((bitsOf[type.kind] ?? 64n) - 1n)
  return { low: -half, high: half - 1n }
}

/** The same values in the same form? The length of a VARCHAR column does not count. */
export function sameType(a: Type, b: Type): boolean {
  if (a.kind !== b.kind) return false
  if (a.kind === 'decimal' && b.kind === 'decimal') {
    return a.precision === b.precision && a.scale === b.scale
  }
  if (a.kind === 'timestamp' && b.kind === 'timestamp') {
    return a.precision === b.precision && a.zoned === b.zoned
  }
  if (a.kind === 'array' && b.kind === 'array') return sameItems(a.element, b.element)
  if (a.kind === 'map' && b.kind === 'map') {
    return sameItems(a.key, b.key) && sameItems(a.value, b.value)
  }
  return !(a.kind === 'time' && b.kind === 'time' && a.precision !== b.precision)
}

/** The type with all points in time in it shown in a zone; null is UTC. */
export function shownIn(type: Type, zone: string | null): Type {
  if (zone === null) return type
  switch (type.kind) {
    case 'timestamp':
      return type.zoned ? { ...type, zone } : type
    case 'array':
      return { ...type, element: shownIn(type.element, zone) }
    case 'map':
      return { ...type, key: shownIn(type.key, zone), value: shownIn(type.value, zone) }
    case 'boolean': {
      const members = type.members?.map((one) => ({ ...one, type: shownIn(one.type, zone) }))
      return members === undefined ? type : { ...type, members }
    }
    default:
      return type
  }
}

/** The same inside of an array or a map, where a STRUCT is one value. */
function sameItems(a: Type, b: Type): boolean {
  const [left, right] = [a, b].map((type) => (type.kind === 'boolean' ? type.members : undefined))
  if (left === undefined || right === undefined) return left === right && sameType(a, b)
  if (left.length !== right.length) return false
  return left.every(
    ({ name, type }, at) => name === right[at]!.name && sameItems(type, right[at]!.type),
  )
}

/** The type as SQL text: `DECIMAL(10, 2)`. */
export function typeText(type: Type): string {
  switch (type.kind) {
    case 'boolean':
      return type.members === undefined ? 'BOOLEAN' : structText(type.members)
    case 'decimal':
      return `DECIMAL(${type.precision}, ${type.scale})`
    case 'timestamp': {
      const name = type.zoned ? 'TIMESTAMPTZ' : 'TIMESTAMP'
      return type.precision === 6 ? name : `${name}(${type.precision})`
    }
    case 'time':
      return type.precision === 6 ? 'TIME' : `TIME(${type.precision})`
    case 'varchar':
      return type.length === undefined ? 'VARCHAR' : `VARCHAR(${type.length})`
    case 'interval':
      return 'INTERVAL DAY TO SECOND'
    case 'months':
      return 'INTERVAL YEAR TO MONTH'
    case 'period':
      return 'INTERVAL'
    case 'array':
      return `${typeText(type.element)}[]`
    case 'map':
      return `MAP(${typeText(type.key)}, ${typeText(type.value)})`
    default:
      return type.kind.toUpperCase()
  }
}

function structText(members: readonly Member[]): string {
  const texts = members.map(
    ({ name, type, nullable }) =>
      `${nameText(name)} ${typeText(type)}${nullable ? '' : ' NOT NULL'}`,
  )
  return `STRUCT(${texts.join(', ')})`
}

function nameText(name: string): string {
  return /^[\p{L}_][\p{L}\p{M}\p{N}_]*$/u.test(name) ? name : `"${name.replaceAll('"', '""')}"`
}

/** Unit of the last digit of a TIMESTAMP(p) or TIME(p), in microseconds: 1,000 for p = 3. */
export function precisionMicros(type: Type): bigint {
  return type.kind === 'timestamp' || type.kind === 'time' ? 10n ** BigInt(6 - type.precision) : 1n
}

/**
 * Whose meaning a statement has where systems differ: `flink` averages integers as integers, cuts numbers that become
 * whole ones, and sorts NULL as the least value; `postgres` sorts NULL as the greatest and takes no text for a number;
 * `duckdb` divides integers as doubles. docs/types.md has the list.
 */
export type Dialect = (typeof dialects)[number]
export const dialects = ['default', 'flink', 'postgres', 'duckdb'] as const

export interface Field {
  name: string
  type: Type
  nullable: boolean
}

export interface Schema {
  fields: Field[]
}

/**
 * A value of a row on the host: BOOLEAN boolean; TINYINT to INTEGER and DATE number; BIGINT, DECIMAL (scaled),
 * TIMESTAMP, TIME and INTERVAL (microseconds, months) bigint; REAL and DOUBLE number; VARCHAR and JSON string;
 * VARBINARY, GEOMETRY, INTERVAL of both parts (see period.ts), and arrays and maps as nested.ts writes them, a string
 * with one character from U+0000 to U+00FF per byte; NULL null.
 */
export type Value = null | boolean | number | bigint | string
export type Row = Value[]

/** Kind of a change: insertion, the old and the new half of an update, deletion. */
export type Op = '+I' | '-U' | '+U' | '-D'
