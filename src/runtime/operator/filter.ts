/**
 * Filter: passes the rows for which a predicate is TRUE, dense and in order.
 *
 * How      Evaluate the predicate over the batch, take the selected rows of every column; rows on which it fails
 *          leave the flow. What a project directly above computes of strings as the predicate does is computed here
 *          once, and handed on in columns behind those of the input.
 *          Rows that a join above has no use for are left out here, too.
 * Cost     the predicate plus about 0.5 ns per column and row taken.
 */
import {
  selectTrue,
  takeRows,
  takeVector,
  type Vector,
  type VectorBatch,
} from '../../kernel/index.ts'
import { columnsOf, type PhysicalPlan } from '../../plan/index.ts'
import { compileExpressions, type Evaluator } from '../expression.ts'
import { reportRows } from '../failure.ts'
import { type Environment, type Push, type Stage, stageStats } from '../stage.ts'
import type { Candidacy } from './candidate.ts'

/** A filter for a scan that loads the rows that pass and no others. */
export interface Sieve {
  /** The columns by which rows are chosen. */
  readonly columns: ReadonlySet<number>
  /**
   * Row numbers of the rows that pass, as u32, and the columns that were computed for them; failures are reported.
   * Other columns are not looked at.
   */
  choose(fragment: number, batch: VectorBatch): Chosen
  /** Hands on rows that passed, the computed columns behind the others. */
  pass: Push
}

interface Chosen {
  selection: number
  count: number
  computed: Vector[]
}

export function filterStage(
  plan: PhysicalPlan & { kind: 'filter' },
  environment: Environment,
  push: Push,
  candidacy: Candidacy | null = null,
): Stage & { push: Push; sieve: Sieve; close(): void } {
  const stats = stageStats(plan.id, 'filter')
  const evaluators: Evaluator[] = []
  const expressions = [plan.predicate, ...plan.shared]
  const chosenBy = candidacy === null ? [] : [candidacy.of.value, candidacy.of.time]
  const first = [...columnsOf(plan.predicate), ...chosenBy]
  const choose = (fragment: number, batch: VectorBatch): Chosen => {
    const kernels = environment.fragments[fragment]!
    const evaluator = (evaluators[fragment] ??= compileExpressions(
      kernels,
      expressions,
      environment,
    ))
    const [verdict, ...computed] = evaluator.run(batch.columns, batch.rows) as [Vector, ...Vector[]]
    if (verdict.errors !== null) reportRows(environment, kernels, batch, verdict.errors)
    const passed = selectTrue(kernels, verdict, batch.rows)
    stats.rowsOut += passed.count
    const { selection, count } = candidacy?.choose(kernels, batch, passed) ?? passed
    const isAll = count === batch.rows || count === 0
    const taken = (vector: Vector) => takeVector(kernels, vector, selection, count)
    return { selection, count, computed: isAll ? computed : computed.map(taken) }
  }
  return {
    stats,
    sieve: { columns: new Set(first), choose, pass: push },
    close() {
      for (const evaluator of evaluators) evaluator?.free()
    },
    push(fragment, batch) {
      const { selection, count, computed } = choose(fragment, batch)
      if (count === 0) return
      const kernels = environment.fragments[fragment]!
      const rows = count === batch.rows ? batch : takeRows(kernels, batch, selection, count)
      push(fragment, withColumns(rows, computed))
    },
  }
}

/** The batch with more columns behind its own. */
export function withColumns(batch: VectorBatch, more: readonly Vector[]): VectorBatch {
  return more.length === 0 ? batch : { ...batch, columns: [...batch.columns, ...more] }
}
