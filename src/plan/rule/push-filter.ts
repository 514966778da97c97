/**
 * PushFilter: conditions go down to where their columns come from, so that rows are left out early.
 *
 * How      The conjuncts of a filter are split into those that may pass the node below and the rest: through project (columns
 *          replaced by their expressions), window (columns of its input), aggregate (keys), join (columns of one side: either
 *          side of an inner join, the left side of a left join) and a sort without limit. A conjunct of a join's residual goes
 *          to the one side whose columns it reads, but never to the left side of a left join, whose rows all stay.
 * Contract 1 (checked) what can fail moves nowhere, and nothing moves below what can fail: rows that fail stay the same.
 */
import { and, columnsOf, conjunctsOf, isFallible, mapColumns, moveColumns } from '../expression.ts'
import type { Expression, Plan } from '../logical.ts'
import { filter, join, mapPlan, withInputs } from '../node.ts'
import { runsBefore } from './merge-filter.ts'

type NodeOf<Kind extends Plan['kind']> = Extract<Plan, { kind: Kind }>

export function pushFilter(plan: Plan): Plan {
  return mapPlan(plan, (node) => {
    if (node.kind === 'join') return pushResidual(node)
    return node.kind === 'filter' ? pushBelow(node) : node
  })
}

function pushBelow(node: NodeOf<'filter'>): Plan {
  const { input, predicate } = node
  switch (input.kind) {
    case 'project':
      return pushThroughProject(predicate, input)
    case 'window': {
      const width = input.input.output.length
      return pushInto(predicate, input, (index) => (index < width ? index : null))
    }
    case 'aggregate':
      if (input.keys.length === 0 || input.calls.some(overflows)) return node
      return pushInto(predicate, input, (index) => input.keys[index] ?? null)
    case 'sort':
      if (input.limit !== null || input.offset > 0) return node
      return pushInto(predicate, input, (index) => index)
    case 'join':
      return pushIntoSides(predicate, input)
    default:
      return node
  }
}

/** A sum may be an error where its group is looked at. */
function overflows(call: { function: string; type: { kind: string } }): boolean {
  const sums = call.function === 'sum' || call.function === 'avg'
  return sums && call.type.kind !== 'double'
}

/** Splits a predicate into conjuncts that may run before the rest, and the rest. */
function split(
  predicate: Expression,
  moves: (conjunct: Expression) => boolean,
): { moved: Expression[]; rest: Expression[] } {
  const conjuncts = conjunctsOf(predicate)
  const can = conjuncts.map((conjunct) => !isFallible(conjunct) && moves(conjunct))
  const candidates = conjuncts.filter((_, index) => can[index])
  const stay = conjuncts.filter((_, index) => !can[index])
  if (stay.length === 0) return { moved: candidates, rest: [] }
  const rest = and(stay)
  const moved = candidates.filter((conjunct) => runsBefore(conjunct, rest))
  return { moved, rest: conjuncts.filter((conjunct) => !moved.includes(conjunct)) }
}

/** `to`: the column below of a column above, or null. */
function pushInto(predicate: Expression, input: Plan, to: (index: number) => number | null): Plan {
  const { moved, rest } = split(predicate, (conjunct) =>
    [...columnsOf(conjunct)].every((index) => to(index) !== null),
  )
  if (moved.length === 0) return filter(input, predicate)
  const [below] = 'input' in input ? [input.input] : []
  const condition = moveColumns(and(moved), (index) => to(index)!)
  const lowered = withInputs(input, [filter(below!, condition)])
  return rest.length === 0 ? lowered : filter(lowered, and(rest))
}

function pushThroughProject(predicate: Expression, input: NodeOf<'project'>): Plan {
  if (input.expressions.some(isFallible)) return filter(input, predicate)
  const { moved, rest } = split(predicate, () => true)
  if (moved.length === 0) return filter(input, predicate)
  const condition = mapColumns(and(moved), (column) => input.expressions[column.index]!)
  const lowered = withInputs(input, [filter(input.input, condition)])
  return rest.length === 0 ? lowered : filter(lowered, and(rest))
}

function pushIntoSides(predicate: Expression, input: NodeOf<'join'>): Plan {
  if (input.residual !== null && isFallible(input.residual)) return filter(input, predicate)
  const width = input.left.output.length
  const inner = input.join === 'inner'
  const { moved, rest } = split(predicate, (conjunct) => {
    const side = sideOf(conjunct, width)
    return side === 'left' || (side === 'right' && inner)
  })
  if (moved.length === 0) return filter(input, predicate)
  const lowered = withInputs(input, filterSides(input, moved))
  return rest.length === 0 ? lowered : filter(lowered, and(rest))
}

function filterSides(node: NodeOf<'join'>, conjuncts: Expression[]): [Plan, Plan] {
  const width = node.left.output.length
  const left = conjuncts.filter((conjunct) => sideOf(conjunct, width) === 'left')
  const right = conjuncts
    .filter((conjunct) => sideOf(conjunct, width) === 'right')
    .map((conjunct) => moveColumns(conjunct, (index) => index - width))
  return [
    left.length === 0 ? node.left : filter(node.left, and(left)),
    right.length === 0 ? node.right : filter(node.right, and(right)),
  ]
}

function pushResidual(node: NodeOf<'join'>): Plan {
  if (node.residual === null) return node
  const width = node.left.output.length
  const { moved, rest } = split(node.residual, (conjunct) => {
    const side = sideOf(conjunct, width)
    return side === 'right' || (side === 'left' && node.join === 'inner')
  })
  if (moved.length === 0) return node
  const [left, right] = filterSides(node, moved)
  const { join: kind, leftKeys, rightKeys } = node
  const residual = rest.length === 0 ? null : and(rest)
  return join(left, right, { join: kind, leftKeys, rightKeys, residual })
}

/** The side that a condition reads; a condition without columns is of none. */
function sideOf(conjunct: Expression, width: number): 'left' | 'right' | null {
  const columns = [...columnsOf(conjunct)]
  if (columns.length === 0) return null
  if (columns.every((index) => index < width)) return 'left'
  return columns.every((index) => index >= width) ? 'right' : null
}
