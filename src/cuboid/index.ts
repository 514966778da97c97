/** Cuboid: the state of the engine; aggregates by key and bucket, and tables of joined rows, in the arena. */
export { Cuboid, type CuboidSpec } from './cuboid.ts'
export { roundUnits, unitsOf } from './exact-sum.ts'
export { joinFresh, type RowPairs } from './join-pairs.ts'
export { type JoinKeys, type JoinMatches, JoinTable, joinKeys } from './join-table.ts'
export { keyVector } from './layout.ts'
export type { Measure } from './measure.ts'
export { hashKeys } from './table.ts'
export { isRanked, type TopSpec, TopTable } from './top-table.ts'
