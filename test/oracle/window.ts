/**
 * Windows: every row once per window that holds its time, unless the window was closed before it.
 *
 * See      docs/laws.md (watermarks, windows, lateness)
 */
import type { Contribution } from './contribution.ts'
import { type Context, type Node, type Of, sound } from './node.ts'
import { floorDivide } from './scalar/exact.ts'
import { type Cell, Failed } from './value.ts'

/** The rows around whose time a window of so many microseconds fits into the range of times. */
export function within(
  context: Context,
  rows: readonly Contribution[],
  time: number,
  micros: string | bigint,
): Contribution[] {
  const most = 2n ** 63n - 1n - BigInt(micros)
  return rows.filter(({ row, weight, triple }) => {
    const at = row[time]
    if (typeof at !== 'bigint' || (at >= -most && at <= most)) return true
    context.faults.push({
      failed: new Failed('overflow', 'timestamp out of range'),
      weight,
      triple,
    })
    return false
  })
}

/** The windows of a node that hold a time. */
export function* windowsOf(
  plan: Of<'window'>,
  at: Cell,
): Generator<readonly [start: bigint, end: bigint]> {
  if (typeof at !== 'bigint') return
  const [slide, size] = [BigInt(plan.slideMicros), BigInt(plan.sizeMicros)]
  const offset = BigInt(plan.offsetMicros)
  if (plan.function === 'cumulate') {
    const start = offset + floorDivide(at - offset, size) * size
    for (let end = start + slide; end <= start + size; end += slide)
      if (at < end) yield [start, end]
    return
  }
  let start = offset + floorDivide(at - offset, slide) * slide
  for (; start + size > at; start -= slide) yield [start, start + size]
}

export function window(plan: Of<'window'>, input: Node, context: Context): Node {
  const unit = BigInt(plan.window!.unitMicros)
  const judges = plan.judge && context.mode === 'continuous'
  const [size, slide] = [BigInt(plan.sizeMicros), BigInt(plan.slideMicros)]
  const reach = size > slide ? size : slide

  return (commit) => {
    const out: Contribution[] = []
    const timed = sound(context, input(commit), (row) => [row[plan.time]!])
    const rows = within(context, timed, plan.time, reach)
    for (const { row, weight, triple, watermark } of rows) {
      for (const [start, end] of windowsOf(plan, row[plan.time]!)) {
        if (judges && watermark !== undefined && watermark >= end - unit) continue
        out.push({ row: [...row, start, end, end - 1000n], weight, triple })
      }
    }
    return out
  }
}
