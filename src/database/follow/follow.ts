/**
 * Follow: SUBSCRIBE: a query whose changes go to a queue; its first commit tells what is there already.
 *
 * How      `AS OF` runs the query again over the log: up to that moment at once, then cycle by cycle as they were
 *          logged, and from there it goes on with the others. `UP TO` ends the query itself.
 * Contract 1 (checked) what AS OF tells of a cycle is what a subscription of that time was told.
 * Cost     AS OF: the rows of the log from the first one on.
 */
import { compareValues, type Field, type Op, type Row, rowsOf } from '../../data/index.ts'
import { type Following, fieldsShown, type SortKey } from '../../plan/index.ts'
import type { Delta } from '../../runtime/index.ts'
import type { Engine } from '../engine.ts'
import type { Query, Work } from '../query.ts'
import type { Outcome, Session } from '../statement.ts'
import { progressOf, type RawCommit, withMetadata } from '../subscription.ts'
import { Messages } from './envelope.ts'
import { again, positionOf, untilOf } from './past.ts'

export function* subscribe(
  engine: Engine,
  { query, snapshot, metadata, envelope, fields, order, asOf, upTo }: Following,
  session: Session,
): Work<Outcome & { kind: 'changes' }> {
  const { output, updating } = query.plan
  const from = asOf === null ? null : positionOf(engine, asOf)
  const until = upTo === null ? null : untilOf(engine, upTo, from)
  const running = engine.startNumbered('subscription', engine.physical(query.plan, 'continuous'))
  running.until = until
  running.fromLog = from !== null
  const queue = session.openQueue(() => engine.stop(running.name))
  running.faulted.push((fault) => queue.end(fault))
  running.closed.push(() => queue.end())
  const messages = envelope === null ? null : new Messages(envelope, output.length)
  const sorted = (rows: RawCommit) => (order.length === 0 ? rows : inOrder(rows, order, fields))
  let first = true
  const tell = (cycle: number, delta: Delta) => {
    const isSnapshot = first
    first = false
    if (delta.count > 0 || delta.errors.length > 0) {
      const changes = commitOf(running, cycle, delta, isSnapshot)
      const commit = messages === null ? changes : messages.of(changes)
      if (!isSnapshot || snapshot) queue.push(sorted(withMetadata(metadata, running, commit)))
    }
    if (running.ended) engine.stop(running.name)
  }
  running.consumers.push(tell)
  const width = fields.length - metadata.length
  const pass = (cycle: number, now: bigint) =>
    queue.push(progressOf(metadata, { cycle, now, offset: running.readLast, width }))
  const tellsProgress = metadata.includes('_progress')
  if (tellsProgress) {
    engine.cycled.add(pass)
    running.closed.push(() => engine.cycled.delete(pass))
  }
  if (from !== null) {
    try {
      yield* again(engine, running, from, (cycle, now, delta) => {
        tell(cycle, delta)
        if (tellsProgress && !running.ended) pass(cycle, now)
      })
    } catch (fault) {
      engine.stop(running.name)
      throw fault
    }
  }
  if (!running.ended && (!running.bounded || engine.options.manual)) {
    // What was appended before belongs to the snapshot.
    yield* engine.flush()
    first = false
  }
  return {
    kind: 'changes',
    fields: fieldsShown(fields, engine.settings),
    appendOnly: !updating || messages !== null,
    commits: queue,
    cancel: () => queue.cancel(),
  }
}

/** The changes of a cycle of the query. */
export function commitOf(query: Query, cycle: number, delta: Delta, snapshot: boolean): RawCommit {
  const watermark = query.dataflow.watermark()
  const rows = rowsOfDelta(delta)
  const ops =
    delta.batches === null ? delta.changes().map(({ op }) => op) : rows.map((): Op => '+I')
  const known = watermark > -(2n ** 62n) && watermark < 2n ** 62n
  return {
    cycle,
    offset: query.readLast,
    watermark: known ? watermark : null,
    snapshot,
    rows,
    ops,
    errors: delta.errors,
  }
}

export function rowsOfDelta(delta: Delta): Row[] {
  if (delta.batches !== null) return delta.batches.flatMap(rowsOf)
  return delta.changes().map(({ row }) => row)
}

/** WITHIN TIMESTAMP ORDER BY: equal rows stay in the order in which they came. */
function inOrder(
  commit: RawCommit,
  order: readonly SortKey[],
  fields: readonly Field[],
): RawCommit {
  const all = commit.rows.map((row, at) => ({ row, op: commit.ops[at]! }))
  all.sort((a, b) => {
    for (const { column, descending, nullsFirst } of order) {
      const [left, right] = [a.row[column]!, b.row[column]!]
      if (left === null && right === null) continue
      if (left === null || right === null) return (left === null) === nullsFirst ? -1 : 1
      const found = compareValues(left, right, fields[column]!.type)
      if (found !== 0) return descending ? -found : found
    }
    return 0
  })
  return { ...commit, rows: all.map(({ row }) => row), ops: all.map(({ op }) => op) }
}
