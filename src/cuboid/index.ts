/** Cuboid: the state of the engine; aggregates by key and bucket, and tables of joined rows, in the arena. */
export { Cuboid, type CuboidSpec, type FoldInput } from './cuboid.ts'
export { type JoinMatches, type JoinSpec, JoinTable } from './join-table.ts'
export type { Measure } from './measure.ts'
