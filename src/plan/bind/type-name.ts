/**
 * TypeName: a type as written becomes a type; aliases of Postgres, Flink and DuckDB.
 */
import type { TypeName } from '../../../grammar/index.ts'
import type { Type } from '../../data/index.ts'
import { type Binding, fail, unsupported } from './binding.ts'
import { suggestion } from './suggest.ts'

const plain: Record<string, Type> = {
  BOOLEAN: { kind: 'boolean' },
  BOOL: { kind: 'boolean' },
  INTEGER: { kind: 'integer' },
  INT: { kind: 'integer' },
  INT4: { kind: 'integer' },
  BIGINT: { kind: 'bigint' },
  INT8: { kind: 'bigint' },
  LONG: { kind: 'bigint' },
  DOUBLE: { kind: 'double' },
  'DOUBLE PRECISION': { kind: 'double' },
  FLOAT8: { kind: 'double' },
  DATE: { kind: 'date' },
  INTERVAL: { kind: 'interval' },
}

const texts = new Set(['VARCHAR', 'STRING', 'TEXT', 'CHAR', 'CHARACTER VARYING', 'CHARACTER'])
const decimals = new Set(['DECIMAL', 'NUMERIC', 'DEC'])
const timestamps = new Set(['TIMESTAMP', 'DATETIME', 'TIMESTAMP WITHOUT TIME ZONE'])

const wanted = new Set([
  'TINYINT', 'SMALLINT', 'INT2', 'UTINYINT', 'USMALLINT', 'UINTEGER', 'UBIGINT', 'HUGEINT', 'REAL', 'FLOAT', 'FLOAT4',
  'VARBINARY', 'BYTEA', 'BYTES', 'BLOB', 'BINARY', 'TIME', 'TIMESTAMPTZ', 'TIMESTAMP_LTZ', 'TIMESTAMP WITH TIME ZONE',
  'TIMESTAMP WITH LOCAL TIME ZONE', 'JSON', 'JSONB', 'VARIANT', 'UUID', 'INET', 'ARRAY', 'LIST', 'STRUCT', 'ROW', 'MAP',
  'GEOMETRY', 'BOX2D', 'STBOX', 'H3INDEX', 'GEOHASH', 'TGEOMPOINT', 'VECTOR', 'SKETCH', 'ENUM',
]) // biome-ignore format: one list

export function bindType(binding: Binding, type: TypeName): Type {
  const name = type.name.toUpperCase()
  const simple = plain[name]
  if (simple !== undefined) {
    if (type.parameters.length > 0) {
      fail('syntax', `${name} takes no parameters`, type.span)
    }
    return simple
  }
  if (texts.has(name)) return bindText(binding, name, type)
  if (decimals.has(name)) return bindDecimal(type)
  if (timestamps.has(name)) return bindTimestamp(type)
  if (wanted.has(name)) {
    const hint = /^(TINYINT|SMALLINT|INT2)$/.test(name)
      ? 'use INTEGER'
      : /^(REAL|FLOAT|FLOAT4)$/.test(name)
        ? 'use DOUBLE'
        : undefined
    unsupported(`type ${name}`, type.span, hint)
  }
  const names = [...Object.keys(plain), ...texts, ...decimals, ...timestamps]
  fail('unknown_name', `type ${type.name} does not exist`, type.span, suggestion(name, names))
}

function bindText(binding: Binding, name: string, type: TypeName): Type {
  if (type.parameters.length > 0 && binding.views.length === 0) {
    binding.notices.push(`the length of ${name}(${type.parameters[0]}) is not enforced`)
  }
  return { kind: 'varchar' }
}

function bindDecimal(type: TypeName): Type {
  const [precision = 18, scale = type.parameters.length > 0 ? 0 : 3] = type.parameters
  if (precision > 18) unsupported('DECIMAL of more than 18 digits', type.span, 'use DOUBLE')
  if (precision < 1 || scale < 0 || scale > precision) {
    fail('invalid_literal', `DECIMAL(${precision}, ${scale}) is not a type`, type.span)
  }
  return { kind: 'decimal', precision, scale }
}

function bindTimestamp(type: TypeName): Type {
  const precision = type.parameters[0] ?? 6
  if (precision > 6) unsupported('TIMESTAMP finer than microseconds', type.span, 'use TIMESTAMP(6)')
  return { kind: 'timestamp', precision }
}
