/**
 * Input: brings the rows of a query's sources into their one order and cuts them into slices.
 *
 * How      Each stream and source is read once, for all scans of it. Stored streams come in the order of the log.
 *          External bounded sources are merged by (greatest event time so far, number of the source, offset); one
 *          without a watermark stands before all others. External rows get their positions when they are taken, and
 *          so does the end of a source.
 * Contract 1 (checked by the golden scripts) the order is decided row by row: slices and read sizes do not change it.
 *          2 (trusted) rows before `upTo` only are taken from the log.
 * Cost     1 ns per row with one source; a look at the event time of each row where several are merged.
 * See      docs/laws.md (order)
 */
import type { Batch, SourceReader } from '../data/index.ts'
import type { IdleFrame, Log } from '../log/index.ts'
import type { IdleWatch } from './idle.ts'
import type { ScanStage, Slice } from './operator/scan.ts'
import type { Partitions } from './watermark.ts'

/** A scan of an input. */
interface Reading {
  scan: ScanStage
  /** Where the scan's columns are in the input's batches. */
  columns: readonly number[]
}

/** A stored stream, read from the log. */
export interface StoredInput {
  kind: 'stored'
  /** In the order of the plan; a row is for all of them. */
  readings: Reading[]
  stream: string
  offset: number
  /** Idle frames of the stream that were taken. */
  idle: number
  /** A table whose rows change; null for a stream. */
  table: StandingRows | null
  /** Rows of the table before this offset are taken as they stand, later ones as changes; -1 before the first look. */
  standing: number
}

/** Which rows of a table stand. */
export interface StandingRows {
  /** Offset after the last row. */
  readonly end: number
  /** Was the row at this offset taken back, or is it the taking back of another one? */
  isGone(offset: number): boolean
}

/** A bounded or endless source outside, read by a connector. */
export interface ExternalInput {
  kind: 'external'
  /** In the order of the plan; a row is for all of them. */
  readings: readonly Reading[]
  reader: SourceReader
  /** Where the event time is in the reader's batches; null without a watermark. */
  time: number | null
  /** Number of the source, that of its first scan: the last criterion of the order but one. */
  source: number
  batch: Batch | null
  from: number
  /** Numbers the partitions of its rows; null when all are one. */
  partitions: Partitions | null
  /** Which partitions are waited for; null for sources that are never idle. */
  watch: IdleWatch | null
  /** Greatest event time of the rows taken. */
  maximum: bigint | null
  /** The reader has given its last row. */
  exhausted: boolean
  /** The final watermark has been taken. */
  ended: boolean
  /** Does it end by itself? */
  bounded: boolean
  /** Endless and paced inputs are never waited for: this is called when rows have come. Null for others. */
  wake: (() => void) | null
  /** An endless input's read under way, which never fails; what it met is in `fault`. */
  reading: Promise<void> | null
  /** Why an endless input could not be read. */
  fault: { cause: unknown } | null
  /** Rows taken so far. */
  rows: number
}

export type Input = StoredInput | ExternalInput

/** How many rows of an input are taken at once at most. */
export type RowsMax = (input: Input) => number

/** A slice of a stream, a step's worth for each of its scans, or the news that partitions are idle. */
type TakenStored =
  | {
      input: StoredInput
      slice: Slice
      /** The position after the change that the rows belong to; 0 where each stands for itself. */
      until: number
    }
  | { input: StoredInput; idle: IdleFrame }

/** A slice of a source outside, or its end. */
type TakenExternal = { input: ExternalInput; slice: Slice } | { input: ExternalInput; end: number }

/** What is read of a log. */
type StoredRows = Pick<Log, 'frameAt' | 'idleOf'>

/** The next slice of the log's streams before `upTo`, in the order of the log. */
export function takeStored(
  log: StoredRows,
  inputs: readonly StoredInput[],
  rowsMax: RowsMax,
  upTo: number,
): TakenStored | null {
  let first: StoredInput | null = null
  let position = upTo
  let next = upTo
  for (const input of inputs) {
    skipGone(input)
    const at = Math.min(rowPosition(log, input), idlePosition(log, input))
    if (at < position) {
      next = position
      position = at
      first = input
    } else next = Math.min(next, at)
  }
  if (first === null) return null
  const idleAt = idlePosition(log, first)
  if (idleAt === position) {
    return { input: first, idle: log.idleOf(first.stream)[first.idle++]! }
  }
  const frame = log.frameAt(first.stream, first.offset)!
  const from = first.offset - frame.offset
  const most = Math.min(rowsMax(first), frame.rows - from, Math.min(next, idleAt) - position)
  const isStanding = first.offset < first.standing
  const rows = isStanding ? standingRows(first, most) : most
  const { offset } = first
  first.offset += rows
  const removes = isStanding ? null : frame.removes
  const partitions = frame.partitions?.subarray(from, from + rows) ?? null
  const slice = { batch: frame.batch, from, rows, position, offset, removes, partitions }
  return { input: first, slice, until: frame.until }
}

/** Where the next row stands; infinity at the end. */
function rowPosition(log: StoredRows, { stream, offset }: StoredInput): number {
  const frame = log.frameAt(stream, offset)
  return frame === undefined ? Infinity : frame.position + offset - frame.offset
}

function idlePosition(log: StoredRows, { stream, idle }: StoredInput): number {
  return log.idleOf(stream)[idle]?.position ?? Infinity
}

/** Goes on to the next row that stands. */
function skipGone(input: StoredInput): void {
  const { table, standing } = input
  if (table === null) return
  while (input.offset < standing && table.isGone(input.offset)) input.offset++
}

