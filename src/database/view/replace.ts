/**
 * Replace: another query in the place of a materialized view's, while others read the view.
 *
 * How      The new query takes all rows in a first cycle that nobody sees. If that goes well the statement is logged,
 *          and a cycle follows at once in which the view is the new one, and its readers take the difference between
 *          the rows that it had and those that it has. A replay does the first cycle where that cycle stands.
 * Contract 1 (checked) nobody sees a part of the new rows; a query that fails leaves the view as it was.
 * Cost     the rows of the new query from the first one on, and those of both views once.
 */
import { assert, QueryMistake } from '../../base/index.ts'
import type { Relation } from '../../catalog/index.ts'
import type { Op } from '../../data/index.ts'
import { type PhysicalPlan, viewDifference } from '../../plan/index.ts'
import { differenceFrom, isDeletion } from '../../runtime/index.ts'
import type { Engine } from '../engine.ts'
import type { CycleResult, Query, Replaced, Work } from '../query.ts'

export type Materialized = Relation & { kind: 'materialized' }

/** `isLive`: not in a replay. `log` logs the statement. */
export function* replaceView(
  engine: Engine,
  relation: Materialized,
  isLive: boolean,
  log: () => void,
): Work<void> {
  const { name } = relation
  const plan = relation.plan as PhysicalPlan
  // The view is what it was, up to here.
  if (isLive) yield* engine.flush()
  const before = engine.queries.get(name.toLowerCase())
  assert(before !== undefined, `view ${name} is kept by a query`)
  const old = engine.catalog.get(name) as Materialized
  const difference = viewDifference(old, relation)
  if (!isLive) {
    const query = engine.made(name, plan, true)
    if (difference !== null) stopFollowers(engine, name)
    engine.replace(name, relation, query, replacedOf(before))
    return
  }
  const readers = readersOf(engine, name)
  refuseReaders(name, readers, before, difference)
  const { query, upTo, now } = yield* engine.prepare(name, plan)
  // What was appended meanwhile is taken later.
  const replaced = replacedOf(before)
  const goes =
    !old.updating && differenceFrom(replaced, plan, query.prepared!.delta).changes().some(isGone)
  if (goes) refuseGone(engine, query, readers)
  // A subscription was told what comes: that is over.
  if (difference !== null || goes) stopFollowers(engine, name)
  engine.replace(name, relation, query, replaced)
  log()
  yield* engine.cycle(null, { upTo, now })
}

export const readersOf = (engine: Engine, name: string): Query[] =>
  [...engine.queries.values()].filter((query) => !query.ended && query.readsFrom(name))

export function stopFollowers(engine: Engine, name: string): void {
  for (const query of readersOf(engine, name)) if (query.isFollower) engine.stop(query.name)
}

/** Queries without a definition in the catalog read it, too. */
export function refuseReaders(
  name: string,
  readers: readonly Query[],
  before: Query,
  difference: string | null,
): void {
  const others = readers.filter((query) => !query.isFollower)
  if (others.length === 0) return
  const list = others.map((query) => query.name).join(', ')
  const hint = `DROP QUERY ${list} first`
  if (difference !== null) {
    const message = `${name} is read by ${list}, and ${difference}`
    throw new QueryMistake([{ code: 'dependency', message, hint }])
  }
  if (before.fault !== null) {
    const message = `${name} has failed, and ${list} cannot know how it was`
    throw new QueryMistake([{ code: 'dependency', message, hint }])
  }
}

const isGone = ({ op }: { op: Op }): boolean => isDeletion(op)

/** Readers of a view whose rows only come cannot take rows back. */
function refuseGone(engine: Engine, query: Query, readers: readonly Query[]): void {
  const others = readers.filter(({ isFollower }) => !isFollower)
  if (others.length === 0) return
  engine.discard(query)
  const list = others.map((reader) => reader.name).join(', ')
  const message = `${list} would have to take back rows of ${query.name}, which only come`
  throw new QueryMistake([{ code: 'dependency', message, hint: `drop ${list} first` }])
}

function replacedOf(before: Query): Replaced {
  const isSound = before.fault === null
  return {
    rows: before.view!.rows(),
    errors: isSound ? before.dataflow.errors : [],
    stands: false,
  }
}

/** What the first cycle of a view tells its readers, who know the rows of the one before. */
export function asDifference(query: Query, result: CycleResult): CycleResult {
  const delta = differenceFrom(query.replaces!, query.plan, result.delta)
  query.view!.apply(result.delta)
  query.replaces = null
  query.prepared = null
  return { ...result, delta }
}
