/**
 * PushFilter: conditions go down to where their columns come from, so that rows are left out early.
 *
 * How      A filter passes a project as a whole, its columns replaced by their expressions. Of other nodes, the
 *          conjuncts are split into those that may pass and the rest: window and unnest (columns of its input),
 *          session and aggregate (keys), join (columns of one side: either side of an inner join, the left side of a
 *          left join). A conjunct of a join's residual goes to the one side whose columns it reads, but never to the
 *          left side of a left join, whose rows all stay.
 * Contract 1 (checked) what can fail passes only a project, and nothing passes what uses values that may have
 *          failed: rows that fail stay the same.
 */
import { and, columnsOf, conjunctsOf, mapColumns, moveColumns, volatileIn } from '../expression.ts'
import { failingColumns, failsOver } from '../failure.ts'
import type { Expression, JoinKind, Plan } from '../logical.ts'
import { filter, join, joinShapeOf, mapPlan, union, withInputs } from '../node.ts'
import { runsBefore } from './merge-filter.ts'

type NodeOf<Kind extends Plan['kind']> = Extract<Plan, { kind: Kind }>

export function pushFilter(plan: Plan): Plan {
  return mapPlan(plan, (node) => {
    if (node.kind === 'join') return pushResidual(node)
    return node.kind === 'filter' ? (pushBelow(node.predicate, node.input) ?? node) : node
  })
}

/** The filter below `input`, as far as it goes; null when it stays where it is. */
function pushBelow(predicate: Expression, input: Plan): Plan | null {
  switch (input.kind) {
    case 'project':
      return pushThroughProject(predicate, input)
    case 'window': {
      const width = input.input.output.length
      if (failingColumns(input.input).has(input.time)) return null
      return pushInto(predicate, input, (index) => (index < width ? index : null))
    }
    case 'unnest': {
      const width = input.input.output.length
      // A row of constants alone fails everywhere or nowhere.
      if (!input.calls.every(({ args }) => args.every(({ kind }) => kind === 'literal')))
        return null
      return pushInto(predicate, input, (index) => (index < width ? index : null))
    }
    case 'session':
      // What is left out may not have been late.
      if (input.judge || failingColumns(input.input).size > 0) return null
      return pushInto(predicate, input, (index) => (input.keys.includes(index) ? index : null))
    case 'aggregate':
      if (input.keys.length === 0 || usesFailing(input)) return null
      return pushInto(predicate, input, (index) => input.keys[index] ?? null)
    case 'join':
      return pushIntoSides(predicate, input)
    case 'asof':
      return pushIntoLeft(predicate, input)
    case 'lifetime':
      // A row is there or not, whatever others are.
      if (failsOver(predicate, failingColumns(input.input))) return null
      return withInputs(input, [filter(input.input, predicate)])
    case 'union':
      return union(input.inputs.map((part) => filter(part, predicate)))
    default:
      return null
  }
}

function usesFailing(node: NodeOf<'aggregate'>): boolean {
  const failing = failingColumns(node.input)
  const read = node.calls.flatMap((call) => [call.argument, call.filter])
  return [...node.keys, ...read].some((index) => index !== null && failing.has(index))
}

/** Splits a predicate into conjuncts that may run before the rest, and the rest. */
function split(
  predicate: Expression,
  failing: ReadonlySet<number>,
  moves: (conjunct: Expression) => boolean,
): { moved: Expression[]; rest: Expression[] } {
  const conjuncts = conjunctsOf(predicate)
  const can = (conjunct: Expression) => !failsOver(conjunct, failing) && moves(conjunct)
  const candidates = conjuncts.filter(can)
  const stay = conjuncts.filter((conjunct) => !can(conjunct))
  if (stay.length === 0) return { moved: candidates, rest: [] }
  const moved = candidates.filter((conjunct) => runsBefore(conjunct, and(stay), failing))
  return { moved, rest: conjuncts.filter((conjunct) => !moved.includes(conjunct)) }
}

function above(plan: Plan, rest: Expression[]): Plan {
  return rest.length === 0 ? plan : filter(plan, and(rest))
}

