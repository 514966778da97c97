/**
 * Columnar reader: a SourceReader over a file that lies in columns already (Parquet, Arrow).
 *
 * How      The file gives groups of rows (row group, record batch); a group gives runs of values per column,
 *          with an index per row where values are shared (dictionary) or missing (NULL). A batch is gathered from them.
 * Contract 1 (checked) the runs of each column of a group add up to the rows of the group; else the file is malformed.
 *          2 (checked) anything that a decoder throws becomes a Failure malformed_file that names the path.
 * Cost     Memory of one group as the file stores it, one run per column decoded, and one batch.
 */
import { assert, Bug, Failure, QueryMistake } from '../base/index.ts'
import type { Batch, ReaderOptions, Schema, SourceReader } from '../data/index.ts'
import { ColumnBuilder } from './column-builder.ts'
import type { Values } from './file-type.ts'

export interface Run extends Values {
  rows: number
  /** Row → index of its value, or −1 for NULL; null where row r has value r. */
  indexes: Int32Array | null
}

export interface Group {
  rows: number
  /** The next run of a projected column. */
  next(column: number): Run
}

export interface ColumnarFile {
  readonly path: string
  nextGroup(): Group | null
  progress(): { bytes: number; bytesTotal: number | null }
  close(): void
}

/** Runs a decoder; what it throws for a damaged file becomes a failure of the world. */
export function decoding<T>(path: string, what: string, action: () => T): T {
  try {
    return action()
  } catch (cause) {
    const isOurs = cause instanceof Failure || cause instanceof QueryMistake || cause instanceof Bug
    if (isOurs) throw cause
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new Failure('malformed_file', `${path} is not a whole ${what} file: ${reason}`, { cause })
  }
}

export class ColumnarReader implements SourceReader {
  readonly asynchronous = false
  readonly #file: ColumnarFile
  readonly #what: string
  readonly #schema: Schema
  readonly #bad: ReaderOptions['bad']
  #group: Group | null = null
  /** Rows of the group not given yet. */
  #left = 0
  /** Per column, the run in use and how many of its rows are used. */
  #runs: (Run | null)[] = []
  #used: number[] = []
  /** Bytes that each VARCHAR column took in the last batch and a quarter more, to size the next one. */
  #bytesExpected: number[] = []
  #offset = 0
  #closed = false

  constructor(file: ColumnarFile, what: string, schema: Schema, reader: ReaderOptions) {
    this.#file = file
    this.#what = what
    this.#schema = { fields: reader.projection.map((index) => schema.fields[index]!) }
    this.#bad = reader.bad
  }

