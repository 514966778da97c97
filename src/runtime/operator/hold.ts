/**
 * Hold: lets changes wait for the clock, or for the close of the window that they belong to.
 *
 * How      1. What comes is added up on the host with what waits, at each commit: rows that cancel go.
 *          2. A commit whose time is not before the end of the wait passes everything on. The wait begins with the
 *             first change that waits and ends so long after it, or at the next multiple of the period since the
 *             query began. Ticks without changes are none.
 *          3. With REPEAT each of these commits passes on all rows there are, and keeps them.
 *          4. With windows, changes of those that the watermark has closed pass at every commit.
 *          Time is that of the cycle, as the log has it: a replay holds and passes the same.
 * Contract 1 (checked by the golden scripts) all fragments are added up together; what passes does so in the first.
 * Cost     some µs per change; as many rows wait as differ between two ticks, with REPEAT all rows.
 * See      docs/emit.md, docs/laws.md (what waits)
 */
import type { Row } from '../../data/index.ts'
import type { PhysicalPlan } from '../../plan/index.ts'
import { pushContributions, soundRows } from '../batch.ts'
import { type Contribution, netOfRow, rowKey } from '../changes.ts'
import { entryBytes, HeldRows } from '../held.ts'
import { type Environment, type Push, type Stage, stageStats, type Upstream } from '../stage.ts'

/** Bytes of the list of equal rows. */
const listBytes = 56

export function holdStage(
  plan: PhysicalPlan & { kind: 'hold' },
  environment: Environment,
  upstream: Upstream,
  push: Push,
): Stage & { push: Push } {
  const stats = { ...stageStats(plan.id, 'hold'), estimated: true }
  const period = plan.periodMicros === null ? null : BigInt(plan.periodMicros)
  const isOpen = openWindow(plan, upstream)
  /** What waits, by row. */
  const held = new Map<string, Contribution[]>()
  let come: Contribution[] = []
  const kept = new HeldRows(plan.output, listBytes + entryBytes(plan.output))
  const waiting = new HeldRows(plan.output)
  /** When the wait began. */
  let since = 0n

  const due = (): bigint | null => {
    if (period === null || held.size === 0) return null
    if (plan.counted === 'change') return since + period
    const { began } = environment
    return began + ((since - began) / period + 1n) * period
  }
  /** Adds what came to what waits. */
  const take = (come: readonly Contribution[]) => {
    for (const [key, some] of Map.groupBy(come, ({ row }) => rowKey(row))) {
      const before = held.get(key) ?? []
      const equals = netOfRow([...before, ...some])
      kept.change(some[0]!.row, equals.length - before.length)
      if (equals.length === 0) held.delete(key)
      else held.set(key, equals)
    }
  }
  return {
    get stats() {
      stats.cells = held.size
      stats.stateBytes = kept.bytes + waiting.bytes
      return stats
    },
    due,
    push(fragment, input) {
      for (const one of soundRows(environment, fragment, input, plan.output)) {
        come.push(one)
        waiting.change(one.row, 1)
      }
    },
    commit() {
      const now = environment.now()
      const end = due()
      const isLast = environment.mode === 'one-shot' || upstream.ended()
      const passes = isLast || (end !== null && end <= now)
      if (held.size === 0 || passes) since = now
      take(come)
      come = []
      waiting.clear()
      const out: Contribution[] = []
      for (const [key, equals] of held) {
        if (!passes && isOpen(equals[0]!.row)) continue
        out.push(...equals)
        if (plan.repeats && !isLast) continue
        held.delete(key)
        kept.change(equals[0]!.row, -equals.length)
      }
      stats.rowsOut += out.length
      pushContributions(environment.fragments[0]!, out, plan.output, (batch) => push(0, batch))
    },
  }
}

/** Says of a row whether it waits for its window; without windows all rows wait. */
function openWindow(
  { graceMicros, input }: PhysicalPlan & { kind: 'hold' },
  upstream: Upstream,
): (row: Row) => boolean {
  if (graceMicros === null) return () => true
  const { start, end, sizeMicros, unitMicros } = input.window!
  const grace = BigInt(graceMicros) + BigInt(unitMicros)
  const endOf = (row: Row) =>
    end === null ? (row[start!] as bigint) + BigInt(sizeMicros) : (row[end] as bigint)
  return (row) => upstream.watermark() < endOf(row) - grace
}
