/**
 * Dataflow: a physical plan at work: scans at the bottom, one output at the top, stages between them.
 *
 * How      Stages are built from the top down, each with the `push` of its parent, and listed children first. A step
 *          pushes one slice of one scan all the way up, then lets stages close windows, then gives scratch memory
 *          back. A commit lets every stage emit its changes, children first, and takes the output.
 * Contract 1 (checked by the golden scripts) the changes of a commit depend on the rows pushed since the last one,
 *            not on slices.
 * Cost     nothing per row by itself.
 */
import { assert, unreachable } from '../base/index.ts'
import type { Row } from '../data/index.ts'
import type { Kernels } from '../kernel/index.ts'
import { type Expression, inputsOf, type PhysicalPlan } from '../plan/index.ts'
import { loadContributions, pushContributions } from './batch.ts'
import { type Contribution, endOfSlice } from './changes.ts'
import { ErrorList } from './errors.ts'
import type { UserFunctions } from './expression/user-function.ts'
import { compileExpressions } from './expression.ts'
import { Meter } from './meter.ts'
import { aggregateStage, columnsRead } from './operator/aggregate.ts'
import { asofStage } from './operator/asof.ts'
import { waitingAsofStage } from './operator/asof-waiting.ts'
import { type Candidacy, candidacyOf } from './operator/candidate.ts'
import { changelogStage } from './operator/changelog.ts'
import { closeStage } from './operator/close.ts'
import { filterStage } from './operator/filter.ts'
import { finalRankStage } from './operator/final-rank.ts'
import { mayComeLate } from './operator/gate.ts'
import { holdStage } from './operator/hold.ts'
import { joinStage } from './operator/join.ts'
import { lifetimeStage } from './operator/lifetime.ts'
import { matchStage } from './operator/match.ts'
import { numberStage } from './operator/number.ts'
import { type Delta, type Output, output } from './operator/output.ts'
import { overStage } from './operator/over.ts'
import { projectStage } from './operator/project.ts'
import { rankStage } from './operator/rank.ts'
import { repeatStage } from './operator/repeat.ts'
import { type ScanStage, type Slice, scanStage, type Watch } from './operator/scan.ts'
import { sessionGrid, sessionStage } from './operator/session.ts'
import { sortedRows, sortStage } from './operator/sort.ts'
import { unionStage } from './operator/union.ts'
import { unnestStage } from './operator/unnest.ts'
import { gridOf, windowStage } from './operator/window.ts'
import {
  type Environment,
  type ErrorRow,
  endOfTime,
  type LateRow,
  type Push,
  type Stage,
  type StageStats,
  type Upstream,
} from './stage.ts'

export interface DataflowOptions {
  /** One entry per fragment, each with its own arena. */
  fragments: readonly Kernels[]
  vectorSize: number
  mode: 'one-shot' | 'continuous'
  /** When the query began, microseconds since 1970. */
  nowMicros?: number
  functions?: UserFunctions
  /** Tells milliseconds that only grow, by which the stages are timed; they are not when left out. */
  stopwatch?: () => number
  /** Which scanned relations are views; none when left out. */
  isView?: (relation: string) => boolean
  /** Told of rows that came too late; nobody when left out. */
  late?: (row: LateRow) => void
}

/** The sort and limit on top of a one-shot plan, done on the rows of the answer, and the columns kept after it. */
interface Sorting {
  sort: PhysicalPlan & { kind: 'sort' }
  kept: number[]
}

export class Dataflow {
  /** Time of the cycle at work, microseconds since 1970. */
  now = 0n
  /** Scans in the plan's order. */
  readonly scans: ScanStage[] = []
  /** May the rows of a commit as well come in several? None cancels another one, and none is put before another. */
  readonly divisible: boolean
  readonly #stages: Stage[] = []
  readonly #environment: Environment
  #head: Head
  readonly #sorting: Sorting | null
  readonly #values: (() => void)[] = []
  /** What to do after a stage's commit. */
  readonly #committed = new Map<Stage, () => void>()
  readonly #errorList = new ErrorList()
  /** By the id of a stage that knows, or asks, which rows a join above it needs. */
  readonly #candidacies = new Map<number, Candidacy>()
  readonly #meter: Meter | null
  #errors: ErrorRow[] = []
  #moved: ScanStage | null = null
  /** What the step at work pushes. */
  #slice: { scan: ScanStage; slice: Slice } | null = null
  #emitted = 0
  #goesOn = false
  /** Is there a scan all of whose partitions are idle? */
  #sleepers = false

