/**
 * Temporal joins: each left row looks, when the watermark has reached its time, through all versions that ever came;
 * or, at the end of the commit that brings it, through the rows that are there.
 *
 * See      docs/laws.md (temporal joins)
 */
import { type Contribution, compareTriples, perRow } from './contribution.ts'
import { type CommitInput, type Context, type Node, type Of, sound } from './node.ts'
import { evaluate } from './scalar/scalar.ts'
import { compareCells, compareRows, Failed } from './value.ts'

export class Temporal {
  readonly #plan: Of<'asof'>
  readonly #inputs: [left: Node, right: Node]
  readonly #context: Context
  #waiting: Contribution[] = []
  readonly #versions: Contribution[] = []

  constructor(plan: Of<'asof'>, inputs: [left: Node, right: Node], context: Context) {
    this.#plan = plan
    this.#inputs = inputs
    this.#context = context
  }

  pull(commit: CommitInput): Contribution[] {
    const [lefts, rights] = this.#inputs.map((input) => sound(this.#context, input(commit)))
    this.#waiting.push(...lefts!)
    this.#versions.push(...rights!)
    const out: Contribution[] = []
    this.#waiting = this.#waiting.filter((left) => {
      const time = left.row[this.#plan.leftTime] as bigint
      const position = this.#context.watermarks.reached(this.#plan, time) ?? null
      if (position === null) return true
      const version = this.#versionOf(left)
      if (version === null && this.#plan.join === 'inner') return false
      const row = [...left.row, ...(version?.row ?? this.#plan.right.output.map(() => null))]
      const [major, middle] = left.triple
      out.push({ row, weight: left.weight, triple: [position, major, middle] })
      return false
    })
    return out
  }

  #versionOf(left: Contribution): Contribution | null {
    const { leftKeys, rightKeys, leftTime, rightTime, ties, tie } = this.#plan
    let best: Contribution | null = null
    for (const one of this.#versions) {
      const isSame = leftKeys.every((key, place) => {
        const [a, b] = [left.row[key]!, one.row[rightKeys[place]!]!]
        return a !== null && b !== null && compareCells(a, b) === 0
      })
      if (!isSame || compareCells(one.row[rightTime]!, left.row[leftTime]!) > 0) continue
      const newer = best === null ? 1 : compareCells(one.row[rightTime]!, best.row[rightTime]!)
      const placed =
        best === null || ties === 'values' ? 0 : compareTriples(one.triple, best.triple)
      const tied = best === null ? 0 : placed || compareRows(one.row, best.row)
      if (newer > 0 || (newer === 0 && (tie === 'last' ? tied > 0 : tied < 0))) best = one
    }
    return best
  }
}

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
