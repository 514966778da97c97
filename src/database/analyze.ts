/**
 * Analyze: runs a query over what is there and says what each operator did: rows, cells, bytes, late rows, time in all.
 */
import { explainText, inputsOf, type PhysicalPlan } from '../plan/index.ts'
import type { StageStats } from '../runtime/index.ts'
import type { Engine } from './engine.ts'
import type { Work } from './query.ts'

export function* explainAnalyze(engine: Engine, plan: PhysicalPlan, text: string): Work<string[]> {
  const started = engine.options.clock.monotonicMillis()
  const { query, delta } = yield* engine.select(plan, text)
  const millis = engine.options.clock.monotonicMillis() - started
  const stats = new Map(query.lastStats.map((stage) => [stage.id, stage]))
  const ids = nodeIds(plan)
  const lines = explainText(plan)
    .split('\n')
    .map((line, index) => {
      const stage = stats.get(ids[index] ?? -1)
      return stage === undefined ? line : `${line}  [${describe(stage)}]`
    })
  const rate =
    query.rowsIn === 0
      ? ''
      : `, ${Math.round(query.rowsIn / (millis / 1000)).toLocaleString('en')} rows/s`
  return [
    ...lines,
    `${query.rowsIn} rows in, ${delta.count} rows out, ${millis.toFixed(1)} ms${rate}`,
  ]
}

function describe({ rowsOut, cells, stateBytes, late }: StageStats): string {
  const parts = [`rows ${rowsOut}`]
  if (cells > 0) parts.push(`cells ${cells}`, `state ${stateBytes} B`)
  if (late > 0) parts.push(`late ${late}`)
  return parts.join(', ')
}

/** Ids of the nodes in the order of the plan's text: a node, then its inputs. */
function nodeIds(plan: PhysicalPlan): number[] {
  return [plan.id, ...inputsOf(plan).flatMap(nodeIds)]
}
