/**
 * Query: a continuous query at work: its dataflow, its inputs, and what has become of it.
 *
 * How      A cycle takes the stored rows before the cycle's position, what external sources have (or what a logged
 *          run says), and the changes of the views it reads; then it commits and hands the changes to its consumers.
 *          The first cycle reads everything from the start of the log; a view that was there before comes as its
 *          rows of now.
 * Contract 1 (checked) a cycle that failed half-way is never delivered: consumers are called after the cycle is logged.
 */
import { assert, Failure } from '../base/index.ts'
import type { Relation } from '../catalog/index.ts'
import type { BadRow, Connectors, Op, Row } from '../data/index.ts'
import type { Kernels } from '../kernel/index.ts'
import type { Log, Run } from '../log/index.ts'
import type { Moment, PhysicalPlan } from '../plan/index.ts'
import {
  type Contribution,
  Dataflow,
  type Delta,
  type ErrorRow,
  type ExternalInput,
  IdleWatch,
  type Input,
  isDeletion,
  type LateRow,
  Partitions,
  type ScanStage,
  type Slice,
  type StageStats,
  type StandingRows,
  type StoredInput,
  takeExternal,
  takeRun,
  takeStored,
  type UserFunctions,
} from '../runtime/index.ts'
import { Eviction } from './budget/eviction.ts'
import { boundsOf, bySource, projectionOf, relationOf } from './extent.ts'
import type { Retained } from './follow/retained.ts'
import { openReader } from './reader.ts'
import type { SharedSources } from './together/shared-sources.ts'
import type { View } from './view/view.ts'

/** Rows that joins give in one step, so that a step does not take long: fewer rows are taken next time. */
const emittedMax = 1 << 16
/** Where filters pass no more than one of so many rows, a step takes as many times the rows of others. */
const sparse = 4
/** Rows of a commit for a sink that need not wait for others. */
const outputMax = 1 << 15
/** Rows of the first step where there are joins; it doubles while they give little. */
const pacedAtFirst = 1

/** Work in steps: what it yields is a moment to pause, or something to wait for. */
export type Work<T> = Generator<void | Promise<void>, T>

/** What a query reads its sources with. */
export interface Sources {
  /** A transaction's shows the rows that were there when it began, and its own. */
  log: Pick<Log, 'frameAt' | 'idleOf' | 'position' | 'takePositions'>
  connectors: Connectors
  relation(name: string): Relation
  isView(name: string): boolean
  /** Rows of a view or of `view.errors`, as they are at the last commit. */
  read(relation: Relation): Row[]
  /** Which rows of a table stand; null for a stream. */
  standing(relation: Relation): StandingRows | null
  bad(relation: Relation, row: BadRow): void
  wake(): void
  /** What functions of the program do. */
  functions: UserFunctions
  /** Where computed columns of external sources are made. */
  computing(): Kernels
  /** What queries that start together read once. */
  shared?: SharedSources
}

export interface QueryOptions {
  name: string
  plan: PhysicalPlan
  fragments: Kernels[]
  vectorSize: number
  mode: 'one-shot' | 'continuous'
  /** When it is started; its sources are waited for from then on. */
  nowMicros?: number
  /** Tells milliseconds, by which its stages are timed. */
  stopwatch?: () => number
}

const nothing: Delta = { count: 0, batches: null, changed: null, changes: () => [], errors: [] }

/** Below all positions of the log, with room for as many rows. */
const firstTablePosition = -(2 ** 52)

/** A view that another query reads. */
interface ViewInput {
  scan: ScanStage
  relation: Relation
  /** The view's rows were taken; from here on its changes come. */
  attached: boolean
}

export interface CycleInput {
  /** Time of the cycle, microseconds since 1970. */
  now: bigint
  /** Stored rows before this position are taken. */
  upTo: number
  rowsMax: number
  /** Runs of a logged cycle; null while living. */
  replay: readonly Run[] | null
  /** Changes of this cycle by lower-case view name. */
  deltas: ReadonlyMap<string, Delta>
}

