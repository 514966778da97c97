/**
 * Eviction: continuous queries that give up their oldest rows when their state comes near `state_budget`.
 *
 * How      Under ON OVERFLOW EVICT OLDEST a query is bound as one over rows that may be taken back: its scans of
 *          streams are updating and know no watermark, so that every operator can let rows go. A query that goes by a
 *          watermark, or in which rows cannot be taken back, is bound as ever: a notice says that it fails instead.
 * See      src/database/budget/budget.ts says when rows go; docs/laws.md (rows that are given up)
 */
import { QueryMistake } from '../../base/index.ts'
import type { ContinuousQuery } from '../bind.ts'
import type { Plan } from '../logical.ts'
import { nodesOf } from '../node.ts'
import { evicts } from '../setting.ts'
import type { Binding } from './binding.ts'

/** The query as one that gives rows up, where that is asked for and can be; `keeps`: its rows are kept as a view's. */
export function withEviction(
  binding: Binding,
  bound: ContinuousQuery,
  keeps: boolean,
  bindAgain: (inner: Binding) => ContinuousQuery,
): ContinuousQuery {
  if (!evicts(binding.settings) || binding.evicts === true) return bound
  if (!keeps && !keepsState(bound.plan)) return bound
  const nodes = nodesOf(bound.plan)
  const isTimed = nodes.some((node) => node.kind === 'scan' && node.watermark !== null)
  if (bound.emit !== 'changes' || (isTimed && nodes.some(goesByWatermark))) {
    return stays(binding, bound, 'it goes by a watermark')
  }
  const inner = { ...binding, notices: [], draw: { ...binding.draw }, evicts: true as const }
  try {
    const again = bindAgain(inner)
    const found = nodesOf(again.plan).some((node) => node.kind === 'scan' && node.evicts)
    if (!found) return stays(binding, bound, 'it reads no stored stream')
    return { ...again, notices: binding.notices }
  } catch (error) {
    if (!(error instanceof QueryMistake)) throw error
    return stays(binding, bound, `rows cannot be taken back: ${error.diagnostics[0]!.message}`)
  }
}

/** Says of a query with a sink of its own that it gives no rows up: what was written stays. */
export function withoutEviction(binding: Binding, plan: Plan): void {
  if (evicts(binding.settings) && keepsState(plan)) stays(binding, plan, 'it writes to a sink')
}

function stays<T>({ notices }: Binding, bound: T, why: string): T {
  notices.push(`the query gives no rows up, as ${why}: beyond state_budget it fails`)
  return bound
}

const passing: ReadonlySet<Plan['kind']> = new Set([
  'scan',
  'values',
  'series',
  'filter',
  'project',
  'window',
  'union',
  'unnest',
])

const keepsState = (plan: Plan): boolean => nodesOf(plan).some(({ kind }) => !passing.has(kind))

/** Does the node let rows go, or leave them out, by the watermark? */
function goesByWatermark(node: Plan): boolean {
  switch (node.kind) {
    case 'window':
    case 'session':
      return node.judge
    case 'join':
      return node.bounds !== undefined
    case 'asof':
      return node.waits
    case 'match':
      return true
    default:
      return false
  }
}
