/**
 * MergeFilter: a filter over a filter becomes one, in the order in which they ran.
 *
 * Contract 1 (checked) no error is lost or won: in `p AND q` an error of q counts where p is NULL, and an error of p
 *          is dropped
 *            where q is FALSE. So p must not fail, and if q can fail, p must not be NULL.
 */
import { and } from '../expression.ts'
import { failingColumns, failsOver } from '../failure.ts'
import type { Expression, Plan } from '../logical.ts'
import { filter, mapPlan } from '../node.ts'

export function mergeFilter(plan: Plan): Plan {
  return mapPlan(plan, (node) => {
    if (node.kind !== 'filter' || node.input.kind !== 'filter') return node
    const { input, predicate } = node.input
    return runsBefore(predicate, node.predicate, failingColumns(input))
      ? filter(input, and([predicate, node.predicate]))
      : node
  })
}

/** Does a filter by `first` and then by `rest` keep the same rows and errors as a filter by both at once? */
export function runsBefore(
  first: Expression,
  rest: Expression,
  failing: ReadonlySet<number>,
): boolean {
  return !failsOver(first, failing) && (!failsOver(rest, failing) || !first.nullable)
}
