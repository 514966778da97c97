/**
 * Lifetime: rows that are there from a time until a time of the clock.
 *
 * How      At the commit, first time goes on: rows whose end has come are taken back, those whose time has come enter,
 *          each copy where it stood when it came. Then what came is looked at: a row in its lifetime passes, one
 *          before it waits, one behind it is nothing, and so is its taking back. All fragments are kept together.
 *          Time is that of the cycle, as the log has it; `due` says when the next row comes or goes.
 * Contract 1 (checked by the golden scripts) what is told goes by the times of the commits alone.
 * Cost     some µs per change; the rows that wait, and those that will go.
 * See      docs/laws.md (lifetimes)
 */
import type { Row } from '../../data/index.ts'
import type { PhysicalPlan } from '../../plan/index.ts'
import { pushContributions, soundRows } from '../batch.ts'
import { type Contribution, cancelAtOnce, compareTriples, netOfRow, rowKey } from '../changes.ts'
import { entryBytes, HeldRows } from '../held.ts'
import { Heap } from '../match/heap.ts'
import { type Environment, type Push, type Stage, stageStats } from '../stage.ts'

/** Bytes of an entry, its list, its time and its place in a heap. */
const lifeBytes = 144

/** Equal rows. */
interface Entry {
  key: string
  copies: Contribution[]
  /** When it enters, while it waits for that. */
  enters: bigint | null
  /** When it goes; null when it stays. */
  leaves: bigint | null
}

export function lifetimeStage(
  plan: PhysicalPlan & { kind: 'lifetime' },
  environment: Environment,
  push: Push,
): Stage & { push: Push } {
  const stats = { ...stageStats(plan.id, 'lifetime'), estimated: true }
  const fields = plan.output
  const held = new HeldRows(fields, lifeBytes + entryBytes(fields))
  const entries = new Map<string, Entry>()
  const by = (time: (entry: Entry) => bigint) => (a: Entry, b: Entry) => {
    const [one, other] = [time(a), time(b)]
    return one < other ? -1 : one > other ? 1 : 0
  }
  const entering = new Heap<Entry>(by(({ enters }) => enters!))
  const leaving = new Heap<Entry>(by(({ leaves }) => leaves!))
  let come: Contribution[] = []

  /** From when until when a row is there: null for ever, undefined for a row that never is. */
  const lifeOf = (row: Row): { from: bigint | null; until: bigint | null } | undefined => {
    const times = (columns: readonly number[]) => columns.map((at) => row[at] as bigint | null)
    const [from, until] = [times(plan.from), times(plan.until)]
    if ([...from, ...until].includes(null)) return undefined
    const most = (all: readonly bigint[], isMore: (a: bigint, b: bigint) => boolean) =>
      all.length === 0 ? null : all.reduce((a, b) => (isMore(b, a) ? b : a))
    return {
      from: most(from as bigint[], (a, b) => a > b),
      until: most(until as bigint[], (a, b) => a < b),
    }
  }

  /** The next of a heap that is still an entry. */
  const nextOf = (heap: Heap<Entry>, isDue: (entry: Entry) => boolean): Entry | undefined => {
    for (let least = heap.least; least !== undefined; least = heap.least) {
      if (entries.get(least.key) === least && isDue(least)) return least
      heap.take()
    }
    return undefined
  }
  const nextEntering = () => nextOf(entering, ({ enters }) => enters !== null)
  const nextLeaving = () => nextOf(leaving, () => true)

  const forget = ({ key, copies }: Entry) => {
    entries.delete(key)
    if (copies.length > 0) held.change(copies[0]!.row, -copies.length)
  }

  const passTime = (now: bigint, out: Contribution[]) => {
    for (let one = nextLeaving(); one !== undefined && one.leaves! <= now; one = nextLeaving()) {
      leaving.take()
      forget(one)
      if (one.enters !== null) continue
      for (const copy of one.copies) out.push({ ...copy, weight: -copy.weight })
    }
    for (let one = nextEntering(); one !== undefined && one.enters! <= now; one = nextEntering()) {
      entering.take()
      one.enters = null
      out.push(...one.copies)
      if (one.leaves === null) forget(one)
    }
  }

  const take = (one: Contribution, now: bigint, out: Contribution[]) => {
    const life = lifeOf(one.row)
    if (life === undefined || (life.until !== null && life.until <= now)) return
    const isThere = life.from === null || life.from <= now
    if (isThere) out.push(one)
    if (isThere && life.until === null) return
    const key = rowKey(one.row)
    let entry = entries.get(key)
    if (entry === undefined) {
      entry = { key, copies: [], enters: isThere ? null : life.from, leaves: life.until }
      entries.set(key, entry)
      if (entry.enters !== null) entering.put(entry)
      if (entry.leaves !== null) leaving.put(entry)
    }
    const before = entry.copies.length
    const last = entry.copies.at(-1)
    const isNext = last !== undefined && compareTriples(last, one) < 0
    if (isNext && last.weight > 0 && one.weight > 0) entry.copies.push(one)
    else entry.copies = netOfRow([...entry.copies, one])
    held.change(one.row, entry.copies.length - before)
    if (entry.copies.length === 0) entries.delete(key)
  }

  return {
    get stats() {
      stats.cells = entries.size
      stats.stateBytes = held.bytes
      return stats
    },
    due() {
      const times = [nextEntering()?.enters, nextLeaving()?.leaves].filter((at) => at != null)
      return times.length === 0 ? null : times.reduce((a, b) => (b < a ? b : a))
    },
    push(fragment, input) {
      for (const one of soundRows(environment, fragment, input, fields)) come.push(one)
    },
    commit() {
      const now = environment.now()
      const out: Contribution[] = []
      passTime(now, out)
      const changes = come.sort(compareTriples)
      come = []
      for (const one of changes) take(one, now, out)
      const told = cancelAtOnce(out).sort(compareTriples)
      stats.rowsOut += told.length
      pushContributions(environment.fragments[0]!, told, fields, (batch) => push(0, batch))
    },
  }
}
