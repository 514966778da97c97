/**
 * BindInside: which rows a query inside an expression is joined to.
 *
 * How      Those of the clause that it stands in. Below an aggregate, the rows that it reads: a query in an argument,
 *          in FILTER or in a key of GROUP BY gives a column of these. One that is a key is this column wherever it
 *          stands in the SELECT.
 *          While the SELECT is bound the n-th of these columns has the number `beneathBase + n`; `settled` gives it the
 *          place behind the columns that the aggregate reads anyway.
 * See      nested/scalar.ts, nested/mark.ts
 */
import type { GroupKey, QueryBody, Expression as Tree } from '../../../../grammar/index.ts'
import { QueryMistake } from '../../../base/index.ts'
import { columnsOf, mapColumns } from '../../expression.ts'
import type { Expression, Plan } from '../../logical.ts'
import { type Binding, unsupported } from '../binding.ts'
import { type Aggregates, isAggregateName } from '../expression/aggregate.ts'
import { isDerivedAggregate } from '../expression/derived-aggregate.ts'
import type { Env } from '../expression/expression.ts'
import { functionCalled } from '../expression/sql-function.ts'
import { outputName, treeText } from '../naming.ts'
import { bindQuery } from '../query.ts'
import { columnsNamed, type Scope } from '../scope.ts'
import { leavesOf } from '../select/grouping.ts'
import { bindCorrelated, bindMark, bindQuantified } from './mark.ts'
import { type Scalars, scalarBase, scalarValue } from './scalar.ts'
import { joinScalars } from './subquery.ts'
import { seeingAround } from './unseen.ts'

type SelectTree = QueryBody & { kind: 'select' }
type QueryTree = Tree & { kind: 'in-query' | 'exists' | 'quantified' | 'subquery' }

/** Queries that are joined to the rows below the aggregate of a SELECT. */
export interface Beneath extends Scalars {
  /** The texts of those in keys of GROUP BY. */
  keys: ReadonlySet<string>
  /** What stands for them, by their texts. */
  bound: Map<string, Expression>
}

const beneathBase = scalarBase / 2

export const isBeneath = (index: number) => index >= beneathBase && index < scalarBase

export function bindInside(env: Env, tree: QueryTree): Expression {
  const { beneath } = env
  if (beneath === undefined) return bindThere(env, tree)
  const text = treeText(tree)
  if (env.scalars !== beneath && !beneath.keys.has(text)) return bindThere(env, tree)
  const known = beneath.bound.get(text)
  if (known !== undefined) return known
  const bound = bindThere(inRows(env), tree)
  beneath.bound.set(text, bound)
  return bound
}

/** Where the rows stand that an aggregate reads. */
export function inRows(env: Env): Env {
  const { overs: _overs, scalars: _scalars, ...rest } = env
  const { beneath } = env
  return { ...rest, aggregates: null, ...(beneath === undefined ? {} : { scalars: beneath }) }
}

function bindThere(env: Env, tree: QueryTree): Expression {
  const { scalars, clause } = env
  if (scalars === undefined) {
    return unsupported(`${nameOf(tree)} in ${clause}`, tree.span, insteadIn(clause))
  }
  return seeingAround(env.scope, tree.query, () => bindJoined(env, scalars, tree))
}

/** What to write where no query may stand. */
function insteadIn(clause: string): string {
  if (clause === 'LIMIT' || clause === 'OFFSET') {
    return 'number the rows by ROW_NUMBER() in FROM (SELECT …), and compare the number in WHERE'
  }
  const from = clause === 'MERGE' ? 'USING' : 'FROM'
  return `give it a column in ${from} (SELECT …), and name that here`
}

/** The value of a query that is joined to the rows. */
function bindJoined(env: Env, scalars: Scalars, tree: QueryTree): Expression {
  const { binding } = env
  if (tree.kind === 'quantified') return bindQuantified(env, scalars, tree)
  if (tree.kind !== 'subquery') return bindMark(env, scalars, tree)
  let plan: Plan
  try {
    plan = bindQuery(binding, tree.query)
  } catch (error) {
    if (!(error instanceof QueryMistake)) throw error
    return bindCorrelated(env, scalars, tree)
  }
  const alone = { plan, shown: plan.output.length, pairs: [], rest: [] }
  return scalarValue(binding, scalars, alone, tree)
}