  constructor(plan: PhysicalPlan, options: DataflowOptions) {
    this.#environment = {
      ...options,
      now: () => this.now,
      began: BigInt(options.nowMicros ?? 0),
      isView: options.isView ?? (() => false),
      fail: (error) => this.#errors.push(error),
      late: options.late ?? (() => {}),
      lateAt: (position, at, watermark) => this.#lateAt(position, at, watermark),
      emitted: (rows) => {
        this.#emitted += rows
      },
      goesOn: () => this.#goesOn,
      positionOf: (threshold) => this.#moved?.positionOf(threshold) ?? 0,
      rises: () => this.#moved?.rises() ?? [],
    }
    this.#meter = options.stopwatch === undefined ? null : new Meter(options.stopwatch)
    this.#sorting = sortingOf(plan)
    const root = this.#sorting?.sort.input ?? plan
    const core = headless(root)
    this.#head = headOver(root, core, this.#environment)
    this.divisible = !plan.updating && this.#sorting === null
    // What is above the core may be another thing one day.
    const push: Push = (fragment, batch) => this.#head.push(fragment, batch)
    this.#build(core, push, { windows: [], exact: false })
    this.#stages.push(...this.#head.stages)
    this.scans.sort((a, b) => a.plan.id - b.plan.id)
  }

  /**
   * Pushes rows of one scan, whose columns stand at `columns` of the batch, and closes what they allow to be closed;
   * `goesOn` where another scan takes the same rows next. Returns how many rows joins gave.
   */
  step(scan: ScanStage, slice: Slice, columns: readonly number[], goesOn: boolean): number {
    this.#emitted = 0
    this.#goesOn = goesOn
    this.#wake(scan)
    this.#slice = { scan, slice }
    this.#timed(scan.plan.id, () => scan.pushSlice(slice, columns))
    this.#slice = null
    this.#endStep(scan)
    this.#goesOn = false
    return this.#emitted
  }

  /** Pushes the changes of a view that a scan reads. */
  stepChanges(scan: ScanStage, contributions: readonly Contribution[]): void {
    const { vectorSize } = this.#environment
    for (let from = 0; from < contributions.length; ) {
      const to = endOfSlice(contributions, from + vectorSize)
      const slice = contributions.slice(from, to)
      this.#timed(scan.plan.id, () => scan.pushContributions(slice))
      this.#endStep(scan)
      from = to
    }
  }

  /** The scan's source has ended: its final watermark stands at `position`. */
  end(scan: ScanStage, position: number): void {
    scan.end(position)
    this.#endStep(scan)
  }

  /** No row of these partitions of the scan's source is awaited from `position` on. */
  sleep(scan: ScanStage, position: number, partitions: readonly number[]): void {
    scan.sleep(position, partitions)
    this.#sleepers ||= scan.asleep()
    this.#endStep(scan)
  }

  /** For how long of the clock windows wait for rows before they close, microseconds; null: for ever. */
  get patience(): number | null {
    const scan = this.scans.find(({ watched, plan }) => watched && plan.watermark?.timeoutMicros)
    return scan === undefined ? null : Number(scan.plan.watermark!.timeoutMicros)
  }

  /** No row came for that long: at `position` the windows close that hold rows. */
  closeAll(position: number): void {
    const closes = this.scans.flatMap((scan) => scan.lastClose() ?? [])
    if (closes.length === 0) return
    const last = closes.reduce((a, b) => (b > a ? b : a))
    for (const scan of this.scans) {
      if (!scan.watched || scan.ended()) continue
      scan.raiseTo(last, position)
      this.#endStep(scan)
    }
  }

  get ended(): boolean {
    return this.scans.every((scan) => scan.ended())
  }

  /** Least watermark of all scans that have one. */
  watermark(): bigint {
    let least = endOfTime
    for (const scan of this.scans) if (scan.watermark() < least) least = scan.watermark()
    return least
  }

  /** The time from which on a commit tells something that waits; null: nothing waits for a time. */
  get due(): bigint | null {
    let least: bigint | null = null
    for (const stage of this.#stages) {
      const due = stage.due?.() ?? null
      if (due !== null && (least === null || due < least)) least = due
    }
    return least
  }

  /** Rows that the next commit gives so far, where they are known before it. */
  get outputRows(): number {
    return this.#head.output.rows
  }

  commit(): Delta {
    for (const push of this.#values.splice(0)) push()
    for (const stage of this.#stages) {
      this.#timed(stage.stats.id, () => stage.commit?.())
      this.#committed.get(stage)?.()
      this.#resetScratch()
    }
    const errors = this.#errors
    this.#errors = []
    const delta = this.#head.output.take(this.#errorList.apply(errors))
    return this.#sorting === null ? delta : sorted(delta, this.#sorting)
  }

  /** Can the operator below the projections and filters at the top tell all rows again that it has told? */
  get retells(): boolean {
    return this.#core.retells?.() ?? false
  }

  get #core(): Stage {
    return this.#stages[this.#stages.length - this.#head.stages.length - 1]!
  }

  /**
   * Other projections and filters at the top, those of `plan`, whose node `core` is the one that stays. They are given
   * the rows `told`, of which some columns may be null where nobody reads them; without these the core tells its rows
   * again. The rows stand before all others. Commits have told everything.
   */
  replaceHead(plan: PhysicalPlan, core: PhysicalPlan, told: readonly Row[] | null): void {
    const stage = this.#core
    const shift = core.id - stage.stats.id
    this.#stages.splice(this.#stages.length - this.#head.stages.length)
    for (const one of this.#stages) one.stats.id += shift
    closeHead(this.#head)
    this.#head = headOver(plan, core, this.#environment)
    this.#stages.push(...this.#head.stages)
    if (told === null) stage.retell!()
    else {
      const place = { weight: 1, major: 0, middle: 0, minor: 0 }
      const rows = told.map((row) => ({ row, ...place }))
      const { push } = this.#head
      const [kernels] = this.#environment.fragments
      pushContributions(kernels!, rows, core.output, (batch) => push(0, batch))
    }
    this.#resetScratch()
  }

  /** The failures that are true at the last commit. */
  get errors(): ErrorRow[] {
    return this.#errorList.rows
  }

  stats(): StageStats[] {
    return this.#stages.map(({ stats }) => ({ ...stats })).sort((a, b) => a.id - b.id)
  }

  /** Milliseconds that a stage alone has taken, where stages are timed. */
  millisOf(plan: PhysicalPlan): number {
    return (
      this.#meter?.millisOf(
        plan.id,
        inputsOf(plan).map(({ id }) => id),
      ) ?? 0
    )
  }

  /** A row of a source wakes all its scans: they read the same rows. */
  #wake({ plan: { relation } }: ScanStage): void {
    if (!this.#sleepers) return
    for (const scan of this.scans) if (scan.plan.relation === relation) scan.wake()
    this.#sleepers = this.scans.some((scan) => scan.asleep())
  }

  #lateAt(position: number, at: bigint, watermark: bigint): void {
    assert(this.#slice !== null, 'rows of a stream come by slices')
    const { scan, slice } = this.#slice
    const row = position - slice.position
    const place = {
      batch: slice.batch,
      row: slice.from + row,
      offset: slice.offset + row,
      position,
    }
    this.#environment.late({ ...place, relation: scan.plan.relation, at, watermark })
  }

  /** What sleeps goes with the least watermark of what is live. */
  #liftSleepers(): void {
    const live = this.scans.filter((scan) => scan.watched && !scan.asleep() && !scan.ended())
    if (live.length === 0) return
    const marks = live.map((scan) => scan.watermark())
    const least = marks.reduce((a, b) => (b < a ? b : a))
    for (const scan of this.scans) if (scan.asleep()) scan.lift(least)
  }

  /** What a stage does when it is called from here. */
  #timed(id: number, work: () => void): void {
    if (this.#meter === null) work()
    else this.#meter.call(id, work)
  }

  #endStep(scan: ScanStage): void {
    if (this.#sleepers) this.#liftSleepers()
    this.#moved = scan
    for (const stage of this.#stages) {
      this.#timed(stage.stats.id, () => stage.stepEnd?.())
    }
    this.#moved = null
    scan.forgetStep()
    this.#resetScratch()
  }

  #resetScratch(): void {
    for (const { arena } of this.#environment.fragments) arena.resetScratch()
  }

  /**
   * Builds the stage of `plan` and those below it; `reads` are the columns of its output that are read, null for all.
   */
  #build(
    plan: PhysicalPlan,
    above: Push,
    watch: Watch,
    reads: ReadonlySet<number> | null = null,
  ): Upstream {
    const push = this.#meter?.through(plan.id, above) ?? above
    const environment = this.#environment
    switch (plan.kind) {
      case 'scan':
        return this.#scan(scanStage(plan, environment, watch, push))
      case 'values':
      case 'series':
        return this.#given(() => pushGiven(plan, environment, push))
      case 'filter': {
        const stage = filterStage(plan, environment, push, this.#candidacies.get(plan.id))
        if (plan.input.kind !== 'scan') return this.#above(plan.input, stage, watch)
        const { push: into, sieve } = stage
        const metered = this.#meter?.through(plan.input.id, into) ?? into
        const scan = this.#scan(scanStage(plan.input, environment, watch, metered, sieve))
        this.#stages.push(stage)
        return scan
      }
      case 'project':
        return this.#above(plan.input, projectStage(plan, environment, push), watch)
      case 'window':
        return this.#above(plan.input, windowStage(plan, environment, reads, push), {
          ...watch,
          windows: [...watch.windows, gridOf(plan)],
        })
      case 'session':
        return this.#session(plan, push, watch)
      case 'aggregate':
        return this.#aggregate(plan, push, watch)
      case 'join':
        return this.#join(plan, push, watch)
      case 'asof':
        return this.#asof(plan, push, watch)
      case 'rank':
      case 'over':
      case 'sort':
      case 'lifetime':
      case 'changelog':
        return this.#gathering(plan.input, gatheringStage(plan, environment, push), watch)
      case 'match': {
        const upstream = pendingUpstream()
        const stage = matchStage(plan, environment, upstream, push)
        return upstream.set(this.#gathering(plan.input, stage, watch))
      }
      case 'number':
        return this.#gathering(plan.input, numberStage(plan, environment, push), watch)
      case 'close':
        return this.#close(plan, push, watch)
      case 'hold':
        return this.#hold(plan, push, watch)
      case 'union': {
        const stage = unionStage(plan, environment, push)
        const below = plan.inputs.map((input) => this.#build(input, stage.push, watch, reads))
        this.#stages.push(stage)
        const all = below.reduce(both)
        return stage.waits ? this.#untilCommit(stage, all) : all
      }
      case 'repeat':
        return this.#above(plan.input, repeatStage(plan, environment, push), watch)
      case 'unnest':
        return this.#above(plan.input, unnestStage(plan, environment, push), watch)
      default:
        return unreachable(plan)
    }
  }

  #aggregate(plan: PhysicalPlan & { kind: 'aggregate' }, push: Push, watch: Watch): Upstream {
    const upstream = pendingUpstream()
    const candidacy = this.#candidacies.get(plan.id)
    const stage = aggregateStage(plan, this.#environment, upstream, push, candidacy)
    // Only windows watch: whether a scan beside them reads its time column is up to the rewrites.
    const exact = watch.exact || mayComeLate(plan.input)
    const below = this.#above(plan.input, stage, { ...watch, exact }, columnsRead(plan))
    upstream.set(below)
    return this.#untilCommit(stage, below)
  }

  #join(plan: PhysicalPlan & { kind: 'join' }, push: Push, watch: Watch): Upstream {
    const [left, right] = [pendingUpstream(), pendingUpstream()]
    const intoWindows = watch.windows.length > 0
    const candidacy = this.#candidacyOf(plan)
    const inputs = { left, right, intoWindows, candidacy }
    const stage = joinStage(plan, this.#environment, inputs, push)
    left.set(this.#build(plan.left, stage.pushLeft, watch))
    right.set(this.#build(plan.right, stage.pushRight, watch))
    this.#stages.push(stage)
    const below = both(left, right)
    return { ...below, ended: () => below.ended() && !stage.holds() }
  }

  /** Which rows a join needs, where it is the join that chooses them; elsewhere the stages concerned are told. */
  #candidacyOf({ candidates }: PhysicalPlan & { kind: 'join' }): Candidacy | null {
    if (candidates === null) return null
    const candidacy = candidacyOf(candidates)
    this.#candidacies.set(candidates.aggregate, candidacy)
    if (candidates.filter === null) return candidacy
    this.#candidacies.set(candidates.filter, candidacy)
    return null
  }

  #asof(plan: PhysicalPlan & { kind: 'asof' }, push: Push, watch: Watch): Upstream {
    if (plan.waits && this.#environment.mode === 'continuous') {
      return this.#waitingAsof(plan, push, watch)
    }
    const stage = asofStage(plan, this.#environment, push)
    const left = this.#build(plan.left, stage.pushLeft, watch)
    const right = this.#build(plan.right, stage.pushRight, watch)
    this.#stages.push(stage)
    return this.#untilCommit(stage, both(left, right))
  }

  #waitingAsof(plan: PhysicalPlan & { kind: 'asof' }, push: Push, watch: Watch): Upstream {
    const [left, right] = [pendingUpstream(), pendingUpstream()]
    const below = both(left, right)
    const stage = waitingAsofStage(plan, this.#environment, below, push)
    left.set(this.#build(plan.left, stage.pushLeft, watch))
    right.set(this.#build(plan.right, stage.pushRight, watch))
    this.#stages.push(stage)
    return { ...below, ended: () => below.ended() && !stage.holds() }
  }

  #close(plan: PhysicalPlan & { kind: 'close' }, push: Push, watch: Watch): Upstream {
    const upstream = pendingUpstream()
    const stage = closeStage(plan, this.#environment, upstream, push)
    return this.#untilCommit(stage, upstream.set(this.#above(plan.input, stage, watch)))
  }

  #hold(plan: PhysicalPlan & { kind: 'hold' }, push: Push, watch: Watch): Upstream {
    const upstream = pendingUpstream()
    const stage = holdStage(plan, this.#environment, upstream, push)
    return this.#untilCommit(stage, upstream.set(this.#above(plan.input, stage, watch)))
  }

  #session(plan: PhysicalPlan & { kind: 'session' }, push: Push, watch: Watch): Upstream {
    const upstream = pendingUpstream()
    const stage = sessionStage(plan, this.#environment, upstream, push)
    // What a session leaves out depends on its rows: each is judged by itself.
    const windows = [...watch.windows, sessionGrid(plan)]
    const below = this.#above(plan.input, stage, { windows, exact: true })
    upstream.set(below)
    return this.#untilCommit(stage, below)
  }

  /** Rows that are there at the first commit. */
  #given(push: () => void): Upstream {
    let pushed = false
    this.#values.push(() => {
      push()
      pushed = true
    })
    return { watermark: () => endOfTime, settled: () => pushed, ended: () => pushed }
  }

  #scan(scan: ScanStage): ScanStage {
    this.scans.push(scan)
    this.#stages.push(scan)
    return scan
  }

  #above(
    input: PhysicalPlan,
    stage: Stage & { push: Push },
    watch: Watch,
    reads: ReadonlySet<number> | null = null,
  ): Upstream {
    const upstream = this.#build(input, stage.push, watch, reads)
    this.#stages.push(stage)
    return upstream
  }

  #gathering(input: PhysicalPlan, stage: Stage & { push: Push }, watch: Watch): Upstream {
    return this.#untilCommit(stage, this.#above(input, stage, watch))
  }

  /** A stage that tells rows at the commit has ended when a commit has found all below it ended. */
  #untilCommit(stage: Stage, below: Upstream): Upstream {
    let ended = false
    this.#committed.set(stage, () => {
      ended = below.ended()
    })
    return { ...below, ended: () => ended }
  }
}

