/**
 * FoldConstants: expressions of literals are computed once, and a filter that is always TRUE goes.
 */
import { fold } from '../fold.ts'
import type { Plan } from '../logical.ts'
import { mapExpressions, mapPlan } from '../node.ts'

export function foldConstants(plan: Plan): Plan {
  return mapPlan(plan, (node) => {
    const folded = mapExpressions(node, fold)
    if (folded.kind !== 'filter') return folded
    const { predicate } = folded
    return predicate.kind === 'literal' && predicate.value === true ? folded.input : folded
  })
}
