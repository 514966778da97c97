/**
 * Scan: brings rows into the arena, raises the watermark row by row, and knows at which row it passed a threshold.
 *
 * How      Rows of a slice get rising positions. Where windows stand above, W(r) = max(event time of earlier rows) −
 *          delay rises with them: at once, from the range of the times, when no window closes and no row can be
 *          late; else one kernel pass writes W(r) beside each row, or a loop on the host where the source has
 *          partitions. Rows that came too late for some window above are told, whatever lies between.
 *          Below a filter, the columns that its predicate reads are loaded first, and of the others only the rows that
 *          pass.
 * Contract 1 (checked) rows that a filter drops have raised the watermark all the same: it is taken here.
 * Cost     a copy of the read columns (about 0.6 ns per row and column) and 0.2 to 0.8 ns for the watermark.
 */
import { type Batch, valueAt } from '../../data/index.ts'
import {
  type Arena,
  type Kernels,
  noWatermark,
  type Vector,
  type VectorBatch,
} from '../../kernel/index.ts'
import type { PhysicalPlan } from '../../plan/index.ts'
import { loadBatch, loadChosen, loadContributions } from '../batch.ts'
import type { Contribution } from '../changes.ts'
import {
  type Environment,
  endOfTime,
  type Push,
  type Rise,
  type Stage,
  stageStats,
  type Upstream,
} from '../stage.ts'
import { PartitionClock } from '../watermark.ts'
import { type Sieve, withColumns } from './filter.ts'

export type ScanPlan = PhysicalPlan & { kind: 'scan' }

/** Rows `from … from + rows` of a host batch. */
export interface Slice {
  batch: Batch
  from: number
  rows: number
  position: number
  /** Number of the first row in its source. */
  offset: number
  /** For each row of the batch the offset of the row that it takes back, or -1; null when all rows come. */
  removes: Float64Array | null
  /** For each row of the slice the number of its partition; null when all are one. */
  partitions: Uint32Array | null
}

/** The windows above a scan. */
export interface WindowGrid {
  slide: bigint
  size: bigint
  offset: bigint
  unit: bigint
  /** Are rows that come too late for it left out? */
  judges: boolean
  /** The last window that a time lies in, where they close with the watermark: those that begin at offset + n·slide. */
  last: { slide: bigint; size: bigint } | null
}

export interface Watch {
  /** Without any, the watermark is of no use. */
  windows: readonly WindowGrid[]
  /** Is W(r) asked for at every row? */
  exact: boolean
}

export interface ScanStage extends Stage, Upstream {
  readonly plan: ScanPlan
  /** `columns` are the scan's columns in the batch of the slice. */
  pushSlice(slice: Slice, columns: readonly number[]): void
  pushContributions(contributions: readonly Contribution[]): void
  /** Rows of the last slice that were handed on. */
  passed: number
  /** The source has ended; its final watermark stands at `position`. */
  end(position: number): void
  /** No row of these partitions is awaited from `position` on. */
  sleep(position: number, partitions: readonly number[]): void
  /** Are all its partitions idle? Then it does not hold the others back, and is lifted by them. */
  asleep(): boolean
  wake(): void
  lift(watermark: bigint): void
  /** The watermark at which all windows have closed that may hold a row so far; null: no row came. */
  lastClose(): bigint | null
  /** The watermark rises at `position`, for no row. */
  raiseTo(watermark: bigint, position: number): void
  /** Is there a watermark that windows above go by? */
  readonly watched: boolean
  /** `slowest`: the number of the one that holds the watermark back; null where all rows are one. */
  readonly partitions: { known: number; idle: number; slowest: number | null }
  positionOf(threshold: bigint): number
  /** Rows of the step that raised the watermark. */
  rises(): Rise[]
  /** Forgets the rows of the step; scratch memory is about to go. */
  forgetStep(): void
}

