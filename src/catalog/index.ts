/** Catalog: the names of a database and what they stand for. */
export { Catalog } from './catalog.ts'
export { lockDirectory } from './lock.ts'
export type { CatalogObject, ObjectKind } from './object.ts'
export { type PostgresName, postgresType, postgresTypes } from './postgres.ts'
export {
  type CatalogFunction,
  type ComputedColumn,
  firstMetadata,
  givenColumns,
  givenSchema,
  type Relation,
  type RelationWatermark,
  type TableCheck,
  type TableKey,
  type TableRules,
  type UserFunctionShape,
  userShape,
} from './relation.ts'
/** In which schema a name is, and where names are looked for. */
export * as schemas from './schema.ts'
export { type SystemName, systemRelations } from './system.ts'
export { plainName, sessionOf, temporaryName } from './temporary.ts'
