/**
 * Given: expressions over rows that are at hand, as a plan.
 */
import type { Field, Row } from '../data/index.ts'
import { literal } from './expression.ts'
import type { Expression, Plan } from './logical.ts'
import { project, values } from './node.ts'

/** A row of `expressions` for each of `rows`, of which there is at least one, in their order. */
export function overRows(
  fields: readonly Field[],
  rows: readonly Row[],
  expressions: Expression[],
  names: readonly string[],
): Plan {
  const given = rows.map((row) => row.map((value, index) => literal(value, fields[index]!.type)))
  return project(
    values(
      given,
      fields.map(({ name }) => name),
    ),
    expressions,
    names,
  )
}