/** The rows and errors of a view in whose place another one comes. */
export interface Replaced {
  rows: Row[]
  errors: ErrorRow[]
  /** Do the first rows of the other one come from what was kept? */
  stands: boolean
}

export interface CycleResult {
  delta: Delta
  runs: Run[]
  /** Rows are left that the cycle had no room for. */
  more: boolean
  /** Rows that came too late for some window. */
  late: LateRow[]
}

export class Query {
  name: string
  plan: PhysicalPlan
  readonly dataflow: Dataflow
  readonly fragments: Kernels[]
  /** Called with the changes of each logged cycle. */
  readonly consumers: ((cycle: number, delta: Delta) => void)[] = []
  view: View | null = null
  /** The changes that are kept of a subscription with a name. */
  retained: Retained | null = null
  ended = false
  /** What it takes the place of: its first cycle tells the difference. */
  replaces: Replaced | null = null
  /** The first cycle, where it was done before the others go on. */
  prepared: CycleResult | null = null
  /** Takes nothing until it is resumed. */
  paused = false
  /** It ends before the row of this position, or before the first cycle of this time or a later one. */
  until: Moment | null = null
  /** Reads tables change by change from the first one on, and not as they stand. */
  fromLog = false
  /** A subscription: it ends with what it follows. */
  isFollower = false
  /** Why the query was stopped, when it was not by itself. */
  fault: unknown = null
  /** Called when the query is stopped by a fault. */
  readonly faulted: ((fault: unknown) => void)[] = []
  /** Called once, when the query is over for whatever reason. */
  readonly closed: (() => void)[] = []
  /** What the operators did, once a one-shot statement is over. */
  lastStats: StageStats[] = []
  /** Rows taken from sources. */
  rowsIn = 0
  /** Its oldest rows, where it may give them up; else null. */
  readonly eviction: Eviction | null
  /** The position of the log up to which the last cycle read. */
  readLast = 0
  /** The first cycle takes all that is there: what it tells is what was there before. */
  startsWhole = false
  /** Cycles that it took part in. */
  cycles = 0
  readonly #sources: Sources
  readonly #vectorSize: number
  readonly #mode: QueryOptions['mode']
  /** Rows of the next steps of each input. */
  readonly #paces = new Map<Input, number>()
  readonly #stored: StoredInput[] = []
  readonly #external: ExternalInput[] = []
  readonly #views: ViewInput[] = []
  /** Names of the relations outside that it reads, in lower case. */
  readonly #outside = new Set<string>()
  /** Changes of the views that it reads, while it is paused, by lower-case name. */
  readonly #missed = new Map<string, Delta[]>()
  #started = false
  #closed = false
  /** Rows before this position are shown together with those taken. */
  #unit = 0
  #tablePosition = firstTablePosition
  #late: LateRow[] = []
  /** Did the cycle take a row of a watermarked source? When the last one did; null since windows closed without. */
  #took = false
  #lastRow: number | null = null
  readonly #patience: number | null
  /** An external source has partitions that no row came for. */
  #idleDue = false

  constructor(options: QueryOptions, sources: Sources) {
    this.name = options.name
    this.plan = options.plan
    this.fragments = options.fragments
    this.#sources = sources
    this.#vectorSize = options.vectorSize
    this.#mode = options.mode
    const { isView, functions } = sources
    const late = (row: LateRow) => this.#late.push(row)
    this.dataflow = new Dataflow(options.plan, { ...options, isView, late, functions })
    this.#patience = this.dataflow.patience
    for (const scans of bySource(this.dataflow.scans, ({ plan }) => plan))
      this.#open(scans, options.nowMicros ?? 0)
    const evicting = this.#stored.filter(({ readings }) => readings[0]!.scan.plan.evicts)
    this.eviction = evicting.length === 0 ? null : new Eviction(evicting)
  }

