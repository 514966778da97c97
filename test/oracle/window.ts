/**
 * Windows: every row once per window that holds its time, unless the window was closed before it.
 *
 * See      docs/laws.md (watermarks, windows, lateness)
 */
import type { Contribution } from './contribution.ts'
import { floorDivide } from './exact.ts'
import { type Context, type Node, type Of, sound } from './node.ts'
import type { Cell } from './value.ts'

export function window(plan: Of<'window'>, input: Node, context: Context): Node {
  const slide = BigInt(plan.slideMicros)
  const size = BigInt(plan.sizeMicros)
  const offset = BigInt(plan.offsetMicros)
  const unit = BigInt(plan.window!.unitMicros)
  const judges = plan.judge && context.mode === 'continuous'

  /** The windows that hold a time, latest first. */
  function* windowsOf(at: Cell): Generator<[start: bigint, end: bigint]> {
    if (typeof at !== 'bigint') return
    let start = offset + floorDivide(at - offset, slide) * slide
    for (; start + size > at; start -= slide) yield [start, start + size]
  }

  return (commit) => {
    const out: Contribution[] = []
    const rows = sound(context, input(commit), (row) => [row[plan.time]!])
    for (const { row, weight, triple, watermark } of rows) {
      for (const [start, end] of windowsOf(row[plan.time]!)) {
        if (judges && watermark !== undefined && watermark >= end - unit) continue
        out.push({ row: [...row, start, end, end - 1000n], weight, triple })
      }
    }
    return out
  }
}
