/**
 * Watermarks: how far the event time of every scan below a window has come, when it got there, and late rows.
 *
 * How      The rows, idle marks and ends of a commit are gone through one by one, in the order of their positions, all
 *          scans together. After each of them everything is looked at anew.
 * See      docs/laws.md (watermarks, windows, lateness)
 */
import type { Row } from '../../src/data/index.ts'
import type { Plan } from '../../src/plan/logical.ts'
import { inputsOf } from '../../src/plan/node.ts'
import type { CommitInput, Of } from './node.ts'
import { floorDivide } from './scalar/exact.ts'
import { keyOf } from './value.ts'
import { windowsOf } from './window.ts'

type Scan = Of<'scan'>

/** A row for which a window was closed when it came; the `ordinal`th row of its source. */
export interface Late {
  relation: string
  ordinal: number
  position: number
  row: Row
}

interface Partition {
  greatest: bigint | null
  idle: boolean
}

interface Watched {
  scan: Scan
  /** The windows that leave out late rows, and sessions that do. */
  windows: Of<'window'>[]
  sessions: Of<'session'>[]
  /** The greatest time of a row. */
  last: bigint | null
  /** Is it below a window? Else only the query reads its watermark. */
  isBelow: boolean
  partitions: Map<string, Partition>
  asleep: boolean
  ended: boolean
  rows: number
  watermark: bigint | null
  /** Where the watermark rose, and to what; the last one is the highest. */
  rises: { position: number; watermark: bigint }[]
  places: Map<number, Late>
  /** W(r) by position. */
  before: Map<number, bigint | null>
  end: number | null
  /** The rises and the end that it had before the commit. */
  earlier: { rises: number; end: number | null }
}

type Happening = { position: number } & (
  | { kind: 'row'; row: Row }
  | { kind: 'idle'; keys: string[] }
  | { kind: 'end' }
)

const forever = 2n ** 63n

export class Watermarks {
  readonly #watched: Watched[] = []
  late: Late[] = []
  /** When a row came last, microseconds; null: since then windows have closed without one. */
  #lastRow: bigint | null = null

  constructor(plan: Plan, mode: 'one-shot' | 'continuous') {
    if (mode === 'continuous') this.#find(plan, [])
  }

