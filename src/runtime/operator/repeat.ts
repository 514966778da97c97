/**
 * Repeat: each row as often as its last column says; UNION's relatives with ALL count rows and give them back by it.
 *
 * How      The row's number stands in the selection as often as the row is wanted. An old and a new row of one place
 *          that are equal but for the count leave only their difference.
 * Cost     some µs per row: rare.
 */
import type { PhysicalPlan } from '../../plan/index.ts'
import { pushContributions, soundRows } from '../batch.ts'
import { cancelAtOnce } from '../changes.ts'
import { type Environment, type Push, type Stage, stageStats } from '../stage.ts'

export function repeatStage(
  plan: PhysicalPlan & { kind: 'repeat' },
  environment: Environment,
  push: Push,
): Stage & { push: Push } {
  const stats = stageStats(plan.id, 'repeat')
  const count = plan.output.length
  return {
    stats,
    push(fragment, input) {
      const rows = soundRows(environment, fragment, input, plan.input.output).map((one) => ({
        ...one,
        row: one.row.slice(0, count),
        weight: one.weight * Number(one.row[count]),
      }))
      const copies = cancelAtOnce(rows)
      stats.rowsOut += copies.length
      const kernels = environment.fragments[fragment]!
      pushContributions(kernels, copies, plan.output, (output) => push(fragment, output))
    },
  }
}
