/**
 * Window: assigns rows to TUMBLE and HOP windows and drops those that are late, each (row, window) pair by itself.
 *
 * How      A row lies in ⌈size / slide⌉ windows at most. Nearly always all rows of a batch lie in the same ones and
 *          none is late, which the range of their times tells. Otherwise one kernel call per window computes the
 *          bounds and selects the rows that belong to it and are on time: late means W(r) ≥ end − unit, W taken
 *          before the row.
 * Contract 1 (checked by the golden scripts) lateness does not depend on batches.
 * Cost     0.3 ns per row; about 1 ns per row and window, plus taking rows, where a batch lies across windows.
 * See      docs/laws.md (watermarks), src/kernel/window.ts
 */
import {
  type Kernels,
  takeRows,
  type Vector,
  type VectorBatch,
  windowControl,
} from '../../kernel/index.ts'
import type { PhysicalPlan } from '../../plan/index.ts'
import { withoutFailed } from '../failure.ts'
import { type Environment, type Push, type Stage, stageStats } from '../stage.ts'
import type { WindowGrid } from './scan.ts'

type WindowPlan = PhysicalPlan & { kind: 'window' }

export function gridOf(plan: WindowPlan): WindowGrid {
  return {
    slide: BigInt(plan.slideMicros),
    size: BigInt(plan.sizeMicros),
    offset: BigInt(plan.offsetMicros),
    unit: BigInt(plan.window?.unitMicros ?? '1'),
    judges: plan.judge,
  }
}

/** `reads`: the output columns that somebody above reads; null for all. */
export function windowStage(
  plan: WindowPlan,
  environment: Environment,
  reads: ReadonlySet<number> | null,
  push: Push,
): Stage & { push: Push } {
  const stats = stageStats(plan.id, 'window')
  const judges = plan.judge && environment.mode === 'continuous'
  const shape: WindowGrid = { ...gridOf(plan), judges }
  const { slide, size } = shape
  const windows = Number((size + slide - 1n) / slide)
  const width = plan.input.output.length
  const wanted = [0, 1, 2].map((column) => reads === null || reads.has(width + column))
  return {
    stats,
    push(fragment, input) {
      const kernels = environment.fragments[fragment]!
      const { arena } = kernels
      const time = input.columns[plan.time]!
      const batch = withoutFailed(environment, kernels, input, [time])
      if (batch.rows === 0) return
      const newest = newestWindow(kernels, batch, plan.time, shape)
      for (let window = 0; window < windows; window++) {
        const mark = arena.markScratch()
        const shift = BigInt(window) * slide
        const verdict = newest === null ? 'split' : judgeAll(kernels, batch, newest, shift, shape)
        if (verdict === 'late') stats.late += batch.rows
        let output: VectorBatch | null = null
        if (verdict === 'split') {
          const found = assign(kernels, batch, plan.time, shift, shape)
          stats.late += found.late
          output = found.output
        } else if (verdict === 'in') {
          output = withWindow(kernels, batch, newest!.start - shift, size, wanted)
        }
        if (output !== null && output.rows > 0) {
          stats.rowsOut += output.rows
          push(fragment, output)
        }
        arena.releaseScratch(mark)
      }
    },
  }
}

interface Newest {
  /** Start of the newest window of every row. */
  start: bigint
  least: bigint
  greatest: bigint
}

/** The newest window of the rows if it is the same for all of them; null if not, or if some time is NULL. */
function newestWindow(
  kernels: Kernels,
  batch: VectorBatch,
  time: number,
  { slide, offset }: WindowGrid,
): Newest | null {
  const column = batch.columns[time]!
  if (column.validity !== 0) return null
  const { least, greatest } = column.range ?? rangeOf(kernels, column, batch.rows)
  const rest = (least - offset) % slide
  const start = least - (rest < 0n ? rest + slide : rest)
  return greatest < start + slide ? { start, least, greatest } : null
}

function rangeOf(kernels: Kernels, { data }: Vector, rows: number): NonNullable<Vector['range']> {
  const range = kernels.arena.scratch(16)
  kernels.get('range_i64')(data, rows, range)
  const { i64 } = kernels.arena.views
  return { least: i64[range >>> 3]!, greatest: i64[(range >>> 3) + 1]! }
}

/** What becomes of all rows for the window that lies `shift` before their newest one. */
function judgeAll(
  kernels: Kernels,
  batch: VectorBatch,
  { start, least, greatest }: Newest,
  shift: bigint,
  { size, unit, judges }: WindowGrid,
): 'in' | 'out' | 'late' | 'split' {
  const end = start - shift + size
  if (end <= least) return 'out'
  if (end <= greatest) return 'split'
  if (!judges || batch.watermarks === 0) return 'in'
  const { i64 } = kernels.arena.views
  const place = batch.watermarks >>> 3
  // W(r) never falls from row to row.
  if (i64[place + batch.rows - 1]! < end - unit) return 'in'
  return i64[place]! >= end - unit ? 'late' : 'split'
}

/** The batch in one window; columns that nobody reads are not written. */
function withWindow(
  kernels: Kernels,
  batch: VectorBatch,
  start: bigint,
  size: bigint,
  wanted: readonly boolean[],
): VectorBatch {
  const { arena } = kernels
  const columns = [start, start + size, start + size - 1000n].map((value, column): Vector => {
    const data = arena.scratch(batch.rows * 8)
    const place = data >>> 3
    if (wanted[column]) arena.views.i64.fill(value, place, place + batch.rows)
    return { physical: 'i64', data, validity: 0, errors: null, constant: true }
  })
  return { ...batch, columns: [...batch.columns, ...columns], watermarks: 0 }
}

/** Row by row: the bounds of each row's window, and the rows that belong to it and are on time. */
function assign(
  kernels: Kernels,
  batch: VectorBatch,
  timeColumn: number,
  shift: bigint,
  { slide, size, offset, unit, judges }: WindowGrid,
): { output: VectorBatch; late: number } {
  const { arena } = kernels
  const time = batch.columns[timeColumn]!
  const control = arena.scratch(windowControl.bytes)
  const starts = arena.scratch(batch.rows * 8)
  const ends = arena.scratch(batch.rows * 8)
  const times = arena.scratch(batch.rows * 8)
  const selection = arena.scratch(batch.rows * 4)
  const { i64, u32 } = arena.views
  const wide = (field: number, value: bigint) => {
    i64[(control + field) >>> 3] = value
  }
  const address = (field: number, value: number) => {
    u32[(control + field) >>> 2] = value
  }
  wide(windowControl.slide, slide)
  wide(windowControl.size, size)
  wide(windowControl.offset, offset)
  wide(windowControl.shift, shift)
  wide(windowControl.unit, unit)
  address(windowControl.time, time.data)
  address(windowControl.validity, time.validity)
  address(windowControl.watermarks, judges ? batch.watermarks : 0)
  address(windowControl.starts, starts)
  address(windowControl.ends, ends)
  address(windowControl.times, times)
  address(windowControl.selection, selection)
  const count = kernels.get('window_i64')(control, batch.rows)
  const late = Number(arena.views.i64[(control + windowControl.late) >>> 3]!)
  const column = (data: number): Vector => ({ physical: 'i64', data, validity: 0, errors: null })
  const columns = [...batch.columns, column(starts), column(ends), column(times)]
  const all = { ...batch, columns, watermarks: 0 }
  return {
    output: count === batch.rows ? all : takeRows(kernels, all, selection, count),
    late,
  }
}
