/**
 * Close: holds rows until the watermark has closed their window.
 *
 * How      Rows wait on the host by the end of their window. In the step in which the watermark passes end − unit they
 *          go on, at the place of the row that closed the window; at its commit, where the input tells some only then.
 *          Of an input that takes rows back go on those that stand.
 * Contract 1 (trusted) rows that are late for their window have been left out below.
 * Cost     some µs per row; the rows of windows that are open are kept.
 * See      docs/laws.md (where a row stands)
 */
import type { Row } from '../../data/index.ts'
import type { VectorBatch } from '../../kernel/index.ts'
import type { PhysicalPlan } from '../../plan/index.ts'
import { contributionsOf, pushContributions } from '../batch.ts'
import { type Contribution, compareTriples, rowKey } from '../changes.ts'
import { withoutFailed } from '../failure.ts'
import { HeldRows } from '../held.ts'
import { type Environment, type Push, type Stage, stageStats, type Upstream } from '../stage.ts'
import { gate, mayComeLate } from './gate.ts'

export function closeStage(
  plan: PhysicalPlan & { kind: 'close' },
  environment: Environment,
  upstream: Upstream,
  push: Push,
): Stage & { push: Push } {
  const stats = { ...stageStats(plan.id, 'close'), estimated: true }
  const { start, end, sizeMicros, unitMicros } = plan.input.window!
  const [size, unit] = [BigInt(sizeMicros), BigInt(unitMicros)]
  const endOf = (row: Row) => (end === null ? (row[start!] as bigint) + size : (row[end] as bigint))
  const held = new HeldRows(plan.output)
  const open = new Map<bigint, Contribution[]>()

  const { updating } = plan.input
  const take = (fragment: number, batch: VectorBatch) => {
    for (const one of contributionsOf(environment.fragments[fragment]!, batch, plan.output)) {
      const at = endOf(one.row)
      const some = open.get(at)
      if (some === undefined) open.set(at, [one])
      else some.push(one)
      held.change(one.row, one.weight)
    }
  }
  const isLive = environment.mode === 'continuous'
  const waiting =
    isLive && mayComeLate(plan.input)
      ? gate({ plan, environment, upstream, endOf, fold: take })
      : null

  const release = (closed: bigint[], placeOf: (end: bigint) => number | null) => {
    const rows = closed.flatMap((at) => {
      const some = open.get(at)!
      open.delete(at)
      for (const { row, weight } of some) held.change(row, -weight)
      const major = placeOf(at)
      if (major === null) return some
      const middle = Number(at)
      if (updating) return standing(some).map((one) => ({ ...one, major, middle, minor: 0 }))
      return some.map((one) => ({ ...one, major, middle, minor: one.major }))
    })
    rows.sort(compareTriples)
    stats.rowsOut += rows.length
    pushContributions(environment.fragments[0]!, rows, plan.output, (batch) => push(0, batch))
  }
  return {
    get stats() {
      stats.cells = [...open.values()].reduce((sum, some) => sum + some.length, 0)
      stats.stateBytes = held.bytes + (waiting?.bytes ?? 0)
      return stats
    },
    push(fragment, input) {
      const kernels = environment.fragments[fragment]!
      const batch = withoutFailed(environment, kernels, input, input.columns)
      ;(waiting?.push ?? take)(fragment, batch)
    },
    stepEnd() {
      if (waiting !== null) return waiting.stepEnd()
      if (!isLive) return
      const watermark = upstream.watermark()
      const closed = [...open.keys()].filter((at) => at - unit <= watermark)
      if (closed.length > 0) release(closed, (at) => environment.positionOf(at - unit))
    },
    commit() {
      if (!isLive) release([...open.keys()], () => null)
      if (waiting === null) return
      waiting.release()
      const closed = [...open.keys()].filter((at) => waiting.closedAt(at) !== null)
      if (closed.length > 0) release(closed, waiting.closedAt)
      waiting.endCycle()
    },
  }
}

/** What is left of rows that come and go, equal ones as one. */
function standing(rows: readonly Contribution[]): Contribution[] {
  const equal = Map.groupBy(rows, ({ row }) => rowKey(row))
  return [...equal.values()].flatMap((some) => {
    const weight = some.reduce((sum, one) => sum + one.weight, 0)
    return weight === 0 ? [] : [{ ...some[0]!, weight }]
  })
}
