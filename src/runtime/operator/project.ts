/**
 * Project: computes the output columns from the input's; a failed value travels on and counts where it is used.
 *
 * How      Evaluate all expressions over the batch. Over updating input, an update whose old and new row became
 *          equal is dropped: the two stand side by side with one triple.
 */
import type { VectorBatch } from '../../kernel/index.ts'
import type { PhysicalPlan } from '../../plan/index.ts'
import { dropEqualPairs } from '../batch.ts'
import { compileExpressions, type Evaluator } from '../expression.ts'
import { type Environment, type Push, type Stage, stageStats } from '../stage.ts'

export function projectStage(
  plan: PhysicalPlan & { kind: 'project' },
  environment: Environment,
  push: Push,
): Stage & { push: Push; close(): void } {
  const stats = stageStats(plan.id, 'project')
  const evaluators: Evaluator[] = []
  return {
    stats,
    close() {
      for (const evaluator of evaluators) evaluator?.free()
    },
    push(fragment, batch) {
      const kernels = environment.fragments[fragment]!
      const evaluator = (evaluators[fragment] ??= compileExpressions(
        kernels,
        plan.computed,
        environment,
      ))
      const columns = evaluator.run(batch.columns, batch.rows)
      let output: VectorBatch = { ...batch, columns }
      if (batch.weights !== 0) output = dropEqualPairs(kernels, output, plan.output)
      if (output.rows === 0) return
      stats.rowsOut += output.rows
      push(fragment, output)
    },
  }
}
