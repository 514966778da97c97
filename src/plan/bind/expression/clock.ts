/**
 * Clock: where a continuous query may read the time.
 *
 * How      A row gets the time of the cycle that takes it, once. So NOW() may stand in the select list over rows that
 *          are never taken back. A condition is asked again as time goes on: what says from when until when a row is
 *          there has become a lifetime (src/plan/bind/lifetime.ts), and every other one is refused.
 */
import type { Span } from '../../../base/index.ts'
import { childrenOf } from '../../expression.ts'
import type { Expression, Plan } from '../../logical.ts'
import { nodesOf } from '../../node.ts'
import { unsupported } from '../binding.ts'
import { drawing } from './random.ts'

const solvable =
  "compare with <, <=, > or >=, AND between: ts > NOW() - INTERVAL '1' HOUR; an outer join takes it in its inputs"

/** Refuses a plan of a continuous query that reads the time where it must not. */
export function checkClock(plan: Plan): void {
  for (const node of nodesOf(plan)) {
    for (const expression of conditionsOf(node)) {
      const found = clockOf(expression)
      if (found !== null)
        unsupported('the time in this condition of a continuous query', spanOf(found), solvable)
    }
    if (node.kind !== 'project' || !node.input.updating) continue
    for (const expression of node.expressions) {
      const found = clockOf(expression)
      if (found === null) continue
      const hint = 'a row that is taken back would have another time than when it came'
      unsupported('the time beside rows that are taken back', spanOf(found), hint)
    }
  }
}

function conditionsOf(node: Plan): Expression[] {
  if (node.kind === 'filter') return [node.predicate]
  return node.kind === 'join' && node.residual !== null ? [node.residual] : []
}

/** A call that reads the time; null when the expression does not. */
export function clockOf(expression: Expression): (Expression & { kind: 'call' }) | null {
  if (expression.kind === 'call' && expression.function === 'now') return expression
  // RANDOM() is drawn by the time in which its row came, once.
  if (expression.kind === 'call' && drawing.has(expression.function)) return null
  for (const child of childrenOf(expression)) {
    const found = clockOf(child)
    if (found !== null) return found
  }
  return null
}

/** Inside a view the place is that of the statement. */
function spanOf({ span }: { span?: Span | undefined }): Span {
  return span ?? { start: 0, end: 0 }
}
