/**
 * Millrace: an embedded continuous-query database. What SQLite is to tables, Millrace is to streams.
 *
 * How      This is the public interface; it turns rows of the engine into objects and wires the built-in connectors.
 *          Everything else is `src/database`.
 * Contract 1 (checked) a subscription that is left (`break`, `return`, an error, `close`) is cancelled, and one that
 *            is not read holds its query up instead of filling memory.
 *
 * @example
 * import { open } from 'millrace'
 *
 * await using db = await open(':memory:')
 * await db.execute('CREATE STREAM trip (city VARCHAR, fare DOUBLE)')
 * await db.append('trip', [{ city: 'Delft', fare: 12.5 }])
 * console.log(await db.query('SELECT city, SUM(fare) AS fares FROM trip GROUP BY city'))
 */
import { mistake, systemDisk } from './base/index.ts'
import {
  builtinConnectors,
  functionConnector,
  type JsSource,
  type Print,
  type TableFunction,
} from './connect/index.ts'
import {
  type Batch,
  type Connectors,
  type Field,
  type HostValue,
  type Interval,
  type Limits,
  type Op,
  type Scripting,
  type Type,
  timestampMillis,
  topColumns,
} from './data/index.ts'
import * as engine from './database/index.ts'
import { type RowObject, rowObjects } from './rows.ts'
import * as user from './user-function.ts'

export { type Code, type Diagnostic, Failure, QueryMistake } from './base/index.ts'
export type { JsRow, JsRows, JsSource, Print } from './connect/index.ts'
export type { RowObject } from './rows.ts'
export type {
  AggregateOptions,
  Aggregator,
  ResultOf,
  ScalarOptions,
  TableOptions,
  TableRows,
  ValueOf,
} from './user-function.ts'
export type { Batch, Field, HostValue, Interval, Limits, Op, Type }

export interface OpenOptions {
  /** Where the engine runs: on this event loop, or in a worker thread. */
  thread?: 'host' | 'worker'
  /** Hash ranges of keys, each with its own memory, at most 1024. */
  fragments?: number
  /** Rows per vector, at most 65 536; it never changes an answer. */
  vectorSize?: number
  /** WebAssembly, or closures where code generation is forbidden. */
  backend?: 'wasm' | 'closure'
  /** Own connectors, beside and before the built-in ones. */
  connectors?: Connectors
  /** What tables WITH ('connector' = 'js', 'source' = NAME) read. */
  sources?: Record<string, JsSource>
  /**
   * May statements bring functions of their own, in JavaScript or TypeScript? They run apart from the program, with
   * limits of time and memory for each row, and see neither files nor network. They are switched off unless asked for.
   */
  javascript?: boolean | Limits
  /**
   * Gives functions of the program before anything else happens, so that statements which are read again find them.
   *
   * @example
   * const options = { args: ['INTEGER'], returns: 'INTEGER', deterministic: true } as const
   * await open(':memory:', { functions: (db) => db.function('twice', options, (n) => 2 * n) })
   */
  functions?: (db: Pick<Database, 'function' | 'aggregate' | 'tableFunction'>) => void
  /** Takes what connector `print` and COPY … TO STDOUT write, whole lines, instead of the standard streams. */
  print?: Print
}

export interface ExecuteOptions {
  /** Values for `?` and `$1` (an array) or `:name` (an object). */
  params?: unknown[] | Record<string, unknown>
  /** Texts for `${NAME}`, replaced before the text is read. */
  vars?: Record<string, string>
  signal?: AbortSignal
  onNotice?: (text: string) => void
}

/** What one statement gave. */
export type StatementResult<T = RowObject> =
  | { kind: 'rows'; fields: Field[]; rows: T[] }
  | { kind: 'changes'; fields: Field[]; appendOnly: boolean; commits: AsyncIterable<Commit<T>> }
  | { kind: 'done'; message: string }

