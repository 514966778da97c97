/**
 * BindScalar: queries inside expressions, as joins with the rows of the clause that they stand in.
 *
 * How      A query that gives something of each row is a join that neither drops nor repeats a row. What it gives
 *          stands in expressions as a column of a high number, until the joins are made and the columns have places.
 * Contract 1 (checked) a query that stands for a value has one column, and a row at most for each row around it.
 * See      nested/mark.ts, nested/subquery.ts
 */
import type { Expression as Tree } from '../../../../grammar/index.ts'
import { topColumns } from '../../../data/index.ts'
import { column } from '../../expression.ts'
import type { KeyPair } from '../../keyed.ts'
import type { Expression, Plan } from '../../logical.ts'
import { type Binding, fail, unsupported } from '../binding.ts'

/**
 * Queries inside the expressions of a clause. What they give, one behind the other, stands in these as columns from
 * `scalarBase` on until it is placed.
 */
export interface Scalars {
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
  const first = scalarBase + scalars.width
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
    const hint = 'make it an aggregate without GROUP BY, or add LIMIT 1'
    unsupported('a subquery that may give several rows as a value', tree.span, hint)
  }
  const index = addScalar(scalars, join)
  const fields = plan.output.slice(0, shown)
  const flat = fields.map(({ type }, at) => column(index + at, { type, nullable: true }))
  binding.members.set(flat[0]!, flat.slice(1))
  return flat[0]!
}
