/**
 * Engine: the synchronous core of a database: catalog, log, continuous queries, cycles and statements.
 *
 * How      Statements and cycles are generators that pause between steps; `Database` runs one of them at a time. A
 *          cycle goes through the queries in the order of their making, so that a view's changes are there when its
 *          readers come; then the cycle is logged, and only then are its changes delivered.
 *          A new engine over a log that has frames re-runs its statements and cycles with the same ends before
 *          anything else.
 * Contract 1 (checked by the golden scripts) state and output are functions of the log alone (laws L1–L5).
 *          2 (checked) a statement that fails changes nothing.
 * See      docs/laws.md, docs/architecture.md
 */
import { assert, type Clock, type Disk, QueryMistake } from '../base/index.ts'
import {
  Catalog,
  type Relation,
  type SystemName,
  type UserFunctionShape,
} from '../catalog/index.ts'
import {
  type BadRow,
  type Batch,
  batchOf,
  type Connectors,
  type Dialect,
  type Row,
  rowAt,
  type Scripting,
  type UserFunction,
} from '../data/index.ts'
import { Arena, type Backend, Kernels } from '../kernel/index.ts'
import type {
  Arrival,
  ChangePart,
  CycleFrame,
  DataFrame,
  IdleFrame,
  LateOrigin,
  Log,
  Run,
} from '../log/index.ts'
import {
  type Facts,
  lower,
  type PhysicalPlan,
  type Plan,
  type Rewriting,
  rewrite,
} from '../plan/index.ts'
import { type Delta, type ErrorRow, IdleWatch, type LateRow, Partitions } from '../runtime/index.ts'
import {
  budgetOf,
  bytesOf,
  checkBudget,
  planEviction,
  rowsAtOnce,
  withinBudget,
} from './budget/budget.ts'
import { complete } from './complete.ts'
import { Fragments } from './fragments.ts'
import { LateBook } from './late.ts'
import {
  type CycleInput,
  type CycleResult,
  Query,
  type Replaced,
  type Sources,
  type Work,
} from './query.ts'
import type { Transaction } from './session/transaction.ts'
import { systemRows } from './system.ts'
import { Table } from './table.ts'
import { SharedSources } from './together/shared-sources.ts'
import { asDifference } from './view/replace.ts'
import { viewOf } from './view/view.ts'

export interface EngineOptions {
  vectorSize: number
  fragments: number
  backend: Backend
  disabledRewrites: readonly string[]
  /** Sends every plan through its JSON text before it runs. */
  planThroughJson: boolean
  connectors: Connectors
  /** Makes functions of texts in JavaScript; null where they are not allowed. */
  scripting: Scripting | null
  disk: Disk
  clock: Clock
  /** Commit points come at FLUSH, reads and the end of input only. */
  manual: boolean
  /** Rows that one query takes in one cycle at most. */
  cycleRows: number
  log: Log
  /** Asserts after each step that state that changed is marked. */
  checks: boolean
  beforeStep: ((step: number) => void) | null
}

/** Bad rows kept per relation; all are counted. */
const badRowsKept = 10_000

export class Engine {
  readonly catalog = new Catalog()
  /** What SET has left; a change of the dialect is logged. */
  readonly settings = new Map<string, string>()
  readonly log: Log
  readonly options: EngineOptions
  readonly #queries = new Map<string, Query>()
  readonly sources: Sources
  /** Transactions that are open. */
  readonly pinned = new Set<Transaction>()
  /** By lower-case name. */
  readonly #tables = new Map<string, Table>()
  /** What functions of the program do, by their numbers. A query goes on with those that it was made with. */
  readonly #functions: UserFunction[] = []
  readonly late = new LateBook()
  /** Streams that may be idle, and how their partitions are numbered, by lower-case name. */
  readonly #watches = new Map<string, IdleWatch>()
  readonly #partitions = new Map<string, Partitions>()
  /** Time and position of the frame that is being read again; null while living. */
  replayed: { nowMicros: number; position: number } | null = null
  readonly #bad = new Map<string, { count: number; rows: Row[] }>()
  /** Called with each logged cycle and its time, after its changes were delivered. */
  readonly cycled = new Set<(cycle: number, now: bigint) => void>()
  /** Called when an endless source has rows. */
  wake: () => void = () => {}
  readonly #fragments: Fragments
  #lastTime = 0n
  #selecting: Query | null = null
  #computer: Kernels | null = null
  /** What the queries read together that are being started. */
  #shared: SharedSources | null = null
  #step = 0
  /** The log is being re-run: what queries put into it stands there. */
  replaying = false
  readonly #numbers = new Map<string, number>()

