/**
 * BindSubquery: queries inside conditions and expressions become joins.
 *
 * How      IN and EXISTS are semi joins, NOT IN and NOT EXISTS anti joins of the rows so far with the query. Conditions
 *          of its WHERE that name columns of the query around it become keys, where they are equalities, or residual.
 *          NOT IN: a row stays if no row of the query equals it for certain or perhaps. Where NULLs may be, a NULL
 *          on either side counts as perhaps: over one column three anti joins say so (an equal value; any NULL in the
 *          query; a NULL before NOT IN while the query has a row), over several a residual.
 *          A query that stands for a value is joined to every row.
 * Contract 1 (checked) the columns of the rows so far keep their places.
 */
import type { Query, QueryBody, Expression as Tree } from '../../../../grammar/index.ts'
import { QueryMistake, type Span } from '../../../base/index.ts'
import { type Field, type Type, topColumns, typeText } from '../../../data/index.ts'
import { boolean, integer } from '../../coerce.ts'
import {
  and,
  branch,
  call,
  choose,
  columnsOf,
  conjunctsOf,
  literal,
  moveColumns,
} from '../../expression.ts'
import { joinOn, type KeyPair } from '../../keyed.ts'
import type { Expression, Plan } from '../../logical.ts'
import { filter, project } from '../../node.ts'
import { all, type Binding, fail, planSpan } from '../binding.ts'
import { boxed, isStruct } from '../expression/boxed.ts'
import { bindCondition, bindValue, type Env } from '../expression/expression.ts'
import { columnOf } from '../expression/struct.ts'
import { pairOf } from '../join.ts'
import { bindComparison } from '../operator.ts'
import { bindQuery, whereOf } from '../query.ts'
import { type BoundRelation, bindRelation, type Conjuncts, refuseEmit } from '../relation.ts'
import { joinScopes, type Scope, scopeOf } from '../scope.ts'
import { innerBase, isScalarColumn, type Scalars, scalarBase } from './scalar.ts'
import { distinct } from './set.ts'
import { seeingAround } from './unseen.ts'

type SelectTree = QueryBody & { kind: 'select' }
type Test = Tree & { kind: 'in-query' | 'exists' }

/** A condition that is IN, EXISTS or their negation; null for every other one. */
export function subqueryTest(tree: Tree): { test: Test; negated: boolean } | null {
  if (tree.kind === 'exists') return { test: tree, negated: false }
  if (tree.kind === 'in-query') return { test: tree, negated: tree.negated }
  if (tree.kind !== 'unary' || tree.operator !== 'NOT') return null
  const inner = subqueryTest(tree.operand)
  return inner === null ? null : { ...inner, negated: !inner.negated }
}

/** The rows of `plan`, whose columns `scope` names, for which a condition is true that `subqueryTest` knows. */
export function applyTest(binding: Binding, plan: Plan, scope: Scope, tree: Tree): Plan {
  const { length } = binding.notices
  try {
    const found = subqueryTest(tree)!
    return seeingAround(scope, found.test.query, () => applySubquery(binding, plan, scope, found))
  } catch (error) {
    if (!(error instanceof QueryMistake)) throw error
    binding.notices.length = length
    const kept = withQueries(binding, plan, scope, tree)
    if (kept === null) throw error
    return kept
  }
}

function applySubquery(
  binding: Binding,
  plan: Plan,
  scope: Scope,
  { test, negated }: { test: Test; negated: boolean },
): Plan {
  refuseEmit(test.query)
  const kind = negated ? 'anti' : 'semi'
  const inner = bindInner(binding, test.query, scope, plan.output.length, test.kind === 'in-query')
  const { pairs, rest } = inner
  if (test.kind === 'exists') {
    const right = pairs.length + rest.length === 0 ? oneRow(inner.plan) : inner.plan
    return joinOn(plan, right, kind, pairs, rest)
  }
  const equal = memberEqualities(binding, plan, scope, test, inner)
  if (!negated || equal.every((one) => !one.nullable)) {
    return joinOn(plan, inner.plan, kind, ...splitPairs(equal, plan, inner))
  }
  if (equal.length === 1 && pairs.length + rest.length === 0) {
    return withoutMembers(plan, inner, equal[0]!)
  }
  const perhaps = call('not', [call('is_false', [and(equal)], boolean)], boolean)
  return joinOn(plan, inner.plan, 'anti', pairs, [...rest, perhaps])
}

