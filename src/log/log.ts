/**
 * Log: the total order of everything that changes an answer, and the rows of the stored streams.
 *
 * How      1. One sequence of frames: data (rows of a stream), statement (a change of the catalog or of the running
 *             queries), cycle (a commit point).
 *          2. Every row has one position: appended rows take the next positions; rows that a query takes from an
 *             external source take theirs when they are taken, recorded as runs in the cycle frame. The end of a
 *             bounded source takes a position of its own.
 *          3. Subscriptions are told of new frames and read them by offset; the log keeps all frames (retention
 *             FOREVER).
 *          4. A journal takes every frame to the disk (store.ts); the rows are read back from there when they are
 *             asked for. Without one everything is in memory.
 * Contract 1 (checked) positions and offsets rise; a frame is never changed once appended.
 *          2 (checked) cycle numbers rise by one.
 *          3 (trusted) everything after a crash is a function of these frames alone.
 * Cost     append O(1) per frame, read O(log frames) to find an offset and no copying.
 * See      docs/laws.md (order, commit points)
 */
import { assert, Failure } from '../base/index.ts'
import type { Batch, Schema } from '../data/index.ts'

/** Rows of one stream; row r has offset `offset + r` in its stream and position `position + r`. */
export interface DataFrame {
  kind: 'data'
  stream: string
  offset: number
  position: number
  rows: number
  /** May lie on the disk, and is read from there when it is asked for. */
  readonly batch: Batch
  /** For each row the offset of the earlier row that it takes back, -1 for a row that comes; null when all come. */
  removes: Float64Array | null
  /**
   * The position after the change that the rows belong to, which may have several frames: a commit shows all of it
   * or nothing. 0 where each row stands for itself.
   */
  until: number
  /** When the rows came, microseconds since 1970-01-01. */
  nowMicros: number
  /** Number of each row's partition; null when all rows of the stream are one. */
  partitions: Uint32Array | null
  /** Where the rows come from, when they are late rows of another source: its name and their offsets there. */
  late: LateOrigin | null
}

export interface LateOrigin {
  source: string
  offsets: readonly number[]
}

/** From `position` on no row of these partitions is awaited, until one comes. */
export interface IdleFrame {
  kind: 'idle'
  stream: string
  position: number
  partitions: number[]
}

/** Rows that come to one stream, or go from it, as a part of a change. */
export type ChangePart = Pick<DataFrame, 'stream' | 'batch' | 'removes'>

/** Values of `$1` (from index 0) and of `:name` in a statement. */
export interface Parameters {
  positional: readonly unknown[]
  named: ReadonlyMap<string, unknown>
}

/** A statement that changed the catalog, or started or stopped a query, as text. */
export interface StatementFrame {
  kind: 'statement'
  position: number
  text: string
  parameters: Parameters
  /** When it was executed, microseconds since 1970-01-01. */
  nowMicros: number
}

/** Rows that a query took from one of its external sources, in the order in which they were taken. */
export interface Run {
  query: string
  /** Number of the scan in the query's plan. */
  scan: number
  rows: number
  /** Position of the first row, or of the end mark. */
  position: number
  /** The source has ended and its final watermark stands at `position`. */
  end: boolean
  /** Partitions that are idle from `position` on; the run has no rows then. */
  idle?: number[]
  /** No row came for so long that windows close at `position`; the run has no rows then. */
  silent?: true
  /** Its oldest stored rows, so many, are taken back from `position` on. */
  evicted?: true
}

/** A commit point: every query has taken the stored rows before `position`, and these runs. */
export interface CycleFrame {
  kind: 'cycle'
  cycle: number
  position: number
  runs: Run[]
  /** Time of the cycle, microseconds since 1970-01-01 as a decimal string. */
  nowMicros: string
}

/** A frame whose rows are made when they are asked for. */
export function lazily(frame: Omit<DataFrame, 'batch'>, load: () => Batch): DataFrame {
  return Object.defineProperty({ ...frame }, 'batch', { get: load }) as DataFrame
}

export type Frame = DataFrame | IdleFrame | StatementFrame | CycleFrame

interface Stream {
  schema: Schema
  frames: DataFrame[]
  idle: IdleFrame[]
  rows: number
}

/** What an append says beside its rows. */
export interface Arrival {
  nowMicros: number
  partitions?: Uint32Array | null
  late?: LateOrigin | null
}

/** Where frames are kept beyond the end of the process. */
export interface Journal {
  /** What was there when it was opened. */
  readonly frames: readonly Frame[]
  /** Takes a frame, or throws where it takes none any more; gives the frame as it is kept in memory. */
  append<T extends Frame>(frame: T): T
  /** Resolves when all that was appended so far lasts; null: it does. */
  durable(): Promise<void> | null
  /** Resolves when what is on its way takes no more memory than it may; null: it does not. */
  room(): Promise<void> | null
  /** Why no frame is taken any more; null while they are. */
  readonly fault: Failure | null
  /** Is told of it. */
  onFault: (fault: Failure) => void
}

