/**
 * Joins: every left row looks at every right row that ever came.
 *
 * How      Both sides keep all that came before the commit, added up per row, at major −∞; what is told of a commit is
 *          what stands at a later major.
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
import { evaluate } from './scalar.ts'
import { type CellRow, compareCells, Failed } from './value.ts'

/** Pairs that a join looks at in one commit. */
const pairsMax = 20_000

const isNew = ({ triple }: Contribution) => triple[0] > Number.NEGATIVE_INFINITY

export class Join {
  #plan: Of<'join'>
  #context: Context
  #inputs: [left: Node, right: Node]
  #old: [left: Contribution[], right: Contribution[]] = [[], []]

  constructor(plan: Of<'join'>, inputs: [left: Node, right: Node], context: Context) {
    this.#plan = plan
    this.#context = context
    this.#inputs = inputs
  }

  pull(commit: CommitInput): Contribution[] {
    const come = this.#inputs.map((input) => atOnce(sound(this.#context, input(commit))))
    const left = [...this.#old[0], ...come[0]!]
    const right = [...this.#old[1], ...come[1]!]
    if (left.length * right.length > pairsMax) {
      throw new TooLarge('a join is too large for the oracle')
    }
    this.#old = [before(left), before(right)]
    return left.flatMap((one) => {
      const pairs = right.flatMap((other) => this.#pair(one, other))
      const matching = pairs.map(({ other }) => other)
      const padded = this.#plan.join === 'left' ? this.#padded(one, matching) : []
      return [...pairs.map(({ pair }) => pair).filter(isNew), ...padded]
    })
  }

  /** The pair of two rows if they match. */
  #pair(one: Contribution, other: Contribution): { pair: Contribution; other: Contribution }[] {
    if (!this.#keysEqual(one.row, other.row)) return []
    const { triple } = one.triple[0] >= other.triple[0] ? one : other
    const pair = { row: [...one.row, ...other.row], weight: one.weight * other.weight, triple }
    const { residual } = this.#plan
    const verdict = residual === null ? true : evaluate(residual, pair.row)
    if (verdict instanceof Failed && isNew(pair)) {
      this.#context.faults.push({ ...pair, failed: verdict })
    }
    return verdict === true ? [{ pair, other }] : []
  }

  /** The left row with NULLs, while the number of right rows that match it is 0. */
  #padded(left: Contribution, matching: readonly Contribution[]): Contribution[] {
    const row = [...left.row, ...this.#plan.right.output.map(() => null)]
    // One-shot statements know all right rows before the first left one.
    const arrival = this.#context.mode === 'one-shot' ? Number.POSITIVE_INFINITY : left.triple[0]
    let matches = totalOf(matching.filter(({ triple }) => triple[0] <= arrival))
    const out = matches === 0 ? [{ row, weight: left.weight, triple: left.triple }] : []
    const later = addUp(
      matching.filter(({ triple }) => triple[0] > arrival),
      ({ triple }) => String(triple),
    )
    for (const { triple, weight } of later.sort((a, b) => compareTriples(a.triple, b.triple))) {
      const change = Number(matches + weight === 0) - Number(matches === 0)
      if (change !== 0) out.push({ row, weight: change * left.weight, triple })
      matches += weight
    }
    return out.filter(isNew)
  }

  #keysEqual(left: CellRow, right: CellRow): boolean {
    const { leftKeys, rightKeys } = this.#plan
    return leftKeys.every((key, place) => {
      const [a, b] = [left[key]!, right[rightKeys[place]!]!]
      return a !== null && b !== null && compareCells(a, b) === 0
    })
  }
}

function before(contributions: readonly Contribution[]): Contribution[] {
  return perRow(contributions).map(({ row, weight }) => ({
    row,
    weight,
    triple: [Number.NEGATIVE_INFINITY, 0, 0],
  }))
}
