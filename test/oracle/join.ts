/**
 * Joins: every left row looks at every right row that ever came.
 *
 * How      Both sides keep all that came before the commit, added up per row; what is told of a commit is what a row
 *          that is new has a part in.
 * See      docs/laws.md (a left join, exactly)
 */
import {
  addUp,
  atOnce,
  type Contribution,
  compareTriples,
  perRow,
  totalOf,
} from './contribution.ts'
import { type CommitInput, type Context, type Node, type Of, sound, TooLarge } from './node.ts'
import { evaluate } from './scalar/scalar.ts'
import { type CellRow, compareCells, Failed } from './value.ts'

/** Pairs that a join looks at in one commit. */
const pairsMax = 20_000

/** A row of a side; `old`: it was there before the commit. */
type Row = Contribution & { old: boolean }

export class Join {
  #plan: Of<'join'>
  #context: Context
  #inputs: [left: Node, right: Node]
  #old: [left: Row[], right: Row[]] = [[], []]

  constructor(plan: Of<'join'>, inputs: [left: Node, right: Node], context: Context) {
    this.#plan = plan
    this.#context = context
    this.#inputs = inputs
  }

  pull(commit: CommitInput): Contribution[] {
    const come = this.#inputs.map((input) =>
      atOnce(sound(this.#context, input(commit))).map((one): Row => ({ ...one, old: false })),
    )
    const left = [...this.#old[0], ...come[0]!]
    const right = [...this.#old[1], ...come[1]!]
    if (left.length * right.length > pairsMax) {
      throw new TooLarge('a join is too large for the oracle')
    }
    this.#old = [before(left), before(right)]
    const pairs = left.flatMap((one) => right.flatMap((other) => this.#pair(one, other)))
    const { join } = this.#plan
    const shown = join === 'semi' || join === 'anti' ? [] : pairs
    const out = shown.filter((pair) => !isOld(pair)).map(({ pair }) => pair)
    if (join !== 'inner') {
      for (const one of left) {
        const matching = pairs.filter((pair) => pair.one === one).map(({ other }) => other)
        out.push(...this.#alone(one, matching, 0))
      }
    }
    if (join === 'full') {
      for (const other of right) {
        const matching = pairs.filter((pair) => pair.other === other).map(({ one }) => one)
        out.push(...this.#alone(other, matching, 1))
      }
    }
    return out
  }

  /** The pair of two rows if they match. */
  #pair(one: Row, other: Row): { pair: Contribution; one: Row; other: Row }[] {
    if (!this.#keysEqual(one.row, other.row)) return []
    const triple = this.#meeting(one, other)
    const pair = { row: [...one.row, ...other.row], weight: one.weight * other.weight, triple }
    const { residual } = this.#plan
    const verdict = residual === null ? true : evaluate(residual, pair.row)
    if (verdict instanceof Failed && !isOld({ one, other })) {
      this.#context.faults.push({ ...pair, failed: verdict })
    }
    return verdict === true ? [{ pair, one, other }] : []
  }

  /** A row of one side by itself, while the number of rows of the other side that match it is 0, or is not (semi). */
  #alone(one: Row, matching: readonly Row[], side: 0 | 1): Contribution[] {
    const row = this.#row(one.row, side)
    const isShown = (count: number) => (count === 0) !== (this.#plan.join === 'semi')
    const isBefore = (other: Row) => {
      // One-shot statements know all other rows before the first.
      if (this.#context.mode === 'one-shot') return true
      if (one.old || other.old) return other.old
      const order = compareTriples(other.triple, one.triple)
      return order < 0 || (order === 0 && side === 0)
    }
    let matches = totalOf(matching.filter(isBefore))
    const arrived = !one.old && isShown(matches)
    const out = arrived ? [{ row, weight: one.weight, triple: one.triple }] : []
    const later = addUp(
      matching.filter((other) => !isBefore(other)),
      ({ triple }) => String(triple),
    )
    for (const other of later.sort((a, b) => compareTriples(a.triple, b.triple))) {
      const change = Number(isShown(matches + other.weight)) - Number(isShown(matches))
      const triple = side === 0 ? this.#meeting(one, other) : this.#meeting(other, one)
      if (change !== 0) out.push({ row, weight: change * one.weight, triple })
      matches += other.weight
    }
    return out
  }

  #row(row: CellRow, side: 0 | 1): CellRow {
    const { join, left, right } = this.#plan
    if (side === 1) return [...left.output.map(() => null), ...row]
    return join === 'left' || join === 'full' ? [...row, ...right.output.map(() => null)] : row
  }

  /**
   * Where a left and a right row meet. Of rows that only come: at the greater major, the left one's when they are
   * equal. Else where the later one came.
   */
  #meeting(left: Row, right: Row): Contribution['triple'] {
    const { join, left: a, right: b } = this.#plan
    const isGrowing = join === 'inner' && !a.updating && !b.updating
    if (isGrowing || this.#context.mode === 'one-shot') {
      return left.triple[0] >= right.triple[0] ? left.triple : right.triple
    }
    if (left.old !== right.old) return left.old ? right.triple : left.triple
    return compareTriples(left.triple, right.triple) >= 0 ? left.triple : right.triple
  }

  #keysEqual(left: CellRow, right: CellRow): boolean {
    const { leftKeys, rightKeys } = this.#plan
    return leftKeys.every((key, place) => {
      const [a, b] = [left[key]!, right[rightKeys[place]!]!]
      return a !== null && b !== null && compareCells(a, b) === 0
    })
  }
}

const isOld = ({ one, other }: { one: Row; other: Row }) => one.old && other.old

function before(contributions: readonly Contribution[]): Row[] {
  return perRow(contributions).map((one) => ({ ...one, old: true }))
}