  constructor(options: EngineOptions) {
    this.options = options
    this.log = options.log
    this.#fragments = new Fragments(options)
    this.sources = {
      log: this.log,
      connectors: options.connectors,
      relation: (name) => {
        const relation = this.catalog.get(name)
        assert(relation !== undefined, `relation ${name} is in the catalog`)
        return relation
      },
      isView: (name) => this.catalog.get(name)?.kind === 'materialized',
      read: (relation) => this.#readView(relation),
      standing: (relation) => this.#tables.get(relation.name.toLowerCase()) ?? null,
      bad: (relation, row) => this.#keepBad(relation, row),
      wake: () => this.wake(),
      functions: (id) => this.#functions[id]!,
      computing: () => this.computing(),
    }
  }

  get dialect(): Dialect {
    return (this.settings.get('dialect') ?? 'default') as Dialect
  }

  get queries(): ReadonlyMap<string, Query> {
    return this.#queries
  }

  /** Lets the caller count steps, and stop the engine at one of them. */
  beforeStep(): void {
    this.options.beforeStep?.(this.#step++)
  }

  /** Which rules change a plan, and what they know. */
  get rewriting(): Rewriting {
    const asWritten = this.settings.get('join_order') === 'written' ? ['order-joins'] : []
    const disabled = new Set([...this.options.disabledRewrites, ...asWritten])
    return { disabled, factsOf: (name) => this.#factsOf(name) }
  }

  #factsOf(relation: string): Facts | null {
    const found = this.catalog.get(relation)
    if (found === undefined) return null
    const isStored = found.kind === 'stream' || found.kind === 'table'
    const rows = isStored ? this.log.end(found.name.toLowerCase()) : null
    return { rows, placed: isStored || found.kind === 'external' }
  }

  /** The physical plan for a logical one, made without some rules. */
  physical(
    plan: Plan,
    mode: 'one-shot' | 'continuous',
    without: readonly string[] = [],
  ): PhysicalPlan {
    const { rewriting } = this
    const disabled = new Set([...rewriting.disabled, ...without])
    const lowered = lower(rewrite(plan, { ...rewriting, disabled }).plan, mode)
    return this.options.planThroughJson
      ? (JSON.parse(JSON.stringify(lowered)) as PhysicalPlan)
      : lowered
  }

  // ---------------------------------------------------------------- relations

  createRelation(relation: Relation): void {
    this.catalog.add(relation)
    if (relation.kind === 'stream' || relation.kind === 'table') {
      const name = relation.name.toLowerCase()
      this.log.createStream(name, relation.schema)
      if (relation.rules !== undefined) this.#tables.set(name, new Table(this.log, name))
      this.#watch(name, relation)
    }
  }

  #watch(name: string, { watermark }: Relation): void {
    if (watermark === null) return
    const { partition, idleMicros } = watermark
    if (partition !== undefined) this.#partitions.set(name, new Partitions(partition))
    if (idleMicros === undefined) return
    const isSplit = partition !== undefined
    this.#watches.set(name, new IdleWatch(Number(idleMicros), isSplit, this.nowMicros()))
  }

  /** Microseconds since 1970, as the log has them where it is read again. */
  nowMicros(): number {
    return this.replayed?.nowMicros ?? Number(this.options.clock.nowMicros())
  }

  /** The position that the next row had then, or will have. */
  get position(): number {
    return this.replayed?.position ?? this.log.position
  }

