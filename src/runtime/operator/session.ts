/**
 * Session: tells each row the bounds of its session: rows of one key, each within the gap of the next.
 *
 * How      1. Where rows only come, each key has its open sessions in the order of time, with their rows. A row makes a
 *             session of its own, and those that it touches become one with it; that it lies exactly a gap away is a
 *             touch, as in Flink. A session that W(r) has closed takes no more rows, so that a row which could only
 *             make a closed one is late.
 *          2. EMIT CHANGES: at a commit, −old +new of every row whose bounds changed, and + of every new row.
 *             EMIT ON WINDOW CLOSE: in the step in which the watermark passes end − unit, each row once, at the place
 *             of the row that closed its session.
 *             One-shot: each row once, at the one commit.
 *          3. Closed sessions are forgotten. A heap by their ends says which ones closed; a session that has grown
 *             since it was put there is put there again.
 *          4. Where rows go again, each key has all its rows, and its sessions are made anew when one comes or goes.
 * Contract 1 (checked by the golden scripts) the bounds do not depend on commits.
 * Cost     about 1 µs per row; with EMIT CHANGES also one per row of a session that changed, at each commit; where rows
 *          go again, one per row of a key that changed.
 * See      docs/laws.md (watermarks, windows, lateness)
 */
import { noWatermark, type VectorBatch } from '../../kernel/index.ts'
import type { PhysicalPlan } from '../../plan/index.ts'
import { contributionsOf, pushContributions } from '../batch.ts'
import { type Contribution, cancelAtOnce, compareTriples, rowKey } from '../changes.ts'
import { exchange } from '../exchange.ts'
import { withoutFailed } from '../failure.ts'
import { entryBytes, HeldRows } from '../held.ts'
import { withinReach } from '../reach.ts'
import { type Environment, type Push, type Stage, stageStats, type Upstream } from '../stage.ts'
import type { WindowGrid } from './scan.ts'

/** Bytes of a session without its rows, and of what was told of a row that may go again; as measured. */
const sessionBytes = 570
const toldBytes = 136

type SessionPlan = PhysicalPlan & { kind: 'session' }

/** The scans below go by their watermarks; who is late is up to the sessions. */
export function sessionGrid(plan: SessionPlan): WindowGrid {
  const gap = BigInt(plan.gapMicros)
  const last = plan.judge ? { slide: 1n, size: gap } : null
  return { slide: gap, size: gap, offset: 0n, unit: 1n, judges: false, last }
}

export function sessionStage(
  plan: SessionPlan,
  environment: Environment,
  upstream: Upstream,
  push: Push,
): Stage & { push: Push } {
  const stats = { ...stageStats(plan.id, 'session'), estimated: true }
  const fields = plan.input.output
  const gap = BigInt(plan.gapMicros)
  const oneShot = environment.mode === 'one-shot'
  const held = new HeldRows(fields, plan.retracts ? entryBytes(fields) + toldBytes : 0)
  const makeKeeper = () => {
    if (plan.retracts) return changingSessions(plan, held)
    const rules = { judges: plan.judge && !oneShot, closes: plan.emit !== 'changes' && !oneShot }
    const { positionOf } = environment
    return growingSessions(plan, { ...rules, late, positionOf, held })
  }
  const late = (row: Contribution, at: bigint, watermark: bigint) => {
    stats.late++
    environment.lateAt(row.major, at, watermark)
  }
  const keepers = environment.fragments.map(makeKeeper)
  const emit = (fragment: number, rows: Contribution[]) => {
    if (rows.length === 0) return
    pushContributions(environment.fragments[fragment]!, rows, plan.output, (batch) => {
      stats.rowsOut += batch.rows
      push(fragment, batch)
    })
  }
  const keys = plan.keys.map((column) => ({ column, type: fields[column]!.type }))
  return {
    stats,
    push: exchange(environment, keys, (fragment, input) => {
      const kernels = environment.fragments[fragment]!
      const sound = withoutFailed(environment, kernels, input, input.columns)
      const batch = withinReach(environment, kernels, sound, plan.time, gap)
      const rows = contributionsOf(kernels, batch, fields)
      const watermarks = watermarksOf(batch, kernels.arena.views.i64)
      rows.forEach((row, at) => {
        const time = row.row[plan.time] as bigint | null
        if (time !== null) keepers[fragment]!.take(row, time, watermarks?.[at] ?? noWatermark)
      })
    }),
    stepEnd() {
      const watermark = upstream.watermark()
      keepers.forEach((keeper, fragment) => {
        emit(fragment, keeper.close(watermark))
      })
    },
    commit() {
      keepers.forEach((keeper, fragment) => {
        emit(fragment, keeper.commit(upstream.watermark()))
      })
      stats.cells = keepers.reduce((sum, { sessions }) => sum + sessions, 0)
      stats.stateBytes = held.bytes + stats.cells * sessionBytes
      if (plan.emit !== 'on-window-close') return
      const ends = keepers.flatMap((keeper) => keeper.firstEnd() ?? [])
      stats.firstOpen = ends.length === 0 ? null : ends.reduce((a, b) => (b < a ? b : a))
    },
  }
}

