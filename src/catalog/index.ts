/** Catalog: the names of a database and what they stand for. */
export { Catalog } from './catalog.ts'
export type { Relation, RelationKind, RelationWatermark } from './relation.ts'