export interface LogOptions {
  /** Rows' bytes that may be held in memory alone; an append beyond them fails with memory_limit. */
  bytesMax?: number
  journal?: Journal
}

export class Log {
  #streams = new Map<string, Stream>()
  #frames: Frame[] = []
  #position = 0
  #cycle = 0
  #bytes = 0
  readonly #bytesMax: number
  readonly #journal: Journal | null

  constructor({ bytesMax = 8 * 2 ** 30, journal }: LogOptions = {}) {
    this.#bytesMax = journal === undefined ? bytesMax : Number.POSITIVE_INFINITY
    this.#journal = journal ?? null
    this.#frames = [...(journal?.frames ?? [])]
    for (const frame of this.#frames) if (frame.kind === 'cycle') this.#cycle = frame.cycle
  }

  /** Resolves when all that was appended so far would be there after a loss of power; null: it would. */
  durable(): Promise<void> | null {
    return this.#journal?.durable() ?? null
  }

  /** Resolves when the device has taken enough of what is on its way; null: it has. */
  room(): Promise<void> | null {
    return this.#journal?.room() ?? null
  }

  /** Why nothing can be appended any more; null while it can. */
  get fault(): Failure | null {
    return this.#journal?.fault ?? null
  }

  /** Calls back when nothing can be appended any more. */
  onFault(call: (fault: Failure) => void): void {
    if (this.#journal !== null) this.#journal.onFault = call
  }

  /** The position that the next row will have. */
  get position(): number {
    return this.#position
  }

  /** Number of the last cycle; 0 before the first. */
  get cycle(): number {
    return this.#cycle
  }

  get bytes(): number {
    return this.#bytes
  }

  get frames(): readonly Frame[] {
    return this.#frames
  }

  createStream(name: string, schema: Schema): void {
    if (!this.#streams.has(name)) {
      this.#streams.set(name, { schema, frames: [], idle: [], rows: 0 })
    }
  }

  dropStream(name: string): void {
    const stream = this.#streams.get(name)
    if (stream === undefined) return
    for (const frame of stream.frames) this.#bytes -= this.#heldBytes(frame)
    this.#streams.delete(name)
  }

  /** Bytes of rows that memory alone holds. */
  #heldBytes(frame: DataFrame): number {
    return this.#journal === null ? batchBytes(frame.batch) : 0
  }

  /** A frame is in the log from here on; where there is a journal, on its way to the disk. */
  #record<T extends Frame>(frame: T): T {
    const kept = this.#journal?.append(frame) ?? frame
    this.#frames.push(kept)
    return kept
  }

  /** The stream under another name, with other columns; `change` is what becomes of each batch. */
  alterStream(
    name: string,
    to: string,
    schema: Schema,
    change: ((batch: Batch) => Batch) | null,
  ): void {
    const { frames, idle, rows } = this.#stream(name)
    // The frames of the log stay as they came: a replay changes them again.
    const changed = frames.map((frame) => this.#altered(frame, to, change))
    this.#streams.delete(name)
    this.#streams.set(to, { schema, frames: changed, idle, rows })
  }

  #altered(frame: DataFrame, stream: string, change: ((batch: Batch) => Batch) | null): DataFrame {
    // What lies on the disk is changed each time that it is read.
    if (this.#journal !== null)
      return lazily({ ...frame, stream }, () => change?.(frame.batch) ?? frame.batch)
    const batch = change?.(frame.batch) ?? frame.batch
    this.#bytes += batchBytes(batch) - batchBytes(frame.batch)
    return { ...frame, stream, batch }
  }

  /** The frames of a stream, as it has them now. */
  framesOf(name: string): readonly DataFrame[] {
    return this.#stream(name).frames
  }

  hasStream(name: string): boolean {
    return this.#streams.has(name)
  }

  /** Rows in the stream so far, the offset of its next row. */
  end(name: string): number {
    return this.#stream(name).rows
  }

  /** Offset of the first row of the stream at or after a position of the log. */
  endBefore(name: string, position: number): number {
    const { frames, rows } = this.#stream(name)
    let low = 0
    let high = frames.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (frames[middle]!.position < position) low = middle + 1
      else high = middle
    }
    return frames[low]?.offset ?? rows
  }

  /** Appends rows that stand each for itself; returns the offset of the first. */
  append(name: string, batch: Batch, arrival: Arrival): number {
    const offset = this.#stream(name).rows
    if (batch.rows === 0) return offset
    this.#checkRoom(batchBytes(batch))
    this.#push({ stream: name, batch, removes: null }, arrival, 0)
    return offset
  }