/** Rows go to `push`; with the sieve of a filter above, those of slices go through it. */
export function scanStage(
  plan: ScanPlan,
  environment: Environment,
  watch: Watch,
  push: Push,
  sieve: Sieve | null = null,
): ScanStage {
  const stats = stageStats(plan.id, 'scan')
  const kernels = environment.fragments[0]!
  const { arena } = kernels
  const isWatched = watch.windows.length > 0 && environment.mode === 'continuous'
  /** Where the watermark before each row is a column of the output; -1 where it is not. */
  const shown = environment.mode === 'continuous' ? plan.columns.indexOf(-1) : -1
  const watched = isWatched || shown >= 0 ? plan.watermark : null
  /** Do windows above go by it? */
  const holds = isWatched && watched !== null
  const [grace, delay] = [BigInt(watched?.graceMicros ?? 0), BigInt(watched?.delayMicros ?? 0)]
  const ahead = watched?.aheadMicros === undefined ? null : BigInt(watched.aheadMicros)
  const control = arena.allocate(16)
  arena.views.i64.set([noWatermark, delay], control >>> 3)
  const splits = watched?.partition !== undefined
  const clock = splits || ahead !== null ? new PartitionClock(delay, ahead) : null
  const judging = watch.windows.filter((window) => window.judges)
  /** Columns that are needed before it is known which rows pass. */
  const isFirst = (place: number) =>
    sieve?.columns.has(place) === true || watched?.column === place || plan.columns[place]! < 0
  const latest = watched?.timeoutMicros === undefined ? null : new Latest(kernels, watch.windows)
  let [ended, asleep] = [false, false]
  let step: { watermarks: number; rows: number; position: number } | null = null

  /** Raises the watermark by a batch in which it closes nothing and no row is late; false if that is not so. */
  const raiseAtOnce = (time: Vector, rows: number): boolean => {
    if (watch.exact || shown >= 0 || clock !== null || time.validity !== 0) return false
    const range = arena.scratch(16)
    kernels.get('range_i64')(time.data, rows, range)
    const { i64 } = arena.views
    const [least, greatest] = [i64[range >>> 3]!, i64[(range >>> 3) + 1]!]
    time.range = { least, greatest }
    const before = i64[control >>> 3]!
    if (before === noWatermark) return false
    const after = greatest > before ? greatest : before
    if (!watch.windows.every((window) => isQuiet(window, before - delay, after - delay, least)))
      return false
    i64[control >>> 3] = after
    arena.markDirty(control, 8)
    return true
  }

  /** The same as the kernel, where the watermark depends on more than the greatest time so far. */
  const raiseByRow = (
    time: Vector,
    { rows, partitions }: Slice,
    watermarks: number,
    by: PartitionClock,
  ): void => {
    const { i64 } = arena.views
    for (let row = 0; row < rows; row++) {
      const at = i64[(time.data >>> 3) + row]!
      i64[(watermarks >>> 3) + row] = by.take(partitions?.[row] ?? 0, at)
    }
  }

  /** Tells of the rows for which a window that they belong to was closed. */
  const tellLate = (time: Vector, slice: Slice, watermarks: number): void => {
    const { rows } = slice
    const last = arena.views.i64[(watermarks >>> 3) + rows - 1]!
    if (judging.length === 0 || leastOf(time, rows) > last) return
    const { i64 } = arena.views
    for (let row = 0; row < rows; row++) {
      const watermark = i64[(watermarks >>> 3) + row]!
      const at = i64[(time.data >>> 3) + row]!
      if (at > watermark || !judging.some((window) => isClosed(window, at, watermark))) continue
      const { batch, from, offset, position } = slice
      const place = { batch, row: from + row, offset: offset + row, position: position + row }
      environment.late({ ...place, relation: plan.relation, at, watermark })
    }
  }

  const leastOf = (time: Vector, rows: number): bigint => {
    if (time.range !== undefined) return time.range.least
    const range = arena.scratch(16)
    kernels.get('range_i64')(time.data, rows, range)
    return arena.views.i64[range >>> 3]!
  }

  const raise = (given: VectorBatch, slice: Slice): VectorBatch => {
    const batch = withNumbers(arena, given, plan.columns, slice)
    asleep = false
    if (watched === null) return batch
    const time = batch.columns[watched.column]!
    latest?.take(time, batch.rows)
    if (raiseAtOnce(time, batch.rows)) return batch
    const watermarks = arena.scratch(batch.rows * 8)
    if (clock !== null) raiseByRow(time, slice, watermarks, clock)
    else kernels.get('watermark_i64')(time.data, batch.rows, watermarks, control)
    arena.markDirty(control, 8)
    step = { watermarks, rows: batch.rows, position: slice.position }
    tellLate(time, slice, watermarks)
    if (shown < 0) return { ...batch, watermarks }
    const columns = batch.columns.with(shown, shownColumn(arena, watermarks, batch.rows, grace))
    return { ...batch, columns, watermarks: isWatched ? watermarks : 0 }
  }

  const watermarkNow = (): bigint => {
    if (clock !== null) return clock.watermark
    const maximum = arena.views.i64[control >>> 3]!
    return maximum === noWatermark ? noWatermark : maximum - delay
  }

  return {
    plan,
    stats,
    ended: () => ended,
    // A scan beside the windows may still give rows for windows that are over.
    settled: () => ended || holds,
    watermark() {
      return ended || !holds ? endOfTime : watermarkNow()
    },
    watched: holds,
    get partitions() {
      return clock !== null && splits
        ? clock.partitions
        : { known: 1, idle: Number(asleep), slowest: null }
    },
    asleep: () => asleep,
    wake() {
      asleep = false
    },
    sleep(position, partitions) {
      if (watched === null) return
      if (splits) clock!.sleep(partitions)
      asleep = !splits || !clock!.awake
      step = { watermarks: 0, rows: 0, position }
    },
    lift(watermark) {
      if (clock !== null) return clock.lift(watermark)
      if (watermark <= watermarkNow()) return
      arena.views.i64[control >>> 3] = watermark + delay
      arena.markDirty(control, 8)
    },
    lastClose: () => latest?.close ?? null,
    raiseTo(watermark, position) {
      this.lift(watermark)
      step = { watermarks: 0, rows: 0, position }
    },
    passed: 0,
    pushSlice(slice, columns) {
      const { batch, from, rows, position } = slice
      this.passed = rows
      if (slice.removes !== null) {
        this.pushContributions(changesOf(slice, columns, slice.removes))
        return
      }
      stats.rowsOut += rows
      if (sieve === null) {
        const all = columns.map((column) => (column < 0 ? null : column))
        push(0, raise(loadBatch(kernels, batch, all, from, rows, position), slice))
        return
      }
      const first = columns.map((column, place) => (isFirst(place) && column >= 0 ? column : null))
      const some = raise(loadBatch(kernels, batch, first, from, rows, position), slice)
      const { selection, count, computed } = sieve.choose(0, some)
      this.passed = count
      if (count === 0) return
      const rest = columns.map((column, place) => (isFirst(place) ? null : column))
      const chosen = loadChosen(kernels, some, { batch, columns: rest, from, selection, count })
      sieve.pass(0, withColumns(chosen, computed))
    },
    pushContributions(contributions) {
      if (contributions.length === 0) return
      stats.rowsOut += contributions.length
      const batch = loadContributions(kernels, contributions, plan.output)
      const allInserted = contributions.every(({ weight }) => weight === 1)
      push(0, allInserted ? { ...batch, weights: 0 } : batch)
    },
    end(position) {
      ended = true
      asleep = false
      step = { watermarks: 0, rows: 0, position }
    },
    positionOf(threshold) {
      if (step === null) return 0
      const { watermarks, rows, position } = step
      // W(r) is taken before row r: the row that raised it is the one before.
      const place = watermarks >>> 3
      let low = 1
      let high = rows
      while (low < high) {
        const middle = (low + high) >> 1
        if (arena.views.i64[place + middle]! >= threshold) high = middle
        else low = middle + 1
      }
      return rows === 0 ? position : position + low - 1
    },
    rises() {
      if (step === null) return []
      const { watermarks, rows, position } = step
      // A source that fell asleep, or ended, holds nothing back any more.
      if (rows === 0) {
        return [{ position, watermark: ended || asleep ? endOfTime : watermarkNow() }]
      }
      const { i64 } = arena.views
      const out: Rise[] = []
      let before = i64[watermarks >>> 3]!
      for (let row = 0; row < rows; row++) {
        const watermark = row + 1 < rows ? i64[(watermarks >>> 3) + row + 1]! : watermarkNow()
        // The first one may have lifted a source that sleeps.
        if (row === 0 || watermark > before) out.push({ position: position + row, watermark })
        before = watermark
      }
      return out
    },
    forgetStep() {
      step = null
    },
  }
}