/** `to`: the column below of a column above, or null. */
function pushInto(
  predicate: Expression,
  node: NodeOf<'window' | 'unnest' | 'session' | 'aggregate'>,
  to: (index: number) => number | null,
): Plan | null {
  const { moved, rest } = split(predicate, failingColumns(node), (conjunct) =>
    [...columnsOf(conjunct)].every((index) => to(index) !== null),
  )
  if (moved.length === 0) return null
  const condition = moveColumns(and(moved), (index) => to(index)!)
  return above(withInputs(node, [filter(node.input, condition)]), rest)
}

/** A project computes values and uses none, so a filter means the same on either side of it. */
function pushThroughProject(predicate: Expression, node: NodeOf<'project'>): Plan | null {
  const condition = mapColumns(predicate, (column) => node.expressions[column.index]!)
  // The value that is looked at is the one that is shown.
  if (volatileIn(condition) !== null) return null
  return withInputs(node, [filter(node.input, condition)])
}

function pushIntoSides(predicate: Expression, node: NodeOf<'join'>): Plan | null {
  if (node.residual !== null && failsOver(node.residual, failingBelow(node))) return null
  const width = node.left.output.length
  const { moved, rest } = split(predicate, failingColumns(node), (conjunct) => {
    const side = sideOf(conjunct, width)
    if (node.join === 'full' || (side === 'right' && node.join === 'left')) return false
    return side !== null && failingColumns(node[side]).size === 0
  })
  if (moved.length === 0) return null
  return above(join(...filterSides(node, moved), joinShapeOf(node)), rest)
}

/** What a left row meets does not depend on other left rows. */
function pushIntoLeft(predicate: Expression, node: NodeOf<'asof'>): Plan | null {
  if (failingColumns(node.left).size > 0 || failingColumns(node.right).size > 0) return null
  const { left, right } = node
  const isLeft = (conjunct: Expression) => sideOf(conjunct, left.output.length) === 'left'
  const { moved, rest } = split(predicate, failingColumns(node), isLeft)
  if (moved.length === 0) return null
  return above(withInputs(node, [filter(left, and(moved)), right]), rest)
}

/** Columns of a join's inputs that may hold failed values, counted through both. */
function failingBelow(node: NodeOf<'join'>): Set<number> {
  const width = node.left.output.length
  const right = [...failingColumns(node.right)].map((index) => index + width)
  return new Set([...failingColumns(node.left), ...right])
}

function filterSides(node: NodeOf<'join'>, conjuncts: Expression[]): [Plan, Plan] {
  const width = node.left.output.length
  const left = conjuncts.filter((conjunct) => sideOf(conjunct, width) === 'left')
  const right = conjuncts
    .filter((conjunct) => sideOf(conjunct, width) === 'right')
    .map((conjunct) => moveColumns(conjunct, (index) => index - width))
  return [above(node.left, left), above(node.right, right)]
}

/** Do left rows without a match count? */
const keepsLeft = (kind: JoinKind) => kind === 'left' || kind === 'anti'

function pushResidual(node: NodeOf<'join'>): Plan {
  if (node.residual === null) return node
  const width = node.left.output.length
  const { moved, rest } = split(node.residual, failingBelow(node), (conjunct) => {
    const side = sideOf(conjunct, width)
    if (node.join === 'full' || (side === 'left' && keepsLeft(node.join))) return false
    return side !== null && failingColumns(node[side]).size === 0
  })
  if (moved.length === 0) return node
  const [left, right] = filterSides(node, moved)
  const residual = rest.length === 0 ? null : and(rest)
  return join(left, right, { ...joinShapeOf(node), residual })
}

/** The side that a condition reads; a condition without columns is of none. */
function sideOf(conjunct: Expression, width: number): 'left' | 'right' | null {
  const columns = [...columnsOf(conjunct)]
  if (columns.length === 0) return null
  if (columns.every((index) => index < width)) return 'left'
  return columns.every((index) => index >= width) ? 'right' : null
}
