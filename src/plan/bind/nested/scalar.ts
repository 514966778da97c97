/**
 * BindScalar: queries inside expressions, as joins with the rows of the clause that they stand in.
 *
 * How      A query that gives something of each row is a join that neither drops nor repeats a row. What it gives
 *          stands in expressions as a column of a high number, until the joins are made and the columns have places.
 *          Where a query may have several rows for one, the least of its values is joined, and their number, which is
 *          asked where the value is used.
 * Contract 1 (checked) a query that stands for a value has one column, and a row at most for each row around it.
 * See      nested/mark.ts, nested/subquery.ts
 */
import type { Expression as Tree } from '../../../../grammar/index.ts'
import { topColumns } from '../../../data/index.ts'
import { bigint, boolean, coerce, integer, varchar } from '../../coerce.ts'
import { branch, call, choose, column, literal, moveColumns } from '../../expression.ts'
import type { KeyPair } from '../../keyed.ts'
import type { Expression, Plan } from '../../logical.ts'
import { aggregate, project } from '../../node.ts'
import { type Binding, fail, planSpan } from '../binding.ts'
import { boxed, isStruct, unboxed } from '../expression/boxed.ts'
import { columnOf } from '../expression/struct.ts'
import { scopeOf } from '../scope.ts'

/**
 * Queries inside the expressions of a clause. What they give, one behind the other, stands in these as columns from
 * `base` on until it is placed.
 */
export interface Scalars {
  /** The number of their first column. */
  base: number
  /** The rows that they are joined to. */
  rows(): Plan
  joins: ScalarJoin[]
  /** Columns of all of them. */
  width: number
}

/** A plan that has at most one row for each row of the query: see nested/mark.ts. */
export interface ScalarJoin {
  plan: Plan
  /** Equalities with what stands around it. */
  pairs: KeyPair[]
  /** Other conditions on both. */
  rest: Expression[]
}

export const scalarBase = 2 ** 19

/** In conditions of a join of `Scalars`, column n of the query is column `innerBase + n`. */
export const innerBase = scalarBase + 2 ** 18

export const isScalarColumn = (index: number) => index >= scalarBase && index < 2 * scalarBase

/** The first column of what is joined. */
export function addScalar(scalars: Scalars, join: ScalarJoin): number {
  const first = scalars.base + scalars.width
  scalars.joins.push(join)
  scalars.width += join.plan.output.length
  return first
}

/** The one value of a plan whose first columns are shown, the others tell to which row they belong. */
export function scalarValue(
  binding: Binding,
  scalars: Scalars,
  { shown, ...join }: ScalarJoin & { shown: number },
  tree: Tree,
): Expression {
  const { plan } = join
  const columns = topColumns(plan.output.slice(0, shown)).length
  if (columns !== 1) {
    const message = `a subquery that stands for a value has 1 column, not ${columns}`
    fail('type_mismatch', message, tree.span)
  }
  if (plan.key === null || plan.key.some((index) => index < shown)) {
    return onlyValue(binding, scalars, { shown, ...join }, tree)
  }
  const index = addScalar(scalars, join)
  const fields = plan.output.slice(0, shown)
  const flat = fields.map(({ type }, at) => column(index + at, { type, nullable: true }))
  binding.members.set(flat[0]!, flat.slice(1))
  return flat[0]!
}

/** The value of a plan that may have several rows for a row of the query, which is told when it does. */
function onlyValue(
  binding: Binding,
  scalars: Scalars,
  { shown, plan, pairs, rest }: ScalarJoin & { shown: number },
  tree: Tree,
): Expression {
  const scope = scopeOf(plan.output.slice(0, shown), null)
  const value = columnOf(binding, scope, scope[0]!)
  const keys = plan.output.slice(shown).map((field, index) => column(shown + index, field))
  const moved = (index: number) => index - shown
  const join = {
    pairs: pairs.map((pair) => ({ ...pair, right: moveColumns(pair.right, moved) })),
    rest: rest.map((one) =>
      moveColumns(one, (index) => (index >= innerBase ? moved(index) : index)),
    ),
  }
  return only(binding, scalars, { plan, keys, value, ...join }, tree)
}

/** The value of the only row that has the keys; where there are more, the row of the query fails. */
export function only(
  binding: Binding,
  scalars: Scalars,
  { plan, keys, value, ...join }: ScalarJoin & { keys: readonly Expression[]; value: Expression },
  tree: Tree,
): Expression {
  const isTruth = value.type.kind === 'boolean' && !isStruct(value)
  const box = isTruth ? coerce(value, integer) : boxed(binding, value)
  const width = keys.length
  const names = [...keys.map((_, index) => `key${index + 1}`), 'value']
  const rows = project(plan, [...keys, box], names)
  const plain = { distinct: false, filter: null, nullable: true }
  const made = aggregate(rows, {
    keys: [...keys.keys()],
    calls: [
      { ...plain, function: 'min', argument: width, type: box.type },
      { ...plain, function: 'count_star', argument: null, type: bigint },
    ],
    emit: 'changes',
    names: [...names, 'rows'],
  })
  const first = addScalar(scalars, { ...join, plan: made }) + width
  const [least, count] = [box.type, bigint].map((type, index) =>
    column(first + index, { type, nullable: true }),
  )
  const several = call('gt', [count!, literal(1n, bigint)], boolean)
  const message = literal('a subquery that stands for a value gives more than one row', varchar)
  const failure = call('raise', [message], box.type, planSpan(binding, tree.span))
  const checked = choose([branch(several, failure)], least!, box.type)
  if (isTruth) return call('eq', [checked, literal(1, integer)], boolean)
  return unboxed(binding, value, checked)
}