function nameOf(tree: QueryTree): string {
  switch (tree.kind) {
    case 'exists':
      return 'EXISTS'
    case 'in-query':
      return 'IN (SELECT …)'
    case 'quantified':
      return `${tree.all ? 'ALL' : 'ANY'} (SELECT …)`
    case 'subquery':
      return 'a subquery'
  }
}

// ---------------------------------------------------------------- below an aggregate

export function beneathOf(
  binding: Binding,
  { groupBy, items }: SelectTree,
  scope: Scope,
  rows: () => Plan,
): Beneath {
  const queries = keyTrees(binding, groupBy, items, scope).flatMap(queriesIn)
  const keys = new Set(queries.map(treeText))
  return { base: beneathBase, rows, joins: [], width: 0, keys, bound: new Map() }
}

/** What the keys of GROUP BY stand for: ordinals, aliases and ALL are items of the select list. */
function keyTrees(
  binding: Binding,
  groupBy: readonly GroupKey[],
  items: SelectTree['items'],
  scope: Scope,
): Tree[] {
  const isStar = ({ expression }: SelectTree['items'][number]) => expression.kind === 'star'
  return leavesOf(groupBy).flatMap((key): Tree[] => {
    if (key.kind === 'star') {
      return items.flatMap(({ expression }) =>
        aggregates(binding, expression) ? [] : [expression],
      )
    }
    if (key.kind === 'number') {
      const before = items.slice(0, Number(key.text))
      return before.some(isStar) ? [] : before.slice(-1).map(({ expression }) => expression)
    }
    if (key.kind !== 'column' || key.path.length > 1) return [key]
    if (columnsNamed(scope, key.path).length > 0) return []
    const named = (item: SelectTree['items'][number]) =>
      (item.alias?.name ?? outputName(item.expression, scope)).toLowerCase()
    const found = items.find(
      (item) => !isStar(item) && named(item) === key.path[0]!.name.toLowerCase(),
    )
    return found === undefined ? [] : [found.expression]
  })
}

const isQuery = (tree: Tree): tree is QueryTree =>
  /^(in-query|exists|quantified|subquery)$/.test(tree.kind)

/** The outermost queries of an expression. */
export function queriesIn(node: unknown): QueryTree[] {
  if (typeof node !== 'object' || node === null) return []
  if (isQuery(node as Tree)) return [node as QueryTree]
  return Object.values(node).flatMap(queriesIn)
}

/** Does an aggregate stand in it, outside of queries? */
function aggregates(binding: Binding, node: unknown): boolean {
  if (typeof node !== 'object' || node === null || isQuery(node as Tree)) return false
  const tree = node as Tree
  if (tree.kind === 'call') {
    const name = tree.name.name.toLowerCase()
    const made = functionCalled(binding, name, tree.span)
    const isUsers = made?.kind === 'user' && made.of === 'aggregate'
    if (isUsers || isAggregateName(name) || isDerivedAggregate(name)) return true
  }
  return Object.values(node).some((child) => aggregates(binding, child))
}

/** The rows with the columns of the queries, and how an expression over both looks above them. */
export function settled(
  plan: Plan,
  beneath: Beneath,
  collector: Aggregates,
): { plan: Plan; settle: (expression: Expression) => Expression } {
  const { width, calls } = collector
  const lift = (found: Expression & { kind: 'column' }) => {
    const { index } = found
    if (isBeneath(index)) return { ...found, index: index - beneathBase + width }
    const isCall = index >= width && index < width + calls.length
    return isCall ? { ...found, index: index + beneath.width } : found
  }
  const settle = (expression: Expression) => mapColumns(expression, lift)
  collector.width += beneath.width
  collector.calls = calls.map((one) => ({
    ...one,
    argument: one.argument === null ? null : settle(one.argument),
    filter: one.filter === null ? null : settle(one.filter),
  }))
  return { plan: joinScalars(plan, beneath), settle }
}

/** Does it read a query below the aggregate? */
export const readsBeneath = (expression: Expression) => [...columnsOf(expression)].some(isBeneath)
