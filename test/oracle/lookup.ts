/**
 * Lookup: each left row meets the right rows that are there at the end of the commit that brings it.
 *
 * See      docs/laws.md (temporal joins)
 */
import { type Contribution, perRow } from './contribution.ts'
import { type CommitInput, type Context, type Node, type Of, sound } from './node.ts'
import { evaluate } from './scalar.ts'
import { compareCells, Failed } from './value.ts'

export class Lookup {
  readonly #plan: Of<'join'>
  readonly #inputs: [left: Node, right: Node]
  readonly #context: Context
  #table: Contribution[] = []

  constructor(plan: Of<'join'>, inputs: [left: Node, right: Node], context: Context) {
    this.#plan = plan
    this.#inputs = inputs
    this.#context = context
  }

  pull(commit: CommitInput): Contribution[] {
    const [lefts, rights] = this.#inputs.map((input) => sound(this.#context, input(commit)))
    this.#table = perRow([...this.#table, ...rights!])
    return lefts!.flatMap((left) => {
      const pairs = this.#table.flatMap((right) => this.#pair(left, right))
      if (pairs.length > 0 || this.#plan.join === 'inner') return pairs
      return [{ ...left, row: [...left.row, ...this.#plan.right.output.map(() => null)] }]
    })
  }

  #pair(left: Contribution, right: Contribution): Contribution[] {
    const { leftKeys, rightKeys, residual } = this.#plan
    const isSame = leftKeys.every((key, place) => {
      const [a, b] = [left.row[key]!, right.row[rightKeys[place]!]!]
      return a !== null && b !== null && compareCells(a, b) === 0
    })
    if (!isSame) return []
    const pair = { ...left, row: [...left.row, ...right.row], weight: left.weight * right.weight }
    const verdict = residual === null ? true : evaluate(residual, pair.row)
    if (verdict instanceof Failed) this.#context.faults.push({ ...pair, failed: verdict })
    return verdict === true ? [pair] : []
  }
}