/** The changes of one commit. */
export interface Commit<T = RowObject> {
  cycle: number
  /** Where the query stands in the log. */
  offset: number
  /** Event time up to which the result is final, in milliseconds; null without a watermark. */
  watermark: number | null
  /** Does this commit tell the present state instead of a change to it? */
  snapshot: boolean
  rows: T[]
  /** The kind of change of each row. */
  ops: Op[]
}

/** One change with the cycle it belongs to. */
export interface Change<T = RowObject> {
  op: Op
  row: T
  cycle: number
}

/**
 * Rows to append: objects by column name (case aside), or arrays in column order. A TIMESTAMP takes a Date, a number of
 * milliseconds, a bigint of microseconds, or a text; other types take a number, bigint or text of the same value.
 */
export type AppendRows = readonly (Record<string, unknown> | readonly unknown[])[]

/** Opens a database: in a directory, which is made if it is not there, or in memory with `':memory:'`. */
export async function open(directory: string, options: OpenOptions = {}): Promise<Database> {
  const {
    thread = 'host',
    sources = {},
    connectors: own,
    print,
    javascript = false,
    functions: given,
    ...rest
  } = options
  if (thread !== 'host' && thread !== 'worker') {
    mistake({ code: 'invalid_option', message: "option thread is 'host' or 'worker'" })
  }
  if (thread === 'worker') {
    if (given !== undefined) refuseInWorker()
    if (own !== undefined || print !== undefined) {
      mistake({
        code: 'unsupported',
        message: 'not supported yet: own connectors and print in a worker',
        hint: "give rows as sources, or open with thread: 'host'",
      })
    }
    const { openOnThread } = await import('./thread.ts')
    const remote = openOnThread(directory, { ...rest, javascript }, sources)
    await remote.opened
    return new Database(remote)
  }
  const builtin = builtinConnectors(systemDisk, new Map(Object.entries(sources)), print)
  const tables = new Map<string, TableFunction>()
  const functions = functionConnector(tables)
  const connectors = new Map([...builtin, [functions.name, functions], ...(own ?? [])])
  const scripting = await sandboxOf(javascript)
  const prepare = (database: engine.Database) => given?.(new Database(database, tables))
  const opened = await engine.open(directory, { ...rest, ...scripting, connectors, prepare })
  return new Database(opened, tables)
}

/** What a function refers to cannot cross to another thread. */
function refuseInWorker(): never {
  return mistake({
    code: 'unsupported',
    message:
      'a function of the program cannot run in the worker: what it refers to stays on its thread',
    hint: "open with thread: 'host', or write it with CREATE FUNCTION … LANGUAGE JAVASCRIPT",
  })
}

/** The place for functions in JavaScript, which is loaded where they are allowed. */
async function sandboxOf(javascript: boolean | Limits): Promise<{ scripting?: Scripting }> {
  if (javascript === false) return {}
  const { openSandbox } = await import('./sandbox/index.ts')
  return { scripting: await openSandbox(javascript === true ? {} : javascript) }
}

export class Database {
  #engine: engine.Database | engine.RemoteDatabase
  /** What table functions do, by their names in lower case. */
  readonly #tables: Map<string, TableFunction>

  /** @internal Use `open`. */
  constructor(database: engine.Database | engine.RemoteDatabase, tables = new Map()) {
    this.#engine = database
    this.#tables = tables
  }

  /** Runs one or more statements, in order; stops at the first mistake. */
  async execute(sql: string, options: ExecuteOptions = {}): Promise<StatementResult[]> {
    const results = await this.#engine.execute(sql, options)
    return results.map(publicResult)
  }

  /** Runs one one-shot query and gives its rows; a text that is anything else is refused before it does anything. */
  async query<T = RowObject>(
    sql: string,
    params?: ExecuteOptions['params'],
    options: { signal?: AbortSignal } = {},
  ): Promise<T[]> {
    const { fields, rows } = await this.#engine.query(sql, params, options)
    return rows.map(rowObjects<T>(fields))
  }

