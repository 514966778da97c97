/**
 * Columnar reader: a SourceReader over a file that lies in columns already (Parquet, Arrow).
 *
 * How      The file gives groups of rows (row group, record batch); a group gives runs of values per column,
 *          with an index per row where values are shared (dictionary) or missing (NULL). A batch is gathered from them;
 *          values that lie side by side are not copied.
 * Contract 1 (checked) the runs of each column of a group add up to the rows of the group; else the file is malformed.
 *          2 (checked) anything that a decoder throws becomes a Failure malformed_file that names the path.
 * Cost     Memory of one group as the file stores it, one run per column decoded, and one batch.
 */
import { assert, Bug, Failure, QueryMistake } from '../base/index.ts'
import type {
  Batch,
  Column,
  ColumnValues,
  ReaderOptions,
  Schema,
  SourceReader,
} from '../data/index.ts'
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

/** Fewer rows than these are copied together with those of the next group. */
const WHOLE_ROWS_MIN = 1024

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
    if (this.#left === 0 && !this.#nextGroup()) {
      this.close()
      return null
    }
    const whole = this.#left >= WHOLE_ROWS_MIN ? this.#whole(Math.min(this.#left, rowsMax)) : null
    return whole ?? this.#gathered(rowsMax)
  }

  /** The next `rows` rows as they lie in memory, where there are columns like that; null where none is. */
  #whole(rows: number): Batch | null {
    const fields = this.#schema.fields
    const given = fields.map((_, column) => slice(this.#run(column), this.#used[column]!, rows))
    if (given.every((column) => column === null)) return null
    const faults = new Map<number, string>()
    const builders = fields.map((field, column) => {
      if (given[column] !== null) return null
      const builder = new ColumnBuilder(field, rows, this.#bytesExpected[column])
      this.#fill(builder, column, 0, rows, faults)
      return builder
    })
    given.forEach((column, index) => {
      if (column === null) return
      if (faults.size === 0) this.#used[index]! += rows
      else {
        const builder = new ColumnBuilder(fields[index]!, rows)
        builders[index] = builder
        this.#fill(builder, index, 0, rows, faults)
      }
    })
    const made = builders.filter((builder) => builder !== null)
    const left = this.#settle(made, 0, rows, faults)
    this.#pass(rows)
    this.#expect(builders)
    const columns = builders.map((builder, index) => builder?.finish() ?? given[index]!)
    return { schema: this.#schema, rows: left, columns }
  }

  /** The next rows, copied together from as many groups as it takes. */
  #gathered(rowsMax: number): Batch {
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
      this.#pass(count)
    }
    this.#expect(builders)
    return { schema: this.#schema, rows, columns: builders.map((builder) => builder.finish()) }
  }

  #pass(rows: number): void {
    this.#left -= rows
    this.#offset += rows
  }

  #expect(builders: readonly (ColumnBuilder | null)[]): void {
    this.#bytesExpected = builders.map((builder) => {
      const used = builder?.used ?? 0
      return used + (used >> 2)
    })
  }

  #nextGroup(): boolean {
    this.#group = this.#file.nextGroup()
    this.#left = this.#group?.rows ?? 0
    this.#runs = this.#schema.fields.map(() => null)
    this.#used = this.#schema.fields.map(() => 0)
    return this.#group !== null
  }

  /** The run in which the next value of a column lies. */
  #run(column: number): Run {
    const present = this.#runs[column] ?? null
    if (present !== null && this.#used[column] !== present.rows) return present
    const next = this.#group!.next(column)
    this.#runs[column] = next
    this.#used[column] = 0
    return next
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
      const run = this.#run(column)
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

/** Strings up to so many bytes are copied eight at a time, longer ones by the built-in copy. */
const LOOP_MAX = 32

function gatherStrings(run: Run, from: number, target: ColumnBuilder, row: number, count: number) {
  const { offsets, bytes } = run.column
  assert(offsets.length > 0, 'a run of strings has offsets')
  const indexes =
    run.indexes?.subarray(from, from + count) ??
    Int32Array.from({ length: count }, (_, at) => from + at)
  let total = 0
  for (let at = 0; at < count; at++) {
    const index = indexes[at]!
    if (index >= 0) total += offsets[index + 1]! - offsets[index]!
    else target.setNull(row + at)
  }
  target.reserve(total + LOOP_MAX)
  const ends = target.offsets.subarray(row + 1, row + 1 + count)
  target.used = copyStrings({ offsets, bytes }, indexes, target.bytes, target.used, ends)
}

/** Puts strings behind each other from `at` on; returns where the last one ends. Those below 0 are empty. */
function copyStrings(
  { offsets, bytes }: { offsets: Int32Array; bytes: Uint8Array },
  indexes: Int32Array,
  into: Uint8Array,
  at: number,
  ends: Int32Array,
): number {
  const to = new DataView(into.buffer, into.byteOffset, into.length)
  const source = new DataView(bytes.buffer, bytes.byteOffset)
  const safe = source.byteLength - LOOP_MAX
  let used = at
  for (let row = 0; row < indexes.length; row++) {
    const index = indexes[row]!
    const start = index < 0 ? 0 : offsets[index]!
    const length = index < 0 ? 0 : offsets[index + 1]! - start
    if (length <= LOOP_MAX && start <= safe) {
      // What is written too much is written over by the next string.
      for (let done = 0; done < length; done += 8) {
        to.setBigUint64(used + done, source.getBigUint64(start + done, true), true)
      }
    } else into.set(bytes.subarray(start, start + length), used)
    used += length
    ends[row] = used
  }
  return used
}

/** Rows of a run as a column over the same memory; null where they must be copied. */
function slice(run: Run, from: number, rows: number): Column | null {
  const { column, indexes, faults } = run
  if (indexes !== null || faults !== null || from + rows > run.rows) return null
  const to = from + rows
  const { type } = column.field
  const made = (data: ColumnValues): Column => ({ type, data, validity: null })
  switch (column.layout) {
    case 'i32':
      return made({ layout: 'i32', values: column.ints.subarray(from, to) })
    case 'i64':
      return made({ layout: 'i64', values: column.longs.subarray(from, to) })
    case 'f64':
      return made({ layout: 'f64', values: column.doubles.subarray(from, to) })
    case 'bits': {
      if ((from & 7) !== 0) return null
      return made({ layout: 'bits', values: column.bits.subarray(from >> 3, (to + 7) >> 3) })
    }
    case 'utf8': {
      const offsets = column.offsets.subarray(from, to + 1)
      return made({ layout: 'utf8', offsets, bytes: column.bytes })
    }
  }
}