/** What stands above everything that keeps state: projections, filters and the output. */
interface Head {
  push: Push
  /** From the core upwards. */
  stages: (Stage & { close(): void })[]
  output: Output
}

/** The plan below the projections and filters at its top; they stay where a scan chooses its rows by them. */
function headless(plan: PhysicalPlan): PhysicalPlan {
  let core = plan
  while (core.kind === 'filter' || core.kind === 'project') core = core.input
  return core.kind === 'scan' ? plan : core
}

function headOver(plan: PhysicalPlan, core: PhysicalPlan, environment: Environment): Head {
  const last = output(plan, environment)
  const stages: Head['stages'] = []
  let push = last.push
  for (let node = plan; node !== core; ) {
    assert(node.kind === 'filter' || node.kind === 'project', 'a head has projections and filters')
    const stage =
      node.kind === 'filter'
        ? filterStage(node, environment, push)
        : projectStage(node, environment, push)
    stages.unshift(stage)
    push = stage.push
    node = node.input
  }
  return { push, stages, output: last }
}

function closeHead({ stages, output }: Head): void {
  for (const stage of stages) stage.close()
  output.close()
}

/** A stage that waits for all rows of a commit. */
function gatheringStage(
  plan: PhysicalPlan & { kind: 'rank' | 'over' | 'sort' | 'lifetime' | 'changelog' },
  environment: Environment,
  push: Push,
): Stage & { push: Push } {
  if (plan.kind === 'rank') {
    return plan.final ? finalRankStage(plan, environment, push) : rankStage(plan, environment, push)
  }
  if (plan.kind === 'over') return overStage(plan, environment, push)
  if (plan.kind === 'lifetime') return lifetimeStage(plan, environment, push)
  if (plan.kind === 'changelog') return changelogStage(plan, environment, push)
  return sortStage(plan, environment, push)
}