  #find(plan: Plan, windows: (Of<'window'> | Of<'session'>)[], isBelow = false): void {
    if (plan.kind === 'scan') {
      const isAsked = isBelow || plan.columns.includes(-1)
      if (!isAsked || plan.watermark === null) return
      const whole: [string, Partition][] = [['', { greatest: null, idle: false }]]
      this.#watched.push({
        scan: plan,
        windows: windows.filter((one) => one.kind === 'window').filter(({ judge }) => judge),
        sessions: windows.filter((one) => one.kind === 'session').filter(({ judge }) => judge),
        last: null,
        isBelow,
        partitions: new Map(plan.watermark.partition === undefined ? whole : []),
        asleep: false,
        ended: false,
        rows: 0,
        watermark: null,
        rises: [],
        places: new Map(),
        before: new Map(),
        end: null,
        earlier: { rises: 0, end: null },
      })
      return
    }
    const all = plan.kind === 'window' || plan.kind === 'session' ? [...windows, plan] : windows
    const below = isBelow || plan.kind === 'window' || plan.kind === 'session'
    for (const input of inputsOf(plan)) this.#find(input, all, below)
  }

  /** Goes through what a commit brings. */
  advance(input: CommitInput, now: bigint): void {
    this.late = []
    for (const one of this.#watched) one.earlier = { rises: one.rises.length, end: one.end }
    const all = this.#watched.flatMap((watched) =>
      happeningsOf(watched.scan, input).map((happening) => ({ watched, happening })),
    )
    all.sort((a, b) => a.happening.position - b.happening.position)
    for (const { watched, happening } of all) {
      this.#happens(watched, happening)
      this.#lift(happening.position)
    }
    const watched = this.#watched.filter(({ isBelow }) => isBelow)
    const isRow = ({ watched: of, happening }: (typeof all)[number]) =>
      of.isBelow && happening.kind === 'row'
    if (all.some(isRow)) this.#lastRow = now
    else this.#silence(watched, input, now)
  }

  /** Where no row came for too long, the windows close in which some row may lie. */
  #silence(watched: readonly Watched[], input: CommitInput, now: bigint): void {
    const patience = watched.flatMap(({ scan }) => scan.watermark!.timeoutMicros ?? [])[0]
    if (patience === undefined || this.#lastRow === null) return
    if (now - this.#lastRow < BigInt(patience)) return
    this.#lastRow = null
    const position = input.nextPosition()
    const closes = watched.flatMap(({ last, windows, sessions }) => {
      if (last === null) return []
      const ends = windows.map(
        (window) => lastEnd(window, last) - BigInt(window.window!.unitMicros),
      )
      return [...ends, ...sessions.map(({ gapMicros }) => last + BigInt(gapMicros) - 1n)]
    })
    if (closes.length === 0) return
    const most = closes.reduce((a, b) => (a > b ? a : b))
    for (const one of watched) if (!one.ended) setTo(one, most, position)
  }

  /** W(r) of the row of a scan at a position; undefined where no window goes by it. */
  before(scan: Scan, position: number): bigint | undefined {
    return this.#watched.find((one) => one.scan === scan)?.before.get(position) ?? undefined
  }

  /** A session above left out the row at a position. */
  leaveOut(position: number): void {
    const found = this.#watched.flatMap(({ places }) => places.get(position) ?? [])[0]!
    if (this.late.some((one) => one.position === position)) return
    this.late.push(found)
    this.late.sort((a, b) => a.position - b.position)
  }

  #happens(watched: Watched, happening: Happening): void {
    const { position } = happening
    if (happening.kind === 'end') {
      watched.ended = true
      watched.asleep = false
      watched.end = position
    } else if (happening.kind === 'idle') {
      for (const key of happening.keys) watched.partitions.get(key)!.idle = true
      watched.asleep = [...watched.partitions.values()].every(({ idle }) => idle)
      raise(watched, position)
    } else this.#row(watched, happening.row, position)
  }

  #row(watched: Watched, row: Row, position: number): void {
    const { scan, partitions, windows, watermark } = watched
    const { column, partition, aheadMicros } = scan.watermark!
    for (const one of this.#watched) {
      if (one.scan.relation === scan.relation) one.asleep = false
    }
    const at = row[scan.columns[column]!] as bigint
    watched.before.set(position, watermark)
    if (watched.last === null || at > watched.last) watched.last = at
    const isLate = ([, end]: readonly bigint[], unit: string) =>
      watermark !== null && watermark >= end! - BigInt(unit)
    const late = windows.some((window) =>
      [...windowsOf(window, at)].some((one) => isLate(one, window.window!.unitMicros)),
    )
    const ordinal = watched.rows++
    watched.places.set(position, { relation: scan.relation, ordinal, position, row })
    if (late) this.late.push({ relation: scan.relation, ordinal, position, row })
    const key = partition === undefined ? '' : keyOf(partition.map((index) => row[index]!))
    const own = partitions.get(key) ?? { greatest: null, idle: false }
    partitions.set(key, own)
    own.idle = false
    const far = aheadMicros !== undefined && own.greatest !== null
    if (!far || at - own.greatest! <= BigInt(aheadMicros)) {
      if (own.greatest === null || at > own.greatest) own.greatest = at
    }
    raise(watched, position)
  }

  /** Sources that sleep go with the least of those that do not. */
  #lift(position: number): void {
    const live = this.#watched.filter((one) => one.isBelow && !one.asleep && !one.ended)
    if (live.length === 0 || live.some(({ watermark }) => watermark === null)) return
    const least = live.map(({ watermark }) => watermark!).reduce((a, b) => (a < b ? a : b))
    for (const one of this.#watched) if (one.asleep) setTo(one, least, position)
  }

  /**
   * The first position at which the watermark of the plan's output was at least `threshold`; null: not yet. Undefined:
   * there is no watermarked scan below a window. `when` asks of the time before the commit.
   */
  reached(
    plan: Plan,
    threshold: bigint,
    when: 'now' | 'earlier' = 'now',
  ): number | null | undefined {
    if (plan.kind === 'scan') {
      const watched = this.#watched.find(({ scan }) => scan === plan)
      if (watched === undefined || !watched.isBelow) return undefined
      const { earlier } = watched
      const rises = watched.rises.slice(0, when === 'now' ? undefined : earlier.rises)
      const end = when === 'now' ? watched.end : earlier.end
      return rises.find(({ watermark }) => watermark >= threshold)?.position ?? end
    }
    const below = inputsOf(plan).map((input) => this.reached(input, threshold, when))
    const positions = below.filter((position) => position !== undefined)
    if (positions.length === 0) return undefined
    return positions.includes(null) ? null : Math.max(...(positions as number[]))
  }
}

/** The end of the last window that begins no later than a time; of CUMULATE, of all that begin with it. */
function lastEnd(window: Of<'window'>, at: bigint): bigint {
  const [size, offset] = [BigInt(window.sizeMicros), BigInt(window.offsetMicros)]
  const slide = window.function === 'cumulate' ? size : BigInt(window.slideMicros)
  return offset + floorDivide(at - offset, slide) * slide + size
}

function happeningsOf(scan: Scan, input: CommitInput): Happening[] {
  const rows = input.delta(scan).map(({ row, triple }): Happening => {
    return { kind: 'row', row: row as Row, position: triple[0] }
  })
  const idle = input.idle(scan).map((mark): Happening => ({ kind: 'idle', ...mark }))
  const end = input.end(scan)
  return [...rows, ...idle, ...(end === null ? [] : [{ kind: 'end' as const, position: end }])]
}

/** The least mark of the live partitions, if it is higher than the watermark was. */
function raise(watched: Watched, position: number): void {
  const { partitions, scan } = watched
  const delay = BigInt(scan.watermark!.delayMicros)
  let least = forever
  for (const { greatest, idle } of partitions.values()) {
    if (!idle && greatest === null) return
    if (!idle && greatest! - delay < least) least = greatest! - delay
  }
  if (least !== forever) setTo(watched, least, position)
}

function setTo(watched: Watched, to: bigint, position: number): void {
  if (watched.watermark !== null && watched.watermark >= to) return
  watched.watermark = to
  watched.rises.push({ position, watermark: to })
}