export interface Inner {
  plan: Plan
  /** Equalities with columns around the query. */
  pairs: KeyPair[]
  /** Other conditions on them, over the columns of both. */
  rest: Expression[]
  /** What the query gives, over its plan; empty where only its rows count. */
  values: InnerValue[]
}

/** A value of a query; a STRUCT of the type stands there as its box. */
interface InnerValue {
  expression: Expression
  type: Type
  span: Span
}

const innerValue = (binding: Binding, value: Expression, span: Span): InnerValue => ({
  expression: boxed(binding, value),
  type: value.type,
  span,
})

/** The values that a query gives in the first columns of its plan. */
export function valuesOf(binding: Binding, fields: readonly Field[], span: Span): InnerValue[] {
  const scope = scopeOf(fields, null)
  return topColumns(fields).map(({ at }) =>
    innerValue(binding, columnOf(binding, scope, scope[at]!), span),
  )
}

/** What is compared with a value of a query. */
export function comparedWith(env: Env, tree: Tree, { type }: InnerValue): Expression {
  const value = bindValue(env, tree)
  if (isStruct(value) === isStruct({ type }) || value.type.kind === 'null') {
    return boxed(env.binding, value)
  }
  const message = `a query of ${typeText(type)} is not compared with ${typeText(value.type)}`
  const hint = 'name a member of the STRUCT'
  return fail('type_mismatch', message, tree.span, hint)
}

export function bindInner(
  binding: Binding,
  query: Query,
  outer: Scope,
  width: number,
  wantsValues: boolean,
): Inner {
  const { body } = query
  const plain =
    body.kind === 'select' &&
    body.from !== null &&
    query.with.length === 0 &&
    query.limit === null &&
    query.offset === null &&
    body.groupBy.length === 0 &&
    body.having === null
  const bound = plain ? bindPlain(binding, body, outer, width, wantsValues) : null
  if (bound !== null) return bound
  const plan = bindQuery(binding, query)
  const values = wantsValues ? valuesOf(binding, plan.output, query.span) : []
  return { plan, pairs: [], rest: [], values }
}

/** A SELECT … FROM … WHERE whose conditions may name columns around it; null when it aggregates or picks by star. */
function bindPlain(
  binding: Binding,
  body: SelectTree,
  outer: Scope,
  width: number,
  wantsValues: boolean,
): Inner | null {
  const opened = openQuery(binding, body)
  const { from } = opened
  const calls = { width: from.plan.output.length, calls: [] }
  const inner: Env = { binding, scope: from.scope, clause: 'the select list', aggregates: calls }
  const moved = joinScopes([], from.scope, width)
  const both: Env = { binding, scope: moved, outer, clause: 'WHERE', aggregates: null }
  const stars = body.items.some(({ expression }) => expression.kind === 'star')
  if (wantsValues && stars) return null
  const items = body.items.filter(({ expression }) => expression.kind !== 'star')
  const values = all(
    items.map(({ expression: tree }) => () => {
      const own = { ...both, clause: inner.clause, aggregates: calls }
      return innerValue(binding, bindValue(wantsValues ? inner : own, tree), tree.span)
    }),
  )
  if (calls.calls.length > 0) return null
  return { ...whereInner(binding, opened, outer, width), values: wantsValues ? values : [] }
}

interface Opened {
  from: BoundRelation
  conjuncts: Conjuncts
}