/** Rows that stand side by side. */
function standingRows({ table, offset, standing }: StoredInput, most: number): number {
  let rows = 1
  while (rows < most && offset + rows < standing && !table!.isGone(offset + rows)) rows++
  return rows
}

/**
 * The next slice, or end, of the external sources. Gives a promise when a bounded source must be waited for, null
 * when there is nothing to take.
 * `takePositions` hands out positions.
 */
export function takeExternal(
  inputs: readonly ExternalInput[],
  rowsMax: RowsMax,
  takePositions: (count: number) => number,
): TakenExternal | null | Promise<void> {
  for (const input of inputs) {
    const waiting = fill(input, rowsMax(input))
    if (waiting !== undefined) return waiting
  }
  const ended = inputs.find((input) => input.exhausted && !input.ended)
  if (ended !== undefined) {
    ended.ended = true
    return { input: ended, end: takePositions(1) }
  }
  const open = inputs.filter(hasRow)
  const first = open.reduce<ExternalInput | null>(
    (least, input) => (least === null || isBefore(input, least) ? input : least),
    null,
  )
  if (first === null) return null
  const rows = runLength(
    first,
    open.filter((input) => input !== first),
    rowsMax(first),
  )
  return { input: first, slice: takeRows(first, rows, takePositions(rows), inputs.length > 1) }
}

/** Takes exactly `rows` rows of one input, as a logged run says; promises until they are read. */
export function takeRun(
  input: ExternalInput,
  rows: number,
  rowsMax: number,
  position: number,
): Slice | null | Promise<void> {
  const waiting = fill(input, rowsMax, true)
  if (waiting !== undefined) return waiting
  if (!hasRow(input) || input.batch === null) return null
  return takeRows(input, Math.min(rows, rowsMax, input.batch.rows - input.from), position, true)
}

function takeRows(input: ExternalInput, rows: number, position: number, merges: boolean): Slice {
  const batch = input.batch!
  const from = input.from
  if (input.time !== null && merges) {
    const at = greatestTime(batch, input.time, from, rows)
    if (input.maximum === null || at > input.maximum) input.maximum = at
  }
  const offset = input.rows
  const partitions = input.partitions?.numbersOf(batch, from, rows) ?? null
  input.from += rows
  input.rows += rows
  return { batch, from, rows, position, offset, removes: null, partitions }
}

/**
 * Makes sure that the input has a row at hand or is known to be exhausted. An endless one may have none, unless it is
 * waited for as one that ends.
 */
function fill(
  input: ExternalInput,
  rowsMax: number,
  waits = input.wake === null,
): Promise<void> | undefined {
  while (!input.exhausted && !hasRow(input)) {
    if (input.fault !== null) throw input.fault.cause
    if (input.reading !== null) return waits ? input.reading : undefined
    const next = input.reader.read(rowsMax)
    if (!(next instanceof Promise)) accept(input, next)
    else if (input.wake === null) return next.then((batch) => accept(input, batch))
    else input.reading = readLater(input, next)
  }
  return undefined
}

async function readLater(input: ExternalInput, next: Promise<Batch | null>): Promise<void> {
  try {
    accept(input, await next)
  } catch (cause) {
    input.fault = { cause }
  }
  input.reading = null
  input.wake?.()
}

function accept(input: ExternalInput, batch: Batch | null): void {
  input.batch = batch
  input.from = 0
  input.exhausted = batch === null
}

function hasRow(input: ExternalInput): boolean {
  return input.batch !== null && input.from < input.batch.rows
}

function timeAt(batch: Batch, column: number, row: number): bigint {
  return (batch.columns[column]!.data as { values: BigInt64Array }).values[row]!
}

/** Of at least one row; compared by halves, which costs less than whole numbers of 64 bits. */
function greatestTime(batch: Batch, column: number, from: number, rows: number): bigint {
  const { values } = batch.columns[column]!.data as { values: BigInt64Array }
  const halves = new Int32Array(values.buffer, values.byteOffset, values.length * 2)
  let greatest = from
  let high = halves[from * 2 + 1]!
  let low = halves[from * 2]! >>> 0
  for (let row = from + 1; row < from + rows; row++) {
    const above = halves[row * 2 + 1]!
    const below = halves[row * 2]! >>> 0
    if (above > high || (above === high && below > low)) {
      greatest = row
      high = above
      low = below
    }
  }
  return values[greatest]!
}

/** Event time that the input's row has in the order: the greatest so far, its own included. */
function keyAt(input: ExternalInput, row: number, before: bigint | null): bigint | null {
  if (input.time === null) return null
  const at = timeAt(input.batch!, input.time, row)
  return before === null || at > before ? at : before
}

function isBefore(a: ExternalInput, b: ExternalInput): boolean {
  return precedes(keyAt(a, a.from, a.maximum), a.source, keyAt(b, b.from, b.maximum), b.source)
}

function precedes(a: bigint | null, aSource: number, b: bigint | null, bSource: number): boolean {
  if (a === b) return aSource < bSource
  return a === null || (b !== null && a < b)
}

/** How many rows of `first` come before the next row of every other input. */
function runLength(
  first: ExternalInput,
  others: readonly ExternalInput[],
  rowsMax: number,
): number {
  const rows = Math.min(rowsMax, first.batch!.rows - first.from)
  if (others.length === 0 || first.time === null) return rows
  const other = others.reduce((least, input) => (isBefore(input, least) ? input : least))
  const limit = keyAt(other, other.from, other.maximum)
  let key = keyAt(first, first.from, first.maximum)
  let run = 1
  for (; run < rows; run++) {
    key = keyAt(first, first.from + run, key)
    if (!precedes(key, first.source, limit, other.source)) break
  }
  return run
}