/** The batch with the positions of its rows, and their numbers in their source, where they are read. */
function withNumbers(
  arena: Arena,
  batch: VectorBatch,
  read: readonly number[],
  { position, offset }: Slice,
): VectorBatch {
  const columns = [...batch.columns]
  for (const [column, first] of [
    [-2, position],
    [-3, offset],
  ] as const) {
    const place = read.indexOf(column)
    if (place < 0) continue
    const data = arena.scratch(batch.rows * 8)
    const { i64 } = arena.views
    for (let row = 0; row < batch.rows; row++) i64[(data >>> 3) + row] = BigInt(first + row)
    columns[place] = { physical: 'i64', data, validity: 0, errors: null }
  }
  return { ...batch, columns }
}

/** The watermark before each row as a column, without what windows wait for late rows. */
function shownColumn(arena: Arena, watermarks: number, rows: number, grace: bigint): Vector {
  const data = arena.scratch(rows * 8)
  const validity = arena.scratch((rows + 7) >> 3)
  const { i64, u8 } = arena.views
  u8.fill(0, validity, validity + ((rows + 7) >> 3))
  for (let row = 0; row < rows; row++) {
    const watermark = i64[(watermarks >>> 3) + row]!
    const known = watermark !== noWatermark
    i64[(data >>> 3) + row] = known ? watermark + grace : 0n
    if (known) u8[validity + (row >> 3)]! |= 1 << (row & 7)
  }
  return { physical: 'i64', data, validity, errors: null }
}

