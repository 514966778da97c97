/**
 * Window: assigns rows to TUMBLE, HOP and CUMULATE windows and drops those that are late, each (row, window) pair by
 * itself.
 *
 * How      A row lies in ⌈size / slide⌉ windows at most. Nearly always all rows of a batch lie in the same ones and
 *          none is late, which the range of their times tells. Otherwise one kernel call per window computes the
 *          bounds and selects the rows that belong to it and are on time: late means W(r) ≥ end − unit, W taken
 *          before the row. The windows of CUMULATE are those that end where a step does: a grid of its steps tells the
 *          ends and who is late, and the start is that of the whole window.
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
import { rangeOf, withinReach } from '../reach.ts'
import { type Environment, type Push, type Stage, stageStats } from '../stage.ts'
import type { WindowGrid } from './scan.ts'

type WindowPlan = PhysicalPlan & { kind: 'window' }

/** When windows end; those of CUMULATE end with its steps. */
export function gridOf(plan: WindowPlan): WindowGrid {
  const slide = BigInt(plan.slideMicros)
  const whole = BigInt(plan.sizeMicros)
  return {
    slide,
    size: plan.function === 'cumulate' ? slide : whole,
    offset: BigInt(plan.offsetMicros),
    unit: BigInt(plan.window?.unitMicros ?? '1'),
    judges: plan.judge,
    last: plan.judge ? { slide: plan.function === 'cumulate' ? whole : slide, size: whole } : null,
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
  const whole = BigInt(plan.sizeMicros)
  const cumulates = plan.function === 'cumulate'
  const windows = Number((whole + slide - 1n) / slide)
  const width = plan.input.output.length
  const reach = whole > slide ? whole : slide
  const wanted = [0, 1, 2].map((column) => reads === null || reads.has(width + column))
  return {
    stats,
    push(fragment, input) {
      const kernels = environment.fragments[fragment]!
      const { arena } = kernels
      const batch = withinReach(environment, kernels, input, plan.time, reach)
      if (batch.rows === 0) return
      const newest = newestWindow(kernels, batch, plan.time, shape)
      for (let window = 0; window < windows; window++) {
        const mark = arena.markScratch()
        const shift = BigInt(cumulates ? -window : window) * slide
        const from =
          cumulates && newest !== null ? startOf(newest.start, whole, shape.offset) : null
        if (from !== null && newest!.start - shift + size > from + whole) break
        const verdict = newest === null ? 'split' : judgeAll(kernels, batch, newest, shift, shape)
        if (verdict === 'late') stats.late += batch.rows
        let output: VectorBatch | null = null
        if (verdict === 'split') {
          const found = cumulates
            ? assignGrown(kernels, batch, plan.time, shift, { ...shape, whole })
            : assign(kernels, batch, plan.time, shift, shape)
          stats.late += found.late
          output = found.output
        } else if (verdict === 'in') {
          const start = newest!.start - shift
          output = withWindow(kernels, batch, from ?? start, start + size, wanted)
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
  const start = startOf(least, slide, offset)
  return greatest < start + slide ? { start, least, greatest } : null
}

/** Where the window of a grid starts that holds a time. */
function startOf(at: bigint, slide: bigint, offset: bigint): bigint {
  const rest = (at - offset) % slide
  return at - (rest < 0n ? rest + slide : rest)
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
  end: bigint,
  wanted: readonly boolean[],
): VectorBatch {
  const { arena } = kernels
  const columns = [start, end, end - 1000n].map((value, column): Vector => {
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
  grid: WindowGrid,
): { output: VectorBatch; late: number } {
  const { columns, selection, count, late } = bounds(kernels, batch, timeColumn, shift, grid)
  const all = { ...batch, columns: [...batch.columns, ...columns], watermarks: 0 }
  return {
    output: count === batch.rows ? all : takeRows(kernels, all, selection, count),
    late,
  }
}

/** The same for CUMULATE: `shift` says the end, and the whole window the start. */
function assignGrown(
  kernels: Kernels,
  batch: VectorBatch,
  timeColumn: number,
  shift: bigint,
  grid: WindowGrid & { whole: bigint },
): { output: VectorBatch; late: number } {
  const { whole, unit, judges } = grid
  const around = { ...grid, slide: whole, size: whole, judges: false }
  const {
    columns: [starts],
  } = bounds(kernels, batch, timeColumn, 0n, around)
  const found = bounds(kernels, batch, timeColumn, shift, { ...grid, judges: false })
  const [, ends, times] = found.columns
  const { i64, u32 } = kernels.arena.views
  const at = (data: number, row: number) => i64[(data >>> 3) + row]!
  const watermarks = judges ? batch.watermarks : 0
  let [count, late] = [0, 0]
  for (let place = 0; place < found.count; place++) {
    const row = u32[(found.selection >>> 2) + place]!
    const end = at(ends.data, row)
    if (end > at(starts.data, row) + whole) continue
    if (watermarks !== 0 && at(watermarks, row) >= end - unit) late++
    else u32[(found.selection >>> 2) + count++] = row
  }
  const columns = [...batch.columns, starts, ends, times]
  const all = { ...batch, columns, watermarks: 0 }
  return { output: takeRows(kernels, all, found.selection, count), late }
}

interface Bounds {
  /** Start, end and time of each row's window. */
  columns: [Vector, Vector, Vector]
  /** u32 numbers of the rows that belong to it and are on time. */
  selection: number
  count: number
  late: number
}

function bounds(
  kernels: Kernels,
  batch: VectorBatch,
  timeColumn: number,
  shift: bigint,
  { slide, size, offset, unit, judges }: WindowGrid,
): Bounds {
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
  return { columns: [column(starts), column(ends), column(times)], selection, count, late }
}