  read(rowsMax: number): Batch | null {
    if (this.#closed) return null
    return decoding(this.#file.path, this.#what, () => this.#read(rowsMax))
  }

  #read(rowsMax: number): Batch | null {
    const builders = this.#schema.fields.map(
      (field, column) => new ColumnBuilder(field, rowsMax, this.#bytesExpected[column]),
    )
    let rows = 0
    while (rows < rowsMax) {
      if (this.#left === 0 && !this.#nextGroup()) break
      const count = Math.min(this.#left, rowsMax - rows)
      const faults = new Map<number, string>()
      builders.forEach((builder, column) => {
        this.#fill(builder, column, rows, count, faults)
      })
      rows += this.#settle(builders, rows, count, faults)
      this.#left -= count
      this.#offset += count
    }
    if (rows === 0 && this.#group === null) {
      this.close()
      return null
    }
    this.#bytesExpected = builders.map(({ used }) => used + (used >> 2))
    return { schema: this.#schema, rows, columns: builders.map((builder) => builder.finish()) }
  }

  #nextGroup(): boolean {
    this.#group = this.#file.nextGroup()
    this.#left = this.#group?.rows ?? 0
    this.#runs = this.#schema.fields.map(() => null)
    this.#used = this.#schema.fields.map(() => 0)
    return this.#group !== null
  }

  /** Puts the next `count` values of a column at `row`; faults are by row of the batch, from `row`. */
  #fill(
    builder: ColumnBuilder,
    column: number,
    row: number,
    count: number,
    faults: Map<number, string>,
  ): void {
    for (let done = 0; done < count; ) {
      let run = this.#runs[column] ?? null
      if (run === null || this.#used[column] === run.rows) {
        run = this.#group!.next(column)
        this.#runs[column] = run
        this.#used[column] = 0
      }
      const from = this.#used[column]!
      const part = Math.min(run.rows - from, count - done)
      gather(run, from, builder, row + done, part)
      if (run.faults !== null || !builder.field.nullable) {
        findFaults(run, from, part, builder.field, done, faults)
      }
      this.#used[column] = from + part
      done += part
    }
  }

  /** Takes rows with faults out and reports them; returns how many rows are left of `count`. */
  #settle(
    builders: readonly ColumnBuilder[],
    base: number,
    count: number,
    faults: ReadonlyMap<number, string>,
  ): number {
    if (faults.size === 0) return count
    const dropped = [...faults.keys()].sort((a, b) => a - b)
    for (const builder of builders) builder.compact(base, count, dropped)
    for (const slot of dropped) {
      const message = faults.get(slot)!
      this.#bad({ offset: this.#offset + slot, message, text: '' })
    }
    return count - dropped.length
  }

  progress(): { bytes: number; bytesTotal: number | null } {
    return this.#file.progress()
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#file.close()
  }
}

function findFaults(
  run: Run,
  from: number,
  count: number,
  field: { name: string; nullable: boolean },
  slot: number,
  faults: Map<number, string>,
): void {
  for (let row = 0; row < count; row++) {
    const index = run.indexes === null ? from + row : run.indexes[from + row]!
    const fault =
      index < 0
        ? field.nullable
          ? undefined
          : `column ${field.name} is NULL but takes none`
        : run.faults?.get(index)
    if (fault !== undefined && !faults.has(slot + row)) faults.set(slot + row, fault)
  }
}

/** Copies the values of `count` rows of a run, from row `from` on, to `target` at `row`. */
function gather(run: Run, from: number, target: ColumnBuilder, row: number, count: number): void {
  const { column, indexes } = run
  const end = from + count
  switch (target.layout) {
    case 'utf8':
      gatherStrings(run, from, target, row, count)
      break
    case 'bits':
      gatherBits(run, from, target, row, count)
      break
    case 'i32':
      if (indexes === null) target.ints.set(column.ints.subarray(from, end), row)
      else pick(column.ints, indexes, from, target, target.ints, row, count)
      break
    case 'f64':
      if (indexes === null) target.doubles.set(column.doubles.subarray(from, end), row)
      else pick(column.doubles, indexes, from, target, target.doubles, row, count)
      break
    case 'i64':
      if (indexes === null) target.longs.set(column.longs.subarray(from, end), row)
      else pickHalves(column.halves, indexes, from, target, row, count)
  }
}

function pickHalves(
  halves: Int32Array,
  indexes: Int32Array,
  from: number,
  target: ColumnBuilder,
  row: number,
  count: number,
): void {
  const into = target.halves
  for (let at = 0; at < count; at++) {
    const index = indexes[from + at]!
    if (index < 0) target.setNull(row + at)
    else {
      into[2 * (row + at)] = halves[2 * index]!
      into[2 * (row + at) + 1] = halves[2 * index + 1]!
    }
  }
}

function pick<T extends Int32Array | Float64Array>(
  values: T,
  indexes: Int32Array,
  from: number,
  target: ColumnBuilder,
  into: T,
  row: number,
  count: number,
): void {
  for (let at = 0; at < count; at++) {
    const index = indexes[from + at]!
    if (index < 0) target.setNull(row + at)
    else into[row + at] = values[index]!
  }
}

function gatherBits(run: Run, from: number, target: ColumnBuilder, row: number, count: number) {
  const { column, indexes } = run
  for (let at = 0; at < count; at++) {
    const index = indexes === null ? from + at : indexes[from + at]!
    if (index < 0) target.setNull(row + at)
    else if (((column.bits[index >> 3]! >> (index & 7)) & 1) === 1) {
      target.bits[(row + at) >> 3]! |= 1 << ((row + at) & 7)
    }
  }
}

function gatherStrings(run: Run, from: number, target: ColumnBuilder, row: number, count: number) {
  const { column, indexes } = run
  const { offsets, bytes } = column
  assert(offsets.length > 0, 'a run of strings has offsets')
  for (let at = 0; at < count; at++) {
    const index = indexes === null ? from + at : indexes[from + at]!
    if (index < 0) {
      target.setNull(row + at)
      continue
    }
    let position = offsets[index]!
    const end = offsets[index + 1]!
    const length = end - position
    if (target.used + length > target.bytes.length) target.reserve(length)
    const into = target.bytes
    let used = target.used
    if (length <= 24) while (position < end) into[used++] = bytes[position++]!
    else {
      into.set(bytes.subarray(position, end), used)
      used += length
    }
    target.used = used
    target.offsets[row + at + 1] = used
  }
}
