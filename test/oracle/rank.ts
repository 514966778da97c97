/**
 * Ranks: all rows of a partition are numbered anew.
 *
 * See      partition.ts
 */
import type { Context, Node, Of } from './node.ts'
import { groupsOf, partitioned } from './partition.ts'
import { compareBy } from './relation.ts'
import type { CellRow } from './value.ts'

export const rank = (plan: Of<'rank'>, input: Node, context: Context): Node =>
  partitioned(plan, input, context, (rows) => {
    const numbers = rows.map((_, at) => numberOf(plan, rows, at))
    return rows
      .map((row, at) => (plan.numbered ? [...row, BigInt(numbers[at]!)] : row))
      .filter((_, at) => plan.limit === null || numbers[at]! <= plan.limit)
  })

/** What ROW_NUMBER, RANK or DENSE_RANK says of a row. */
function numberOf(
  { order, function: counted }: Of<'rank'>,
  rows: readonly CellRow[],
  at: number,
): number {
  if (counted === 'row_number') return at + 1
  const before = rows.slice(0, at).filter((other) => compareBy(order, other, rows[at]!) < 0)
  if (counted === 'rank') return before.length + 1
  return groupsOf(order, before).length + 1
}
