/**
 * Window: assigns rows to TUMBLE and HOP windows and drops those that are late, each (row, window) pair by itself.
 *
 * How      A row lies in ⌈size / slide⌉ windows at most. For each of them one kernel call computes the bounds and selects the
 *          rows that belong to it and are on time: late means W(r) ≥ end − unit, W taken before the row.
 * Contract 1 (checked by the golden scripts) lateness does not depend on batches.
 * Cost     about 1 ns per row and window, plus taking rows where some are left out.
 * See      docs/laws.md (watermarks), src/kernel/window.ts
 */
import { type Kernels, takeRows, type Vector, type VectorBatch, windowControl } from '../../kernel/index.ts'
import type { PhysicalPlan } from '../../plan/index.ts'
import { withoutFailed } from '../failure.ts'
import { type Environment, type Push, type Stage, stageStats } from '../stage.ts'

export function windowStage(
  plan: PhysicalPlan & { kind: 'window' },
  environment: Environment,
  push: Push,
): Stage & { push: Push } {
  const stats = stageStats(plan.id, 'window')
  const slide = BigInt(plan.slideMicros)
  const size = BigInt(plan.sizeMicros)
  const windows = Number((size + slide - 1n) / slide)
  const judges = plan.judge && environment.mode === 'continuous'
  const assign = (kernels: Kernels, batch: VectorBatch, shift: bigint): VectorBatch => {
    const { arena } = kernels
    const time = batch.columns[plan.time]!
    const control = arena.scratch(windowControl.bytes)
    const starts = arena.scratch(batch.rows * 8)
    const ends = arena.scratch(batch.rows * 8)
    const times = arena.scratch(batch.rows * 8)
    const selection = arena.scratch(batch.rows * 4)
    const { i64, u32 } = arena.views
    const wide = (field: number, value: bigint) => {
      i64[(control + field) >>> 3] = value
    }
    const address = (field: number, value: number) => {
      u32[(control + field) >>> 2] = value
    }
    wide(windowControl.slide, slide)
    wide(windowControl.size, size)
    wide(windowControl.offset, BigInt(plan.offsetMicros))
    wide(windowControl.shift, shift)
    wide(windowControl.unit, BigInt(plan.window?.unitMicros ?? '1'))
    address(windowControl.time, time.data)
    address(windowControl.validity, time.validity)
    address(windowControl.watermarks, judges ? batch.watermarks : 0)
    address(windowControl.starts, starts)
    address(windowControl.ends, ends)
    address(windowControl.times, times)
    address(windowControl.selection, selection)
    const count = kernels.get('window_i64')(control, batch.rows)
    stats.late += Number(arena.views.i64[(control + windowControl.late) >>> 3]!)
    const column = (data: number): Vector => ({ physical: 'i64', data, validity: 0, errors: null })
    const columns = [...batch.columns, column(starts), column(ends), column(times)]
    const all = { ...batch, columns, watermarks: 0 }
    return count === batch.rows ? all : takeRows(kernels, all, selection, count)
  }
  return {
    stats,
    push(fragment, input) {
      const kernels = environment.fragments[fragment]!
      const batch = withoutFailed(environment, kernels, input, [input.columns[plan.time]!])
      for (let window = 0; window < windows; window++) {
        const mark = kernels.arena.markScratch()
        const output = assign(kernels, batch, BigInt(window) * slide)
        stats.rowsOut += output.rows
        if (output.rows > 0) push(fragment, output)
        kernels.arena.releaseScratch(mark)
      }
    },
  }
}
