/**
 * Database: the door to the engine: statements, rows in, changes out; one actor with a mailbox.
 *
 * How      Calls are put into a mailbox and done one at a time, in slices of about 1 ms of the host's loop. Between
 *          them cycles form by themselves while there is something to take (`cycles: 'drain'`), or only at FLUSH,
 *          reads and ends ('manual'). A plain statement reads after a commit point, so that it sees everything
 *          appended before it.
 * Contract 1 (checked) statements of one call run in order and stop at the first mistake.
 *          2 (checked) a subscriber that does not read holds back new cycles; nothing is dropped.
 * See      src/database/engine.ts
 */
import { type Expression, parse, print, type Statement, substitute } from '../../grammar/index.ts'
import {
  assert,
  type Clock,
  type Disk,
  Failure,
  mistake,
  QueryMistake,
  systemClock,
  systemDisk,
} from '../base/index.ts'
import { givenSchema, type Relation, schemas, temporaryName, userShape } from '../catalog/index.ts'
import type {
  Batch,
  Connectors,
  Field,
  Schema,
  Scripting,
  UserFunction,
  UserShape,
} from '../data/index.ts'
import type { Backend } from '../kernel/index.ts'
import { Log } from '../log/index.ts'
import {
  type BoundStatement,
  bind,
  bindGivenFunction,
  type GivenFunction,
  withFullNames,
} from '../plan/index.ts'
import { askPlan, askRows, checkAsks, type ResultSet } from './ask.ts'
import { openDirectory, type Place } from './directory.ts'
import { Engine } from './engine.ts'
import { type InputRow, ingest } from './ingest.ts'
import type { Work } from './query.ts'
import { dropsOf, plainFault, plainResult, plainText, sharedSession } from './session/temporary.ts'
import {
  checkInside,
  checkState,
  endTransaction,
  refuseFailed,
  viewsInside,
} from './session/transact.ts'
import {
  type Outcome,
  perform,
  type Session,
  type SessionState,
  type StatementResult,
} from './statement.ts'
import { CommitQueue, type RawCommit } from './subscription.ts'
import { performSet } from './together/statement-set.ts'

export interface DatabaseOptions {
  /** Where the engine runs: on this event loop or in a worker. */
  thread?: 'host' | 'worker'
  vectorSize?: number
  fragments?: number
  backend?: Backend
  disabledRewrites?: readonly string[]
  planThroughJson?: boolean
  connectors?: Connectors
  /** Allows functions in JavaScript, and makes them of their texts. */
  scripting?: Scripting
  disk?: Disk
  clock?: Clock
  /** Rows that one query takes in one cycle at most. */
  cycleRows?: number
  /** When commit points come: by themselves, or at FLUSH, reads and the end of input only. */
  cycles?: 'drain' | 'manual'
  /** A log to go on with; its statements and cycles are re-run first. */
  log?: Log
  /** Where a directory lies, instead of the disks of this machine. */
  place?: Place
  /** Called before the log is read: gives the functions that its statements call. */
  prepare?: (database: Database) => void
  /** Asserts after every step that changes of state are marked for checkpoints. Slow. */
  checks?: boolean
  /** Called before every step with its number; may throw, as a crash would. */
  beforeStep?: (step: number) => void
}

export interface ExecuteOptions {
  params?: unknown[] | Record<string, unknown> | undefined
  vars?: Record<string, string>
  /** Whose statements these are: a transaction belongs to a session. Without a name, those of one that all share. */
  session?: string
  /** The text is one statement that gives rows and ends, or nothing is done. */
  asks?: boolean
  signal?: AbortSignal
  onNotice?: (text: string) => void
  /** Called after each statement, and waited for. */
  onResult?: (result: StatementResult) => void | Promise<void>
  onProgress?: (progress: Progress) => void
}

/** How far a long statement is. */
interface Progress {
  rows: number
  bytes: number
  bytesTotal: number | null
}

/** Milliseconds of work between two turns of the event loop. */
const sliceMillis = 1
const progressMillis = 100
const vectorSizeMax = 65_536
const fragmentsMax = 1024
/** Between looks at sources whose rows are not due yet. */
const pacedMillis = 1
/** Between looks whether a FETCH that waits was cancelled. */
const fetchMillis = 50

