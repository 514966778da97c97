/**
 * Table: which rows of a mutable table stand, and where those of a key are.
 *
 * How      The log holds every row that came and, for every row that went, a row that takes it back. Offsets of both
 *          are marked as gone. Indexes from key to offsets are made when they are first asked for, and kept.
 * Contract 1 (checked by the golden scripts) after a replay the same rows stand at the same offsets.
 *          2 (checked) of several equal rows the earliest goes first.
 * Cost     a byte per row of the log; some 100 bytes per standing row and index.
 */
import { assert } from '../base/index.ts'
import { type Batch, type Row, valueAt } from '../data/index.ts'
import type { DataFrame, Log } from '../log/index.ts'
import { rowKey, type StandingRows } from '../runtime/index.ts'

/** One row of a change: it comes, or takes back the row at offset `removes`. */
export interface RowChange {
  row: Row
  /** -1 for a row that comes. */
  removes: number
}

/** A table as a change finds it. */
export interface Standing extends StandingRows {
  /** Offsets of the standing rows that have these values in these columns. */
  find(columns: readonly number[], row: Row): readonly number[]
  rowAt(offset: number): Row
}

export interface Index {
  columns: readonly number[]
  /** Offsets of the standing rows of a key, ascending. */
  places: Map<string, number[]>
}

const sizeAtFirst = 1024

export class Table implements Standing {
  readonly #log: Log
  #name: string
  #gone = new Uint8Array(sizeAtFirst)
  #end = 0
  #indexes = new Indexes()

  constructor(log: Log, name: string) {
    this.#log = log
    this.#name = name
  }

  get end(): number {
    return this.#end
  }

  /** The columns stand elsewhere, or the table has another name in the log. */
  alter(name: string): void {
    this.#name = name
    this.#indexes = new Indexes()
  }

  isGone(offset: number): boolean {
    return this.#gone[offset] === 1
  }

  /** Takes a frame of the log, the one after those taken so far. */
  apply({ offset, batch, removes }: DataFrame): void {
    assert(offset === this.#end, 'frames of a table come in order')
    this.#end += batch.rows
    this.#grow()
    for (let at = 0; at < batch.rows; at++) {
      const removed = removes?.[at] ?? -1
      if (removed >= 0) {
        this.#gone[offset + at] = 1
        this.#gone[removed] = 1
      }
      this.#indexes.note(batch, at, offset + at, removed)
    }
  }

  find(columns: readonly number[], row: Row): readonly number[] {
    return this.#indexes.find(columns, row, (index) => this.#fill(index))
  }

  rowAt(offset: number): Row {
    const frame = this.#log.frameAt(this.#name, offset)
    assert(frame !== undefined, 'a row that stands is in the log')
    return rowOf(frame.batch, offset - frame.offset)
  }

  #fill(index: Index): void {
    for (let offset = 0; offset < this.#end; ) {
      const frame = this.#log.frameAt(this.#name, offset)!
      for (; offset < frame.offset + frame.rows; offset++) {
        if (!this.isGone(offset)) note(index, frame.batch, offset - frame.offset, offset, -1)
      }
    }
  }

  #grow(): void {
    if (this.#end <= this.#gone.length) return
    const wider = new Uint8Array(Math.max(this.#end, this.#gone.length * 2))
    wider.set(this.#gone)
    this.#gone = wider
  }
}

/** Indexes of rows by sets of columns, each made when it is first asked for. */
export class Indexes {
  readonly #made = new Map<string, Index>()

  /** Row `at` of the batch, at `offset`, comes or takes back the one at `removed`. */
  note(batch: Batch, at: number, offset: number, removed: number): void {
    for (const index of this.#made.values()) note(index, batch, at, offset, removed)
  }

  /** `fill` notes the rows that are there already in an index that is new. */
  find(columns: readonly number[], row: Row, fill: (index: Index) => void): readonly number[] {
    const name = columns.join()
    let index = this.#made.get(name)
    if (index === undefined) {
      index = { columns, places: new Map() }
      fill(index)
      this.#made.set(name, index)
    }
    return index.places.get(rowKey(row, columns)) ?? []
  }
}

export function rowOf(batch: Batch, at: number): Row {
  return batch.columns.map((column) => valueAt(column, at))
}

export function note(
  { columns, places }: Index,
  batch: Batch,
  at: number,
  offset: number,
  removed: number,
): void {
  const key = rowKey(columns.map((column) => valueAt(batch.columns[column]!, at)))
  const offsets = places.get(key)
  if (removed < 0) {
    if (offsets === undefined) places.set(key, [offset])
    else offsets.push(offset)
    return
  }
  assert(offsets !== undefined, 'a row that goes stood before')
  if (offsets.length === 1) places.delete(key)
  else offsets.splice(offsets.indexOf(removed), 1)
}
