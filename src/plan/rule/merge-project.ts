/**
 * MergeProject: a project over a project becomes one; an aggregate reads through a project that only passes columns
 * on.
 *
 * Contract 1 (checked) nothing is computed twice. 2 (trusted) errors stay: a failed value counts where it is used,
 *          and a project
 *            uses none.
 */
import { childrenOf, mapColumns } from '../expression.ts'
import type { Expression, Plan } from '../logical.ts'
import { aggregate, mapPlan, project } from '../node.ts'

type NodeOf<Kind extends Plan['kind']> = Extract<Plan, { kind: Kind }>

export function mergeProject(plan: Plan): Plan {
  return mapPlan(plan, (node) => {
    if (node.kind === 'aggregate' && node.input.kind === 'project') {
      return readThrough(node, node.input)
    }
    if (node.kind === 'project' && node.input.kind === 'project') return merge(node, node.input)
    return node
  })
}

function merge(upper: NodeOf<'project'>, lower: NodeOf<'project'>): Plan {
  if (repeatsWork(upper, lower)) return upper
  const expressions = upper.expressions.map((expression) =>
    mapColumns(expression, (column) => lower.expressions[column.index]!),
  )
  return project(
    lower.input,
    expressions,
    upper.output.map((field) => field.name),
  )
}

function repeatsWork(upper: NodeOf<'project'>, lower: NodeOf<'project'>): boolean {
  const uses = new Map<number, number>()
  const count = (expression: Expression) => {
    if (expression.kind === 'column')
      uses.set(expression.index, (uses.get(expression.index) ?? 0) + 1)
    for (const child of childrenOf(expression)) count(child)
  }
  for (const expression of upper.expressions) count(expression)
  return lower.expressions.some((expression, index) => {
    return childrenOf(expression).length > 0 && (uses.get(index) ?? 0) > 1
  })
}

function readThrough(node: NodeOf<'aggregate'>, lower: NodeOf<'project'>): Plan {
  const sources = lower.expressions.map((e) => (e.kind === 'column' ? e.index : -1))
  if (sources.includes(-1)) return node
  const at = (index: number | null) => (index === null ? null : sources[index]!)
  return aggregate(lower.input, {
    keys: node.keys.map((key) => sources[key]!),
    calls: node.calls.map((call) => ({
      ...call,
      argument: at(call.argument),
      filter: at(call.filter),
    })),
    emit: node.emit,
    names: node.output.map((field) => field.name),
  })
}
