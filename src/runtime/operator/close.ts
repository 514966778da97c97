/**
 * Close: holds rows until the watermark has closed their window.
 *
 * How      Rows wait on the host by the end of their window. In the step in which the watermark passes end − unit they
 *          go on, at the place of the row that closed the window.
 * Contract 1 (trusted) rows only come, and those that are late for their window have been left out below.
 * Cost     some µs per row; the rows of windows that are open are kept.
 * See      docs/laws.md (where a row stands)
 */
import type { Row } from '../../data/index.ts'
import type { PhysicalPlan } from '../../plan/index.ts'
import { pushContributions, soundRows } from '../batch.ts'
import { type Contribution, compareTriples } from '../changes.ts'
import { HeldRows } from '../held.ts'
import { type Environment, type Push, type Stage, stageStats, type Upstream } from '../stage.ts'

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

  const release = (closed: bigint[], placeOf: (end: bigint) => number | null) => {
    const rows = closed.flatMap((at) => {
      const some = open.get(at)!
      open.delete(at)
      const major = placeOf(at)
      if (major === null) return some
      return some.map((one) => ({ ...one, major, middle: Number(at), minor: one.major }))
    })
    for (const { row, weight } of rows) held.change(row, -weight)
    rows.sort(compareTriples)
    stats.rowsOut += rows.length
    pushContributions(environment.fragments[0]!, rows, plan.output, (batch) => push(0, batch))
  }
  return {
    get stats() {
      stats.cells = [...open.values()].reduce((sum, some) => sum + some.length, 0)
      stats.stateBytes = held.bytes
      return stats
    },
    push(fragment, input) {
      for (const one of soundRows(environment, fragment, input, plan.output)) {
        const at = endOf(one.row)
        const some = open.get(at)
        if (some === undefined) open.set(at, [one])
        else some.push(one)
        held.change(one.row, one.weight)
      }
    },
    stepEnd() {
      if (environment.mode === 'one-shot') return
      const watermark = upstream.watermark()
      const closed = [...open.keys()].filter((at) => at - unit <= watermark)
      if (closed.length > 0) release(closed, (at) => environment.positionOf(at - unit))
    },
    commit() {
      if (environment.mode === 'one-shot') release([...open.keys()], () => null)
    },
  }
}