/** Throws for a directory, or for an option, that no database opens with. */
export function checkOpening(directory: string, options: DatabaseOptions): void {
  if (directory === '') {
    const hint = "':memory:' opens one that does not last"
    mistake({ code: 'invalid_option', message: 'a database has a directory', hint })
  }
  const { vectorSize = 1, fragments = 1, backend = 'wasm' } = options
  checkOption('vectorSize', vectorSize, vectorSizeMax)
  checkOption('fragments', fragments, fragmentsMax)
  if (backend !== 'wasm' && backend !== 'closure') {
    mistake({ code: 'invalid_option', message: `option backend is 'wasm' or 'closure'` })
  }
}

function checkOption(name: string, value: number, max: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= max) return
  mistake({ code: 'invalid_option', message: `option ${name} is a whole number from 1 to ${max}` })
}

/** Opens a database: in a directory, which is made, or in memory. */
export async function open(directory: string, options: DatabaseOptions = {}): Promise<Database> {
  checkOpening(directory, options)
  if (directory === ':memory:') return recovered(new Database(options), options)
  const { clock = systemClock, place } = options
  const lasting = await openDirectory(directory, clock, place)
  try {
    return await recovered(new Database({ ...options, log: lasting.log }, lasting.close), options)
  } catch (fault) {
    await lasting.close()
    throw fault
  }
}

async function recovered(database: Database, options: DatabaseOptions): Promise<Database> {
  options.prepare?.(database)
  await database.recover()
  return database
}

export class Database {
  readonly #engine: Engine
  readonly #manual: boolean
  readonly #clock: Clock
  #mailbox: Promise<unknown> = Promise.resolve()
  #pumping = false
  #closed = false
  #fault: unknown = null
  #queues = new Set<CommitQueue>()
  readonly #sessions = new Map<string, SessionState>()
  #sessionsMade = 0
  #sliceStart = 0
  #cancelIdle = () => {}
  readonly #release: () => Promise<void>

