/**
 * Retained: the changes that a subscription with a name keeps, commit by commit, for cursors to read.
 *
 * How      The subscription is a query like others, and each commit of it is put behind the others. A commit goes when
 *          it is older than the retention, or acknowledged; all of this is logged, or told by cycles that are.
 * Contract 1 (checked) a cursor that begins at a moment gets every later change once, or is refused: what it would need
 *          is gone.
 * Cost     the rows of the changes, as long as they are kept.
 */
import type { Metadata } from '../../../grammar/index.ts'
import { mistake, type Span } from '../../base/index.ts'
import type { Field, Row } from '../../data/index.ts'
import type { BoundStatement, Moment, Reading } from '../../plan/index.ts'
import { HeldRows } from '../../runtime/index.ts'
import type { Engine } from '../engine.ts'
import type { Work } from '../query.ts'
import { CommitQueue, type RawCommit, withMetadata } from '../subscription.ts'
import { commitOf } from './follow.ts'
import { timeText } from './past.ts'

type Kept = RawCommit & { micros: bigint }

/** A moment, as a time and as a position of the log. */
interface Place {
  micros: bigint
  offset: number
}

/** What is told of a subscription that keeps nothing. */
export const nothingKept: Row = new Array<null>(7).fill(null)

export class Retained {
  #retentionMicros: bigint
  readonly #begin: Place
  #kept: Kept[] = []
  readonly #held: HeldRows
  /** Of the last commit that has gone. */
  #gone: Place | null = null
  #acknowledged: bigint | null = null
  /** With what each tells of a change before its row. */
  readonly #cursors = new Map<CommitQueue, readonly Metadata[]>()

  /** `begin` is when it is made. */
  constructor(retentionMicros: bigint, begin: Place, fields: readonly Field[]) {
    this.#retentionMicros = retentionMicros
    this.#held = new HeldRows(fields)
    this.#begin = begin
  }

  /** An estimate of the bytes of what is kept. */
  get bytes(): number {
    return this.#held.bytes
  }

  /** Changes are kept for another span of time from here on; what has gone does not come back. */
  keepFor(retentionMicros: bigint, now: bigint): void {
    this.at(now)
    this.#retentionMicros = retentionMicros
  }

  push(commit: RawCommit, micros: bigint): void {
    this.#forget(({ micros: at }) => at <= micros - this.#retentionMicros)
    const kept = { ...commit, micros }
    this.#kept.push(kept)
    for (const row of commit.rows) this.#held.change(row, 1)
    for (const [cursor, metadata] of this.#cursors) cursor.push(told(kept, metadata))
  }

  /** Lets go what was told up to a moment; gives how many commits that were. */
  acknowledge(upTo: Moment): number {
    const before = this.#kept.length
    const last = this.#kept.findLast((commit) => !isAfter(commit, upTo))
    this.#acknowledged = last?.micros ?? this.#acknowledged
    this.#forget((commit) => !isAfter(commit, upTo))
    return before - this.#kept.length
  }

  /** What is kept at this time. */
  at(micros: bigint): readonly Kept[] {
    this.#forget(({ micros: at }) => at <= micros - this.#retentionMicros)
    return this.#kept
  }

  /** What is kept of the changes since a moment; null: all of it. */
  since(moment: (Moment & { span: Span }) | null, now: Place): readonly Kept[] {
    const all = this.at(now.micros)
    if (moment === null) return all
    this.#refuseGone(moment, now)
    if ('offset' in moment) return all.filter(({ offset }) => offset > moment.offset)
    return all.filter(({ micros }) => micros >= moment.micros)
  }

  #refuseGone(moment: Moment & { span: Span }, now: Place): void {
    const { span } = moment
    const text = 'offset' in moment ? `OFFSET ${moment.offset}` : timeText(moment.micros)
    if (isLater(moment, now)) {
      mistake({ code: 'invalid_argument', message: `${text} has not come yet`, span })
    }
    const gone = this.#gone
    const isGone =
      gone !== null &&
      ('offset' in moment ? moment.offset < gone.offset : moment.micros <= gone.micros)
    const isBefore =
      'offset' in moment ? moment.offset < this.#begin.offset : moment.micros < this.#begin.micros
    if (!isGone && !isBefore) return
    const why = isBefore ? 'the subscription was made later' : 'they are acknowledged or too old'
    const message = `the changes since ${text} are not kept: ${why}`
    const hint = 'FULL gives the rows that stand, and what comes; SINCE begin() what is kept'
    mistake({ code: 'invalid_argument', message, hint, span })
  }

  /** The changes given, and then those that come. */
  follow(given: readonly Kept[], metadata: readonly Metadata[]): CommitQueue {
    const queue: CommitQueue = new CommitQueue(
      () => {},
      () => this.#cursors.delete(queue),
    )
    for (const commit of given) queue.push(told(commit, metadata))
    this.#cursors.set(queue, metadata)
    return queue
  }

