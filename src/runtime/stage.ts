/**
 * Stage: an operator at work in a dataflow, with one instance per fragment.
 *
 * How      A stage gets batches by `push` and hands its own on to the `push` it was built with; everything is
 *          synchronous. At the end of each step it may close windows, at a commit it emits the changes of the cycle,
 *          children first.
 * Contract 1 (trusted) a pushed batch may be read until `push` returns; what is kept is copied.
 *          2 (trusted) contributions of one stage carry order triples; no stage depends on the order of pushes.
 */
import type { EvaluationError } from '../base/index.ts'
import type { Batch } from '../data/index.ts'
import type { Kernels, VectorBatch } from '../kernel/index.ts'
import type { UserFunctions } from './expression/user-function.ts'

/** Watermark of a source that has ended. */
export const endOfTime = 2n ** 63n - 1n

export type Push = (fragment: number, batch: VectorBatch) => void

/** A failed row or cell, as it enters the errors of the query. */
export interface ErrorRow {
  /** Position of the row that caused it. */
  offset: number
  code: string
  message: string
  /** The key of the cell that failed; null for rows. */
  row: string | null
  weight: number
  error: EvaluationError
}

/** A row that raised the watermark of its source, and to what. */
export interface Rise {
  position: number
  watermark: bigint
}

/** A row that came when a window above it was closed: row `row` of a host batch. */
export interface LateRow {
  relation: string
  batch: Batch
  row: number
  /** Number of the row in its source. */
  offset: number
  position: number
  /** Its event time, and W(r). */
  at: bigint
  watermark: bigint
}

/** What a stage may use of the dataflow around it. */
export interface Environment {
  fragments: readonly Kernels[]
  vectorSize: number
  mode: 'one-shot' | 'continuous'
  /** What functions of the program do; absent where plans call none. */
  functions?: UserFunctions
  /** Time of the cycle at work, microseconds since 1970. */
  now(): bigint
  /** When the query began. */
  began: bigint
  /** Is the relation a view? Then its rows come with whole triples. */
  isView(relation: string): boolean
  /** Takes rows that left the flow. */
  fail(error: ErrorRow): void
  /** Takes a row that came too late, once per scan. */
  late(row: LateRow): void
  /** Says the same of the row at a position, while its step goes on. */
  lateAt(position: number, at: bigint, watermark: bigint): void
  /** Takes how many rows a join has given; what makes many is fed less at a time. */
  emitted(rows: number): void
  /** During `stepEnd`: do other scans take the same rows in the steps that follow? */
  goesOn(): boolean
  /** During `stepEnd`: position of the row at which the watermark of the source that moved reached `threshold`. */
  positionOf(threshold: bigint): number
  /** During `stepEnd`: the rises of the source that moved, in order. */
  rises(): readonly Rise[]
}

/** Counters for EXPLAIN ANALYZE. */
export interface StageStats {
  id: number
  kind: string
  rowsOut: number
  stateBytes: number
  /** Are the bytes an estimate, as they are those of objects on the host? */
  estimated: boolean
  cells: number
  late: number
  /** The end of the first window that is kept, or the time of the first row that waits; null where there is none. */
  firstOpen: bigint | null
}

/** What is known of the rows that a stage may still get. */
export interface Upstream {
  /** Least watermark of the watermarked scans below; end of time when there is none. */
  watermark(): bigint
  /** Have the scans without a watermark ended? Then closed windows take no more rows. */
  settled(): boolean
  /** Will no row come any more? Scans have ended, and what waited for them has been told. */
  ended(): boolean
}

export interface Stage {
  readonly stats: StageStats
  /** Closes what the watermark allows; children come before their parents. */
  stepEnd?(): void
  /** Emits the changes of the cycle. */
  commit?(): void
  /** The time from which on a commit tells something that waits; null: nothing waits for a time. */
  due?(): bigint | null
  /** Does it know, after a commit, all rows that it has told and that stand? */
  retells?(): boolean
  /** Tells these rows once more, as if they came before all others. */
  retell?(): void
}

export function stageStats(id: number, kind: string): StageStats {
  return {
    id,
    kind,
    rowsOut: 0,
    stateBytes: 0,
    estimated: false,
    cells: 0,
    late: 0,
    firstOpen: null,
  }
}
