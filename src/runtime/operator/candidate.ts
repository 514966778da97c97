/**
 * Candidate: leaves out rows of a join that can no more be the greatest, or the least, of their window.
 *
 * How      The aggregate notes the extreme of each batch that it folds, by the end of the window. Of a batch of rows
 *          the windows are known that its times may meet; a row is kept if its value reaches the extreme that one of
 *          them has so far, which is one comparison for the whole batch.
 * Contract 1 (checked by test/runtime/candidate.test.ts) a row is left out only if every window that it may meet has
 *            an extreme beyond its value; a window that nothing is known of keeps all.
 * Cost     a range of values for each folded batch; a range of times and a comparison for each batch chosen from.
 * See      src/plan/candidate.ts
 */
import {
  type Kernels,
  selectTrue,
  takeVector,
  type Vector,
  type VectorBatch,
} from '../../kernel/index.ts'
import type { Candidates } from '../../plan/index.ts'

/** Windows that are remembered at most, and those that a batch may meet. */
const windowsMax = 1024
const metMax = 64
/** Values beyond which nothing can be added or taken away. */
const least = -(2n ** 63n)
const greatest = 2n ** 63n - 1n

export interface Candidacy {
  readonly of: Candidates
  /** Rows of one window are folded. */
  note(kernels: Kernels, end: bigint, batch: VectorBatch): void
  /** The rows of a batch that are needed, or the same selection of them if that is all. */
  choose(
    kernels: Kernels,
    batch: VectorBatch,
    rows: { selection: number; count: number },
  ): { selection: number; count: number }
}

export function candidacyOf(of: Candidates): Candidacy {
  const [low, high] = [BigInt(of.low), BigInt(of.high)]
  const [first, slide] = [BigInt(of.first), BigInt(of.slide)]
  const isMax = of.extreme === 'max'
  const extremes = new Map<bigint, bigint>()

  /** What a value must reach to be needed; null if all are. */
  const limitOf = (from: bigint, to: bigint): bigint | null => {
    const rest = (from + low - first) % slide
    const begin = from + low + (rest === 0n ? 0n : rest > 0n ? slide - rest : -rest)
    if ((to + high - begin) / slide >= metMax) return null
    let limit: bigint | null = null
    for (let end = begin; end <= to + high; end += slide) {
      const extreme = extremes.get(end)
      if (extreme === undefined) return null
      if (limit === null || (isMax ? extreme < limit : extreme > limit)) limit = extreme
    }
    // Rows that meet no window are as well left to the join.
    return limit === (isMax ? least : greatest) ? null : limit
  }

  return {
    of,
    note(kernels, end, batch) {
      const values = batch.columns[of.argument]!
      // In the slot of a NULL stands a number that is none of the window's.
      if (values.validity !== 0 || values.errors !== null) return
      const range = rangeOf(kernels, values, batch.rows)
      const value = isMax ? range.greatest : range.least
      const known = extremes.get(end)
      if (known === undefined || (isMax ? value > known : value < known)) extremes.set(end, value)
      if (extremes.size <= windowsMax) return
      const oldest = [...extremes.keys()].reduce((a, b) => (b < a ? b : a))
      extremes.delete(oldest)
    },
    choose(kernels, batch, given) {
      if (given.count === 0 || extremes.size === 0) return given
      const range = rangeOf(kernels, batch.columns[of.time]!, batch.rows)
      const limit = limitOf(range.least, range.greatest)
      if (limit === null) return given
      const { arena } = kernels
      const all = given.count === batch.rows
      const value = batch.columns[of.value]!
      const values = all ? value : takeVector(kernels, value, given.selection, given.count)
      const beyond = arena.scratch(given.count * 8)
      const verdict = arena.scratch(((given.count + 63) >>> 6) * 8)
      const bound = isMax ? limit - 1n : limit + 1n
      arena.views.i64.fill(bound, beyond >>> 3, (beyond >>> 3) + given.count)
      const lt = kernels.get('lt_i64')
      if (isMax) lt(beyond, values.data, verdict, given.count)
      else lt(values.data, beyond, verdict, given.count)
      const bits: Vector = { physical: 'bits', data: verdict, validity: 0, errors: null }
      const kept = selectTrue(kernels, bits, given.count)
      if (kept.count === given.count) return given
      if (all || kept.count === 0) return kept
      const selection = arena.scratch((kept.count + 8) * 4)
      kernels.get('take_i32')(given.selection, kept.selection, selection, kept.count)
      return { selection, count: kept.count }
    },
  }
}

function rangeOf(kernels: Kernels, { range, data }: Vector, rows: number) {
  if (range !== undefined) return range
  const { arena } = kernels
  const at = arena.scratch(16)
  kernels.get('range_i64')(data, rows, at)
  const { i64 } = arena.views
  return { least: i64[at >>> 3]!, greatest: i64[(at >>> 3) + 1]! }
}
