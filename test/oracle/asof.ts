/**
 * Asof: every left row looks through all right rows for the nearest one, before and after each thing that happens.
 *
 * See      docs/laws.md (ASOF joins)
 */
import { atOnce, type Contribution, compareTriples, perRow, type Triple } from './contribution.ts'
import { type CommitInput, type Context, type Node, type Of, sound, TooLarge } from './node.ts'
import { type CellRow, compareCells, compareRows } from './value.ts'

/** Pairs of rows that are looked at in one commit. */
const looksMax = 1_000_000

type Sides = [left: Contribution[], right: Contribution[]]

export class Asof {
  #plan: Of<'asof'>
  #context: Context
  #inputs: [left: Node, right: Node]
  #old: Sides = [[], []]

  constructor(plan: Of<'asof'>, inputs: [left: Node, right: Node], context: Context) {
    this.#plan = plan
    this.#inputs = inputs
    this.#context = context
  }

  pull(commit: CommitInput): Contribution[] {
    const come = this.#inputs.map((input) => atOnce(sound(this.#context, input(commit)))) as Sides
    const all: Sides = [
      [...this.#old[0], ...come[0]],
      [...this.#old[1], ...come[1]],
    ]
    const steps = this.#context.mode === 'one-shot' ? 1 : momentsOf(come).length
    if (all[0].length * all[1].length * steps > looksMax) {
      throw new TooLarge('an ASOF join is too large for the oracle')
    }
    if (this.#context.mode === 'one-shot') return this.#answer(all)
    const out: Contribution[] = []
    let before = this.#answer(this.#old)
    const [lefts, rights] = this.#old.map((some) => [...some]) as Sides
    for (const { side, triple } of momentsOf(come)) {
      const here = come[side].filter((one) => compareTriples(one.triple, triple) === 0)
      ;[lefts, rights][side]!.push(...here)
      const after = this.#answer([lefts, rights])
      const changes = [...before.map((one) => ({ ...one, weight: -one.weight })), ...after]
      out.push(...atOnce(changes.map((one) => ({ ...one, triple }))))
      before = after
    }
    this.#old = [perRow(all[0]), perRow(all[1])]
    return out
  }

  /** Each row of the answer over these rows, where the later of its two rows stands. */
  #answer([lefts, rights]: Sides): Contribution[] {
    const there = perRow(rights)
    return perRow(lefts).flatMap((left) => {
      const fitting = there.filter((right) => this.#fits(left.row, right.row))
      const [best] = fitting.sort((a, b) => this.#order(b, a))
      if (best === undefined && this.#plan.join === 'inner') return []
      const row = [...left.row, ...(best?.row ?? this.#plan.right.output.map(() => null))]
      const isLater = best !== undefined && best.triple[0] > left.triple[0]
      return [{ row, weight: left.weight, triple: isLater ? best.triple : left.triple }]
    })
  }

  #fits(left: CellRow, right: CellRow): boolean {
    const { leftKeys, rightKeys, leftTime, rightTime, compare } = this.#plan
    const same = leftKeys.every((key, place) => {
      const [a, b] = [left[key]!, right[rightKeys[place]!]!]
      return a !== null && b !== null && compareCells(a, b) === 0
    })
    const [a, b] = [left[leftTime]!, right[rightTime]!]
    if (!same || a === null || b === null) return false
    const order = compareCells(a, b)
    return { ge: order >= 0, gt: order > 0, le: order <= 0, lt: order < 0 }[compare]
  }

  /** Nearer right rows are greater. */
  #order(a: Contribution, b: Contribution): number {
    const { rightTime, compare, ties, tie } = this.#plan
    const times = compareCells(a.row[rightTime]!, b.row[rightTime]!)
    const nearer = compare === 'ge' || compare === 'gt' ? times : -times
    const placed = ties === 'position' ? compareTriples(a.triple, b.triple) : 0
    // Of rows that are equal in all of this the first one says where the pair stands.
    const later = (tie === 'last' ? 1 : -1) * (placed || compareRows(a.row, b.row))
    return nearer || later || compareTriples(b.triple, a.triple)
  }
}

/** When rows come or go: in the order of their triples, right before left where these are equal. */
function momentsOf(come: Sides): { side: 0 | 1; triple: Triple }[] {
  const all = come.flatMap((some, side) =>
    [...Map.groupBy(some, ({ triple }) => String(triple)).values()].map((same) => {
      return { side: side as 0 | 1, triple: same[0]!.triple }
    }),
  )
  return all.sort((a, b) => compareTriples(a.triple, b.triple) || b.side - a.side)
}
