/**
 * Connector: what a source or a sink of `src/connect` offers to the engine. Interfaces only; the implementations are
 * wired in by the command line and the package's entry.
 */
import type { Batch } from './batch.ts'
import type { Field, Op, Row, Schema, Value } from './type.ts'

/** A row that could not be decoded. `offset` counts the input's rows (good and bad) from 0. */
export interface BadRow {
  offset: number
  message: string
  /** The start of the raw text, at most 200 characters. */
  text: string
}

/** A decoder at work on one input, front to back, in bounded memory. */
export interface SourceReader {
  /**
   * The next batch, with at most `rowsMax` rows and the columns of `projection` in that order; null at the end.
   * A batch may be empty. Rows that cannot be decoded are left out and handed to `bad`.
   * May return a promise only when `asynchronous` is true.
   */
  read(rowsMax: number): Batch | null | Promise<Batch | null>
  readonly asynchronous: boolean
  /** Rows come when their time has come: a continuous query goes on without them. */
  readonly paced?: boolean
  /** Bytes read so far and in all, for progress; null when unknown. */
  progress(): { bytes: number; bytesTotal: number | null }
  close(): void
}

/**
 * A condition that the rows that count fulfil, on one of the table's columns. Where it is NULL it rules a row out, too,
 * unless it is strict.
 */
export interface Bound {
  column: number
  test: 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge' | 'in' | 'is_null' | 'is_not_null'
  values: Value[]
  strict: boolean
}

export interface ReaderOptions {
  /** Indexes into the table's columns, ascending. */
  projection: number[]
  /** Of the connector's `metadata`, by name: their columns stand behind those of `projection`. */
  metadata?: readonly string[]
  /** Where the event time is in `projection`; null or absent without a watermark. */
  time?: number | null
  /** Rows beyond them may be left out. */
  bounds?: readonly Bound[]
  bad: (row: BadRow) => void
}

export interface SinkWriter {
  /** Takes changes in order. Append-only sinks see `+I` only. */
  write(rows: readonly Row[], ops: readonly Op[]): void
  /**
   * The same in columns, used instead of `write` where it is present; null stands for all `+I`. The columns are lent
   * until the call returns: what is kept is copied. They may lie in shared memory.
   */
  writeBatch?(batch: Batch, ops: readonly Op[] | null): void
  /** All data out and closed. */
  close(): void
  /** Gives up: nothing is left of what is not whole. Absent where nothing is kept. */
  abort?(): void
}

/** Gives the writer up: it is closed, and what is not whole is gone. */
export function abortWriter(writer: SinkWriter): void {
  if (writer.abort === undefined) writer.close()
  else writer.abort()
}

/** Options of WITH (…): keys in lower case, values as written. */
export type ConnectorOptions = ReadonlyMap<string, string | number | boolean>

/** Is told the name of an option. */
export type Ignored = (name: string) => void

/** A table definition bound to its connector. */
export interface Connector {
  /** Value of the option `connector`. */
  readonly name: string
  /** Is every input of this connector finite? */
  readonly bounded: boolean
  /** Is the input that these options describe endless, where others are finite? */
  isEndless?(options: ConnectorOptions): boolean
  /** `append`: takes +I only. `changes`: takes every kind. null: cannot be written. */
  readonly sink: 'append' | 'changes' | null
  readonly source: boolean
  /** Rows that were read are gone: a reader that is opened later may not have them. */
  readonly once?: boolean
  /** What a sink is told goes by: what it was told before is not told again when the log is read again. */
  readonly passing?: boolean
  /** How rows may be encoded, by the values of option `format`; absent where they are no bytes. */
  readonly encodings?: readonly string[]
  /** What it tells of a row beside its columns, never NULL; nothing when left out. */
  readonly metadata?: readonly Field[]
  /**
   * Checks options; throws QueryMistake (invalid_option) that names the option and what would work. `ignored` is told
   * those of other systems that change nothing here.
   */
  check(options: ConnectorOptions, schema: Schema | null, ignored?: Ignored): void
  /** Schema found in the input itself, for tables declared without columns; null when it has none. */
  infer(options: ConnectorOptions): Schema | null
  open(schema: Schema, options: ConnectorOptions, reader: ReaderOptions): SourceReader
  /** Where bounds leave files out: how many are read, of how many; else null. */
  extent?(
    schema: Schema,
    options: ConnectorOptions,
    bounds: readonly Bound[],
  ): { read: number; all: number } | null
  create(schema: Schema, options: ConnectorOptions): SinkWriter
}

export type Connectors = ReadonlyMap<string, Connector>