  /** Names, in lower case, of the views that the query reads. */
  get reads(): string[] {
    return this.#views.map(({ relation }) => relation.name.toLowerCase())
  }

  /** What it shares with the queries that started with it; null where it started alone. */
  get shared(): SharedSources | null {
    return this.#sources.shared ?? null
  }

  /** Will the query end by itself? */
  get bounded(): boolean {
    return (
      this.#stored.length === 0 &&
      this.#views.length === 0 &&
      this.#external.every((input) => input.bounded)
    )
  }

  /** Does it read a source outside that has no end? */
  get endless(): boolean {
    return this.#external.some((input) => !input.bounded)
  }

  /** Is there something to take? */
  hasWork(upTo: number): boolean {
    if (this.ended || this.paused) return false
    if (!this.#started || this.#missed.size > 0 || this.#endsAt(upTo)) return true
    if (this.eviction !== null && this.eviction.due > 0) return true
    if (this.#idleDue || takeStoredPeek(this.#sources.log, this.#stored, upTo)) return true
    return this.#external.some((input) => !input.ended && input.reading === null)
  }

  *cycle(given: CycleInput): Work<CycleResult> {
    const { until } = this
    if (until !== null && 'micros' in until && until.micros <= given.now) {
      this.ended = true
      return { delta: nothing, runs: [], more: false, late: [] }
    }
    const isLast = this.#endsAt(given.upTo)
    const input = isLast ? { ...given, upTo: (until as { offset: number }).offset } : given
    if (!this.#started && !this.fromLog && this.#lookAtTables()) this.#unit = input.upTo
    this.cycles++
    this.readLast = input.upTo
    this.#started = true
    this.dataflow.now = input.now
    this.#takeViews(input.deltas)
    const runs: Run[] = []
    const taken = { rows: 0 }
    if (input.replay !== null) yield* this.#replayExternal(input.replay, runs, 'before')
    else yield* this.#takeTables(runs)
    yield* this.#evict(input, runs)
    yield* this.#takeStored(input, taken)
    const more =
      input.replay === null
        ? yield* this.#takeExternal(input, runs, taken)
        : yield* this.#replayExternal(input.replay, runs, 'after')
    this.#noteSilence(input, runs)
    const delta = this.dataflow.commit()
    if (this.#stored.length === 0 && this.#views.length === 0) {
      this.ended = this.#external.every((external) => external.ended)
    }
    this.ended ||= isLast
    const late = this.#late
    this.#late = []
    return { delta, runs, more: more || taken.rows >= input.rowsMax, late }
  }

  /** Takes the oldest rows back, as the log has it or as the budget says: see budget.ts. */
  *#evict({ replay }: CycleInput, runs: Run[]): Work<void> {
    const { eviction } = this
    if (eviction === null) return
    const logged = replay?.find((run) => run.evicted && run.query === this.name)
    const rows = replay === null ? Math.min(eviction.due, eviction.left) : (logged?.rows ?? 0)
    eviction.due = 0
    if (rows === 0) return
    const { log } = this.#sources
    const position = logged?.position ?? log.takePositions(rows)
    for (const { input, slice } of eviction.take(log, { rows, size: this.#vectorSize, position })) {
      this.#stepScans(input, slice)
      yield
    }
    runs.push({ query: this.name, scan: 0, rows, position, end: false, evicted: true })
  }

  /** Is a position of the log behind what the query is to read? */
  #endsAt(position: number): boolean {
    return this.until !== null && 'offset' in this.until && this.until.offset <= position
  }

  /** Does it go by the watermark of this source? */
  watches(source: string): boolean {
    const name = source.toLowerCase()
    return this.dataflow.scans.some(
      ({ watched, plan }) => watched && plan.relation.toLowerCase() === name,
    )
  }

  /** When partitions of an external source fall idle next, in microseconds; null: never. */
  get idleDue(): number | null {
    if (this.ended || this.paused) return null
    const due = this.#external.flatMap(({ watch, ended }) => (ended ? [] : (watch?.due ?? [])))
    return due.length === 0 ? null : Math.min(...due)
  }

  /** The time from which on a commit tells what waits for it, in microseconds; null: nothing does. */
  get tellDue(): number | null {
    if (this.ended || this.paused) return null
    const { due } = this.dataflow
    const end = this.until !== null && 'micros' in this.until ? this.until.micros : null
    const moments = [due, end, this.#silenceDue].filter((one) => one !== null).map(Number)
    return moments.length === 0 ? null : Math.min(...moments)
  }

  /** When windows close because no row has come since the last commit that took one. */
  get #silenceDue(): number | null {
    if (this.#lastRow === null || this.#patience === null) return null
    return this.#lastRow + this.#patience
  }

  /** A commit without rows closes windows when the last row is too long ago; the log says that it did. */
  #noteSilence({ now, replay }: CycleInput, runs: Run[]): void {
    const took = this.#took
    this.#took = false
    if (took) this.#lastRow = Number(now)
    const due = this.#silenceDue
    const isDue = !took && due !== null && due <= Number(now)
    const logged = replay?.find(({ query, silent }) => silent && query === this.name)
    if (!isDue && logged === undefined) return
    const position = logged?.position ?? this.#sources.log.takePositions(1)
    runs.push({ query: this.name, scan: 0, rows: 0, position, end: false, silent: true })
    this.#lastRow = null
    this.dataflow.closeAll(position)
  }

  /** Looks whether partitions of external sources are idle; the next cycle says so. */
  noteIdle(nowMicros: number): void {
    const { idleDue } = this
    this.#idleDue ||= idleDue !== null && idleDue <= nowMicros
  }

  /** A cycle passes in which it is paused: what views tell is kept for later. */
  miss(deltas: ReadonlyMap<string, Delta>): void {
    if (!this.#started) return
    for (const [name, delta] of deltas) {
      if (!this.reads.some((view) => view.replace(/\.errors$/, '') === name)) continue
      const missed = this.#missed.get(name) ?? []
      this.#missed.set(name, missed)
      // A delta lends its rows until the next step.
      const changes = delta.changes()
      missed.push({ ...delta, batches: null, changed: null, changes: () => changes })
    }
  }

  /** All rows of all sources before a position of the log, for a one-shot statement at the time `now`. */
  *readAll(now: bigint, upTo = Number.MAX_SAFE_INTEGER): Work<Delta> {
    this.dataflow.now = now
    for (const view of this.#views) this.#attach(view)
    this.#lookAtTables()
    yield* this.#takeTables([])
    // The right sides of joins come first, so that left rows find them: no order depends on it.
    const stored = [...this.#stored].reverse()
    for (const input of stored) {
      const one = { upTo, rowsMax: Number.MAX_SAFE_INTEGER }
      yield* this.#takeStored(one, { rows: 0 }, [input])
    }
    let position = this.#sources.log.position
    const takePositions = (count: number) => {
      position += count
      return position - count
    }
    for (;;) {
      const next = takeExternal(this.#external, (input) => this.#pace(input), takePositions)
      if (next === null) break
      if (next instanceof Promise) yield next
      else if ('end' in next) this.#end(next.input, next.end)
      else {
        this.#count(next.slice.rows)
        this.#step(next.input, next.slice)
        yield
      }
    }
    return this.dataflow.commit()
  }

  /** Bytes read of external sources, and in all where known. */
  progress(): { bytes: number; bytesTotal: number | null } {
    let bytes = 0
    let bytesTotal: number | null = 0
    for (const { reader } of this.#external) {
      const one = reader.progress()
      bytes += one.bytes
      bytesTotal =
        bytesTotal === null || one.bytesTotal === null ? null : bytesTotal + one.bytesTotal
    }
    return { bytes, bytesTotal }
  }

  stats(): StageStats[] {
    return this.dataflow.stats()
  }

  /** Takes the query out of service; its state is not to be trusted any more. */
  quarantine(fault: unknown): void {
    this.fault = fault
    this.ended = true
    for (const tell of this.faulted) tell(fault)
    this.close()
  }

  close(): void {
    if (!this.#closed) for (const { reader } of this.#external) reader.close()
    this.#closed = true
    for (const tell of this.closed.splice(0)) tell()
  }

  /** Does the query read this stored stream or table, or this view? */
  readsFrom(name: string): boolean {
    const key = name.toLowerCase()
    const isStored = this.#stored.some(({ stream }) => stream === key)
    const isOutside = this.#outside.has(key)
    return isStored || isOutside || this.reads.includes(key) || this.reads.includes(`${key}.errors`)
  }

  /** Does it read one of these columns of a stored stream or table? */
  readsColumns(name: string, columns: readonly number[]): boolean {
    return this.#stored.some(
      ({ stream, readings }) =>
        stream === name.toLowerCase() &&
        readings.some((reading) => reading.columns.some((column) => columns.includes(column))),
    )
  }

  /** What it reads has another name, or its columns stand elsewhere: `places` has for each where it was. */
  alter(name: string, relation: Relation, places: readonly number[] | null): void {
    const from = name.toLowerCase()
    for (const scan of this.dataflow.scans) {
      if (scan.plan.relation.toLowerCase() === from) scan.plan.relation = relation.name
    }
    if (this.#outside.delete(from)) this.#outside.add(relation.name.toLowerCase())
    for (const view of this.#views) {
      const { relation: read } = view
      if (read.kind === 'errors' && read.of.toLowerCase() === from) {
        const of = relation.name
        view.relation = { ...read, of, name: `${of}.errors` }
      } else if (read.name.toLowerCase() === from) view.relation = relation
    }
    for (const input of this.#stored) {
      if (input.stream !== from) continue
      input.stream = relation.name.toLowerCase()
      if (places === null) continue
      input.readings = input.readings.map(({ scan, columns }) => ({
        scan,
        columns: columns.map((column) => (column < 0 ? column : places.indexOf(column))),
      }))
    }
  }

  /** A step of each scan of an input, and how many rows the next ones take. */
  #step(input: Input, slice: Slice): void {
    this.#took ||= input.readings.some(({ scan }) => scan.watched)
    const { emitted, passed } = this.#stepScans(input, slice)
    const most = passed * sparse <= slice.rows ? this.#vectorSize * sparse : this.#vectorSize
    const next =
      emitted > emittedMax
        ? Math.max(1, Math.floor((slice.rows * emittedMax) / emitted))
        : Math.min(most, this.#pace(input) * 2)
    this.#paces.set(input, next)
  }

  #stepScans({ readings }: Input, slice: Slice): { emitted: number; passed: number } {
    let emitted = 0
    let passed = 0
    for (const [at, { scan, columns }] of readings.entries()) {
      const goesOn = at + 1 < readings.length
      emitted += this.dataflow.step(scan, slice, columns, goesOn)
      passed += scan.passed
    }
    return { emitted, passed }
  }

  #pace(input: Input): number {
    const joins = this.dataflow.scans.length > 1
    return this.#paces.get(input) ?? (joins ? pacedAtFirst : this.#vectorSize)
  }

  /** The source of an input has ended. */
  #end(input: ExternalInput, position: number): void {
    for (const { scan } of input.readings) this.dataflow.end(scan, position)
  }

  #count(rows: number): void {
    this.rowsIn += rows
  }

  /** From here on rows of tables come as changes; says whether there are rows that stand. */
  #lookAtTables(): boolean {
    let stands = false
    for (const input of this.#stored) {
      if (input.table === null) continue
      input.standing = input.table.end
      stands ||= input.standing > 0
    }
    return stands
  }

  *#takeStored(
    { upTo, rowsMax }: { upTo: number; rowsMax: number },
    taken: { rows: number },
    inputs: StoredInput[] = this.#stored,
  ): Work<void> {
    const { log } = this.#sources
    for (;;) {
      // What was changed at once is shown at once.
      const left = Math.max(rowsMax - taken.rows, 0)
      const until = left > 0 ? upTo : Math.min(upTo, this.#unit)
      const size = (input: Input) => Math.min(this.#pace(input), left === 0 ? Infinity : left)
      const next = takeStored(log, inputs, size, until)
      if (next === null) return
      if ('idle' in next) {
        this.#sleep(next.input, next.idle.position, next.idle.partitions)
        continue
      }
      this.#unit = Math.max(this.#unit, next.until)
      taken.rows += next.slice.rows
      this.#count(next.slice.rows)
      this.#step(next.input, next.slice)
      yield
    }
  }

  /**
   * Beside stored streams, bounded sources without event time are tables that were there before: their rows stand
   * before all others, at positions below 0.
   */
  *#takeTables(runs: Run[]): Work<void> {
    if (this.#stored.length === 0) return
    const tables = this.#external.filter(({ time, wake }) => time === null && wake === null)
    const open = { rowsMax: Number.MAX_SAFE_INTEGER }
    yield* this.#takeFrom(tables, open, { runs, rows: 0 }, (count) => {
      this.#tablePosition += count
      return this.#tablePosition - count
    })
  }

  /** Takes what external sources have, up to the cycle's size; says whether more may come at once. */
  *#takeExternal(input: CycleInput, runs: Run[], taken: { rows: number }): Work<boolean> {
    const { log } = this.#sources
    const into = { runs, rows: taken.rows }
    this.#sleepExternal(Number(input.now), runs)
    const more = yield* this.#takeFrom(this.#external, input, into, (count) =>
      log.takePositions(count),
    )
    taken.rows = into.rows
    return more
  }