function watermarksOf(batch: VectorBatch, i64: BigInt64Array): BigInt64Array | null {
  const place = batch.watermarks >>> 3
  return place === 0 ? null : i64.subarray(place, place + batch.rows)
}

/** The sessions of the keys of one fragment. */
interface Keeper {
  take(row: Contribution, at: bigint, watermark: bigint): void
  /** The watermark has come so far: the rows that leave now. */
  close(watermark: bigint): Contribution[]
  /** The changes of the cycle. */
  commit(watermark: bigint): Contribution[]
  /** The end of the open session that ends first. */
  firstEnd(): bigint | null
  /** How many are kept. */
  readonly sessions: number
}

interface Bounds {
  start: bigint
  end: bigint
}

const bounded = (row: Contribution, { start, end }: Bounds): Contribution['row'] => [
  ...row.row,
  start,
  end,
  end - 1000n,
]

// ---------------------------------------------------------------- rows that only come

/** Rows that were told these bounds at the last commit; null: they are new. */
interface Told {
  bounds: Bounds | null
  rows: Contribution[]
}

interface Session extends Bounds {
  key: Key
  told: Told[]
  /** Is it in the list of those that changed in this cycle? */
  touched: boolean
  closed: boolean
}

interface Key {
  name: string
  /** By start; they do not touch. */
  open: Session[]
  /** Least major of the rows that came in this cycle. */
  touched: number
}

interface Rules {
  judges: boolean
  closes: boolean
  late: (row: Contribution, at: bigint, watermark: bigint) => void
  positionOf: Environment['positionOf']
  held: HeldRows
}

