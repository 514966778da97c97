/**
 * Number: the number of each row in its partition, in the order in which rows came.
 *
 * How      The rows of a commit are gathered on the host, put into order, and counted on from where the count was.
 * Contract 1 (trusted) rows only come, and those of a commit stand behind those of the commits before.
 * Cost     some µs per row; a number per partition is kept.
 */
import type { PhysicalPlan } from '../../plan/index.ts'
import { copiesOf, pushContributions, soundRows } from '../batch.ts'
import { type Contribution, compareRows, compareTriples, rowKey } from '../changes.ts'
import { type Environment, type Push, type Stage, stageStats } from '../stage.ts'

/** About the bytes of a partition's key and count in a map. */
const countBytes = 100

export function numberStage(
  plan: PhysicalPlan & { kind: 'number' },
  environment: Environment,
  push: Push,
): Stage & { push: Push } {
  const stats = { ...stageStats(plan.id, 'number'), estimated: true }
  const fields = plan.input.output
  const counts = new Map<string, bigint>()
  let come: Contribution[] = []
  return {
    get stats() {
      stats.cells = counts.size
      stats.stateBytes = counts.size * countBytes
      return stats
    },
    push(fragment, input) {
      for (const one of soundRows(environment, fragment, input, fields)) come.push(one)
    },
    commit() {
      const rows = copiesOf(come)
      come = []
      rows.sort((a, b) => compareTriples(a, b) || compareRows(a.row, b.row, fields))
      const numbered = rows.map((one) => {
        const key = rowKey(one.row, plan.partition)
        const count = counts.get(key) ?? 0n
        counts.set(key, count + 1n)
        return { ...one, row: [...one.row, count] }
      })
      stats.rowsOut += numbered.length
      const [kernels] = environment.fragments
      pushContributions(kernels!, numbered, plan.output, (batch) => push(0, batch))
    },
  }
}