  end(fault: unknown = null): void {
    for (const cursor of this.#cursors.keys()) cursor.end(fault)
    this.#cursors.clear()
  }

  /** What sys.subscriptions tells of it: retention, commits, rows, oldest, newest, acknowledged, cursors. */
  told(now: bigint): Row {
    const kept = this.at(now)
    const rows = kept.reduce((sum, commit) => sum + commit.rows.length, 0)
    const [oldest, newest] = [kept[0]?.micros ?? null, kept.at(-1)?.micros ?? null]
    const counts = [BigInt(kept.length), BigInt(rows)]
    const cursors = BigInt(this.#cursors.size)
    return [this.#retentionMicros, ...counts, oldest, newest, this.#acknowledged, cursors]
  }

  #forget(goes: (commit: Kept) => boolean): void {
    const from = this.#kept.findIndex((commit) => !goes(commit))
    const count = from < 0 ? this.#kept.length : from
    if (count === 0) return
    const { micros, offset } = this.#kept[count - 1]!
    this.#gone = { micros, offset }
    for (const { rows } of this.#kept.splice(0, count)) {
      for (const row of rows) this.#held.change(row, -1)
    }
  }
}

const isAfter = ({ micros, offset }: Kept, moment: Moment): boolean =>
  'offset' in moment ? offset > moment.offset : micros > moment.micros

const isLater = (moment: Moment, now: Place): boolean =>
  'offset' in moment ? moment.offset > now.offset : moment.micros > now.micros

/** With what is known of each change before its row. */
const told = (commit: Kept, metadata: readonly Metadata[]): RawCommit =>
  withMetadata(metadata, { dataflow: { now: commit.micros } }, commit)

const placeOf = (engine: Engine): Place => ({
  micros: BigInt(engine.nowMicros()),
  offset: engine.position,
})

/** CREATE SUBSCRIPTION: a query whose changes are kept, from now on; one of its name ends with what it has kept. */
export function* createSubscription(
  engine: Engine,
  { relation, query, replaces }: BoundStatement & { kind: 'create-subscription' },
  isLive: boolean,
  log: () => void,
): Work<void> {
  const { name } = relation
  const plan = engine.physical(query.plan, 'continuous')
  // What is there already belongs to the first cycle, which follows at once.
  if (isLive) yield* engine.flush()
  if (replaces) engine.drop(name)
  const running = engine.start(name, plan, false)
  const { retentionMicros } = relation as typeof relation & { retentionMicros: string }
  const retained = new Retained(BigInt(retentionMicros), placeOf(engine), plan.output)
  running.retained = retained
  let began = false
  const begin = () => {
    began = true
    engine.cycled.delete(begin)
  }
  engine.cycled.add(begin)
  running.consumers.push((cycle, delta) => {
    if (began) retained.push(commitOf(running, cycle, delta, false), running.dataflow.now)
  })
  running.closed.push(() => {
    engine.cycled.delete(begin)
    retained.end(running.fault)
  })
  engine.createRelation(relation)
  log()
  if (isLive) yield* engine.flush()
}

/** DECLARE … FOR a subscription: the changes since a moment, or the rows that stand and every change after them. */
export function* readRetained(
  engine: Engine,
  { name, since, plan, metadata }: Reading,
  rowsOf: (plan: Reading['plan']) => Work<Row[]>,
): Work<CommitQueue> {
  const retained = retainedOf(engine, name)
  yield* engine.flush()
  const now = placeOf(engine)
  if (since === 'now') return retained.follow([], metadata)
  if (since === 'full') {
    const rows = yield* rowsOf(plan)
    const { cycle } = engine.log
    const place = { ...now, cycle, watermark: null, snapshot: true, errors: [] }
    return retained.follow([{ ...place, rows, ops: rows.map(() => '+I' as const) }], metadata)
  }
  return retained.follow(retained.since(since === 'begin' ? null : since, now), metadata)
}

/** ALTER SUBSCRIPTION … SET (retention = …). */
export function alterSubscription(
  engine: Engine,
  { relation }: BoundStatement & { kind: 'alter-subscription' },
): void {
  const { name, retentionMicros } = relation
  retainedOf(engine, name).keepFor(BigInt(retentionMicros), BigInt(engine.nowMicros()))
  engine.catalog.replace(name, relation)
}

/** ACKNOWLEDGE: what was told up to a moment need not be kept. */
export function acknowledge(
  engine: Engine,
  { name, upTo, span }: BoundStatement & { kind: 'acknowledge' },
  isLive: boolean,
): number {
  if (isLive && isLater(upTo, placeOf(engine))) {
    const message = 'what has not come yet cannot be acknowledged'
    mistake({ code: 'invalid_argument', message, hint: 'the _ts of a fetched row can', span })
  }
  return retainedOf(engine, name).acknowledge(upTo)
}

function retainedOf(engine: Engine, name: string): Retained {
  const query = engine.queries.get(name.toLowerCase())
  if (query?.fault != null) throw query.fault
  return query!.retained!
}
