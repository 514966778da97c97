/**
 * Bucket: splits a batch by its window, so that each part goes to one bucket of a cuboid.
 *
 * How      Nearly always the whole batch lies in one window, which one kernel call finds out. Otherwise the rows are
 *          split by one window after the other.
 * Cost     0.3 ns per row in the usual case; one pass and one take per further window.
 */
import { type Kernels, takeRows, type VectorBatch } from '../kernel/index.ts'

/** The i64 column that says the window, and what to add to it to get the window's end. */
export interface BucketColumn {
  column: number
  plus: bigint
}

export type BucketPlan = { start: number | null; end: number | null; sizeMicros: string } | null

export function bucketColumn(bucket: BucketPlan, keys: readonly number[]): BucketColumn | null {
  if (bucket === null) return null
  if (bucket.end !== null) return { column: keys[bucket.end]!, plus: 0n }
  return { column: keys[bucket.start!]!, plus: BigInt(bucket.sizeMicros) }
}

/** Hands over the rows of each bucket; bucket 0 when there is none. */
export function partitionBuckets(
  kernels: Kernels,
  batch: VectorBatch,
  bucket: BucketColumn | null,
  sink: (end: bigint, rows: VectorBatch) => void,
): void {
  if (batch.rows === 0) return
  if (bucket === null) return sink(0n, batch)
  const { arena } = kernels
  const column = batch.columns[bucket.column]!
  const values = column.data
  const end = (row: number) => arena.views.i64[(values >>> 3) + row]! + bucket.plus
  const same = column.constant ? batch.rows : kernels.get('same_i64')(values, batch.rows)
  if (same === batch.rows) return sink(end(0), batch)

  const split = kernels.get('split_i64')
  let indexes = arena.scratch(batch.rows * 4)
  let rest = arena.scratch(batch.rows * 4)
  const equal = arena.scratch(batch.rows * 4)
  const { u32 } = arena.views
  for (let row = 0; row < batch.rows; row++) u32[(indexes >>> 2) + row] = row
  for (let count = batch.rows; count > 0; ) {
    const equals = split(values, indexes, count, equal, rest)
    const mark = arena.markScratch()
    sink(end(arena.views.u32[equal >>> 2]!), takeRows(kernels, batch, equal, equals))
    arena.releaseScratch(mark)
    count -= equals
    ;[indexes, rest] = [rest, indexes]
  }
}