  /** Appends the parts of one change, all or none; returns their frames. */
  appendChange(parts: readonly (ChangePart & Arrival)[]): DataFrame[] {
    const given = parts.filter(({ batch }) => batch.rows > 0)
    this.#checkRoom(given.reduce((sum, { batch }) => sum + batchBytes(batch), 0))
    const rows = given.reduce((sum, { batch }) => sum + batch.rows, 0)
    const until = this.#position + rows
    return given.map((part) => this.#push(part, part, until))
  }

  #checkRoom(bytes: number): void {
    if (this.#bytes + bytes <= this.#bytesMax) return
    const message = `the log is full: ${this.#bytesMax} bytes are held in memory`
    throw new Failure('memory_limit', message)
  }

  #push(
    { stream: name, batch, removes }: ChangePart,
    { nowMicros, partitions = null, late = null }: Arrival,
    until: number,
  ): DataFrame {
    const stream = this.#stream(name)
    const [offset, position] = [stream.rows, this.#position]
    const { rows } = batch
    const place = { kind: 'data' as const, stream: name, offset, position, rows, until, nowMicros }
    const frame = this.#record<DataFrame>({ ...place, batch, removes, partitions, late })
    stream.frames.push(frame)
    stream.rows += rows
    this.#bytes += this.#heldBytes(frame)
    this.#position += rows
    return frame
  }

  appendStatement(text: string, parameters: Parameters, nowMicros: number): void {
    const position = this.#position
    this.#record({ kind: 'statement', position, text, parameters, nowMicros })
  }

  /** Partitions of a stream are idle from here on; this takes a position. */
  appendIdle(name: string, partitions: number[]): void {
    const position = this.takePositions(1)
    const frame = this.#record<IdleFrame>({ kind: 'idle', stream: name, position, partitions })
    this.#stream(name).idle.push(frame)
  }

  /** The idle frames of a stream so far. */
  idleOf(name: string): readonly IdleFrame[] {
    return this.#stream(name).idle
  }

  restoreIdle(frame: IdleFrame): void {
    this.#stream(frame.stream).idle.push(frame)
  }

  /** Takes `count` positions for rows of an external source, or for its end; returns the first. */
  takePositions(count: number): number {
    this.#position += count
    return this.#position - count
  }

  /** Before a replay: no stream is there and no row; `restore` brings them back frame by frame. */
  rewind(): void {
    this.#streams.clear()
    this.#bytes = 0
  }

  /** Rows of a logged frame are in their stream again. */
  restore(frame: DataFrame): void {
    const stream = this.#stream(frame.stream)
    assert(frame.offset === stream.rows, 'frames are restored in order')
    stream.frames.push(frame)
    stream.rows += frame.rows
    this.#bytes += this.#heldBytes(frame)
  }

  /**
   * Forgets a last change that is not there as a whole, and positions that were taken after the last frame: the cycle
   * that took them was never logged.
   */
  forgetUncommitted(): void {
    for (let last = this.#frames.at(-1); last?.kind === 'data'; last = this.#frames.at(-1)) {
      if (last.until <= last.position + last.rows) break
      this.#frames.pop()
    }
    let position = 0
    for (const frame of this.#frames) {
      if (frame.kind === 'data') position = Math.max(position, frame.position + frame.rows)
      if (frame.kind === 'idle') position = Math.max(position, frame.position + 1)
      if (frame.kind !== 'cycle') continue
      for (const run of frame.runs)
        position = Math.max(position, run.position + Math.max(1, run.rows))
    }
    this.#position = position
  }

  /** Logs a commit point: stored rows before `position` and the rows of `runs` are taken. */
  appendCycle(position: number, runs: Run[], nowMicros: bigint): CycleFrame {
    const now = nowMicros.toString()
    const cycle = this.#cycle + 1
    const frame = this.#record<CycleFrame>({ kind: 'cycle', cycle, position, runs, nowMicros: now })
    this.#cycle = cycle
    return frame
  }

  /** The frame that holds the row at `offset`, or undefined at the end. */
  frameAt(name: string, offset: number): DataFrame | undefined {
    const frames = this.#stream(name).frames
    let low = 0
    let high = frames.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (frames[middle]!.offset <= offset) low = middle
      else high = middle - 1
    }
    const frame = frames[low]
    return frame !== undefined && offset < frame.offset + frame.rows ? frame : undefined
  }

  #stream(name: string): Stream {
    const stream = this.#streams.get(name)
    assert(stream !== undefined, `stream ${name} is in the log`)
    return stream
  }
}

function batchBytes(batch: Batch): number {
  let bytes = 0
  for (const { data, validity } of batch.columns) {
    bytes += validity?.byteLength ?? 0
    if (data.layout === 'utf8') bytes += data.offsets.byteLength + data.bytes.byteLength
    else bytes += data.values.byteLength
  }
  return bytes
}