  /** Streams whose partitions had no row for too long are told so, by frames of the log. */
  noteIdle(nowMicros: number): void {
    for (const [name, watch] of this.#watches) {
      const idle = watch.take(nowMicros)
      if (idle !== null) this.log.appendIdle(name, idle)
    }
    for (const query of this.#queries.values()) query.noteIdle(nowMicros)
  }

  /** When something that a query waits for falls idle next, or is told, in microseconds; null: never. */
  get idleDue(): number | null {
    let least: number | null = null
    const take = (due: number | null) => {
      if (due !== null && (least === null || due < least)) least = due
    }
    for (const query of this.#queries.values()) {
      take(query.idleDue)
      take(query.tellDue)
    }
    for (const [name, { due }] of this.#watches) {
      if (due !== null && [...this.#queries.values()].some((query) => query.watches(name)))
        take(due)
    }
    return least
  }

  /** A relation has other columns, or another name; queries that read it go on. */
  alter(
    name: string,
    relation: Relation,
    change: { places: readonly number[] | null; moved: ((batch: Batch) => Batch) | null },
  ): void {
    const [from, to] = [name.toLowerCase(), relation.name.toLowerCase()]
    this.catalog.replace(name, relation)
    const errors = this.catalog.get(`${name}.errors`)
    if (errors?.kind === 'errors' && from !== to) {
      const { name: of } = relation
      this.catalog.replace(errors.name, { ...errors, of, name: `${of}.errors` })
    }
    if (relation.kind === 'stream' || relation.kind === 'table') {
      this.log.alterStream(from, to, relation.schema, change.moved)
      this.#tables.get(from)?.alter(to)
      const { partition } = relation.watermark ?? {}
      if (partition !== undefined) this.#partitions.get(from)?.moveTo(partition)
    }
    for (const map of [this.#tables, this.#watches, this.#partitions, this.#bad, this.#queries]) {
      renameKey(map as Map<string, unknown>, from, to)
    }
    this.late.rename(from, to)
    const own = this.#queries.get(to)
    if (own !== undefined) own.name = relation.name
    for (const query of this.#queries.values()) query.alter(name, relation, change.places)
  }

  drop(name: string): void {
    const relation = this.catalog.get(name)
    if (relation === undefined) return
    this.catalog.remove(name)
    if (this.catalog.get(`${name}.errors`) !== undefined) this.catalog.remove(`${name}.errors`)
    // The query of a sink, of a subscription, or of a stream, has its name.
    const isFed = relation.kind === 'stream' && relation.derived !== undefined
    if (/^(materialized|external|subscription)$/.test(relation.kind) || isFed) this.stop(name)
    if (relation.kind === 'stream' || relation.kind === 'table') {
      this.log.dropStream(name.toLowerCase())
      this.#tables.delete(name.toLowerCase())
      this.#watches.delete(name.toLowerCase())
      this.#partitions.delete(name.toLowerCase())
    }
    this.late.forget(name)
  }

  /** Appends rows to a stored stream or table whose rows only come; returns the offset of the first. */
  append(relation: Relation, batch: Batch): number {
    const offset = this.log.end(relation.name.toLowerCase())
    this.put(relation, batch, null)
    return offset
  }

  /** Rows come, or take back others; gives them with their computed columns. */
  put(
    relation: Relation,
    batch: Batch,
    removes: Float64Array | null,
    late: LateOrigin | null = null,
  ): Batch {
    const stream = relation.name.toLowerCase()
    const full = this.completed(relation, batch, this.log.end(stream))
    if (this.#tables.has(stream)) {
      this.applyChange([{ stream, batch: full, removes }])
      return full
    }
    const arrival = this.#arrival(stream, full)
    this.log.append(stream, full, { ...arrival, late })
    if (full.rows > 0) this.#arrived(stream, arrival)
    return full
  }

  /** Appends the parts of one change, complete rows of streams and tables, all or none. */
  applyChange(parts: readonly ChangePart[]): void {
    const arriving = parts.map((part) => ({ ...part, ...this.#arrival(part.stream, part.batch) }))
    for (const frame of this.log.appendChange(arriving)) {
      this.#arrived(frame.stream, frame)
      this.#tables.get(frame.stream)?.apply(frame)
    }
  }

  /** When rows come, and of which partitions they are; what had none for too long is idle before them. */
  #arrival(stream: string, batch: Batch): Arrival {
    const nowMicros = this.nowMicros()
    this.noteIdle(nowMicros)
    return { nowMicros, partitions: this.#partitions.get(stream)?.numbersOf(batch) ?? null }
  }

  #arrived(stream: string, { partitions = null, nowMicros }: Arrival): void {
    this.#watches.get(stream)?.arrive(partitions, nowMicros)
  }

  /** The standing rows of a table whose rows change. */
  table(name: string): Table | undefined {
    return this.#tables.get(name.toLowerCase())
  }

  /** Takes a frame of the log again, in a replay. */
  restore(frame: DataFrame | IdleFrame): void {
    const { stream } = frame
    if (!this.log.hasStream(stream)) return
    if (frame.kind === 'idle') {
      this.log.restoreIdle(frame)
      this.#watches.get(stream)?.forget(frame.partitions)
      return
    }
    this.log.restore(frame)
    // The same rows get the same numbers.
    this.#partitions.get(stream)?.numbersOf(frame.batch)
    this.#arrived(stream, frame)
    this.#tables.get(stream)?.apply(frame)
    if (frame.late !== null) this.late.restore(frame.late)
  }

  /** The rows with their computed columns; `offset` is that of the first in its stream. */
  completed(relation: Relation, given: Batch, offset: number): Batch {
    const { functions } = this.sources
    const now = this.options.clock.nowMicros()
    return complete(relation, given, { kernels: () => this.computing(), functions, now, offset })
  }

  /** Where computed columns are made, and those that are added. */
  computing(): Kernels {
    this.#computer ??= new Kernels(new Arena(), this.options.backend)
    return this.#computer
  }

  /** Rows of the stream that could not be decoded: kept ones and the count of all. */
  badRows(name: string): { count: number; rows: Row[] } {
    return this.#bad.get(name.toLowerCase()) ?? { count: 0, rows: [] }
  }

  // ---------------------------------------------------------------- queries

  /** Starts a continuous query, in the place of one of its name; its first cycle reads from the start. */
  start(name: string, plan: PhysicalPlan, keepsView: boolean): Query {
    const query = this.made(name, plan, keepsView)
    this.stop(name)
    this.#queries.set(name.toLowerCase(), query)
    return query
  }

  /** Starts the queries of these plans, all of them or none; a source that several of them name is read once. */
  together<T>(plans: readonly PhysicalPlan[], start: () => T): T {
    const before = new Set(this.#queries.keys())
    const numbers = [...this.#numbers]
    this.#shared = new SharedSources(plans, this.sources)
    try {
      return start()
    } catch (fault) {
      for (const [name, query] of [...this.#queries]) {
        if (before.has(name)) continue
        query.quarantine(fault)
        this.stop(name)
      }
      this.#numbers.clear()
      for (const [kind, number] of numbers) this.#numbers.set(kind, number)
      throw fault
    } finally {
      this.#shared = null
    }
  }

  /** A query that is not started. */
  made(name: string, plan: PhysicalPlan, keepsView: boolean, stopwatch?: () => number): Query {
    const fragments = this.#fragments.take()
    const { vectorSize } = this.options
    const shape = { name, plan, fragments, vectorSize, mode: 'continuous' as const }
    const sources = this.#shared === null ? this.sources : { ...this.sources, shared: this.#shared }
    const timed = stopwatch === undefined ? {} : { stopwatch }
    const query = new Query({ ...shape, ...timed, nowMicros: this.nowMicros() }, sources)
    if (keepsView) query.view = viewOf(query)
    return query
  }

  /** A query in the place of one of the same name, whose readers come after it from here on. */
  replace(name: string, relation: Relation, query: Query, replaced: Replaced): void {
    for (const one of this.pinned) one.keepView(name.toLowerCase(), () => replaced.rows)
    this.stop(name)
    this.catalog.replace(name, relation)
    query.replaces = replaced
    this.#queries.set(name.toLowerCase(), query)
    const after = new Set([name.toLowerCase()])
    for (const [key, one] of this.#queries) {
      if (!one.reads.some((view) => after.has(view.replace(/\.errors$/, '')))) continue
      if (after.has(key)) continue
      after.add(key)
      this.#queries.delete(key)
      this.#queries.set(key, one)
    }
  }

  /** The first cycle of a query that nobody knows of yet, as far as the log goes. */
  *prepare(name: string, plan: PhysicalPlan): Work<{ query: Query; upTo: number; now: bigint }> {
    const query = this.made(name, plan, true)
    const upTo = this.log.position
    const now = this.options.clock.nowMicros()
    query.replaces = { rows: [], errors: [], stands: false }
    const input = { now, upTo, rowsMax: this.#rowsMax(query), replay: null, deltas: new Map() }
    try {
      query.prepared = yield* query.cycle(input)
      return { query, upTo, now }
    } finally {
      if (query.prepared === null) this.discard(query)
    }
  }

  /** Closes a query that was prepared and is of no use. */
  discard(query: Query): void {
    query.close()
    this.#fragments.give(query.fragments)
  }

  /** Starts a query without a name of its own: `query_1`, `query_2` …, the same names in a replay. */
  startNumbered(kind: 'query' | 'subscription', plan: PhysicalPlan): Query {
    let number = this.#numbers.get(kind) ?? 0
    let name: string
    do name = `${kind}_${++number}`
    while (this.#queries.has(name))
    const query = this.start(name, plan, false)
    query.isFollower = kind === 'subscription'
    // One that fails to start takes no number.
    this.#numbers.set(kind, number)
    return query
  }

  /** What all running queries have read. */
  progress(): { rows: number; bytes: number; bytesTotal: number | null } {
    let rows = 0
    let bytes = 0
    let bytesTotal: number | null = 0
    for (const query of [
      ...this.#queries.values(),
      ...(this.#selecting === null ? [] : [this.#selecting]),
    ]) {
      const one = query.progress()
      rows += query.rowsIn
      bytes += one.bytes
      bytesTotal =
        bytesTotal === null || one.bytesTotal === null ? null : bytesTotal + one.bytesTotal
    }
    return { rows, bytes, bytesTotal: bytesTotal === 0 ? null : bytesTotal }
  }

  stop(name: string): void {
    const query = this.#queries.get(name.toLowerCase())
    if (query === undefined) return
    this.#queries.delete(name.toLowerCase())
    try {
      query.close()
    } finally {
      this.#fragments.give(query.fragments)
    }
  }

  /** All queries are over, and so is the database. */
  close(): void {
    for (const name of [...this.#queries.keys()]) this.stop(name)
    this.#fragments.close()
  }

  hasWork(): boolean {
    // Where the log takes no cycle, none is formed: readers see the last one.
    if (this.log.fault !== null) return false
    const now = this.nowMicros()
    for (const query of this.#queries.values()) {
      if (query.hasWork(this.log.position) || isDue(query, now)) return true
    }
    return false
  }

  /** Is there a query that will end by itself, but whose rows have not come yet? */
  awaitsRows(): boolean {
    for (const query of this.#queries.values()) {
      if (query.bounded && !query.ended && !query.paused && query.fault === null) return true
    }
    return false
  }

  /** One cycle over all queries. Returns whether more is there to be taken at once. */
  *cycle(
    replay: CycleFrame | null = null,
    { upTo = replay?.position ?? this.log.position, now = this.#timeOf(replay) } = {},
  ): Work<boolean> {
    const deltas = new Map<string, Delta>()
    const runs: Run[] = []
    const late: LateRow[] = []
    let more = false
    const results = new Map<Query, CycleResult | null>()
    for (const [name, query] of this.#queries) {
      if (!results.has(query)) {
        const given = { now, upTo, replay: replay?.runs ?? null, deltas }
        yield* this.#cyclesOf(this.#startedWith(query), given, results)
      }
      const result = results.get(query) ?? null
      if (result === null) continue
      for (const run of result.runs) runs.push(run)
      for (const row of this.late.note(result.late, query.name)) late.push(row)
      more ||= result.more
      if (result.delta.count > 0 || result.delta.errors.length > 0 || query.ended) {
        deltas.set(name, result.delta)
      }
    }
    // Sinks are made anew by a replay and are told everything again, under the same numbers.
    const { cycle } = replay ?? this.log.appendCycle(upTo, runs, now)
    for (const [name, delta] of deltas) {
      for (const consumer of this.#queries.get(name)?.consumers ?? []) consumer(cycle, delta)
    }
    for (const tell of this.cycled) tell(cycle, now)
    // In a replay the log has them already.
    if (replay === null) this.#routeLate(late)
    return more || late.length > 0
  }

  #timeOf(replay: CycleFrame | null): bigint {
    return replay === null ? this.options.clock.nowMicros() : BigInt(replay.nowMicros)
  }

  /** A view that takes the place of another one, or a sink that leaves out what was there, begins with all of it. */
  #rowsMax(query: Query): number {
    const isWhole = query.replaces !== null || (query.startsWhole && query.cycles === 0)
    if (isWhole && !query.endless) return Number.MAX_SAFE_INTEGER
    const { cycleRows } = this.options
    return Math.min(cycleRows, rowsAtOnce(query, budgetOf(this.settings)))
  }

  /** Sends late rows where their sources say, in the order in which they came. */
  #routeLate(rows: LateRow[]): void {
    rows.sort((a, b) => a.position - b.position)
    for (let from = 0; from < rows.length; ) {
      const { relation: source } = rows[from]!
      let to = from + 1
      while (rows[to]?.relation === source) to++
      const target = this.catalog.get(source)?.watermark?.late
      const stream = target === undefined ? undefined : this.catalog.get(target)
      if (stream !== undefined) {
        const some = rows.slice(from, to)
        const values = some.map(({ batch, row }) => rowAt(batch, row))
        const late = { source, offsets: some.map(({ offset }) => offset) }
        this.put(stream, batchOf(stream.schema, values), null, late)
      }
      from = to
    }
  }

  /** The queries of its statement set that stand right behind a query, after itself. */
  #startedWith(query: Query): Query[] {
    if (query.shared === null) return [query]
    const all = [...this.#queries.values()]
    const from = all.indexOf(query)
    const end = all.findIndex(({ shared }, at) => at > from && shared !== query.shared)
    return all.slice(from, end < 0 ? undefined : end)
  }

  /** The parts of these queries, side by side: what one of them has read is still at hand for the others. */
  *#cyclesOf(
    queries: readonly Query[],
    given: Omit<CycleInput, 'rowsMax'>,
    results: Map<Query, CycleResult | null>,
  ): Work<void> {
    const open = queries.flatMap((query) => {
      results.set(query, null)
      if (!takesPart(query, given)) return []
      const work = this.#cycleOf(query, { ...given, rowsMax: this.#rowsMax(query) })
      return [{ query, work, before: query.rowsIn }]
    })
    while (open.length > 0) {
      const taken = ({ query, before }: (typeof open)[number]) => query.rowsIn - before
      const next = open.reduce((least, one) => (taken(one) < taken(least) ? one : least))
      const step = next.work.next()
      if (step.done) {
        results.set(next.query, step.value)
        open.splice(open.indexOf(next), 1)
      } else yield step.value
    }
  }

  /** The query's part of a cycle; null when it failed: then it is out of service and the others go on. */
  *#cycleOf(query: Query, input: CycleInput): Work<CycleResult | null> {
    try {
      const budget = this.replaying ? null : budgetOf(this.settings)
      const work = query.cycle(input)
      const result = query.prepared ?? (yield* withinBudget(query, budget, work))
      if (query.replaces !== null) return asDifference(query, result)
      if (query.view !== null && result.delta.count > 0) {
        const { view } = query
        for (const one of this.pinned) one.keepView(query.name.toLowerCase(), () => view.rows())
      }
      query.view?.apply(result.delta)
      checkBudget(query, budget)
      planEviction(query, budget)
      this.#noteEvicted(query)
      return result
    } catch (fault) {
      query.quarantine(fault)
      return null
    }
  }

  /** Whoever computes the view anew begins where the rows begin that are left. */
  #noteEvicted({ name, eviction }: Query): void {
    const relation = this.catalog.get(name)
    if (eviction === null || eviction.rows === 0 || relation?.kind !== 'materialized') return
    if (relation.evicted === eviction.from) return
    this.catalog.replace(name, { ...relation, evicted: eviction.from })
  }

  /** Cycles until there is nothing to take: a commit point. */
  *flush(): Work<void> {
    this.noteIdle(this.nowMicros())
    while (this.hasWork()) yield* this.cycle()
  }

  /** Puts a function of the program under its name. */
  addFunction(made: UserFunctionShape & { name: string }, run: UserFunction): void {
    const id = this.#functions.push(run) - 1
    this.catalog.addFunction({ ...made, id })
  }

  // ---------------------------------------------------------------- one-shot statements

  /**
   * The answer over everything up to now, or before a position of the log. Fails with the first error in order, unless
   * asked to leave out the rows that fail.
   */
  *select(
    plan: PhysicalPlan,
    text: string,
    sources: Sources = this.sources,
    { upTo, tolerant = false }: { upTo?: number; tolerant?: boolean } = {},
  ): Work<{ delta: Delta; query: Query }> {
    const fragments = this.#fragments.take()
    const { vectorSize } = this.options
    const query = new Query({ name: '', plan, fragments, vectorSize, mode: 'one-shot' }, sources)
    this.#selecting = query
    try {
      const delta = yield* query.readAll(this.#ownTime(), upTo)
      query.lastStats = query.stats()
      const first = delta.errors[0]
      if (first !== undefined && !tolerant) {
        const { code, message, span } = first.error
        throw new QueryMistake([{ code, message, span }], text)
      }
      return { delta, query }
    } finally {
      this.#selecting = null
      query.close()
      this.#fragments.give(fragments)
    }
  }

  /** The time for a one-shot statement, another one for each: what RANDOM() draws goes by it. */
  #ownTime(): bigint {
    const now = this.options.clock.nowMicros()
    this.#lastTime = now > this.#lastTime ? now : this.#lastTime + 1n
    return this.#lastTime
  }

  #readView(relation: Relation): Row[] {
    if (relation.kind === 'system') return systemRows(this, relation.name as SystemName)
    if (relation.kind === 'errors') {
      const of = relation.of.toLowerCase()
      const query = this.#queries.get(of)
      return query === undefined
        ? badRowsTold(this.badRows(of))
        : query.dataflow.errors.map(errorRow)
    }
    const query = this.#queries.get(relation.name.toLowerCase())
    if (query !== undefined && query.fault !== null) throw query.fault
    const view = query?.view
    assert(view != null, `view ${relation.name} is kept by a query`)
    return view.rows()
  }

  #keepBad(relation: Relation, { offset, message, text }: BadRow): void {
    const name = relation.name.toLowerCase()
    const kept = this.#bad.get(name) ?? { count: 0, rows: [] }
    kept.count++
    if (kept.rows.length < badRowsKept) {
      kept.rows.push([BigInt(offset), 'malformed_row', message, text])
    }
    this.#bad.set(name, kept)
  }

  /** Every byte of state of the continuous queries. */
  get stateBytes(): number {
    let bytes = 0
    for (const query of this.#queries.values()) bytes += bytesOf(query)
    return bytes
  }
}

/** Has the time come for what waits in the query? */
function isDue({ tellDue }: Query, nowMicros: number): boolean {
  return tellDue !== null && tellDue <= nowMicros
}

/** Has the query something to do in a cycle? One that is paused keeps what comes. */
function takesPart(query: Query, given: Omit<CycleInput, 'rowsMax'>): boolean {
  const { now, upTo, deltas, replay } = given
  if (query.replaces === null && query.ended) return false
  if (query.paused) {
    query.miss(deltas)
    return false
  }
  const changed = query.reads.some((view) => deltas.has(view.replace(/\.errors$/, '')))
  if (replay?.some((run) => run.evicted && run.query === query.name)) return true
  return changed || query.hasWork(upTo) || isDue(query, Number(now)) || query.replaces !== null
}

/** The entry of `from` under `to`, at its place in the order. */
function renameKey<T>(map: Map<string, T>, from: string, to: string): void {
  if (from === to || !map.has(from)) return
  const all = [...map]
  map.clear()
  for (const [key, value] of all) map.set(key === from ? to : key, value)
}

/** The bad rows that are kept, and a last row that tells how many are not. */
function badRowsTold({ count, rows }: { count: number; rows: Row[] }): Row[] {
  const more = count - rows.length
  if (more === 0) return rows
  const message = `${more} more rows could not be decoded; the first ${rows.length} are kept`
  return [...rows, [rows.at(-1)![0]!, 'malformed_row', message, null]]
}

/** A row of `<query>.errors`. */
function errorRow({ offset, code, message, row }: ErrorRow): Row {
  return [BigInt(offset), code, message, row]
}
