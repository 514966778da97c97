/**
 * System: the relations in which a database tells of itself; they are always there and nobody writes them.
 *
 * How      Names and columns stand here, those of Postgres' catalog in postgres.ts; `src/database/system.ts` knows the
 *          rows. The relations of pg_catalog are found without their schema, too.
 * Contract 1 (checked) a name of the user's does not hide one of these.
 */
import type { Field, Type } from '../data/index.ts'
import { postgresColumns } from './postgres.ts'
import type { Relation } from './relation.ts'

const varchar: Type = { kind: 'varchar' }
const bigint: Type = { kind: 'bigint' }
const boolean: Type = { kind: 'boolean' }
const interval: Type = { kind: 'interval' }
const timestamp: Type = { kind: 'timestamp', precision: 6 }

/** Columns by relation; those with `?` may be NULL. */
const columns = {
  'sys.late_rows': {
    source: varchar,
    query: varchar,
    offset: bigint,
    event_time: timestamp,
    watermark: timestamp,
    row: varchar,
  },
  'sys.watermarks': {
    query: varchar,
    source: varchar,
    'watermark?': timestamp,
    'lag?': interval,
    partitions: bigint,
    idle_partitions: bigint,
    idle: boolean,
    ended: boolean,
    late_rows: bigint,
  },
  'sys.queries': {
    query: varchar,
    state: varchar,
    rows_in: bigint,
    'late?': bigint,
    'state_bytes?': bigint,
    'evicted?': bigint,
  },
  'sys.operators': {
    query: varchar,
    id: bigint,
    operator: varchar,
    rows_out: bigint,
    late: bigint,
    cells: bigint,
    state_bytes: bigint,
  },
  'sys.state': {
    query: varchar,
    'id?': bigint,
    operator: varchar,
    bytes: bigint,
    rows: bigint,
    'measured?': varchar,
    grows_with: varchar,
    'keeps?': varchar,
    'would_bound_it?': varchar,
  },
  'sys.memory': { 'query?': varchar, part: varchar, bytes: bigint },
  'sys.subscriptions': {
    subscription: varchar,
    source: varchar,
    state: varchar,
    rows_in: bigint,
    rows_out: bigint,
    'retention?': interval,
    'commits?': bigint,
    'rows?': bigint,
    'oldest?': timestamp,
    'newest?': timestamp,
    'acknowledged?': timestamp,
    'cursors?': bigint,
  },
  'sys.errors': {
    relation: varchar,
    offset: bigint,
    code: varchar,
    message: varchar,
    'row?': varchar,
  },
  'information_schema.schemata': { catalog_name: varchar, schema_name: varchar },
  'information_schema.views': {
    table_catalog: varchar,
    table_schema: varchar,
    table_name: varchar,
    view_definition: varchar,
  },
  'information_schema.tables': {
    table_catalog: varchar,
    table_schema: varchar,
    table_name: varchar,
    table_type: varchar,
  },
  'information_schema.columns': {
    table_catalog: varchar,
    table_schema: varchar,
    table_name: varchar,
    column_name: varchar,
    ordinal_position: bigint,
    is_nullable: varchar,
    data_type: varchar,
  },
  ...postgresColumns,
} satisfies Record<string, Record<string, Type>>

export type SystemName = keyof typeof columns

function relationOf(name: string, types: Record<string, Type>): [string, Relation] {
  const fields = Object.entries(types).map(([column, type]): Field => {
    const nullable = column.endsWith('?')
    return { name: nullable ? column.slice(0, -1) : column, type, nullable }
  })
  return [name, { kind: 'system', name: name as SystemName, schema: { fields }, watermark: null }]
}

/** By name in lower case. */
export const systemRelations: ReadonlyMap<string, Relation> = new Map(
  Object.entries(columns).map(([name, types]) => relationOf(name, types)),
)

/** The relation of this name in lower case. */
export const systemRelation = (name: string): Relation | undefined =>
  systemRelations.get(name) ?? systemRelations.get(`pg_catalog.${name}`)
