/**
 * BindAsof: ASOF joins, in any spelling, become asof nodes.
 *
 * How      1. USING (k, ts): the last column is the time, the others are equal. 2. ON: equalities of the two sides, and
 *          one comparison of them. 3. MATCH_CONDITION: the comparison; ON and USING then say what is equal, if
 *          anything. The comparison is turned so that the left side stands first.
 * Contract 1 (checked) nothing else stands in the condition: which row is nearest would depend on what is looked at
 *            first.
 */
import type { Expression as Tree, Relation as TreeRelation } from '../../../grammar/index.ts'
import type { Span } from '../../base/index.ts'
import { integer } from '../coerce.ts'
import { conjunctsOf, literal } from '../expression.ts'
import { chosen, type KeyPair, withKeys } from '../keyed.ts'
import type { Comparison, Expression } from '../logical.ts'
import { asof } from '../node.ts'
import { all, type Binding, fail, unsupported } from './binding.ts'
import { bindCondition } from './expression/expression.ts'
import { mergeUsing, pairOf, sideOf, typed, usingPair } from './join.ts'
import { isPlaced } from './over.ts'
import { type BoundRelation, bindRelation, type Conjuncts } from './relation.ts'
import { joinScopes, type Scope } from './scope.ts'
import { refuseWithin } from './within.ts'

type JoinTree = TreeRelation & { kind: 'join' }

/** What the sides have in common, and how their times lie. */
interface Condition {
  pairs: KeyPair[]
  times: { pair: KeyPair; compare: Comparison }[]
}

const example = 'write ON a.k = b.k AND a.ts >= b.ts'

export function bindAsof(binding: Binding, tree: JoinTree, conjuncts: Conjuncts): BoundRelation {
  const kind = kindOf(tree)
  const sides = all([
    () => bindRelation(binding, tree.left, conjuncts),
    () => bindRelation(binding, tree.right, []),
  ])
  const [left, right] = [sides[0]!, sides[1]!]
  const width = left.plan.output.length
  const scope = joinScopes(left.scope, right.scope, width)
  const { pairs, times } = conditionOf(binding, tree, [left, right], scope)
  if (times.length !== 1) {
    const few = 'an ASOF JOIN needs a comparison of the times of its sides'
    const many = 'an ASOF JOIN has one comparison of the times of its sides'
    fail('syntax', times.length === 0 ? few : many, tree.span, example)
  }
  const { pair, compare } = times[0]!
  const one = literal(1, integer)
  const keys = pairs.length > 0 ? pairs : [{ left: one, right: one }]
  const a = withKeys(left.plan, [...keys.map((key) => key.left), pair.left])
  const b = withKeys(right.plan, [...keys.map((key) => key.right), pair.right])
  const joined = asof(a.plan, b.plan, {
    join: kind,
    leftKeys: a.keys.slice(0, -1),
    rightKeys: b.keys.slice(0, -1),
    leftTime: a.keys.at(-1)!,
    rightTime: b.keys.at(-1)!,
    compare,
    ties: isPlaced(binding, right.plan) ? 'position' : 'values',
    tie: 'last',
    waits: false,
  })
  const rights = right.plan.output.map((_, index) => index + a.plan.output.length)
  const isWhole = a.plan === left.plan && b.plan === right.plan
  const plan = isWhole ? joined : chosen(joined, [...left.plan.output.keys(), ...rights])
  return { plan, scope: typed(mergeUsing(scope, width, tree.using), plan) }
}

function kindOf(tree: JoinTree): 'inner' | 'left' {
  const { join, natural, span } = tree
  refuseWithin(tree, 'ASOF JOIN')
  if (natural) unsupported('NATURAL ASOF JOIN', span, 'write USING (k, ts)')
  if (join === 'inner' || join === 'left') return join
  const hint = join === 'right' ? 'change the sides over, and the comparison' : undefined
  return unsupported(`ASOF ${join.toUpperCase()} JOIN`, span, hint)
}

function conditionOf(
  binding: Binding,
  tree: JoinTree,
  [left, right]: readonly [BoundRelation, BoundRelation],
  scope: Scope,
): Condition {
  const width = left.plan.output.length
  const found: Condition = { pairs: [], times: [] }
  const match = tree.asof?.match ?? null
  const named = tree.using.map((name) => usingPair(left, right, name))
  if (match === null && named.length > 0) {
    found.times.push({ pair: named.pop()!, compare: 'ge' })
  }
  found.pairs.push(...named)
  const add = (condition: Tree, clause: string, equalities: boolean) => {
    const bound = bindCondition({ binding, scope, clause, aggregates: null }, condition)
    for (const part of conjunctsOf(bound)) {
      const equal = equalities ? pairOf(part, width) : null
      const time = equal === null ? timeOf(part, width) : null
      if (equal !== null) found.pairs.push(equal)
      else if (time !== null) found.times.push(time)
      else refuse(clause, condition.span)
    }
  }
  if (match !== null) add(match, 'MATCH_CONDITION', false)
  if (tree.on !== null) add(tree.on, 'ON', true)
  return found
}

function refuse(clause: string, span: Span): never {
  const equalities = clause === 'ON' ? 'equalities and ' : ''
  const message = `${clause} of an ASOF JOIN takes ${equalities}one comparison of the two sides`
  fail(
    'syntax',
    message,
    span,
    `${example}; put conditions on one side into WHERE, or into FROM (…)`,
  )
}

/** The comparison with its sides changed over. */
const turned: Readonly<Record<string, Comparison>> = { ge: 'le', gt: 'lt', le: 'ge', lt: 'gt' }

/** A comparison of an expression of each side, the left one first; null for every other condition. */
function timeOf(part: Expression, width: number): Condition['times'][number] | null {
  if (part.kind !== 'call') return null
  const other = turned[part.function]
  const pair = other === undefined ? null : pairOf({ ...part, function: 'eq' }, width)
  if (pair === null) return null
  const straight = sideOf(part.args[0]!, width) === 'left'
  return { pair, compare: straight ? turned[other!]! : other! }
}