/** The rows of a slice of changes. */
function changesOf(
  { batch, from, rows, position }: Slice,
  columns: readonly number[],
  removes: Float64Array,
): Contribution[] {
  return Array.from({ length: rows }, (_, at) => ({
    row: columns.map((column) => valueAt(batch.columns[column]!, from + at)),
    weight: removes[from + at]! < 0 ? 1 : -1,
    major: position + at,
    middle: 0,
    minor: 0,
  }))
}

/** Has the watermark closed a window that holds the time? */
function isClosed(
  { slide, size, offset, unit }: WindowGrid,
  at: bigint,
  watermark: bigint,
): boolean {
  const rest = (at - offset) % slide
  const newest = at - (rest < 0n ? rest + slide : rest) + size
  if (newest <= at) return false
  // The earliest of the windows, by its end.
  const end = newest - ((newest - at - 1n) / slide) * slide
  return watermark >= end - unit
}

/** The greatest time of the rows so far, where it may be that only the clock closes their windows. */
class Latest {
  readonly #kernels: Kernels
  readonly #windows: readonly WindowGrid[]
  #time = noWatermark

  constructor(kernels: Kernels, windows: readonly WindowGrid[]) {
    this.#kernels = kernels
    this.#windows = windows
  }

  take(time: Vector, rows: number): void {
    const { arena } = this.#kernels
    const range = arena.scratch(16)
    this.#kernels.get('range_i64')(time.data, rows, range)
    const greatest = arena.views.i64[(range >>> 3) + 1]!
    if (greatest > this.#time) this.#time = greatest
  }

  /** The watermark that closes the last of the windows that begin no later; null: there are none. */
  get close(): bigint | null {
    let most: bigint | null = null
    if (this.#time === noWatermark) return most
    for (const { last, offset, unit } of this.#windows) {
      if (last === null) continue
      const rest = (this.#time - offset) % last.slide
      const start = this.#time - (rest < 0n ? rest + last.slide : rest)
      const close = start + last.size - unit
      if (most === null || close > most) most = close
    }
    return most
  }
}

/** Does the watermark, on its way up, close no window, and is no row from `least` on late for one? */
function isQuiet(
  { slide, size, offset, unit }: WindowGrid,
  before: bigint,
  after: bigint,
  least: bigint,
): boolean {
  const step = (at: bigint) => {
    const rest = at % slide
    return rest < 0n ? at - rest - slide : at - rest
  }
  // Windows close at offset + n·slide + size − unit.
  const closings = offset + size - unit
  if (step(before - closings) !== step(after - closings)) return false
  // The earliest window that holds the earliest row ends more than `size − slide` after it, at `end` or later.
  const newest = step(least - offset) + offset
  const earliest = newest - ((size - 1n) / slide) * slide
  const end = earliest + size
  return after < end - unit
}
