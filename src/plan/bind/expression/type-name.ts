/**
 * TypeName: a type as written becomes a type; aliases of Postgres, Flink and DuckDB.
 */
import type { TypeMember, TypeName } from '../../../../grammar/index.ts'
import { type Type, typeText } from '../../../data/index.ts'
import { type Binding, fail, unsupported } from '../binding.ts'
import { suggestion } from '../suggest.ts'

const plain: Record<string, Type> = {
  BOOLEAN: { kind: 'boolean' },
  BOOL: { kind: 'boolean' },
  TINYINT: { kind: 'tinyint' },
  INT1: { kind: 'tinyint' },
  SMALLINT: { kind: 'smallint' },
  INT2: { kind: 'smallint' },
  INTEGER: { kind: 'integer' },
  INT: { kind: 'integer' },
  INT4: { kind: 'integer' },
  BIGINT: { kind: 'bigint' },
  INT8: { kind: 'bigint' },
  LONG: { kind: 'bigint' },
  HUGEINT: { kind: 'decimal', precision: 38, scale: 0 },
  INT128: { kind: 'decimal', precision: 38, scale: 0 },
  REAL: { kind: 'real' },
  FLOAT: { kind: 'real' },
  FLOAT4: { kind: 'real' },
  DOUBLE: { kind: 'double' },
  'DOUBLE PRECISION': { kind: 'double' },
  FLOAT8: { kind: 'double' },
  DATE: { kind: 'date' },
  INTERVAL: { kind: 'period' },
  'INTERVAL YEAR TO MONTH': { kind: 'months' },
  'INTERVAL DAY TO SECOND': { kind: 'interval' },
  JSON: { kind: 'json' },
  JSONB: { kind: 'json' },
  VARIANT: { kind: 'json' },
  GEOMETRY: { kind: 'geometry' },
}

/** Types that are kept as a wider one, with a notice. */
const widened: Record<string, Type> = {
  UTINYINT: { kind: 'smallint' },
  USMALLINT: { kind: 'integer' },
  UINTEGER: { kind: 'bigint' },
  UBIGINT: { kind: 'decimal', precision: 20, scale: 0 },
  UUID: { kind: 'varchar' },
  H3INDEX: { kind: 'bigint' },
  GEOHASH: { kind: 'varchar' },
}

const texts = new Set(['VARCHAR', 'STRING', 'TEXT', 'CHAR', 'CHARACTER VARYING', 'CHARACTER'])
const bytes = new Set(['VARBINARY', 'BYTEA', 'BYTES', 'BLOB', 'BINARY'])
const decimals = new Set(['DECIMAL', 'NUMERIC', 'DEC'])
const timestamps = new Set(['TIMESTAMP', 'DATETIME'])
const zoned = new Set([
  'TIMESTAMPTZ', 'TIMESTAMP_LTZ', 'TIMESTAMP WITH TIME ZONE', 'TIMESTAMP WITH LOCAL TIME ZONE',
]) // biome-ignore format: one list

const nested = new Set(['ARRAY', 'LIST', 'MAP', 'STRUCT', 'ROW'])

const wanted = new Set([
  'UHUGEINT', 'TIMETZ', 'TIME WITH TIME ZONE', 'INET',
  'BOX2D', 'STBOX', 'TGEOMPOINT', 'VECTOR', 'SKETCH', 'ENUM',
]) // biome-ignore format: one list

/** Types that are there, in upper case, aliases included. */
export const typeNames = (): string[] => [
  ...Object.keys(plain),
  ...Object.keys(widened),
  ...texts,
  ...bytes,
  ...decimals,
  ...timestamps,
  ...zoned,
  'TIME',
]

/** Is it the name of a type that is there, or will be? */
export const isTypeName = (name: string): boolean => {
  const upper = name.toUpperCase()
  return wanted.has(upper) || nested.has(upper) || typeNames().includes(upper)
}

