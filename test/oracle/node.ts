/**
 * Node: what the nodes of a running plan share.
 */
import type { Plan } from '../../src/plan/logical.ts'
import type { Fault } from './commit.ts'
import type { Contribution } from './contribution.ts'
import { type Cell, type CellRow, Failed } from './value.ts'
import type { Watermarks } from './watermark.ts'

export type Of<Kind extends Plan['kind']> = Plan & { kind: Kind }

/** A node at work: turns the contributions of its inputs in a commit into its own. */
export type Node = (commit: CommitInput) => Contribution[]

/** What a commit reads of the relations below the plan. */
export interface CommitInput {
  /** Contributions of a scan's relation since the last commit, in order, all its columns. */
  delta(scan: Of<'scan'>): readonly Contribution[]
  /** Partitions of a scan's stream that were found idle since the last commit. */
  idle(scan: Of<'scan'>): readonly { position: number; keys: string[] }[]
  /** The next position, for what happens without a row. */
  nextPosition(): number
  /** Position at which a bounded source ended in this commit, or null. */
  end(scan: Of<'scan'>): number | null
}

/** What the nodes of one plan share. */
export interface Context {
  mode: 'one-shot' | 'continuous'
  /** Times of the query's start and of the commit, microseconds. */
  began: bigint
  now: bigint
  /** Failures of the commit so far. */
  faults: Fault[]
  watermarks: Watermarks
}

/** Leaves out contributions in which one of the `used` cells failed, and lists them. */
export function sound(
  { faults }: Context,
  contributions: readonly Contribution[],
  used: (row: CellRow) => readonly Cell[] = (row) => row,
): Contribution[] {
  return contributions.filter(({ row, weight, triple }) => {
    const failed = used(row).find((cell) => cell instanceof Failed)
    if (failed !== undefined) faults.push({ failed, weight, triple })
    return failed === undefined
  })
}

/** A question that the oracle is too slow for. */
export class TooLarge extends Error {}