  /** Adds rows to a stream; resolves when they are in the log. */
  append(stream: string, rows: AppendRows | Batch): Promise<{ offset: number }> {
    return this.#engine.append(stream, rows)
  }

  /**
   * Follows a view, `(query)` or `SELECT … EMIT CHANGES`: its present state first, then every change to it. When
   * `signal` comes, the loop over it fails with `cancelled`.
   */
  subscribe<T = RowObject>(
    sql: string,
    params?: ExecuteOptions['params'],
    options: { signal?: AbortSignal } = {},
  ): Subscription<T> {
    return new Subscription(this.#engine.subscribe(sql, params, options))
  }

  /** The plan of a statement, as text. */
  explain(sql: string): Promise<string> {
    return this.#engine.explain(sql)
  }

  /**
   * Gives a function to statements: of one row, or with `batch` of the columns of many. It is there for the statements
   * that come after. What it throws is the error of the row. Fails with `duplicate_name` for a name that is taken.
   *
   * @example
   * db.function('area', { args: ['DOUBLE', 'DOUBLE'], returns: 'DOUBLE', deterministic: true }, (a, b) => a * b)
   */
  function<
    const A extends readonly string[],
    const R extends string,
    const Nulls extends 'skip' | 'pass' = 'skip',
    const Batch extends boolean = false,
  >(
    name: string,
    options: user.ScalarOptions<A, R, Nulls, Batch>,
    call: user.ScalarFunction<A, R, Nulls, Batch>,
  ): void {
    const given = user.givenFunction(name, 'scalar', options)
    const batch = options.batch === true
    checkCallable(name, call)
    this.#local().function(given, (shape) => user.scalarFunction(shape, call as never, batch))
  }

  /**
   * Gives an aggregate to statements. It takes rows back, too: its value is made of the rows that there are.
   *
   * @example
   * db.aggregate('longest', { args: ['VARCHAR'], returns: 'VARCHAR' }, {
   *   create: () => '',
   *   accumulate: (longest, text) => (text.length > longest.length ? text : longest),
   *   finish: (longest) => longest,
   * })
   */
  aggregate<
    const A extends readonly string[],
    const R extends string,
    S,
    const Nulls extends 'skip' | 'pass' = 'skip',
  >(
    name: string,
    options: user.AggregateOptions<A, R, Nulls>,
    aggregator: user.AggregateFunction<A, R, Nulls, S>,
  ): void {
    const given = user.givenFunction(name, 'aggregate', options)
    user.checkAggregator(name, aggregator)
    this.#local().function(given, (shape) => user.aggregateFunction(shape, aggregator as never))
  }

  /**
   * Gives a function to FROM, whose rows are arrays, or objects by column name: `SELECT * FROM words('a b')`. Its
   * arguments are constants, and its rows end; a query that goes on takes them before all others.
   *
   * @example
   * const options = { args: ['VARCHAR'], columns: { word: 'VARCHAR' } } as const
   * db.tableFunction('words', options, (text) => text.split(' ').map((word) => [word]))
   */
  tableFunction<const A extends readonly string[], const Nulls extends 'skip' | 'pass' = 'skip'>(
    name: string,
    options: user.TableOptions<A, Nulls>,
    call: user.TableFunction<A, Nulls>,
  ): void {
    const given = user.givenFunction(name, 'table', options)
    checkCallable(name, call)
    this.#local().function(given, () => () => [])
    this.#tables.set(name.toLowerCase(), { call: call as never, takesNull: given.takesNull })
  }

  /** The engine on this thread. */
  #local(): engine.Database {
    return this.#engine instanceof engine.Database ? this.#engine : refuseInWorker()
  }

