/**
 * Hold: changes that wait for the clock, or for the close of their window; lifetime: which of all rows that ever came
 * are there at the time of a commit, and which were at that of the last one.
 *
 * See      docs/laws.md (what waits, lifetimes)
 */
import { nodesOf } from '../../src/plan/node.ts'
import { type Contribution, perRow } from './contribution.ts'
import { type CommitInput, type Context, type Node, type Of, sound } from './node.ts'

export class Hold {
  #plan: Of<'hold'>
  #input: Node
  #context: Context
  #waiting: Contribution[] = []
  /** When the wait began. */
  #since = 0n
  #running: Of<'scan'>[]

  constructor(plan: Of<'hold'>, input: Node, context: Context) {
    this.#plan = plan
    this.#input = input
    this.#context = context
    this.#running = nodesOf(plan).filter((node) => node.kind === 'scan')
  }

  pull(commit: CommitInput): Contribution[] {
    const come = sound(this.#context, this.#input(commit))
    this.#running = this.#running.filter((scan) => commit.end(scan) === null)
    const { now, mode } = this.#context
    const isOver = mode === 'one-shot' || this.#running.length === 0
    const passes = isOver || (this.#waiting.length > 0 && this.#ends(now))
    if (this.#waiting.length === 0 || passes) this.#since = now
    const all = perRow([...this.#waiting, ...come])
    if (this.#plan.repeats) {
      this.#waiting = isOver ? [] : all
      return passes ? all : []
    }
    const goes = (one: Contribution) => passes || this.#hasClosed(one)
    this.#waiting = all.filter((one) => !goes(one))
    return all.filter(goes)
  }

  /** Is the time of the wait over? */
  #ends(now: bigint): boolean {
    const { periodMicros, counted } = this.#plan
    if (periodMicros === null) return false
    const period = BigInt(periodMicros)
    if (counted === 'change') return now - this.#since >= period
    const ticks = (at: bigint) => (at - this.#context.began) / period
    return ticks(now) > ticks(this.#since)
  }

  /** Has the watermark reached the end of its window, but for the time that late rows have? */
  #hasClosed({ row }: Contribution): boolean {
    const { graceMicros, input } = this.#plan
    if (graceMicros === null) return false
    const { start, end, sizeMicros, unitMicros } = input.window!
    const from = row[(end ?? start)!] as bigint
    const until = end === null ? from + BigInt(sizeMicros) : from
    const threshold = until - BigInt(unitMicros) - BigInt(graceMicros)
    return this.#context.watermarks.reached(input, threshold) !== null
  }
}

/** The rows in their lifetimes. */
export function lifetime(plan: Of<'lifetime'>, input: Node, context: Context): Node {
  let rows: Contribution[] = []
  let last = context.now
  const isThere = ({ row }: Contribution, now: bigint) =>
    plan.from.every((at) => row[at] !== null && (row[at] as bigint) <= now) &&
    plan.until.every((at) => row[at] !== null && (row[at] as bigint) > now)
  return (commit) => {
    const come = sound(context, input(commit))
    const { now } = context
    const gone = rows.filter((one) => isThere(one, last) && !isThere(one, now))
    const entered = rows.filter((one) => !isThere(one, last) && isThere(one, now))
    rows = perRow([...rows, ...come])
    last = now
    return [
      ...gone.map((one) => ({ ...one, weight: -one.weight })),
      ...entered,
      ...come.filter((one) => isThere(one, now)),
    ]
  }
}
