/**
 * Union: the rows of several inputs as one.
 *
 * How      Batches pass as they come. Where inputs take rows back, a row of one may cancel a row of another that stands
 *          at the same place, so sound rows wait on the host until the commit and leave in order, added up.
 * Contract 1 (checked by the golden scripts) what cancels at once reaches no aggregate.
 * Cost     nothing per row over inputs that only insert, else some µs.
 */
import type { PhysicalPlan } from '../../plan/index.ts'
import { contributionsOf, pushContributions } from '../batch.ts'
import { type Contribution, cancelAtOnce, compareTriples } from '../changes.ts'
import { failedRows, firstErrors, withoutRows } from '../failure.ts'
import { HeldRows } from '../held.ts'
import { type Environment, type Push, type Stage, stageStats } from '../stage.ts'

export function unionStage(
  plan: PhysicalPlan & { kind: 'union' },
  environment: Environment,
  push: Push,
): Stage & { push: Push; waits: boolean } {
  const stats = { ...stageStats(plan.id, 'union'), estimated: true }
  const held: Contribution[][] = environment.fragments.map(() => [])
  const waiting = new HeldRows(plan.output)
  const waits = plan.updating && environment.mode === 'continuous'
  return {
    get stats() {
      return Object.assign(stats, { stateBytes: waiting.bytes })
    },
    waits,
    push(fragment, batch) {
      if (!waits) {
        stats.rowsOut += batch.rows
        return push(fragment, batch)
      }
      const kernels = environment.fragments[fragment]!
      const errors = firstErrors(batch.columns)
      if (errors !== null) push(fragment, failedRows(kernels, batch, errors))
      const sound = errors === null ? batch : withoutRows(kernels, batch, errors)
      for (const one of contributionsOf(kernels, sound, plan.output)) {
        held[fragment]!.push(one)
        waiting.change(one.row, 1)
      }
    },
    commit() {
      waiting.clear()
      environment.fragments.forEach((kernels, fragment) => {
        const rows = cancelAtOnce(held[fragment]!).sort(compareTriples)
        held[fragment] = []
        stats.rowsOut += rows.length
        pushContributions(kernels, rows, plan.output, (batch) => push(fragment, batch))
      })
    },
  }
}