function growingSessions(plan: SessionPlan, rules: Rules): Keeper {
  const { judges, closes, late, positionOf, held } = rules
  const gap = BigInt(plan.gapMicros)
  const unit = BigInt(plan.window!.unitMicros)
  const keys = new Map<string, Key>()
  const heap = new SessionHeap()
  let touched: Session[] = []
  /** Closed by the watermark before some row, and still to be told. */
  let over: Session[] = []
  let count = 0
  let watermarkSeen = noWatermark

  const isClosed = ({ end }: { end: bigint }, watermark: bigint) =>
    watermark !== noWatermark && watermark >= end - unit

  const forget = (session: Session) => {
    const { key } = session
    const { open, name } = key
    session.closed = true
    count--
    for (const { rows } of session.told) for (const { row } of rows) held.change(row, -1)
    open.splice(open.indexOf(session), 1)
    if (open.length === 0 && keys.get(name) === key) keys.delete(name)
    if (closes) over.push(session)
  }

  const forgetClosed = (watermark: bigint) => {
    if (watermark === noWatermark) return
    for (const session of heap.take(watermark + unit)) forget(session)
  }

  const keyOf = (row: Contribution): Key => {
    const name = rowKey(row.row, plan.keys)
    let key = keys.get(name)
    if (key === undefined) {
      key = { name, open: [], touched: Number.POSITIVE_INFINITY }
      keys.set(name, key)
    }
    return key
  }

  /** The sessions from `from` to before `to` become one with a row. */
  const join = (key: Key, row: Contribution, own: Bounds, from: number, to: number): Session => {
    const { open } = key
    const [first, ...others] = open.slice(from, to)
    if (first === undefined) {
      const told = [{ bounds: null, rows: [row] }]
      const made = { ...own, key, told, touched: false, closed: false }
      if (open.length === 0) key.open = [made]
      else open.splice(from, 0, made)
      heap.add(made.end, made)
      count++
      return made
    }
    for (const other of others) {
      other.closed = true
      first.told.push(...other.told)
      other.told = []
      first.end = other.end
      count--
    }
    open.splice(from + 1, others.length)
    if (own.start < first.start) first.start = own.start
    if (own.end > first.end) first.end = own.end
    const fresh = first.told.find(({ bounds }) => bounds === null)
    if (fresh === undefined) first.told.push({ bounds: null, rows: [row] })
    else fresh.rows.push(row)
    return first
  }

  return {
    get sessions() {
      return count
    },
    take(row, at, watermark) {
      const key = keyOf(row)
      const { open } = key
      const own = { start: at, end: at + gap }
      if (judges) {
        while (open.length > 0 && isClosed(open[0]!, watermark)) forget(open[0]!)
      }
      // Rows come nearly in the order of time: the last sessions first.
      let to = open.length
      while (to > 0 && open[to - 1]!.start > own.end) to--
      let from = to
      while (from > 0 && open[from - 1]!.end >= own.start) from--
      if (judges && from === to && isClosed(own, watermark)) {
        if (open.length === 0) keys.delete(key.name)
        return late(row, at, watermark)
      }
      keys.set(key.name, key)
      const session = join(key, row, own, from, to)
      held.change(row.row, 1)
      if (closes) return
      if (row.major < key.touched) key.touched = row.major
      if (!session.touched) touched.push(session)
      session.touched = true
    },
    close(watermark) {
      if (!closes || watermark === watermarkSeen) return []
      watermarkSeen = watermark
      forgetClosed(watermark)
      const out = over.flatMap((session) => {
        const place = { major: positionOf(session.end - unit), middle: Number(session.end) }
        const rows = session.told.flatMap((told) => told.rows)
        return rows.map((row) => ({
          ...place,
          minor: row.major,
          row: bounded(row, session),
          weight: row.weight,
        }))
      })
      over = []
      return out.sort(compareTriples)
    },
    firstEnd: () => heap.least(),
    commit(watermark) {
      const out: Contribution[] = []
      for (const session of touched) {
        session.touched = false
        // What went into another session is told there.
        if (session.told.length > 0) tell(session, out)
      }
      for (const { key } of touched) key.touched = Number.POSITIVE_INFINITY
      touched = []
      if (judges && !closes) forgetClosed(watermark)
      return out
    },
  }
}

/** −old +new of the rows whose bounds changed, + of the new ones. */
function tell(session: Session, out: Contribution[]): void {
  const { start, end, key, told } = session
  const moved = { major: key.touched, middle: 0, minor: 0 }
  for (const { bounds, rows } of told) {
    for (const row of rows) {
      if (bounds === null) out.push({ ...row, row: bounded(row, session) })
      else if (bounds.start !== start || bounds.end !== end) {
        out.push({ ...moved, row: bounded(row, bounds), weight: -1 })
        out.push({ ...moved, row: bounded(row, session), weight: 1 })
      }
    }
  }
  const rows = told.length === 1 ? told[0]!.rows : told.flatMap((one) => one.rows)
  session.told = [{ bounds: { start, end }, rows }]
}

/** Sessions by the ends that they had when they were put here. */
class SessionHeap {
  readonly #items: { end: bigint; session: Session }[] = []

  add(end: bigint, session: Session): void {
    const items = this.#items
    let at = items.length
    items.push({ end, session })
    while (at > 0) {
      const above = (at - 1) >> 1
      if (items[above]!.end <= end) break
      items[at] = items[above]!
      at = above
    }
    items[at] = { end, session }
  }