/** FROM of a query inside, with the conjuncts that it did not take. */
export function openQuery(binding: Binding, body: SelectTree): Opened {
  const conjuncts = joinable(body.where)
  return { from: bindRelation(binding, body.from!, conjuncts), conjuncts }
}

/** WHERE of a query inside: its rows, and what names columns around it, which are those below `width`. */
export function whereInner(
  binding: Binding,
  { from, conjuncts }: Opened,
  outer: Scope,
  width: number,
): Omit<Inner, 'values'> {
  const moved = joinScopes([], from.scope, width)
  const both: Env = { binding, scope: moved, outer, clause: 'WHERE', aggregates: null }
  const open = conjuncts.flatMap(({ tree, taken, implied }) => (taken || implied ? [] : [tree]))
  const tests = open.filter((tree) => subqueryTest(tree) !== null)
  let plan = from.plan
  const conditions = all(
    open
      .filter((tree) => subqueryTest(tree) === null)
      .map((tree) => () => {
        try {
          return [bindCondition(both, tree)]
        } catch (error) {
          const kept = withQueries(binding, plan, from.scope, tree)
          if (kept === null) throw error
          plan = kept
          return []
        }
      }),
  ).flat()
  const isOwn = (one: Expression) => [...columnsOf(one)].every((index) => index >= width)
  const own = conditions.filter(isOwn).map((one) => moveColumns(one, (index) => index - width))
  if (own.length > 0) plan = filter(plan, and(own))
  for (const tree of tests) plan = applyTest(binding, plan, from.scope, tree)
  const pairs: KeyPair[] = []
  const rest: Expression[] = []
  for (const one of conditions.filter((condition) => !isOwn(condition)).flatMap(conjunctsOf)) {
    const pair = pairOf(one, width)
    if (pair === null) rest.push(one)
    else pairs.push(pair)
  }
  return { plan, pairs, rest }
}

/** The rows for which a condition holds that has queries inside and names no column around; null for any other. */
function withQueries(binding: Binding, plan: Plan, scope: Scope, tree: Tree): Plan | null {
  const scalars: Scalars = { base: scalarBase, rows: () => plan, joins: [], width: 0 }
  try {
    const env: Env = { binding, scope, clause: 'WHERE', aggregates: null, scalars }
    const condition = bindCondition(env, tree)
    return scalars.joins.length === 0 ? null : whereOf(plan, [condition], scalars)
  } catch (error) {
    if (error instanceof QueryMistake) return null
    throw error
  }
}

/** The conjuncts of WHERE, and the equalities of columns that every branch of an OR among them has. */
export function joinable(where: Tree | null): Conjuncts {
  const trees = conjunctTrees(where)
  const implied = trees.flatMap((tree) => {
    const [first = [], ...others] = branches(tree).map(conjunctTrees)
    if (others.length === 0) return []
    const has = others.map((other) => new Set(other.map(equalityText)))
    return first.filter((one) => {
      const text = equalityText(one)
      return text !== null && has.every((texts) => texts.has(text))
    })
  })
  return [
    ...trees.map((tree) => ({ tree, taken: false })),
    ...implied.map((tree) => ({ tree, taken: false, implied: true as const })),
  ]
}

function branches(tree: Tree): Tree[] {
  if (tree.kind !== 'binary' || tree.operator !== 'OR') return [tree]
  return [...branches(tree.left), ...branches(tree.right)]
}

/** What two equalities of the same columns have in common; null for any other condition. */
function equalityText(tree: Tree): string | null {
  if (tree.kind !== 'binary' || tree.operator !== '=') return null
  const sides = [tree.left, tree.right].map((side) =>
    side.kind === 'column' ? JSON.stringify(side.path.map(({ name }) => name)) : null,
  )
  return sides.includes(null) ? null : sides.sort().join()
}

function conjunctTrees(tree: Tree | null): Tree[] {
  if (tree === null) return []
  if (tree.kind !== 'binary' || tree.operator !== 'AND') return [tree]
  return [...conjunctTrees(tree.left), ...conjunctTrees(tree.right)]
}

