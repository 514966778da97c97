/**
 * Reach: times so near to the ends of their range that the bounds of a window around them would not fit into it.
 *
 * Contract 1 (checked by test/script/window/beyond-the-range.cq) a row with such a time is reported and left out, for
 *            arithmetic never wraps; NULL times are no business of this.
 * Cost     one look for the range of a batch's times, which is kept for whoever asks next.
 */
import type { Kernels, RowErrors, Vector, VectorBatch } from '../kernel/index.ts'
import { withoutFailed } from './failure.ts'
import type { Environment } from './stage.ts'

const most = 2n ** 63n - 1n

/** The batch without rows whose time failed, or is nearer than `reach` microseconds to the least or greatest one. */
export function withinReach(
  environment: Environment,
  kernels: Kernels,
  batch: VectorBatch,
  time: number,
  reach: bigint,
): VectorBatch {
  const column = batch.columns[time]!
  if (batch.rows === 0) return batch
  const range = column.range ?? rangeOf(kernels, column, batch.rows)
  const fits = (at: bigint) => at >= reach - most && at <= most - reach
  if (fits(range.least) && fits(range.greatest)) {
    const ranged = column.validity === 0 ? { ...column, range } : column
    const known = { ...batch, columns: batch.columns.with(time, ranged) }
    return withoutFailed(environment, kernels, known, [ranged])
  }
  const { i64 } = kernels.arena.views
  const errors: RowErrors = new Map(column.errors)
  for (let row = 0; row < batch.rows; row++) {
    // The slot of a NULL and of a failed row holds 0.
    if (!fits(i64[(column.data >>> 3) + row]!))
      errors.set(row, { code: 'overflow', message: 'timestamp out of range' })
  }
  return withoutFailed(environment, kernels, batch, [{ ...column, errors }])
}

/** Least and greatest of the values, of which the NULLs count as 0. */
export function rangeOf(
  kernels: Kernels,
  { data }: Vector,
  rows: number,
): NonNullable<Vector['range']> {
  const range = kernels.arena.scratch(16)
  kernels.get('range_i64')(data, rows, range)
  const { i64 } = kernels.arena.views
  return { least: i64[range >>> 3]!, greatest: i64[(range >>> 3) + 1]! }
}