  /** Takes out the open sessions that end at `to` or before. */
  take(to: bigint): Session[] {
    const items = this.#items
    const out: Session[] = []
    while (items.length > 0 && items[0]!.end <= to) {
      const { end, session } = items[0]!
      this.#removeFirst()
      if (session.closed) continue
      if (session.end > end) this.add(session.end, session)
      else out.push(session)
    }
    return out
  }

  /** The least end of an open session. */
  least(): bigint | null {
    for (;;) {
      const first = this.#items[0]
      if (first === undefined) return null
      const { end, session } = first
      if (!session.closed && session.end === end) return end
      this.#removeFirst()
      if (!session.closed) this.add(session.end, session)
    }
  }

  #removeFirst(): void {
    const items = this.#items
    const last = items.pop()!
    if (items.length === 0) return
    let at = 0
    for (;;) {
      let below = 2 * at + 1
      if (below >= items.length) break
      if (below + 1 < items.length && items[below + 1]!.end < items[below]!.end) below++
      if (items[below]!.end >= last.end) break
      items[at] = items[below]!
      at = below
    }
    items[at] = last
  }
}

// ---------------------------------------------------------------- rows that go again

/** A row, how often it is there, and what was told of it at the last commit. */
interface Entry {
  row: Contribution
  at: bigint
  weight: number
  told: { bounds: Bounds; weight: number } | null
}

function changingSessions(plan: SessionPlan, held: HeldRows): Keeper {
  const gap = BigInt(plan.gapMicros)
  const keys = new Map<string, Map<string, Entry>>()
  let pending: Contribution[] = []

  const apply = (name: string, row: Contribution) => {
    const entries = keys.get(name) ?? new Map<string, Entry>()
    keys.set(name, entries)
    const own = rowKey(row.row)
    const entry = entries.get(own)
    if (entry !== undefined) entry.weight += row.weight
    else {
      const at = row.row[plan.time] as bigint
      entries.set(own, { row, at, weight: row.weight, told: null })
      held.change(row.row, 1)
    }
  }

  const changesOf = (entries: Map<string, Entry>, major: number, out: Contribution[]) => {
    const place = { major, middle: 0, minor: 0 }
    const rows = [...entries.values()].filter(({ weight }) => weight > 0)
    rows.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
    const bounds = boundsOf(rows, gap)
    for (const [name, { row, weight, told }] of entries) {
      if (weight > 0) continue
      if (told !== null)
        out.push({ ...place, row: bounded(row, told.bounds), weight: -told.weight })
      entries.delete(name)
      held.change(row.row, -1)
    }
    rows.forEach((entry, at) => {
      const { row, told, weight } = entry
      const next = bounds[at]!
      entry.told = { bounds: next, weight }
      const stays =
        told !== null && told.bounds.start === next.start && told.bounds.end === next.end
      if (stays && told.weight === weight) return
      if (told !== null) {
        out.push({ ...place, row: bounded(row, told.bounds), weight: -told.weight })
      }
      out.push({ ...place, row: bounded(row, next), weight })
    })
  }

  return {
    get sessions() {
      return keys.size
    },
    take(row) {
      pending.push(row)
    },
    firstEnd: () => null,
    close: () => [],
    commit() {
      const touched = new Map<string, number>()
      for (const row of cancelAtOnce(pending)) {
        const name = rowKey(row.row, plan.keys)
        apply(name, row)
        touched.set(name, Math.min(touched.get(name) ?? row.major, row.major))
      }
      pending = []
      const out: Contribution[] = []
      for (const [name, major] of touched) {
        const entries = keys.get(name)!
        changesOf(entries, major, out)
        if (entries.size === 0) keys.delete(name)
      }
      return out
    },
  }
}

/** The bounds of each row's session, of rows in the order of time. */
function boundsOf(rows: readonly Entry[], gap: bigint): Bounds[] {
  const out: Bounds[] = []
  let current: Bounds | null = null
  for (const { at } of rows) {
    if (current === null || at > current.end) current = { start: at, end: at + gap }
    else current.end = at + gap
    out.push(current)
  }
  return out
}
