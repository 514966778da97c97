/**
 * Many: one source over several files, whose directories may give columns of their own (partitions).
 *
 * How      The files are read one after the other in the order of the listing; a partition column holds one value per
 *          file. A file is opened when its turn has come.
 * Contract 1 (checked) offsets of bad rows count the rows of all files; their messages name the file.
 * Cost     That of the reader of one file.
 */
import { Failure } from '../../base/index.ts'
import {
  type Batch,
  type Column,
  columnOf,
  type Field,
  parseValue,
  type ReaderOptions,
  type Schema,
  type SourceReader,
  typeText,
} from '../../data/index.ts'
import type { FoundFile } from './listing.ts'

export interface Files {
  files: readonly FoundFile[]
  /** Columns of `schema` that the directories give, as indexes. */
  partitions: readonly number[]
  asynchronous: boolean
  open(path: string, schema: Schema, reader: ReaderOptions): SourceReader
}

export class ManyReader implements SourceReader {
  readonly asynchronous: boolean
  readonly #given: Files
  readonly #schema: Schema
  readonly #reader: ReaderOptions
  /** The columns that lie in the files. */
  readonly #inner: Schema
  readonly #innerProjection: number[]
  #next = 0
  #current: SourceReader | null = null
  #constants: (Column | null)[] = []
  #constantRows = 0
  /** Rows of the files before, and of the one at hand. */
  #offset = 0
  #rows = 0
  #closed = false

  constructor(given: Files, schema: Schema, reader: ReaderOptions) {
    this.#given = given
    this.#reader = reader
    this.#schema = { fields: reader.projection.map((index) => schema.fields[index]!) }
    this.asynchronous = given.asynchronous
    const inner = schema.fields.map((_, index) => index)
    const own = inner.filter((index) => !given.partitions.includes(index))
    this.#inner = { fields: own.map((index) => schema.fields[index]!) }
    this.#innerProjection = reader.projection
      .map((index) => own.indexOf(index))
      .filter((index) => index >= 0)
  }

  read(rowsMax: number): Batch | null | Promise<Batch | null> {
    for (;;) {
      if (this.#closed || (this.#current === null && !this.#open())) return null
      const batch = this.#current!.read(rowsMax)
      if (batch instanceof Promise)
        return batch.then((it) => this.#settled(it) ?? this.read(rowsMax))
      const settled = this.#settled(batch)
      if (settled !== null) return settled
    }
  }

  /** The batch with its partition columns; null when it was the last of its file. */
  #settled(batch: Batch | null): Batch | null {
    if (batch !== null) {
      this.#rows += batch.rows
      return this.#completed(batch)
    }
    this.#offset += this.#rows
    this.#rows = 0
    this.#current = null
    return null
  }

  #open(): boolean {
    const file = this.#given.files[this.#next++]
    if (file === undefined) {
      this.close()
      return false
    }
    const { bad } = this.#reader
    this.#current = this.#given.open(file.path, this.#inner, {
      projection: this.#innerProjection,
      ...(this.#reader.metadata === undefined ? {} : { metadata: this.#reader.metadata }),
      bad: ({ offset, message, text }) => {
        this.#rows++
        bad({ offset: this.#offset + offset, message: `${file.path}: ${message}`, text })
      },
    })
    this.#constantRows = 0
    return true
  }

  #completed(batch: Batch): Batch {
    const { fields } = this.#schema
    if (this.#innerProjection.length === fields.length) return batch
    if (this.#constantRows < batch.rows) {
      const { path, keys } = this.#given.files[this.#next - 1]!
      this.#constants = this.#reader.projection.map((index, at) =>
        this.#given.partitions.includes(index)
          ? constantColumn(fields[at]!, keys, { path, rows: batch.rows })
          : null,
      )
      this.#constantRows = batch.rows
    }
    let inner = 0
    const columns = this.#constants.map((column) => column ?? batch.columns[inner++]!)
    // Those of metadata stand behind the others.
    const told = batch.columns.slice(inner)
    const schema = { fields: [...fields, ...batch.schema.fields.slice(inner)] }
    return { schema, rows: batch.rows, columns: [...columns, ...told] }
  }

  progress(): { bytes: number; bytesTotal: number | null } {
    return this.#current?.progress() ?? { bytes: 0, bytesTotal: null }
  }

  close(): void {
    this.#closed = true
    this.#current?.close()
    this.#current = null
  }
}

function constantColumn(
  field: Field,
  keys: FoundFile['keys'],
  { path, rows }: { path: string; rows: number },
): Column {
  const key = keys.get(field.name.toLowerCase())
  const text = key?.value ?? null
  const value = text === null ? null : parseValue(text, field.type)
  if (key === undefined || value === undefined || (value === null && !field.nullable)) {
    const reason =
      key === undefined ? 'is not in the path' : `${text ?? 'NULL'} is no ${typeText(field.type)}`
    throw new Failure('malformed_file', `${path}: partition column ${field.name} ${reason}`)
  }
  return columnOf(field.type, new Array(rows).fill(value))
}
