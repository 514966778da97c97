/**
 * Gate: holds rows back from what closes windows until it is known which of them came in time.
 *
 * How      Below a join, rows of a window may come after the row that closed it: in the same step, because the other
 *          side goes on (a table beside a windowed stream), or at the commit, because an updating join speaks only
 *          then. So rows wait on the host until the commit, unless all inputs beside the windows have ended. Each
 *          step notes at which positions the watermark rose; at the commit a row passes when its window is open or
 *          was closed by no earlier row than itself.
 * Contract 1 (checked by the golden scripts) what passes does not depend on steps.
 * Cost     some µs per row that waits: below joins without equal windows, beside a table that still grows.
 * See      docs/laws.md (watermarks)
 */
import type { Kernels, VectorBatch } from '../../kernel/index.ts'
import { noWatermark } from '../../kernel/index.ts'
import { inputsOf, type PhysicalPlan } from '../../plan/index.ts'
import { contributionsOf, loadContributions } from '../batch.ts'
import type { Contribution } from '../changes.ts'
import { HeldRows } from '../held.ts'
import type { Environment, Push, Rise, Upstream } from '../stage.ts'

/** What a gate must know of what closes above it. */
export interface GateOptions {
  plan: PhysicalPlan & { kind: 'aggregate' | 'close' }
  environment: Environment
  upstream: Upstream
  /** Window end of an input row. */
  endOf: (row: Contribution['row']) => bigint
  fold: Push
}

export interface Gate {
  push: Push
  stepEnd(): void
  /** Folds what came in time. */
  release(): void
  /** Where the window closed in this cycle; null when it is open. */
  closedAt(end: bigint): number | null
  /** The finals are out: what comes for these windows now is late. */
  endCycle(): void
  /** An estimate of the bytes of the rows that wait. */
  readonly bytes: number
}

/** Rows folded at once. */
const foldRowsMax = 1024

/** Can rows of a window come after its watermark has passed? */
export function mayComeLate(plan: PhysicalPlan): boolean {
  switch (plan.kind) {
    case 'scan':
    case 'values':
    case 'series':
      return false
    case 'union':
      return plan.updating || plan.inputs.some(mayComeLate)
    case 'join':
      if (plan.bucket === null || plan.join !== 'inner' || plan.retracts) return true
      return mayComeLate(plan.left) || mayComeLate(plan.right)
    case 'asof':
      return true
    case 'aggregate':
      return plan.emit === 'changes' || mayComeLate(plan.input)
    default:
      return mayComeLate(plan.input)
  }
}

/** Do rows come in the order of their positions, once the inputs beside the windows have ended? */
function mayPass(plan: PhysicalPlan): boolean {
  switch (plan.kind) {
    case 'scan':
    case 'values':
    case 'series':
      return true
    case 'union':
      return !plan.updating && plan.inputs.every(mayPass)
    case 'join': {
      if (hasTwoClocks(plan) || plan.join !== 'inner' || plan.retracts) return false
      return mayPass(plan.left) && mayPass(plan.right)
    }
    case 'asof':
    case 'session':
      return false
    case 'aggregate':
      return plan.emit !== 'changes' && mayPass(plan.input)
    default:
      return mayPass(plan.input)
  }
}

/**
 * Does a join below bring windows together that do not close together? A window that the join does not show holds the
 * watermark back all the same.
 */
function hasTwoClocks(plan: PhysicalPlan): boolean {
  if (plan.kind === 'join' && plan.bucket === null) {
    if (hasWindow(plan.left) && hasWindow(plan.right)) return true
  }
  return inputsOf(plan).some(hasTwoClocks)
}

function hasWindow(plan: PhysicalPlan): boolean {
  return plan.kind === 'window' || plan.kind === 'session' || inputsOf(plan).some(hasWindow)
}

/**
 * May rows of a window come or go after its watermark has passed, even when all scans without a watermark have ended?
 * So it is where rows that are not late bring together, count or rank rows of any age.
 */
