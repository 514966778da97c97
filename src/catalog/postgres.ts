/**
 * Postgres: the part of pg_catalog that tools read to find relations, columns and types.
 *
 * How      Names and columns stand here, with Postgres' own numbers of types. Everything is in the database
 *          `millrace`.
 * See      src/database/postgres.ts for the rows
 */
import { membersOf, type Type } from '../data/index.ts'

const varchar: Type = { kind: 'varchar' }
const bigint: Type = { kind: 'bigint' }
const integer: Type = { kind: 'integer' }
const boolean: Type = { kind: 'boolean' }

/** Columns by relation; those with `?` may be NULL. */
export const postgresColumns = {
  'pg_catalog.pg_namespace': { oid: bigint, nspname: varchar, nspowner: bigint },
  'pg_catalog.pg_class': {
    oid: bigint,
    relname: varchar,
    relnamespace: bigint,
    relowner: bigint,
    relkind: varchar,
    relpersistence: varchar,
    relnatts: integer,
    relhasindex: boolean,
    relispartition: boolean,
  },
  'pg_catalog.pg_attribute': {
    attrelid: bigint,
    attname: varchar,
    atttypid: bigint,
    attnum: integer,
    atttypmod: integer,
    attnotnull: boolean,
    atthasdef: boolean,
    attisdropped: boolean,
  },
  'pg_catalog.pg_type': {
    oid: bigint,
    typname: varchar,
    typnamespace: bigint,
    typlen: integer,
    typtype: varchar,
  },
  'pg_catalog.pg_proc': { oid: bigint, proname: varchar, pronamespace: bigint },
  'pg_catalog.pg_database': { oid: bigint, datname: varchar },
  'pg_catalog.pg_tables': { schemaname: varchar, tablename: varchar, tableowner: varchar },
  'pg_catalog.pg_views': {
    schemaname: varchar,
    viewname: varchar,
    viewowner: varchar,
    definition: varchar,
  },
  'pg_catalog.pg_matviews': {
    schemaname: varchar,
    matviewname: varchar,
    matviewowner: varchar,
    definition: varchar,
  },
  'pg_catalog.pg_settings': {
    name: varchar,
    setting: varchar,
    short_desc: varchar,
    vartype: varchar,
    source: varchar,
    boot_val: varchar,
    reset_val: varchar,
  },
} satisfies Record<string, Record<string, Type>>

export type PostgresName = keyof typeof postgresColumns

/** Number, name and length in bytes, -1 where it varies, of a type of Postgres. */
export type PostgresType = readonly [oid: number, name: string, length: number]

const record: PostgresType = [2249, 'record', -1]
const text: PostgresType = [25, 'text', -1]

const types: { readonly [Kind in Type['kind']]?: PostgresType } = {
  boolean: [16, 'bool', 1],
  tinyint: [21, 'int2', 2],
  smallint: [21, 'int2', 2],
  integer: [23, 'int4', 4],
  bigint: [20, 'int8', 8],
  real: [700, 'float4', 4],
  double: [701, 'float8', 8],
  decimal: [1700, 'numeric', -1],
  varchar: [1043, 'varchar', -1],
  date: [1082, 'date', 4],
  time: [1083, 'time', 8],
  interval: [1186, 'interval', 16],
  months: [1186, 'interval', 16],
  period: [1186, 'interval', 16],
  varbinary: [17, 'bytea', -1],
  json: [3802, 'jsonb', -1],
}

const timestamps: readonly PostgresType[] = [
  [1114, 'timestamp', 8],
  [1184, 'timestamptz', 8],
]

/** All that columns may have. */
export const postgresTypes: readonly PostgresType[] = [
  ...new Map(
    [...Object.values(types), ...timestamps, text, record].map((type) => [type[0], type]),
  ).values(),
]

/** What Postgres would call the type; of those that it lacks, how they are shown: as text. */
export function postgresType(type: Type): PostgresType {
  if (membersOf(type) !== null) return record
  if (type.kind === 'timestamp') return timestamps[type.zoned ? 1 : 0]!
  return types[type.kind] ?? text
}
