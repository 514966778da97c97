/**
 * Preserve: another query in the place of a materialized view's, which goes on with the state that there is.
 *
 * How      The operators that keep state stay as they are; the projections and filters above them are made anew and are
 *          given the rows of now, by the operators or by the view (src/plan/kept.ts). One cycle, right behind the
 *          statement in the log, then shows the difference between the old rows and the new ones.
 *          A query that keeps nothing, over rows that the log has, is made anew from where the view began.
 * Contract 1 (checked by test/database/view/preserve.test.ts) the rows are those of REBUILD from where the view began.
 *          2 (checked) what cannot be kept is refused, and nothing has changed.
 * Cost     the rows of the view, and nothing of those that it read.
 */
import { assert, mistake, type Span } from '../../base/index.ts'
import type { Relation } from '../../catalog/index.ts'
import type { Row } from '../../data/index.ts'
import { kept as keeping, type PhysicalPlan, viewDifference } from '../../plan/index.ts'
import type { Engine } from '../engine.ts'
import { scansOf } from '../extent.ts'
import type { Query, Work } from '../query.ts'
import {
  type Materialized,
  readersOf,
  refuseReaders,
  replaceView,
  stopFollowers,
} from './replace.ts'
import { viewOf } from './view.ts'

/** `relation` with its plan; `unpushed` gives the plan with its filters where they are written. */
export function* preserveView(
  engine: Engine,
  relation: Materialized,
  unpushed: () => PhysicalPlan,
  { span, isLive, log }: { span: Span; isLive: boolean; log: () => void },
): Work<void> {
  const { name } = relation
  const old = engine.catalog.get(name) as Materialized
  const query = engine.queries.get(name.toLowerCase())
  assert(query !== undefined, `view ${name} is kept by a query`)
  if (query.fault !== null) throw query.fault
  const made = startedAs(relation, old)
  const plan = relation.plan as PhysicalPlan
  const first = keeping.keptOf(query.plan, plan)
  if (typeof first !== 'string' && first.plan === query.plan) {
    engine.catalog.replace(name, { ...made, plan: query.plan })
    log()
    return
  }
  const isWhole = query.eviction === null || query.eviction.rows === 0
  if (isWhole && isReadAgain(engine, query.plan) && isReadAgain(engine, plan)) {
    yield* replaceView(engine, made, isLive, log)
    return
  }
  // The view is what it was, up to here.
  if (isLive) yield* engine.flush()
  const kept = keptFor(query, [() => first, () => keeping.keptOf(query.plan, unpushed())], span)
  const difference = viewDifference(old, relation)
  const readers = readersOf(engine, name)
  if (isLive) refuseReaders(name, readers, query, difference)
  if (isLive && !old.updating) refuseAbove(name, readers, span)
  // A subscription was told which columns come, or that rows only come: that is over.
  if (difference !== null || !old.updating) stopFollowers(engine, name)
  takeHead(engine, query, kept)
  engine.catalog.replace(name, { ...made, plan: kept.plan })
  log()
  if (isLive) yield* engine.cycle()
}

/** What the query may keep, by the first plan that lets it. */
function keptFor(
  query: Query,
  plans: readonly (() => keeping.Kept | string)[],
  span: Span,
): keeping.Kept {
  const { retells, errors } = query.dataflow
  let reason: string | null = null
  if (query.paused) reason = 'it is paused'
  if (errors.length > 0) reason = `${query.name}.errors lists rows, and these are not kept`
  for (const kept of reason === null ? plans.map((one) => one()) : []) {
    const lacks = typeof kept === 'string' ? kept : retells ? null : kept.lacks
    if (lacks === null) return kept as keeping.Kept
    reason ??= lacks
  }
  const message = `not supported yet: PRESERVE STATE for this query: ${reason}`
  const hint = 'REBUILD makes the state of the new query from the log'
  return mistake({ code: 'unsupported', message, hint, span })
}

/** Can its rows be made again of what is stored, as they were made when it came? */
const isReadAgain = (engine: Engine, plan: PhysicalPlan): boolean =>
  keeping.keepsNothing(plan) &&
  scansOf(plan).every(({ relation }) => isStored(engine.catalog.get(relation)))

const isStored = (relation: Relation | undefined): boolean =>
  relation !== undefined && /^(stream|table|materialized)$/.test(relation.kind)

/** Readers of a view whose rows only come cannot take rows back, which the new query may have them do. */
function refuseAbove(name: string, readers: readonly Query[], span: Span): void {
  const others = readers.filter(({ isFollower }) => !isFollower).map((query) => query.name)
  if (others.length === 0) return
  const list = others.join(', ')
  const message = `not supported yet: PRESERVE STATE of ${name}, whose rows only come, while ${list} reads it`
  mistake({ code: 'unsupported', message, hint: `drop ${list} first, or REBUILD`, span })
}

/** The query goes on with other projections and filters, through which the rows of now have gone at its next commit. */
function takeHead(engine: Engine, query: Query, kept: keeping.Kept): void {
  const { plan, core, shown, lacks } = kept
  const rows = query.view!.rows()
  for (const one of engine.pinned) one.keepView(query.name.toLowerCase(), () => rows)
  keeping.renumber(kept)
  const asTold = (row: Row): Row => shown.map((at) => (at === null ? null : row[at]!))
  query.dataflow.replaceHead(plan, core, lacks === null ? rows.map(asTold) : null)
  query.plan = plan
  query.view!.close()
  query.view = viewOf(query)
  query.replaces = { rows, errors: [], stands: true }
}

/** The definition says where the view that is there has begun. */
function startedAs(
  given: Materialized,
  { definition: before, evicted }: Materialized,
): Materialized {
  const relation = { ...given, evicted }
  const [made, old] = [relation.definition?.statement, before?.statement]
  if (made?.kind !== 'create-view' || old?.kind !== 'create-view') return relation
  if (old.startFrom === undefined) return relation
  const statement = { ...made, startFrom: old.startFrom }
  return { ...relation, definition: { ...relation.definition!, statement } }
}