  /** Begins a session: its transactions stand beside those of others, and of the database itself. */
  session(): Session {
    return new Session(this.#engine)
  }

  /**
   * Runs `work` as one transaction in a session of its own: what it changes is there for others when its promise has
   * resolved, and not at all when it throws. Fails with code `conflict` when another session was first to change the
   * same rows; then it may be called again.
   */
  async transaction<T>(work: (session: Session) => Promise<T>): Promise<T> {
    await using session = this.session()
    await session.execute('BEGIN')
    const result = await work(session)
    await session.execute('COMMIT')
    return result
  }

  close(): Promise<void> {
    return this.#engine.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

function checkCallable(name: string, call: unknown): void {
  if (typeof call === 'function') return
  mistake({
    code: 'invalid_option',
    message: `${name} is given without what it does`,
    hint: 'the last argument is a function',
  })
}

let sessions = 0

/** Statements of one client, in order. Closing it rolls back what it has not committed. */
export class Session {
  readonly #engine: engine.Database | engine.RemoteDatabase
  readonly #name = `session ${sessions++}`

  /** @internal Use `Database.session`. */
  constructor(database: engine.Database | engine.RemoteDatabase) {
    this.#engine = database
  }

  /** Runs one or more statements, in order; stops at the first mistake. */
  async execute(sql: string, options: ExecuteOptions = {}): Promise<StatementResult[]> {
    const results = await this.#engine.execute(sql, { ...options, session: this.#name })
    return results.map(publicResult)
  }

  /** Runs one one-shot query and gives its rows. */
  async query<T = RowObject>(
    sql: string,
    params?: ExecuteOptions['params'],
    options: { signal?: AbortSignal } = {},
  ): Promise<T[]> {
    const asked = { ...options, session: this.#name }
    const { fields, rows } = await this.#engine.query(sql, params, asked)
    return rows.map(rowObjects<T>(fields))
  }

  close(): Promise<void> {
    return this.#engine.leave(this.#name)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/** A query that is being followed; iterate it once. */
export class Subscription<T = RowObject> implements AsyncIterable<Commit<T>> {
  #commits: engine.Subscription

  /** @internal Use `Database.subscribe`. */
  constructor(commits: engine.Subscription) {
    this.#commits = commits
  }

  [Symbol.asyncIterator](): AsyncIterator<Commit<T>> {
    return publicCommits<T>(this.#commits, () => this.#commits.fields)
  }

  /** The changes one by one. */
  async *changes(): AsyncGenerator<Change<T>> {
    for await (const { cycle, rows, ops } of this) {
      for (let at = 0; at < rows.length; at++) yield { op: ops[at]!, row: rows[at]!, cycle }
    }
  }

  /** Ends it from anywhere: a loop that waits for the next commit is left, as at the end of a bounded query. */
  async close(): Promise<void> {
    this.#commits.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

async function* publicCommits<T>(
  commits: AsyncIterable<engine.RawCommit>,
  fields: () => Field[],
): AsyncGenerator<Commit<T>> {
  let convert: ((row: engine.RawCommit['rows'][number]) => T) | null = null
  for await (const { cycle, offset, watermark, snapshot, rows, ops } of commits) {
    convert ??= rowObjects<T>(fields())
    yield {
      cycle,
      offset,
      watermark: watermark === null ? null : timestampMillis(watermark),
      snapshot,
      rows: rows.map(convert),
      ops,
    }
  }
}

/** The columns of flat fields: one for a STRUCT. */
function columnsOf(fields: readonly Field[]): Field[] {
  return topColumns(fields).map(({ field }) => field)
}

function publicResult(result: engine.StatementResult): StatementResult {
  switch (result.kind) {
    case 'rows':
      return {
        kind: 'rows',
        fields: columnsOf(result.fields),
        rows: result.rows.map(rowObjects<RowObject>(result.fields)),
      }
    case 'changes':
      return {
        kind: 'changes',
        fields: columnsOf(result.fields),
        appendOnly: result.appendOnly,
        commits: publicCommits(result.commits, () => result.fields),
      }
    case 'done':
      return result
  }
}