export function outlivesWatermark(plan: PhysicalPlan): boolean {
  switch (plan.kind) {
    case 'aggregate':
      return (plan.bucket === null && hasClock(plan)) || outlivesWatermark(plan.input)
    case 'join':
      return (plan.bucket === null && meets(plan)) || inputsOf(plan).some(outlivesWatermark)
    case 'asof':
      return meets(plan) || inputsOf(plan).some(outlivesWatermark)
    case 'window':
      // What meets in other windows meets when these may be over.
      return hasMeeting(plan.input) || outlivesWatermark(plan.input)
    case 'rank':
    case 'over': {
      const window = plan.input.window
      const isOfWindow = plan.partition.some((at) => at === window?.start || at === window?.end)
      return (!isOfWindow && hasClock(plan)) || outlivesWatermark(plan.input)
    }
    default:
      return inputsOf(plan).some(outlivesWatermark)
  }
}

/** Does it bring rows of clocks together? */
const meets = (plan: PhysicalPlan) => {
  const inputs = inputsOf(plan)
  return plan.kind !== 'union' && inputs.length > 1 && inputs.every(hasClock)
}

const hasMeeting = (plan: PhysicalPlan): boolean => meets(plan) || inputsOf(plan).some(hasMeeting)

function hasClock(plan: PhysicalPlan): boolean {
  return plan.kind === 'scan' ? plan.watermark !== null : inputsOf(plan).some(hasClock)
}

export function gate({ plan, environment, upstream, endOf, fold }: GateOptions): Gate {
  const unit = BigInt(plan.input.window?.unitMicros ?? '1')
  const fields = plan.input.output
  const passes = mayPass(plan.input)
  let held: Contribution[][] = environment.fragments.map(() => [])
  const waiting = new HeldRows(fields)
  let watermark = noWatermark
  /** Watermark at the last commit. */
  let closed = noWatermark
  /** Steps of this cycle that raised the watermark to `to`, with the rises of the source that moved. */
  let steps: { to: bigint; rises: readonly Rise[] }[] = []

  const closedAt = (end: bigint): number | null => {
    const threshold = end - unit
    if (threshold > watermark) return null
    if (threshold <= closed) return -1
    // The other sources stood still in that step and had reached the threshold before it.
    const step = steps.find(({ to }) => to >= threshold)
    return step?.rises.find((rise) => rise.watermark >= threshold)?.position ?? -1
  }
  const isInTime = ({ row, major }: Contribution) => {
    const at = closedAt(endOf(row))
    return at === null || major <= at
  }
  const release = (kernels: Kernels, fragment: number, rows: readonly Contribution[]) => {
    for (let from = 0; from < rows.length; from += foldRowsMax) {
      const mark = kernels.arena.markScratch()
      const batch: VectorBatch = loadContributions(
        kernels,
        rows.slice(from, from + foldRowsMax),
        fields,
      )
      fold(fragment, batch)
      kernels.arena.releaseScratch(mark)
    }
  }
  return {
    push(fragment, batch) {
      if (passes && upstream.settled() && held[fragment]!.length === 0) return fold(fragment, batch)
      for (const row of contributionsOf(environment.fragments[fragment]!, batch, fields)) {
        held[fragment]!.push(row)
        waiting.change(row.row, 1)
      }
    },
    stepEnd() {
      const now = upstream.watermark()
      if (now === watermark) return
      watermark = now
      steps.push({ to: now, rises: environment.rises() })
    },
    release() {
      const rows = held
      held = environment.fragments.map(() => [])
      waiting.clear()
      rows.forEach((part, fragment) => {
        release(environment.fragments[fragment]!, fragment, part.filter(isInTime))
      })
    },
    closedAt,
    get bytes() {
      return waiting.bytes
    },
    endCycle() {
      closed = watermark
      steps = []
    },
  }
}