  #arrived({ watch }: ExternalInput, partitions: Uint32Array | null): void {
    watch?.arrive(partitions, Number(this.dataflow.now))
  }

  #sleep({ readings }: Input, position: number, partitions: readonly number[]): void {
    for (const { scan } of readings) this.dataflow.sleep(scan, position, partitions)
  }

  /** Partitions that no row came for, and none is at hand, are idle from here on. */
  #sleepExternal(nowMicros: number, runs: Run[]): void {
    this.#idleDue = false
    for (const input of this.#external) {
      const { watch, ended, batch, from } = input
      if (watch === null || ended || (batch !== null && from < batch.rows)) continue
      const idle = watch.take(nowMicros)
      if (idle === null) continue
      const position = this.#sources.log.takePositions(1)
      const place = { query: this.name, scan: input.source, rows: 0, position }
      runs.push({ ...place, end: false, idle })
      this.#sleep(input, position, idle)
    }
  }

  *#takeFrom(
    inputs: readonly ExternalInput[],
    { rowsMax }: { rowsMax: number },
    taken: { runs: Run[]; rows: number },
    takePositions: (count: number) => number,
  ): Work<boolean> {
    const { runs } = taken
    while (taken.rows < rowsMax) {
      if (rowsMax < Number.MAX_SAFE_INTEGER && this.#hasEnough()) return true
      const size = (input: Input) => Math.min(this.#pace(input), rowsMax - taken.rows)
      const next = takeExternal(inputs, size, takePositions)
      if (next === null) return false
      if (next instanceof Promise) {
        yield next
        continue
      }
      const from = { query: this.name, scan: next.input.source }
      if ('end' in next) {
        runs.push({ ...from, rows: 0, position: next.end, end: true })
        this.#end(next.input, next.end)
        continue
      }
      const { rows, position, partitions } = next.slice
      this.#arrived(next.input, partitions)
      addRun(runs, { ...from, rows, position, end: false })
      taken.rows += rows
      this.#count(rows)
      this.#step(next.input, next.slice)
      yield
    }
    return true
  }

  /** Are there as many rows for a sink as stay in a cache until it reads them? */
  #hasEnough(): boolean {
    const { divisible, outputRows } = this.dataflow
    return outputRows >= outputMax && divisible && this.view === null && this.shared === null
  }

  *#replayExternal(logged: readonly Run[], runs: Run[], when: 'before' | 'after'): Work<boolean> {
    for (const run of logged) {
      if (run.query !== this.name || run.silent || run.evicted) continue
      if (run.position < 0 !== (when === 'before')) continue
      runs.push(run)
      const input = this.#external.find(({ source }) => source === run.scan)
      assert(input !== undefined, 'a logged run names a scan of its query')
      if (run.idle !== undefined) {
        input.watch?.forget(run.idle)
        this.#sleep(input, run.position, run.idle)
      }
      if (run.end) {
        input.exhausted = true
        input.ended = true
        this.#end(input, run.position)
      }
      for (let done = 0; done < run.rows; ) {
        const slice = takeRun(input, run.rows - done, this.#pace(input), run.position + done)
        if (slice instanceof Promise) {
          yield slice
          continue
        }
        assert(slice !== null, 'a source gives the rows again that it gave before')
        done += slice.rows
        this.#arrived(input, slice.partitions)
        this.#step(input, slice)
        yield
      }
    }
    return false
  }

  #takeViews(deltas: ReadonlyMap<string, Delta>): void {
    for (const view of this.#views) {
      if (!view.attached) {
        this.#attach(view)
        continue
      }
      const { relation, scan } = view
      const source = (relation.kind === 'errors' ? relation.of : relation.name).toLowerCase()
      for (const delta of [...(this.#missed.get(source) ?? []), deltas.get(source)]) {
        if (delta === undefined) continue
        const changes =
          relation.kind === 'errors' ? errorChanges(delta) : delta.changes().map(contribution)
        this.dataflow.stepChanges(scan, project(changes, scan))
      }
    }
    this.#missed.clear()
  }

  #attach(view: ViewInput): void {
    view.attached = true
    const rows = this.#sources.read(view.relation)
    // What the database tells of itself has an order.
    const major = (at: number) => (view.relation.kind === 'system' ? at : 0)
    const snapshot = rows.map((row, at) => {
      return { row, weight: 1, major: major(at), middle: 0, minor: 0 }
    })
    this.dataflow.stepChanges(view.scan, project(snapshot, view.scan))
  }

  /** Opens what the scans read, all of them the same. */
  #open(scans: readonly ScanStage[], nowMicros: number): void {
    const [first] = scans as [ScanStage]
    const relation = relationOf(first.plan, this.#sources)
    if (relation.kind === 'stream' || relation.kind === 'table') {
      const stream = relation.name.toLowerCase()
      const table = this.#sources.standing(relation)
      const readings = scans.map((scan) => ({ scan, columns: scan.plan.columns }))
      const start = { ...placeAt(this.#sources.log, stream, first.plan.from ?? 0), standing: -1 }
      this.#stored.push({ kind: 'stored', readings, stream, table, ...start })
      return
    }
    if (relation.kind !== 'external') {
      for (const scan of scans) this.#views.push({ scan, relation, attached: false })
      return
    }
    const connector = this.#sources.connectors.get(relation.connector)
    assert(connector !== undefined, `connector ${relation.connector} is wired`)
    if (first.plan.file === undefined) this.#outside.add(relation.name.toLowerCase())
    const { watermark } = relation
    const time = watermark?.column ?? null
    const isJudged = this.#mode === 'continuous' && watermark !== null
    const by = isJudged ? (watermark.partition ?? null) : null
    const plans = scans.map(({ plan }) => plan)
    const projection = projectionOf(relation, plans, this.#mode)
    const bad = (row: BadRow) => {
      if (first.plan.file !== undefined) throw badRow(row)
      this.#sources.bad(relation, row)
    }
    const bounds = this.#mode === 'one-shot' ? boundsOf(plans, relation.schema) : []
    const sources = this.#sources
    const open = (columns: number[], tell: (row: BadRow) => void) =>
      openReader(sources, connector, relation, { projection: columns, bounds, bad: tell })
    const repeatable = connector.once !== true
    const together = sources.shared?.join(first.plan, projection, { repeatable, open, bad })
    const reader = together ?? open(projection, bad)
    const waited = relation.bounded && (reader.paced !== true || this.#mode === 'one-shot')
    this.#external.push({
      kind: 'external',
      readings: scans.map((scan) => ({
        scan,
        columns: scan.plan.columns.map((column) => projection.indexOf(column)),
      })),
      reader,
      time: time === null ? null : projection.indexOf(time),
      partitions: by === null ? null : new Partitions(by.map((one) => projection.indexOf(one))),
      watch:
        isJudged && watermark.idleMicros !== undefined
          ? new IdleWatch(Number(watermark.idleMicros), by !== null, nowMicros)
          : null,
      source: first.plan.id,
      batch: null,
      from: 0,
      maximum: null,
      exhausted: false,
      ended: false,
      bounded: relation.bounded,
      wake: waited ? null : () => this.#sources.wake(),
      reading: null,
      fault: null,
      rows: 0,
    })
  }
}

/** The first row of a stream at or behind a position of the log, and the first mark of idle partitions. */
function placeAt(
  log: Sources['log'],
  stream: string,
  position: number,
): { offset: number; idle: number } {
  if (position === 0) return { offset: 0, idle: 0 }
  let offset = 0
  for (
    let frame = log.frameAt(stream, 0);
    frame !== undefined;
    frame = log.frameAt(stream, offset)
  ) {
    const rows = Math.min(Math.max(position - frame.position, 0), frame.rows)
    offset = frame.offset + rows
    if (rows < frame.rows) break
  }
  const idle = log.idleOf(stream).filter((frame) => frame.position < position)
  return { offset, idle: idle.length }
}

function badRow({ offset, message, text }: BadRow): Failure {
  return new Failure('malformed_row', `row ${offset}: ${message}, in ${JSON.stringify(text)}`)
}

function takeStoredPeek(
  log: Sources['log'],
  inputs: readonly StoredInput[],
  upTo: number,
): boolean {
  return inputs.some(({ stream, offset, idle }) => {
    const sleeps = log.idleOf(stream)[idle]
    if (sleeps !== undefined && sleeps.position < upTo) return true
    const frame = log.frameAt(stream, offset)
    return frame !== undefined && frame.position + offset - frame.offset < upTo
  })
}

function addRun(runs: Run[], run: Run): void {
  const last = runs.at(-1)
  if (
    last !== undefined &&
    !last.end &&
    last.idle === undefined &&
    last.scan === run.scan &&
    last.position + last.rows === run.position
  ) {
    last.rows += run.rows
  } else runs.push(run)
}

function contribution(change: {
  row: Row
  op: Op
  major: number
  middle: number
  minor: number
}): Contribution {
  const { row, op, major, middle, minor } = change
  return { row, weight: isDeletion(op) ? -1 : 1, major, middle, minor }
}

function errorChanges(delta: Delta): Contribution[] {
  return delta.errors.map(({ offset, code, message, row, weight }) => ({
    row: [BigInt(offset), code, message, row],
    weight,
    major: offset,
    middle: 0,
    minor: 0,
  }))
}

/** Keeps the columns that the scan reads. */
function project(rows: Contribution[], scan: ScanStage): Contribution[] {
  const { columns } = scan.plan
  return rows.map((one) => ({ ...one, row: columns.map((column) => one.row[column]!) }))
}