/** `x = y` for each value before IN and each column of the query, over the columns of both. */
function memberEqualities(
  binding: Binding,
  plan: Plan,
  scope: Scope,
  test: Test & { kind: 'in-query' },
  inner: Inner,
): Expression[] {
  const trees = test.operand.kind === 'row' ? test.operand.items : [test.operand]
  if (trees.length !== inner.values.length) {
    const message = `IN compares ${trees.length} and ${inner.values.length} values`
    fail('type_mismatch', message, test.span)
  }
  const width = plan.output.length
  const env: Env = { binding, scope, clause: 'IN', aggregates: null }
  return trees.map((tree, index) => {
    const value = inner.values[index]!
    const { expression, span } = value
    const pair = {
      left: comparedWith(env, tree, value),
      right: moveColumns(expression, (at) => at + width),
      leftSpan: tree.span,
      rightSpan: span,
      span: test.span,
      planSpan: planSpan(binding, test.span),
    }
    return bindComparison('eq', pair, 'IN')
  })
}

/** The pairs and the residual of equalities beside those that the query has. */
function splitPairs(
  equal: readonly Expression[],
  plan: Plan,
  inner: Inner,
): [KeyPair[], Expression[]] {
  const found = equal.map((one) => ({ one, pair: pairOf(one, plan.output.length) }))
  const pairs = found.flatMap(({ pair }) => pair ?? [])
  const rest = found.flatMap(({ one, pair }) => (pair === null ? [one] : []))
  return [
    [...inner.pairs, ...pairs],
    [...inner.rest, ...rest],
  ]
}

/** NOT IN over one column that may be NULL, or whose query may have NULLs. */
function withoutMembers(plan: Plan, inner: Inner, equal: Expression): Plan {
  const width = plan.output.length
  const [left, right] = equal.kind === 'call' ? equal.args : []
  const others = joinOn(plan, inner.plan, 'anti', ...splitPairs([equal], plan, inner))
  const value = moveColumns(right!, (index) => index - width)
  const nulls = filter(inner.plan, call('is_null', [value], boolean))
  const certain = right!.nullable ? joinOn(others, oneRow(nulls), 'anti', [], []) : others
  if (!left!.nullable) return certain
  const one = literal(1, integer)
  const whenNull = choose(
    [branch(call('is_null', [left!], boolean), one)],
    literal(null, integer),
    integer,
  )
  return joinOn(certain, oneRow(inner.plan), 'anti', [{ left: whenNull, right: one }], [])
}

/** One row while the plan has any. */
function oneRow(plan: Plan): Plan {
  return distinct(project(plan, [literal(1, integer)], ['one']))
}

/** The plan with the columns behind of each query that stands for a value, in their order. */
export function joinScalars(plan: Plan, { base, joins, width: columns }: Scalars): Plan {
  const width = plan.output.length
  const placed = (index: number) =>
    index >= base && index < base + columns ? index - base + width : index
  return joins.reduce((joined, { plan: right, pairs, rest }) => {
    const kind = pairs.length + rest.length === 0 && hasOneRow(right) ? 'inner' : 'left'
    const keys = pairs.map((pair) => ({ ...pair, left: moveColumns(pair.left, placed) }))
    const inner = joined.output.length - innerBase
    const both = rest.map((one) =>
      moveColumns(one, (index) => (index >= innerBase ? index + inner : placed(index))),
    )
    return joinOn(joined, right, kind, keys, both)
  }, plan)
}

function hasOneRow(plan: Plan): boolean {
  if (plan.kind === 'project') return hasOneRow(plan.input)
  return plan.kind === 'aggregate' && plan.keys.length === 0
}

/** The expression with the subqueries' columns where `joinScalars` has put them. */
export function placeScalars(expression: Expression, width: number): Expression {
  return moveColumns(expression, (index) =>
    isScalarColumn(index) ? index - scalarBase + width : index,
  )
}
