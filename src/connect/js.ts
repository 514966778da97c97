/**
 * Js: tables over rows that the host program gives: arrays, iterables and async iterables of objects or arrays.
 *
 * How      `'connector' = 'js', 'source' = 'orders'` reads what was registered as `orders`. Objects give columns by
 *          name, case aside; arrays by position. Values may be what JavaScript has at hand: see src/data/host.ts.
 * Contract 1 (checked) a value that does not fit its column makes a bad row.
 *          2 (trusted) an array is finite; any other source is unless `bounded` says so.
 */
import { nearest } from '../../grammar/index.ts'
import { mistake } from '../base/index.ts'
import {
  type Batch,
  batchOf,
  type Connector,
  type ConnectorOptions,
  type Field,
  flatValues,
  hostValue,
  NoStruct,
  type ReaderOptions,
  type Row,
  type Schema,
  type SourceReader,
  type Top,
  topColumns,
  typeText,
  type Value,
} from '../data/index.ts'
import { rowOffset, telling } from './metadata.ts'
import { checkNames, requiredOption } from './options.ts'

export type JsRow = readonly unknown[] | Readonly<Record<string, unknown>>
export type JsRows = Iterable<JsRow> | AsyncIterable<JsRow>
export type JsSource = JsRows | { rows: JsRows; bounded: boolean }

export function jsConnector(sources: ReadonlyMap<string, JsSource>): Connector {
  const find = (options: ConnectorOptions): JsRows => {
    const name = requiredOption(options, 'source', 'orders')
    const source = sources.get(name)
    if (source !== undefined) return rowsOf(source)
    const near = nearest(name, [...sources.keys()])
    return mistake({
      code: 'invalid_option',
      message: `no JavaScript source is registered as '${name}'`,
      hint:
        near === undefined ? 'register it when the database is opened' : `did you mean '${near}'?`,
    })
  }
  return {
    name: 'js',
    get bounded() {
      return [...sources.values()].every(isBounded)
    },
    sink: null,
    source: true,
    metadata: [rowOffset],
    // A generator gives its rows once.
    once: true,
    check: (options, _, ignored) => {
      checkNames(options, ['source'], ignored)
      find(options)
    },
    infer: () => null,
    open: (schema, options, reader) =>
      telling(reader, (asked) => jsReader(find(options), schema, asked)),
    create: () =>
      mistake({ code: 'unsupported', message: `not supported yet: writing to connector 'js'` }),
  }
}

/** Reads rows that are there, or come in time. */
export function jsReader(rows: JsRows, schema: Schema, reader: ReaderOptions): SourceReader {
  const intake = new RowIntake(schema, reader)
  return Symbol.asyncIterator in rows
    ? asyncReader(rows[Symbol.asyncIterator](), intake)
    : syncReader(rows[Symbol.iterator](), intake)
}

function isBounded(source: JsSource): boolean {
  return Array.isArray(source) || ('bounded' in source && source.bounded === true)
}

function rowsOf(source: JsSource): JsRows {
  const isRows = Symbol.iterator in source || Symbol.asyncIterator in source
  return isRows ? (source as JsRows) : (source as { rows: JsRows }).rows
}

/** Turns rows of the host into rows of the table and reports those that do not fit. */
class RowIntake {
  readonly #schema: Schema
  readonly #all: readonly Field[]
  readonly #tops: readonly Top[]
  readonly #reader: ReaderOptions
  #offset = 0
  #rows: Row[] = []

  constructor(schema: Schema, reader: ReaderOptions) {
    this.#all = schema.fields
    this.#tops = topColumns(schema.fields)
    this.#schema = { fields: reader.projection.map((index) => schema.fields[index]!) }
    this.#reader = reader
  }

  get rows(): number {
    return this.#rows.length
  }

  take(given: JsRow): void {
    const offset = this.#offset++
    try {
      this.#rows.push(this.#convert(given))
    } catch (fault) {
      if (!(fault instanceof Unfit)) throw fault
      this.#reader.bad({ offset, message: fault.message, text: excerpt(given) })
    }
  }

