/**
 * Postgres: the rows of pg_catalog.*, by which tools find relations, columns and types.
 *
 * Contract 1 (checked) what has a name keeps its oid, in every answer, whatever else comes and goes.
 * See      src/catalog/postgres.ts for the columns
 */
import { print } from '../../grammar/index.ts'
import {
  type Catalog,
  type PostgresName,
  postgresType,
  postgresTypes,
  type Relation,
  schemas,
} from '../catalog/index.ts'
import type { Row } from '../data/index.ts'
import { type Setting, settings, valueIn } from '../plan/index.ts'

/** All schemas. */
export const schemasOf = (catalog: Catalog): string[] => [
  schemas.mainSchema,
  ...catalog.schemas(),
  ...schemas.systemSchemas,
]

/** Whose everything is. */
const owner = 10n

export function postgresRows(
  catalog: Catalog,
  relations: readonly Relation[],
  set: ReadonlyMap<string, string>,
  name: PostgresName,
): Row[] {
  switch (name) {
    case 'pg_catalog.pg_settings':
      return settings.map((setting) => settingRow(setting, set))
    case 'pg_catalog.pg_namespace':
      return schemasOf(catalog).map((schema) => [oidOf('schema', schema), schema, owner])
    case 'pg_catalog.pg_class':
      return relations.map((relation) => classRow(catalog, relation))
    case 'pg_catalog.pg_attribute':
      return relations.flatMap(attributeRows)
    case 'pg_catalog.pg_type':
      return postgresTypes.map(([oid, type, length]) => {
        return [BigInt(oid), type, oidOf('schema', 'pg_catalog'), length, 'b']
      })
    case 'pg_catalog.pg_proc':
      return catalog
        .functions()
        .map((made) => [
          oidOf('function', made.name),
          made.name,
          oidOf('schema', schemas.mainSchema),
        ])
    case 'pg_catalog.pg_database':
      return [[oidOf('database', schemas.databaseName), schemas.databaseName]]
    case 'pg_catalog.pg_tables':
      return relations
        .filter((relation) => kindOf(relation) === 'r')
        .map((relation) => [...placed(catalog, relation), schemas.databaseName])
    case 'pg_catalog.pg_views':
      return relations
        .filter(({ kind }) => kind === 'view')
        .map((view) => definitionRow(catalog, view))
    case 'pg_catalog.pg_matviews':
      return relations
        .filter(({ kind }) => kind === 'materialized')
        .map((view) => definitionRow(catalog, view))
  }
}

/** The query of a view; null of every other relation. */
export function viewText({ definition }: Relation): string | null {
  const statement = definition?.statement
  if (statement?.kind !== 'create-view') return null
  const { query, span } = statement
  return print({ kind: 'query-statement', query, span })
}

function placed(catalog: Catalog, relation: Relation): [schema: string, name: string] {
  const { schema, name } = schemas.placeOf(catalog, relation.name)
  return [schema, name]
}

const definitionRow = (catalog: Catalog, relation: Relation): Row => [
  ...placed(catalog, relation),
  schemas.databaseName,
  viewText(relation) ?? '',
]

function settingRow(setting: Setting, set: ReadonlyMap<string, string>): Row {
  const { name, about, complete, values } = setting
  const source = set.has(name) ? 'session' : 'default'
  const usual = values[0]!
  return [name, valueIn(setting, set), about, complete ? 'enum' : 'string', source, usual, usual]
}

/** As Postgres has them: table, view, materialized view, foreign table. */
function kindOf({ kind }: Relation): string {
  if (kind === 'view') return 'v'
  if (kind === 'materialized') return 'm'
  return kind === 'external' ? 'f' : 'r'
}

function classRow(catalog: Catalog, relation: Relation): Row {
  const { name, schema } = relation
  const [place, local] = placed(catalog, relation)
  const isKeyed = relation.kind === 'table' && relation.rules !== undefined
  const described = [kindOf(relation), 'p', schema.fields.length, isKeyed, false]
  return [oidOf('relation', name), local, oidOf('schema', place), owner, ...described]
}

function attributeRows({ name: relation, schema }: Relation): Row[] {
  return schema.fields.map(({ name, type, nullable }, at) => {
    const [oid] = postgresType(type)
    return [oidOf('relation', relation), name, BigInt(oid), at + 1, -1, !nullable, false, false]
  })
}

/** A number of 31 bits above those that Postgres has for itself: FNV-1a of the name. */
function oidOf(kind: string, name: string): bigint {
  let hash = 0x811c9dc5
  for (const character of `${kind} ${name.toLowerCase()}`) {
    hash = Math.imul(hash ^ character.codePointAt(0)!, 0x01000193)
  }
  return BigInt((hash >>> 1) | 0x4000)
}
