/**
 * Ranks: every partition is sorted and numbered anew whenever one of its rows comes or goes.
 *
 * See      docs/laws.md (where a row stands)
 */
import { addUp, atOnce, type Contribution, compareTriples, type Triple } from './contribution.ts'
import { type CommitInput, type Context, type Node, type Of, sound } from './node.ts'
import { compareBy } from './relation.ts'
import { type CellRow, compareRows, keyOf } from './value.ts'

export class Rank {
  #plan: Of<'rank'>
  #input: Node
  #context: Context
  #partitions = new Map<string, Contribution[]>()

  constructor(plan: Of<'rank'>, input: Node, context: Context) {
    this.#plan = plan
    this.#input = input
    this.#context = context
  }

  pull(commit: CommitInput): Contribution[] {
    const come = atOnce(sound(this.#context, this.#input(commit)))
    const touched = Map.groupBy(come, ({ row }) => keyOf(row, this.#plan.partition))
    return [...touched].flatMap(([key, some]) => {
      const old = this.#partitions.get(key) ?? []
      const all = this.#added([...old, ...some])
      this.#partitions.set(key, all)
      const triple: Triple = [Math.min(...some.map((one) => one.triple[0])), 0, 0]
      const told = (rows: CellRow[], weight: number) =>
        rows.map((row): Contribution => ({ row, weight, triple }))
      return atOnce([...told(this.#shown(old), -1), ...told(this.#shown(all), 1)])
    })
  }

  /** Equal rows are one where their place does not tell them apart. */
  #added(rows: readonly Contribution[]): Contribution[] {
    return this.#plan.ties === 'position' ? [...rows] : addUp(rows, ({ row }) => keyOf(row))
  }

  #shown(rows: readonly Contribution[]): CellRow[] {
    const { order, limit, numbered, ties } = this.#plan
    const byPlace = (a: Contribution, b: Contribution) =>
      ties === 'position' ? compareTriples(a.triple, b.triple) : 0
    const sorted = rows.toSorted(
      (a, b) => compareBy(order, a.row, b.row) || byPlace(a, b) || compareRows(a.row, b.row),
    )
    const copies = sorted.flatMap(({ row, weight }) => Array.from({ length: weight }, () => row))
    const numbers = copies.map((row, at) => this.#numberOf(copies, row, at))
    return copies
      .filter((_, at) => limit === null || numbers[at]! <= limit)
      .map((row, at) => (numbered ? [...row, BigInt(numbers[at]!)] : row))
  }

  /** What ROW_NUMBER, RANK or DENSE_RANK says of a row. */
  #numberOf(rows: readonly CellRow[], row: CellRow, at: number): number {
    const { order, function: counted } = this.#plan
    if (counted === 'row_number') return at + 1
    const before = rows.slice(0, at).filter((other) => compareBy(order, other, row) < 0)
    if (counted === 'rank') return before.length + 1
    return (
      before.filter((other, n) => n === 0 || compareBy(order, before[n - 1]!, other) !== 0).length +
      1
    )
  }
}
