/**
 * Watermarks: how far the event time of every scan has come, and when it got there.
 *
 * See      docs/laws.md (watermarks, windows, lateness)
 */
import type { Plan } from '../../src/plan/logical.ts'
import { inputsOf } from '../../src/plan/node.ts'
import type { Of } from './node.ts'
import type { CellRow } from './value.ts'

/** Positions at which the watermark of a scan rose, and to what; the last one is the highest. */
interface Rising {
  rises: { position: number; watermark: bigint }[]
  end: number | null
}

export class Watermarks {
  #scans = new Map<Plan, Rising>()

  /** Takes note of a row of a scan; returns the watermark before it, undefined without one. */
  note(scan: Of<'scan'>, row: CellRow, position: number): bigint | undefined {
    if (scan.watermark === null) return undefined
    const { rises } = this.#of(scan)
    const before = rises.at(-1)?.watermark
    const { column, delayMicros, aheadMicros } = scan.watermark
    const after = (row[column] as bigint) - BigInt(delayMicros)
    const far =
      aheadMicros !== undefined && before !== undefined && after - before > BigInt(aheadMicros)
    if (far) return before
    if (before === undefined || after > before) rises.push({ position, watermark: after })
    return before
  }

  /** The scan has ended: nothing is missing any more. */
  end(scan: Of<'scan'>, position: number | null): void {
    this.#of(scan).end ??= position
  }

  /**
   * The first position at which the watermark of the plan's output was at least `threshold`; null: not yet. Undefined:
   * there is no watermarked scan below a window.
   */
  reached(plan: Plan, threshold: bigint, watched = false): number | null | undefined {
    if (plan.kind === 'scan') {
      if (!watched || plan.watermark === null) return undefined
      const { rises, end } = this.#of(plan)
      return rises.find(({ watermark }) => watermark >= threshold)?.position ?? end
    }
    const watches = watched || plan.kind === 'window'
    const below = inputsOf(plan).map((input) => this.reached(input, threshold, watches))
    const positions = below.filter((position) => position !== undefined)
    if (positions.length === 0) return undefined
    return positions.includes(null) ? null : Math.max(...(positions as number[]))
  }

  #of(scan: Plan): Rising {
    let rising = this.#scans.get(scan)
    if (rising === undefined) this.#scans.set(scan, (rising = { rises: [], end: null }))
    return rising
  }
}
