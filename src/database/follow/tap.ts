/**
 * Tap: TAP q.operator: what leaves one operator of a running query, commit by commit, from now on.
 *
 * How      The part of the plan below the edge, with the operator on top, runs beside the query as a subscription that
 *          leaves out what was there. It reads the same rows in the same cycles, so a commit tells what the operator
 *          has given in it, and what an operator takes back within a commit is not told.
 * Contract 1 (checked) it changes nothing in the query that it looks at, is in no log, and ends with it.
 * Cost     the state of that part once more, and its rows from the first one on.
 */
import { mistake, type Span } from '../../base/index.ts'
import { type BoundStatement, fieldsShown, inputsOf, type PhysicalPlan } from '../../plan/index.ts'
import type { Engine } from '../engine.ts'
import type { Query, Work } from '../query.ts'
import { queryNamed } from '../state.ts'
import type { Outcome, Session } from '../statement.ts'
import { commitOf } from './follow.ts'

export function* tap(
  engine: Engine,
  { name, operator, nameSpan, span }: BoundStatement & { kind: 'tap' },
  session: Session,
): Work<Outcome & { kind: 'changes' }> {
  const query = queryNamed(engine, name, nameSpan)
  if (query.fault !== null) throw query.fault
  if (query.endless) {
    const message = `${query.name} reads rows that are not stored: they cannot be read beside it`
    const hint = 'CREATE STREAM … AS SELECT stores them'
    mistake({ code: 'unbounded', message, hint, span: nameSpan })
  }
  const plan = operatorOf(query, operator, span)
  // The first cycle, which is left out, follows what has come before at once.
  yield* engine.flush()
  const running = engine.startNumbered('subscription', plan)
  running.startsWhole = true
  const queue = session.openQueue(() => engine.stop(running.name))
  running.faulted.push((fault) => queue.end(fault))
  running.closed.push(() => queue.end())
  query.closed.push(() => engine.stop(running.name))
  running.consumers.push((cycle, delta) => {
    const isTold = delta.count > 0 || delta.errors.length > 0
    if (isTold && running.cycles > 1) queue.push(commitOf(running, cycle, delta, false))
    if (running.ended) engine.stop(running.name)
  })
  yield* engine.flush()
  return {
    kind: 'changes',
    fields: fieldsShown(plan.output, engine.settings),
    appendOnly: !plan.updating,
    commits: queue,
    cancel: () => queue.cancel(),
  }
}

const operatorsOf = (plan: PhysicalPlan): PhysicalPlan[] => [
  plan,
  ...inputsOf(plan).flatMap(operatorsOf),
]

function operatorOf({ name, plan }: Query, wanted: string, span: Span): PhysicalPlan {
  const all = operatorsOf(plan)
  const asked = wanted.toLowerCase()
  const numbered = ({ kind, id }: PhysicalPlan) => `${kind}_${id}`
  const found = all.filter((node) => [node.kind, numbered(node), String(node.id)].includes(asked))
  if (found.length === 1) return found[0]!
  const names = (some: readonly PhysicalPlan[]) => some.map(numbered).join(', ')
  if (found.length > 1) {
    const message = `${name} has ${found.length} operators ${wanted}`
    return mistake({ code: 'unknown_name', message, hint: `there are ${names(found)}`, span })
  }
  const message = `${name} has no operator ${wanted}`
  return mistake({ code: 'unknown_name', message, hint: `it has ${names(all)}`, span })
}
