/**
 * Sessions: every row of a key that came in time, and the sessions that they make, gone through anew at each commit.
 *
 * How      Rows that only come are taken in the order of their positions: one joins the sessions that it touches and
 *          that the watermark before it had not closed. Where rows go again there is no watermark, and the sessions are
 *          those of all rows that are there.
 * See      docs/laws.md (watermarks, windows, lateness)
 */
import { addUp, atOnce, type Contribution, type Triple } from './contribution.ts'
import { type CommitInput, type Context, type Node, type Of, sound } from './node.ts'
import { type CellRow, keyOf } from './value.ts'
import { within } from './window.ts'

interface Member {
  one: Contribution
  at: bigint
  /** The row as it was shown at the last commit. */
  shown: CellRow | null
}

interface Session {
  start: bigint
  end: bigint
  members: Member[]
}

export class Sessions {
  #plan: Of<'session'>
  #input: Node
  #context: Context
  #sessions = new Map<string, Session[]>()
  /** Rows by key, where they go again. */
  #rows = new Map<string, Contribution[]>()
  #told = new Set<Session>()

  constructor(plan: Of<'session'>, input: Node, context: Context) {
    this.#plan = plan
    this.#input = input
    this.#context = context
  }

  pull(commit: CommitInput): Contribution[] {
    const { time, keys, input, emit } = this.#plan
    const fine = sound(this.#context, this.#input(commit))
    const well = within(this.#context, fine, time, this.#plan.gapMicros)
    const come = well.filter(({ row }) => row[time] !== null)
    const byKey = (some: readonly Contribution[]) =>
      Map.groupBy(some, ({ row }) => keyOf(row, keys))
    if (input.updating && this.#context.mode === 'continuous') {
      return [...byKey(atOnce(come))].flatMap(([key, some]) => this.#remade(key, some))
    }
    const ordered = come.toSorted((a, b) => a.triple[0] - b.triple[0])
    const changes = [...byKey(ordered)].flatMap(([key, some]) => this.#grown(key, some))
    return emit === 'changes' || this.#context.mode === 'one-shot' ? changes : this.#finals()
  }

  #grown(key: string, some: readonly Contribution[]): Contribution[] {
    const majors = some.flatMap((one) => (this.#take(key, one) ? [one.triple[0]] : []))
    const place: Triple = [Math.min(...majors), 0, 0]
    return (this.#sessions.get(key) ?? []).flatMap((session) =>
      session.members.flatMap((member) => {
        const { shown, one } = member
        const next = shownRow(one.row, session)
        member.shown = next
        if (shown === null) return [{ row: next, weight: one.weight, triple: one.triple }]
        if (keyOf(shown) === keyOf(next)) return []
        return [
          { row: shown, weight: -one.weight, triple: place },
          { row: next, weight: one.weight, triple: place },
        ]
      }),
    )
  }

  /** Does the row come in time? Then it has joined its session. */
  #take(key: string, one: Contribution): boolean {
    const unit = BigInt(this.#plan.window!.unitMicros)
    const judges = this.#plan.judge && this.#context.mode === 'continuous'
    const isClosed = (end: bigint) =>
      judges && one.watermark !== undefined && one.watermark !== null && one.watermark >= end - unit
    const at = one.row[this.#plan.time] as bigint
    const own = { start: at, end: at + BigInt(this.#plan.gapMicros) }
    const all = this.#sessions.get(key) ?? []
    const touches = (session: Session) =>
      !isClosed(session.end) && session.start <= own.end && session.end >= own.start
    const touched = all.filter(touches)
    if (touched.length === 0 && isClosed(own.end)) {
      this.#context.watermarks.leaveOut(one.triple[0])
      return false
    }
    const together = [own, ...touched]
    const joined: Session = {
      start: together.map(({ start }) => start).reduce((a, b) => (a < b ? a : b)),
      end: together.map(({ end }) => end).reduce((a, b) => (a > b ? a : b)),
      members: [...touched.flatMap(({ members }) => members), { one, at, shown: null }],
    }
    this.#sessions.set(key, [...all.filter((session) => !touches(session)), joined])
    return true
  }

  /** The rows of the sessions that closed in this commit. */
  #finals(): Contribution[] {
    const unit = BigInt(this.#plan.window!.unitMicros)
    const { watermarks } = this.#context
    return [...this.#sessions.values()].flat().flatMap((session) => {
      const closed = watermarks.reached(this.#plan.input, session.end - unit)
      if (this.#told.has(session) || closed === null || closed === undefined) return []
      this.#told.add(session)
      return session.members.map(({ one }) => {
        const triple: Triple = [closed, Number(session.end), one.triple[0]]
        return { row: shownRow(one.row, session), weight: one.weight, triple }
      })
    })
  }

  #remade(key: string, some: readonly Contribution[]): Contribution[] {
    const old = this.#rows.get(key) ?? []
    const all = addUp([...old, ...some], ({ row }) => keyOf(row))
    this.#rows.set(key, all)
    const triple: Triple = [Math.min(...some.map((one) => one.triple[0])), 0, 0]
    const told = (rows: readonly Contribution[], sign: number) =>
      this.#bounded(rows).map(({ row, weight }) => ({ row, weight: sign * weight, triple }))
    return atOnce([...told(old, -1), ...told(all, 1)])
  }

  /** Each row with the session that it has among the others. */
  #bounded(rows: readonly Contribution[]): Contribution[] {
    const gap = BigInt(this.#plan.gapMicros)
    const at = ({ row }: Contribution) => row[this.#plan.time] as bigint
    const sorted = rows.toSorted((a, b) => (at(a) < at(b) ? -1 : Number(at(a) > at(b))))
    const breaks = sorted.flatMap((one, place) =>
      place > 0 && at(one) - at(sorted[place - 1]!) <= gap ? [] : [place],
    )
    return breaks.flatMap((from, index) => {
      const members = sorted.slice(from, breaks[index + 1])
      const session = { start: at(members[0]!), end: at(members.at(-1)!) + gap }
      return members.map((one) => ({ ...one, row: shownRow(one.row, session) }))
    })
  }
}

const shownRow = (row: CellRow, { start, end }: { start: bigint; end: bigint }): CellRow => [
  ...row,
  start,
  end,
  end - 1000n,
]
