/**
 * Partitions: the rows of each that have come and not gone. A partition is shown anew, as it was and as it is, whenever
 * one of its rows comes or goes.
 *
 * See      docs/laws.md (where a row stands)
 */
import { addUp, atOnce, type Contribution, compareTriples, type Triple } from './contribution.ts'
import { type Context, type Node, type Of, sound } from './node.ts'
import { compareBy } from './relation.ts'
import { type CellRow, compareRows, keyOf } from './value.ts'

/** Rows by a key and in an order, where equal ones stand by their triple or are one. */
type Ordered = Pick<Of<'rank'>, 'order' | 'ties'>

/** What is shown of the rows of one partition, which are in order. */
type Shown = (rows: readonly CellRow[]) => CellRow[]

/** A node that keeps its input by partition. */
export function partitioned(
  plan: Of<'rank' | 'over'>,
  input: Node,
  context: Context,
  shown: Shown,
): Node {
  const partitions = new Map<string, Contribution[]>()
  return (commit) => {
    const come = atOnce(sound(context, input(commit)))
    const touched = Map.groupBy(come, ({ row }) => keyOf(row, plan.partition))
    return [...touched].flatMap(([key, some]) => {
      const old = partitions.get(key) ?? []
      const all = [...old, ...some]
      const kept = plan.ties === 'position' ? all : addUp(all, ({ row }) => keyOf(row))
      partitions.set(key, kept)
      const triple: Triple = [Math.min(...some.map((one) => one.triple[0])), 0, 0]
      const told = (rows: readonly Contribution[], weight: number) =>
        shown(copiesOf(plan, rows)).map((row): Contribution => ({ row, weight, triple }))
      return atOnce([...told(old, -1), ...told(kept, 1)])
    })
  }
}

const copiesOf = (plan: Ordered, rows: readonly Contribution[]): CellRow[] =>
  rows
    .toSorted(byOrder(plan))
    .flatMap(({ row, weight }) => Array.from({ length: weight }, () => row))

/** By the keys, then by the place where places count, then by all values. */
export const byOrder =
  ({ order, ties }: Ordered) =>
  (a: Contribution, b: Contribution): number =>
    compareBy(order, a.row, b.row) ||
    (ties === 'position' ? compareTriples(a.triple, b.triple) : 0) ||
    compareRows(a.row, b.row)

/** Of rows in order, the first of each group with equal keys. */
export const groupsOf = (order: Ordered['order'], rows: readonly CellRow[]): CellRow[] =>
  rows.filter((row, at) => at === 0 || compareBy(order, rows[at - 1]!, row) !== 0)
