/**
 * Text reader: a SourceReader over a text file, in two steps per window: a scanner finds the records and the extents of
 * their wanted fields, then each column is decoded in a loop of its own.
 *
 * How      1. Scan whole records in the window, at most as many as the batch still takes; refill when there is none.
 *          2. Decode column by column behind the rows that the batch has already.
 *          3. Take faulty rows out again and report them, in order.
 * Contract 1 (checked) the rows do not depend on where reads cut the file.
 *          2 (checked) the offset of a row counts good and bad records alike.
 * Cost     Bounded memory: the window (256 KiB, more for a larger record), the extents and one batch.
 */
import { isAscii, isUtf8 } from 'node:buffer'
import { assert, type FileReader } from '../../base/index.ts'
import type { Batch, ReaderOptions, Schema, SourceReader } from '../../data/index.ts'
import { ColumnBuilder } from '../column-builder.ts'
import { type DecodeOptions, type Decoder, decoderOf } from '../decode.ts'
import { Fields } from '../fields.ts'
import type { Window } from '../window.ts'

/** Records scanned at once: their extents should stay in the second-level cache. */
const SLOTS = 2048

export interface Scanner {
  /**
   * Finds up to `rowsMax` records in window.bytes[window.from .. window.limit), puts them into `fields` and moves
   * `window.from` behind them. A record cut off by the limit is left, unless window.atEnd.
   */
  scan(fields: Fields, window: Window, rowsMax: number): void
  unescape(raw: string): string | undefined
}

export interface TextOptions extends DecodeOptions {
  /** Rows that cannot be decoded are dropped unseen. */
  ignoreErrors?: boolean
  /** Nobody will close the reader: it takes no memory of the stage. */
  sample?: boolean
}

export class TextReader implements SourceReader {
  readonly asynchronous: boolean
  readonly #file: FileReader
  readonly #window: Window
  readonly #scanner: Scanner
  readonly #schema: Schema
  readonly #decoders: Decoder[]
  readonly #bad: ReaderOptions['bad']
  readonly #fields: Fields
  /** Bytes that each VARCHAR column took per row so far, to size the next batch. */
  readonly #bytesExpected: number[]
  #offset = 0
  #closed = false

  constructor(
    file: FileReader,
    window: Window,
    scanner: Scanner,
    schema: Schema,
    reader: ReaderOptions,
    options: TextOptions = {},
  ) {
    this.#file = file
    this.asynchronous = file.more !== undefined
    this.#window = window
    this.#scanner = scanner
    this.#bad = options.ignoreErrors ? () => {} : reader.bad
    this.#schema = { fields: reader.projection.map((index) => schema.fields[index]!) }
    this.#decoders = this.#schema.fields.map((field) => decoderOf(field.type, options))
    const columns = reader.projection.length
    const read = (raw: string) => scanner.unescape(raw)
    this.#fields = new Fields(columns, SLOTS, read, { staged: options.sample !== true })
    this.#bytesExpected = this.#schema.fields.map(() => 0)
  }

  read(rowsMax: number): Batch | null | Promise<Batch | null> {
    const batch = this.readNow(rowsMax)
    if (batch !== undefined) return batch
    assert(this.#file.more !== undefined, 'only a file whose bytes come later lets a reader wait')
    return this.#file.more().then(() => this.read(rowsMax))
  }

  /** The rows that are there, at most `rowsMax`; undefined when the bytes of the next one come later. */
  readNow(rowsMax: number): Batch | null | undefined {
    if (this.#closed) return null
    const builders = this.#schema.fields.map(
      (field, index) => new ColumnBuilder(field, rowsMax, this.#bytesExpected[index]),
    )
    let rows = 0
    while (rows < rowsMax) {
      if (!this.#scan(Math.min(rowsMax - rows, SLOTS))) break
      rows += this.#decode(builders, rows)
    }
    if (rows === 0 && this.#window.exhausted) {
      this.close()
      return null
    }
    if (rows === 0 && this.#window.waiting) return undefined
    builders.forEach((builder, index) => {
      this.#bytesExpected[index] = builder.used + (builder.used >> 2)
    })
    return { schema: this.#schema, rows, columns: builders.map((builder) => builder.finish()) }
  }

  /** Puts the next records into #fields; false at the end of the file, and when its bytes come later. */
  #scan(rowsMax: number): boolean {
    const window = this.#window
    for (;;) {
      this.#fields.reset(window.bytes)
      this.#scanner.scan(this.#fields, window, rowsMax)
      if (this.#fields.rows > 0) return true
      if (window.exhausted) return false
      window.refill()
      if (window.waiting) return false
    }
  }

  /** Decodes #fields behind `base` rows; returns how many rows were good. */
  #decode(builders: ColumnBuilder[], base: number): number {
    const fields = this.#fields
    // Delimiters are ASCII, so pieces of a valid text are valid.
    const text = fields.bytes.subarray(fields.rowStarts[0]!, fields.rowEnds[fields.rows - 1]!)
    fields.utf8 = isAscii(text) || isUtf8(text)
    builders.forEach((builder, index) => {
      this.#decoders[index]!(fields, index * fields.capacity, builder, base)
    })
    const rows = fields.rows
    this.#offset += rows
    if (fields.faults.size === 0) return rows
    const dropped = [...fields.faults.keys()].sort((a, b) => a - b)
    for (const builder of builders) builder.compact(base, rows, dropped)
    this.#report(dropped, this.#offset - rows)
    return rows - dropped.length
  }

  #report(slots: readonly number[], offset: number): void {
    for (const slot of slots) {
      const message = this.#fields.faults.get(slot) ?? ''
      this.#bad({ offset: offset + slot, message, text: this.#fields.excerpt(slot) })
    }
  }

  progress(): { bytes: number; bytesTotal: number | null } {
    const bytes = this.#file.used?.() ?? this.#window.offset
    return { bytes, bytesTotal: this.#file.size }
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#fields.release()
    this.#file.close()
  }
}
