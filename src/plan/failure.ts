/**
 * Failure: which columns of a node may hold failed values.
 *
 * How      A failed evaluation travels with its row until it is used (docs/laws.md, Errors). So an expression that
 *          cannot fail by itself does fail over a column that holds a failed value, and a rewrite must ask for both.
 * Contract 1 (trusted) a column that is not in the set never holds a failed value.
 */
import { columnsOf, isFallible } from './expression.ts'
import type { AggregateCall, Expression, OverCall, Plan } from './logical.ts'

export function failingColumns(plan: Plan): Set<number> {
  switch (plan.kind) {
    case 'scan':
    case 'series':
      return new Set()
    case 'union':
      return new Set(plan.inputs.flatMap((input) => [...failingColumns(input)]))
    case 'repeat': {
      const below = failingColumns(plan.input)
      below.delete(plan.output.length)
      return below
    }
    case 'values':
      return indexesWhere(plan, (index) => plan.rows.some((row) => isFallible(row[index]!)))
    case 'filter':
    case 'unnest':
      return failingColumns(plan.input)
    case 'project': {
      const below = failingColumns(plan.input)
      return indexesWhere(plan, (index) => failsOver(plan.expressions[index]!, below))
    }
    case 'window': {
      const below = failingColumns(plan.input)
      below.delete(plan.time)
      return below
    }
    case 'aggregate': {
      const width = plan.keys.length
      return indexesWhere(plan, (index) => index >= width && overflows(plan.calls[index - width]!))
    }
    case 'over': {
      const width = plan.input.output.length
      return indexesWhere(plan, (index) => index >= width && overflows(plan.calls[index - width]!))
    }
    case 'join':
    case 'asof':
    case 'rank':
    case 'session':
    case 'match':
    case 'hold':
    case 'number':
    case 'changelog':
    case 'close':
    case 'lifetime':
    case 'sort':
      // They use every column of their inputs.
      return new Set()
  }
}

/** May the expression fail over rows whose `failing` columns may hold failed values? */
export function failsOver(expression: Expression, failing: ReadonlySet<number>): boolean {
  if (isFallible(expression)) return true
  return failing.size > 0 && [...columnsOf(expression)].some((index) => failing.has(index))
}

/** A sum that does not fit is a failed value of its cell. */
function overflows(call: AggregateCall | OverCall): boolean {
  return (call.function === 'sum' || call.function === 'avg') && call.type.kind !== 'double'
}

function indexesWhere(plan: Plan, holds: (index: number) => boolean): Set<number> {
  return new Set([...plan.output.keys()].filter(holds))
}