/** Stands for the inputs of a stage that is made before them. */
function pendingUpstream(): Upstream & { set(upstream: Upstream): Upstream } {
  let known: Upstream | null = null
  return {
    watermark: () => known!.watermark(),
    settled: () => known!.settled(),
    ended: () => known!.ended(),
    set(upstream) {
      known = upstream
      return upstream
    },
  }
}

function pushGiven(
  plan: PhysicalPlan & { kind: 'values' | 'series' },
  environment: Environment,
  push: Push,
): void {
  if (plan.kind === 'values') pushValues(plan, environment, push)
  else pushSeries(plan, environment, push)
}

function pushSeries(
  plan: PhysicalPlan & { kind: 'series' },
  environment: Environment,
  push: Push,
): void {
  const kernels = environment.fragments[0]!
  const [first, last, step] = [BigInt(plan.first), BigInt(plan.last), BigInt(plan.step)]
  const isPast = (value: bigint) => (step > 0n ? value > last : value < last)
  let major = isPast(first) ? 0 : -Number((last - first) / step + 1n)
  for (let at = first; !isPast(at); ) {
    const rows: Contribution[] = []
    for (; rows.length < environment.vectorSize && !isPast(at); at += step) {
      rows.push({ row: [at], weight: 1, major: major++, middle: 0, minor: 0 })
    }
    const mark = kernels.arena.markScratch()
    push(0, { ...loadContributions(kernels, rows, plan.output), weights: 0 })
    kernels.arena.releaseScratch(mark)
  }
}