  #convert(given: JsRow): Row {
    if (typeof given !== 'object' || given === null) throw new Unfit('a row is an object or array')
    if (Array.isArray(given) && given.length !== this.#tops.length) {
      throw new Unfit(`${given.length} values where ${this.#tops.length} are due`)
    }
    if (this.#tops.length < this.#all.length) return this.#flat(given)
    if (Array.isArray(given)) {
      return this.#reader.projection.map((index) => fieldValue(given[index], this.#all[index]!))
    }
    return this.#schema.fields.map((field) => fieldValue(member(given, field.name), field))
  }

  /** A row of which some columns are STRUCT. */
  #flat(given: JsRow): Row {
    const outer = Array.isArray(given)
      ? given
      : this.#tops.map(({ field }) => member(given, field.name))
    try {
      const flat = flatValues(this.#tops, outer)
      return this.#reader.projection.map((index) => fieldValue(flat[index], this.#all[index]!))
    } catch (fault) {
      throw fault instanceof NoStruct ? new Unfit(fault.message) : fault
    }
  }

  batch(): Batch {
    const rows = this.#rows
    this.#rows = []
    return batchOf(this.#schema, rows)
  }
}

class Unfit extends Error {}

function member(given: object, name: string): unknown {
  if (name in given) return (given as Record<string, unknown>)[name]
  const lower = name.toLowerCase()
  for (const [key, value] of Object.entries(given)) if (key.toLowerCase() === lower) return value
  return undefined
}

/** What the host gives as a value of the column, or throws Unfit. */
function fieldValue(given: unknown, field: Field): Value {
  const { name, type } = field
  if (given === null || given === undefined) {
    if (!field.nullable) throw new Unfit(`column ${name} is NULL but takes none`)
    return null
  }
  const value = hostValue(given, type)
  if (value === undefined) {
    throw new Unfit(`column ${name}: cannot read ${describe(given)} as ${typeText(type)}`)
  }
  return value
}

function describe(given: unknown): string {
  return typeof given === 'object' ? 'an object' : `${typeof given} ${excerpt(given).slice(0, 40)}`
}

/** The start of a row as text; rows of the host may hold anything. */
function excerpt(given: unknown): string {
  try {
    const plain = (_: string, value: unknown) =>
      typeof value === 'bigint' ? value.toString() : value
    return (JSON.stringify(given, plain) ?? String(given)).slice(0, 200)
  } catch {
    return String(given).slice(0, 200)
  }
}

const progress = () => ({ bytes: 0, bytesTotal: null })

function syncReader(rows: Iterator<JsRow>, intake: RowIntake): SourceReader {
  let done = false
  return {
    asynchronous: false,
    read: (rowsMax) => {
      if (done) return null
      while (intake.rows < rowsMax && !done) {
        const next = rows.next()
        if (next.done) done = true
        else intake.take(next.value)
      }
      return done && intake.rows === 0 ? null : intake.batch()
    },
    progress,
    close: () => {
      if (!done) rows.return?.()
      done = true
    },
  }
}

/** A generator's row that is there already takes a few turns of the microtask queue to arrive. */
const TURNS = 16

/**
 * Gives what is there: a batch ends when the next row is not there yet, so that a trickle is seen at once. The row that
 * was asked for too early begins the next batch.
 */
function asyncReader(rows: AsyncIterator<JsRow>, intake: RowIntake): SourceReader {
  let done = false
  let pending: Promise<IteratorResult<JsRow>> | null = null
  let settled = false
  const settle = () => {
    settled = true
  }
  const isReady = async () => {
    if (pending === null) {
      settled = false
      pending = rows.next()
      pending.then(settle, settle)
    }
    for (let turn = 0; !settled && turn < TURNS; turn++) await null
    return settled
  }
  return {
    asynchronous: true,
    read: async (rowsMax) => {
      for (let first = true; !done && intake.rows < rowsMax; first = false) {
        if (!(await isReady()) && !first) break
        const next = await pending!
        pending = null
        if (next.done) done = true
        else intake.take(next.value)
      }
      return done && intake.rows === 0 ? null : intake.batch()
    },
    progress,
    close: () => {
      if (!done) void rows.return?.()
      done = true
    },
  }
}
