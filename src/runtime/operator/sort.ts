/**
 * Sort: ORDER BY, LIMIT and OFFSET of one-shot queries, at the top or inside another query.
 *
 * How      The rows are collected on the host; at the commit they are put into canonical order, sorted and cut. Those
 *          that are left stand at (0, 0, rank).
 * Contract 1 (checked) ties stay in canonical order.
 * Cost     some µs per row.
 * See      docs/laws.md (the output of a commit)
 */
import type { Row } from '../../data/index.ts'
import type { PhysicalPlan } from '../../plan/index.ts'
import { pushContributions, soundRows } from '../batch.ts'
import { type Contribution, compareRows, compareTriples } from '../changes.ts'
import { type Environment, type Push, type Stage, stageStats } from '../stage.ts'

type SortPlan = PhysicalPlan & { kind: 'sort' }

/** The rows that the sort leaves, in its order; they come in canonical order. */
export function sortedRows<T extends { row: Row }>(plan: SortPlan, rows: readonly T[]): T[] {
  const compareKey = (a: Row, b: Row) => {
    for (const { column, descending, nullsFirst } of plan.keys) {
      const [left, right] = [a[column]!, b[column]!]
      if ((left === null) !== (right === null)) return (left === null) === nullsFirst ? -1 : 1
      const order = compareRows([left], [right], [plan.output[column]!])
      if (order !== 0) return descending ? -order : order
    }
    return 0
  }
  // A stable sort keeps the order among equal keys.
  const sorted = [...rows].sort((a, b) => compareKey(a.row, b.row))
  return sorted.slice(plan.offset, plan.limit === null ? undefined : plan.offset + plan.limit)
}

export function sortStage(
  plan: SortPlan,
  environment: Environment,
  push: Push,
): Stage & { push: Push } {
  const stats = stageStats(plan.id, 'sort')
  let rows: Contribution[] = []
  return {
    stats,
    push(fragment, input) {
      for (const row of soundRows(environment, fragment, input, plan.output)) rows.push(row)
    },
    commit() {
      rows.sort((a, b) => compareTriples(a, b) || compareRows(a.row, b.row, plan.output))
      const placed = sortedRows(plan, rows).map(
        ({ row }, rank): Contribution => ({ row, weight: 1, major: 0, middle: 0, minor: rank }),
      )
      rows = []
      stats.rowsOut += placed.length
      pushContributions(environment.fragments[0]!, placed, plan.output, (batch) => push(0, batch))
    },
  }
}