  /** @internal Use `open`. `release` closes what the log lies in. */
  constructor(options: DatabaseOptions, release = async () => {}) {
    this.#release = release
    this.#manual = options.cycles === 'manual'
    this.#clock = options.clock ?? systemClock
    this.#engine = new Engine({
      vectorSize: options.vectorSize ?? 4096,
      fragments: options.fragments ?? 1,
      backend: options.backend ?? 'wasm',
      disabledRewrites: options.disabledRewrites ?? [],
      planThroughJson: options.planThroughJson ?? false,
      connectors: options.connectors ?? new Map(),
      scripting: options.scripting ?? null,
      disk: options.disk ?? systemDisk,
      clock: this.#clock,
      manual: this.#manual,
      cycleRows: options.cycleRows ?? (this.#manual ? Number.MAX_SAFE_INTEGER : 262_144),
      log: options.log ?? new Log(),
      checks: options.checks ?? false,
      beforeStep: options.beforeStep ?? null,
    })
    this.#engine.wake = () => this.#schedule()
    this.#engine.log.onFault((fault) => this.#endFollowers(fault))
  }

  /** Re-runs the statements and cycles that the log holds. */
  async recover(): Promise<void> {
    const { log } = this.#engine
    if (log.frames.length === 0) return
    log.forgetUncommitted()
    log.rewind()
    await this.#enqueue(() => this.#replay())
    await this.#dropOwned((session) => session !== sharedSession)
    this.#schedule()
  }

  /** Runs SQL text. */
  async execute(sql: string, options: ExecuteOptions = {}): Promise<StatementResult[]> {
    const state = this.#session(options.session ?? '')
    try {
      return await this.#execute(sql, options, state)
    } catch (fault) {
      if (state.transaction !== null) state.transaction.failed = true
      throw plainFault(fault, state.number ?? sharedSession)
    }
  }

  /** Ends a session: what it has not committed, and what it has for itself, is gone. */
  async leave(session: string): Promise<void> {
    const state = this.#sessions.get(session)
    if (state === undefined) return
    endTransaction(state)
    for (const cursor of state.cursors.values()) cursor.close()
    this.#sessions.delete(session)
    await this.#dropOwned((number) => number === state.number)
  }

  #session(name: string): SessionState {
    const present = this.#sessions.get(name)
    if (present !== undefined) return present
    const number = name === '' ? sharedSession : ++this.#sessionsMade
    const state: SessionState = { transaction: null, cursors: new Map(), number }
    this.#sessions.set(name, state)
    return state
  }

  async #execute(
    sql: string,
    options: ExecuteOptions,
    state: SessionState,
  ): Promise<StatementResult[]> {
    const { text, statements, sets, mistakes, hints } = read(sql, options.vars)
    if (options.asks) {
      if (mistakes.length > 0) throw new QueryMistake(mistakes, text)
      checkAsks(statements, text)
    }
    if (mistakes.length === 0) checkCount(statements, options.params, text)
    const results: StatementResult[] = []
    let from = 0
    for (const [at, statement] of statements.entries()) {
      const until = statements[at + 1]?.span.start ?? Number.POSITIVE_INFINITY
      const given = hints.filter(({ span }) => from <= span.start && span.start < until)
      for (const { names } of given) options.onNotice?.(`hint ${names.join(', ')} is ignored`)
      from = until
      const set = sets.find((one) => one.includes(statement))
      if (set !== undefined && set.at(-1) !== statement) continue
      const found =
        set === undefined
          ? [await this.#statement(statement, text, { ...options, state })]
          : await this.#set(set, text, { ...options, state })
      for (const result of found) {
        results.push(result)
        await options.onResult?.(result)
      }
    }
    if (mistakes.length > 0) throw new QueryMistake(mistakes, text)
    return results
  }

  /** Runs one one-shot query. */
  query(
    sql: string,
    params?: ExecuteOptions['params'],
    options: { signal?: AbortSignal; session?: string } = {},
  ): Promise<ResultSet> {
    return askRows(this, sql, { ...options, params })
  }

  /** Appends rows to a stored stream or table; resolves when they are in the log. */
  async append(stream: string, rows: readonly InputRow[] | Batch): Promise<{ offset: number }> {
    const room = this.#engine.log.room()
    // A device that is slower than those who append holds them back.
    if (room !== null) await room
    const schema = this.schemaOf(stream)
    const relation = this.#relation(stream)!
    refuseFilled(relation)
    const offset = this.#engine.append(relation, ingest(schema, rows))
    this.#schedule()
    await this.#engine.log.durable()
    return { offset }
  }

  /** Columns that a row of a stored stream or table is given. */
  schemaOf(stream: string): Schema {
    this.#checkOpen()
    const relation = this.#relation(stream)
    if (relation?.kind === 'stream' || relation?.kind === 'table') return givenSchema(relation)
    throw new QueryMistake([
      {
        code: 'unknown_name',
        message: `there is no stream or stored table ${stream}`,
        hint: 'CREATE STREAM makes one',
      },
    ])
  }

  /** What a program names: its own temporary relation, before one of everybody. */
  #relation(name: string): Relation | undefined {
    const { catalog, settings } = this.#engine
    const parts = name.split('.')
    const { omitted, schema } = schemas.locate(catalog, parts, schemas.searchedIn(settings))
    const rest = parts.slice(omitted).join('.')
    const full = schema === null ? rest : `${schema}.${rest}`
    return catalog.get(temporaryName(sharedSession, name)) ?? catalog.get(full)
  }

  /** Drops what the sessions have for themselves that `ends` picks. */
  async #dropOwned(ends: (session: number) => boolean): Promise<void> {
    const state = { transaction: null, cursors: new Map(), number: null }
    for (const text of dropsOf(this.#engine.catalog, ends)) await this.#execute(text, {}, state)
  }

  /** Follows a query or view. */
  subscribe(
    sql: string,
    params?: ExecuteOptions['params'],
    options: { signal?: AbortSignal } = {},
  ): Subscription {
    return Subscription.of(this, sql, params, options)
  }

  /** Gives a function to statements; `make` is handed the types of its arguments and of its result. */
  function(given: GivenFunction, make: (shape: UserShape) => UserFunction): void {
    this.#checkOpen()
    const { catalog, options, dialect } = this.#engine
    const parameters = parametersOf(undefined)
    const { connectors } = options
    const context = { catalog, connectors, parameters, text: '', dialect }
    const made = bindGivenFunction(context, given)
    this.#engine.addFunction(made, make(userShape(made)))
  }

  /** The plan of a statement as text. */
  explain(sql: string): Promise<string> {
    return askPlan(this, sql)
  }

  /** Resolves when every query that ends by itself has ended and nothing is left to take. */
  async settled(): Promise<void> {
    for (;;) {
      await this.#enqueue(() => this.#engine.flush())
      if (!this.#engine.awaitsRows()) return
      await this.#clock.sleep(pacedMillis)
    }
  }

  get log(): Log {
    return this.#engine.log
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#cancelIdle()
    for (const queue of [...this.#queues]) queue.end()
    await this.#mailbox.catch(() => {})
    this.#engine.close()
    await this.#release()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #statement(
    statement: Statement,
    text: string,
    options: ExecuteOptions & { state: SessionState },
  ): Promise<StatementResult> {
    const engine = this.#engine
    const member = () => this.#member(statement, text, options)
    const room = engine.log.room()
    if (room !== null) await room
    let frames = 0
    const result = await this.#enqueue(function* () {
      frames = engine.log.frames.length
      const { bound, session } = member()
      const outcome = yield* perform(engine, bound, session)
      frames = engine.log.frames.length - frames
      return outcome
    }, options)
    this.#schedule()
    const settled = await this.#settle(result, options)
    await this.#lasting(frames > 0, options)
    const { number } = options.state
    return number === null ? settled : plainResult(statement, settled, number)
  }

  /** Waits for what a statement waits for while others go on. */
  async #settle(outcome: Outcome, options: ExecuteOptions): Promise<StatementResult> {
    if (outcome.kind === 'running') return this.#untilEnded(outcome, options)
    return outcome.kind === 'fetching' ? this.#fetched(outcome, options) : outcome
  }

  /** As many rows as are asked for, or those that have come within the time. */
  async #fetched(
    { cursor, count, timeoutMillis }: Outcome & { kind: 'fetching' },
    { signal }: ExecuteOptions,
  ): Promise<StatementResult> {
    const end = this.#clock.monotonicMillis() + timeoutMillis
    while (!cursor.has(count ?? 1)) {
      if (signal?.aborted) throw new Failure('cancelled', 'the statement was cancelled')
      const left = end - this.#clock.monotonicMillis()
      if (left <= 0) break
      await Promise.race([cursor.change(), this.#clock.sleep(Math.min(left, fetchMillis))])
    }
    return { kind: 'rows', fields: cursor.fields, rows: cursor.take(count) }
  }

  /** Runs the statements of a set: those that go on begin together, and all of them go on where one fails. */
  async #set(
    statements: readonly Statement[],
    text: string,
    options: ExecuteOptions & { state: SessionState },
  ): Promise<StatementResult[]> {
    const engine = this.#engine
    const members = () => statements.map((statement) => this.#member(statement, text, options))
    const outcomes = await this.#enqueue(() => performSet(engine, members()), options)
    this.#schedule()
    const waits = outcomes.map((outcome) => () => this.#settle(outcome, options))
    const results: StatementResult[] = []
    const faults: unknown[] = []
    for (const wait of waits) {
      try {
        results.push(await wait())
      } catch (fault) {
        faults.push(fault)
      }
    }
    if (faults.length > 0) throw faults[0]
    await this.#engine.log.durable()
    return results
  }

  /** What is told to be so must be so after a crash, too. Where the log takes nothing more, readers go on. */
  async #lasting(hasChanged: boolean, { onNotice }: ExecuteOptions): Promise<void> {
    const { log } = this.#engine
    if (hasChanged || log.fault === null) await log.durable()
    else onNotice?.(`${log.fault.message}; what was not acknowledged may show, and be gone later`)
  }

  /** A statement, bound, with the session that it belongs to. */
  #member(
    given: Statement,
    text: string,
    options: ExecuteOptions & { state: SessionState },
  ): { bound: BoundStatement; session: Session } {
    const { number } = options.state
    const { catalog, settings } = this.#engine
    const naming = { catalog, searched: schemas.searchedIn(settings), text }
    const statement = number === null ? given : withFullNames(given, { ...naming, session: number })
    const bound = this.#bound(statement, text, options)
    return {
      bound,
      session: this.#sessionOf(statement, text, { ...options, isEdited: statement !== given }),
    }
  }

  #bound(
    statement: Statement,
    text: string,
    { state, params }: ExecuteOptions & { state: SessionState },
  ): BoundStatement {
    refuseFailed(statement, state, text)
    checkState(statement, state, text)
    const { transaction } = state
    const found = bind(statement, {
      catalog: this.#engine.catalog,
      connectors: this.#engine.options.connectors,
      parameters: parametersOf(params),
      text,
      dialect: this.#engine.dialect,
      settings: this.#engine.settings,
      ...(transaction === null ? {} : { recomputed: viewsInside(this.#engine, transaction) }),
    })
    if (transaction !== null) checkInside(statement, found, text)
    return found
  }

  #sessionOf(
    statement: Statement,
    text: string,
    {
      state,
      params,
      onNotice,
      isEdited,
    }: ExecuteOptions & { state: SessionState; isEdited: boolean },
  ): Session {
    const source = isEdited ? print(numbered(statement)) : sourceOf(statement, text)
    return {
      state,
      text,
      source: { text: source, parameters: parametersOf(params) },
      notice: (notice) => onNotice?.(plainText(notice, state.number ?? sharedSession)),
      openQueue: (cancel) => this.#openQueue(cancel),
    }
  }

  /** Waits for a continuous statement over bounded sources. */
  async #untilEnded(
    { query, message }: Outcome & { kind: 'running' },
    options: ExecuteOptions,
  ): Promise<StatementResult> {
    const engine = this.#engine
    const isThere = () => engine.queries.get(query.name.toLowerCase()) === query
    while (!query.ended && isThere()) {
      // A cycle is never cut short: what it took would be missing from the log.
      if (options.signal?.aborted) {
        engine.stop(query.name)
        engine.log.appendStatement(
          `DROP QUERY ${query.name}`,
          parametersOf(undefined),
          engine.nowMicros(),
        )
        throw new Failure('cancelled', 'the statement was cancelled')
      }
      if (!query.hasWork(engine.log.position)) {
        await this.#clock.sleep(pacedMillis)
        continue
      }
      const { onProgress } = options
      await this.#enqueue(() => engine.cycle(), onProgress === undefined ? {} : { onProgress })
    }
    if (query.fault !== null) throw query.fault
    return { kind: 'done', message: message() }
  }

  #openQueue(cancel: () => void): CommitQueue {
    const queue: CommitQueue = new CommitQueue(
      () => this.#schedule(),
      () => {
        this.#queues.delete(queue)
        cancel()
      },
      { lasting: () => this.#engine.log.durable() },
    )
    this.#queues.add(queue)
    return queue
  }

  /** Lets cycles form when there is work, one at a time, with statements in between. */
  #schedule(): void {
    if (this.#manual || this.#pumping || this.#closed) return
    this.#engine.noteIdle(this.#engine.nowMicros())
    if (!this.#engine.hasWork()) return this.#awaitIdle()
    this.#pumping = true
    const pump = async () => {
      try {
        while (!this.#closed && this.#engine.hasWork() && !this.#isHeldBack()) {
          await this.#enqueue(() => this.#engine.cycle())
          await this.#clock.yield()
        }
      } finally {
        this.#pumping = false
      }
      this.#awaitIdle()
    }
    pump().catch((fault) => this.#failAll(fault))
  }

  /** Looks again when a source that a query waits for is due to count as idle. */
  #awaitIdle(): void {
    this.#cancelIdle()
    const due = this.#closed ? null : this.#engine.idleDue
    if (due === null) return
    const millis = Math.max(1, Math.ceil((due - this.#engine.nowMicros()) / 1000))
    this.#cancelIdle = this.#clock.after(millis, () => this.#schedule())
  }

  #isHeldBack(): boolean {
    for (const queue of this.#queues) if (queue.full) return true
    return false
  }

  /** A cycle failed: every follower hears of it. */
  #failAll(fault: unknown): void {
    this.#fault = fault
    this.#endFollowers(fault)
  }

  #endFollowers(fault: unknown): void {
    for (const queue of [...this.#queues]) queue.end(fault)
  }

  #checkOpen(): void {
    if (this.#closed) throw new Failure('closed', 'the database is closed')
    if (this.#fault !== null) throw this.#fault
  }

  /** Does one piece of work after all that came before it. */
  #enqueue<T>(work: () => Work<T>, options: ExecuteOptions = {}): Promise<T> {
    const run = async () => {
      this.#checkOpen()
      return this.#drive(work(), options)
    }
    const done = this.#mailbox.then(run, run)
    this.#mailbox = done.catch(() => {})
    return done
  }

  async #drive<T>(work: Work<T>, { signal, onProgress }: ExecuteOptions): Promise<T> {
    let reported = this.#clock.monotonicMillis()
    for (;;) {
      if (signal?.aborted) {
        work.return(undefined as T)
        throw new Failure('cancelled', 'the statement was cancelled')
      }
      this.#engine.beforeStep()
      const step = work.next()
      if (step.done) return step.value
      if (step.value instanceof Promise) await step.value
      const now = this.#clock.monotonicMillis()
      if (now - this.#sliceStart >= sliceMillis) {
        if (onProgress !== undefined && now - reported >= progressMillis) {
          reported = now
          onProgress(this.#engine.progress())
        }
        await this.#clock.yield()
        this.#sliceStart = this.#clock.monotonicMillis()
      }
    }
  }

  *#replay(): Work<void> {
    const engine = this.#engine
    engine.replaying = true
    for (const frame of [...engine.log.frames]) {
      if (frame.kind === 'statement') {
        engine.replayed = frame
        const { statements, sets } = read(frame.text, undefined)
        assert(statements.length === 1 || sets.length === 1, 'a frame holds a statement, or a set')
        const members = statements.map((statement) => ({
          bound: bind(statement, {
            catalog: engine.catalog,
            connectors: engine.options.connectors,
            parameters: frame.parameters,
            text: frame.text,
            dialect: engine.dialect,
            settings: engine.settings,
          }),
          session: {
            state: { transaction: null, cursors: new Map(), number: null },
            text: frame.text,
            source: null,
            notice: () => {},
            openQueue: (cancel: () => void) => this.#openQueue(cancel),
          },
        }))
        const [only] = members
        if (sets.length > 0) yield* performSet(engine, members)
        else yield* perform(engine, only!.bound, only!.session)
      } else if (frame.kind === 'cycle') yield* engine.cycle(frame)
      else engine.restore(frame)
    }
    engine.replayed = null
    engine.replaying = false
  }
}

/** A query that is being followed: its commits, one by one. */
export class Subscription implements AsyncIterable<RawCommit> {
  readonly #signal: AbortSignal | undefined
  #start: () => Promise<StatementResult & { kind: 'changes' }>
  #fields: Field[] | null = null
  #closed = false
  #cancel: () => void = () => {}

  constructor(
    signal: AbortSignal | undefined,
    start: () => Promise<StatementResult & { kind: 'changes' }>,
  ) {
    this.#signal = signal
    this.#start = start
  }

  /** Follows `sql`: a continuous statement, or what SUBSCRIBE takes. */
  static of(
    database: Pick<Database, 'execute'>,
    sql: string,
    params: ExecuteOptions['params'],
    options: { signal?: AbortSignal },
  ): Subscription {
    return new Subscription(options.signal, async () => {
      const text = /^(\s|--.*|\/\*[\s\S]*?\*\/)*(subscribe|tap|select|values|from|with)\b/i.test(
        sql,
      )
        ? sql
        : `SUBSCRIBE ${sql}`
      const results = await database.execute(text, { ...options, params })
      const last = results.at(-1)
      if (last?.kind === 'changes') return last
      throw new QueryMistake([
        {
          code: 'unsupported',
          message: 'subscribe() takes a continuous query',
          hint: 'SUBSCRIBE name, SUBSCRIBE (query) or SELECT … EMIT CHANGES',
        },
      ])
    })
  }

  /** The columns; known once the first commit came. */
  get fields(): Field[] {
    assert(this.#fields !== null, 'a subscription knows its columns when it has begun')
    return this.#fields
  }

  /** Ends it: a `next()` that waits is done, and so is every later one. */
  close(): void {
    this.#closed = true
    this.#cancel()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<RawCommit, void> {
    if (this.#closed) return
    const { fields, commits, cancel } = await this.#start()
    this.#fields = fields
    this.#cancel = cancel
    const signal = this.#signal
    signal?.addEventListener('abort', cancel)
    try {
      if (signal?.aborted || this.#closed) cancel()
      yield* commits
    } finally {
      signal?.removeEventListener('abort', cancel)
    }
    if (signal?.aborted) throw new Failure('cancelled', 'the subscription was cancelled')
  }
}

function read(sql: string, vars: Record<string, string> | undefined) {
  const substituted = substitute(sql, new Map(Object.entries(vars ?? {})))
  if (substituted.diagnostics.length > 0) throw new QueryMistake(substituted.diagnostics, sql)
  const { text } = substituted
  const { script, diagnostics, sets, hints } = parse(text)
  const first = diagnostics[0]?.span?.start ?? Number.POSITIVE_INFINITY
  const statements = script.statements.filter(({ span }) => span.end <= first)
  return { text, statements, sets, mistakes: diagnostics, hints }
}

/** The text of one statement, to be read on its own: `?` counts through a whole text, so it becomes `$n`. */
function sourceOf(statement: Statement, text: string): string {
  const { start, end } = statement.span
  let source = ''
  let from = start
  for (const { span, name } of positionalIn(statement)) {
    source += `${text.slice(from, span.start)}$${name}`
    from = span.end
  }
  return source + text.slice(from, end)
}

/** The statement with `$n` for each `?`. */
function numbered<T>(tree: T): T {
  if (Array.isArray(tree)) return tree.map(numbered) as T
  if (typeof tree !== 'object' || tree === null) return tree
  const parts = Object.entries(tree).map(([key, part]) => [key, numbered(part)])
  const node = Object.fromEntries(parts)
  return node.kind === 'parameter' && node.style === 'positional'
    ? { ...node, style: 'numbered' }
    : node
}

type Parameter = Expression & { kind: 'parameter' }

/** The `?` of a tree in the order of the text. */
function positionalIn(tree: Statement): Parameter[] {
  return parametersIn(tree)
    .filter(({ style }) => style === 'positional')
    .sort((a, b) => a.span.start - b.span.start)
}

function parametersIn(tree: unknown): Parameter[] {
  const found: Parameter[] = []
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    if ('style' in node && 'kind' in node && node.kind === 'parameter') {
      found.push(node as Parameter)
    } else for (const child of Object.values(node)) visit(child)
  }
  visit(tree)
  return found
}

/** Refuses more values than the text has places for. */
function checkCount(
  statements: readonly Statement[],
  params: ExecuteOptions['params'],
  text: string,
): void {
  if (!Array.isArray(params) || params.length === 0) return
  const numbers = parametersIn(statements).map(({ name }) => Number(name) || 0)
  const wanted = Math.max(0, ...numbers)
  if (params.length <= wanted) return
  const given = params.length === 1 ? '1 value was given' : `${params.length} values were given`
  const places = wanted === 1 ? '1 parameter' : `${wanted === 0 ? 'no' : wanted} parameters`
  const message = `${given}, and the text has ${places}`
  throw new QueryMistake([{ code: 'invalid_parameter', message }], text)
}

/** Rows that a program appends are not checked against keys, and a query's rows are its own. */
function refuseFilled(relation: Relation): void {
  if (relation.kind === 'stream' && relation.derived !== undefined) {
    const message = `${relation.name} takes the rows of its query only`
    throw new QueryMistake([{ code: 'type_mismatch', message }])
  }
  if (relation.kind !== 'table' || relation.rules === undefined) return
  const message = `not supported yet: append to table ${relation.name}, whose rows change`
  const hint = 'use INSERT INTO, or make it a STREAM or a TABLE … APPEND ONLY'
  throw new QueryMistake([{ code: 'unsupported', message, hint }])
}

function parametersOf(params: ExecuteOptions['params']) {
  if (params === undefined) return { positional: [], named: new Map<string, unknown>() }
  if (Array.isArray(params)) return { positional: [...params], named: new Map<string, unknown>() }
  return { positional: [], named: new Map(Object.entries(params)) }
}