export function bindType(binding: Binding, type: TypeName): Type {
  const name = type.name.toUpperCase()
  if (type.members !== undefined) return bindStruct(binding, type.members)
  if (type.of !== undefined) return bindNestedType(binding, type, type.of)
  const simple = plain[name] ?? widened[name]
  if (simple !== undefined) {
    if (type.parameters.length > 0) {
      fail('syntax', `${name} takes no parameters`, type.span)
    }
    if (widened[name] !== undefined && binding.views.length === 0) {
      binding.notices.push(`${name} is kept as ${typeText(simple)}`)
    }
    return simple
  }
  if (texts.has(name)) return bindText(type)
  if (bytes.has(name)) {
    if (type.parameters.length > 0 && binding.views.length === 0) {
      binding.notices.push(`the length of ${name}(${type.parameters[0]}) is not enforced`)
    }
    return { kind: 'varbinary' }
  }
  if (decimals.has(name)) return bindDecimal(type)
  if (timestamps.has(name)) return { kind: 'timestamp', precision: precisionOf(type) }
  if (zoned.has(name)) return { kind: 'timestamp', precision: precisionOf(type), zoned: true }
  if (name === 'TIME') return { kind: 'time', precision: precisionOf(type) }
  if (wanted.has(name)) unsupported(`type ${name}`, type.span)
  const made = binding.catalog.object('type', name)
  if (made !== undefined) {
    if (type.parameters.length > 0) fail('syntax', `${made.name} takes no parameters`, type.span)
    return made.type
  }
  const known = binding.catalog.objects('type').map((one) => one.name)
  const hint = suggestion(name, [...typeNames(), ...known.map((one) => one.toUpperCase())])
  fail('unknown_name', `type ${type.name} does not exist`, type.span, hint)
}

function bindStruct(binding: Binding, members: readonly TypeMember[]): Type {
  const seen = new Set<string>()
  for (const { name } of members) {
    const normal = name.name.toLowerCase()
    if (seen.has(normal)) fail('duplicate_name', `member ${name.name} is there twice`, name.span)
    seen.add(normal)
  }
  const bound = members.map(({ name, type, notNull }) => ({
    name: name.name,
    type: bindType(binding, type),
    nullable: !notNull,
  }))
  return { kind: 'boolean', members: bound }
}

function bindNestedType(binding: Binding, type: TypeName, of: readonly TypeName[]): Type {
  const wanted = type.name === 'MAP' ? 2 : 1
  if (of.length !== wanted) {
    const hint = wanted === 2 ? 'MAP(VARCHAR, BIGINT)' : 'BIGINT[], ARRAY<BIGINT>'
    fail(
      'syntax',
      `${type.name} is made of ${wanted} type${wanted > 1 ? 's' : ''}`,
      type.span,
      hint,
    )
  }
  const note = (text: string) => {
    if (binding.views.length === 0) binding.notices.push(text)
  }
  const [length] = type.parameters
  if (length !== undefined) note(`the length of an array, ${length}, is not enforced`)
  const [first, second] = of.map((one): Type => {
    const inner = bindType(binding, one)
    if (inner.kind !== 'varchar' || inner.length === undefined) return inner
    note(`the length of ${typeText(inner)} is not enforced inside of ${type.name}`)
    return { kind: 'varchar' }
  })
  if (second === undefined) return { kind: 'array', element: first! }
  if (first!.kind === 'boolean' && first!.members !== undefined) {
    unsupported('a STRUCT as the key of a MAP', of[0]!.span)
  }
  return { kind: 'map', key: first!, value: second }
}

function bindText(type: TypeName): Type {
  const [length] = type.parameters
  if (length === undefined) return { kind: 'varchar' }
  if (length < 1 || type.parameters.length > 1) {
    fail(
      'invalid_literal',
      `${type.name.toUpperCase()}(${type.parameters}) is not a type`,
      type.span,
    )
  }
  return { kind: 'varchar', length }
}

function bindDecimal(type: TypeName): Type {
  const [precision = 18, scale = type.parameters.length > 0 ? 0 : 3] = type.parameters
  if (precision < 1 || precision > 38 || scale < 0 || scale > precision) {
    const hint = precision > 38 ? 'a DECIMAL has at most 38 digits' : undefined
    fail('invalid_literal', `DECIMAL(${precision}, ${scale}) is not a type`, type.span, hint)
  }
  return { kind: 'decimal', precision, scale }
}

function precisionOf(type: TypeName): number {
  const precision = type.parameters[0] ?? 6
  const name = type.name.toUpperCase()
  if (precision > 6) unsupported(`${name} finer than microseconds`, type.span, `use ${name}(6)`)
  return precision
}