function both(left: Upstream, right: Upstream): Upstream {
  return {
    watermark: () => {
      const [a, b] = [left.watermark(), right.watermark()]
      return a < b ? a : b
    },
    settled: () => left.settled() && right.settled(),
    ended: () => left.ended() && right.ended(),
  }
}

function pushValues(
  plan: PhysicalPlan & { kind: 'values' },
  environment: Environment,
  push: Push,
): void {
  const kernels = environment.fragments[0]!
  plan.rows.forEach((row: Expression[], index) => {
    const major = index - plan.rows.length
    const one: Contribution = { row: [], weight: 1, major, middle: 0, minor: 0 }
    const batch = { ...loadContributions(kernels, [one], []), weights: 0 }
    const columns = compileExpressions(kernels, row, environment).run([], 1)
    push(0, { ...batch, columns })
  })
}

/** A sort at the top, with at most projections of plain columns above it. */
function sortingOf(plan: PhysicalPlan): Sorting | null {
  if (plan.kind === 'sort') return { sort: plan, kept: plan.output.map((_, index) => index) }
  if (plan.kind !== 'project') return null
  const below = sortingOf(plan.input)
  if (below === null) return null
  const kept: number[] = []
  for (const expression of plan.expressions) {
    if (expression.kind !== 'column') return null
    kept.push(below.kept[expression.index]!)
  }
  return { sort: below.sort, kept }
}

function sorted(delta: Delta, { sort, kept }: Sorting): Delta {
  const chosen = sortedRows(sort, delta.changes()).map((change) => ({
    ...change,
    row: kept.map((column) => change.row[column]!),
  }))
  return {
    count: chosen.length,
    batches: null,
    changed: null,
    changes: () => chosen,
    errors: delta.errors,
  }
}
