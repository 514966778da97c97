/**
 * Relations: the nodes that take rows one by one, or all of a one-shot answer: scan, VALUES, series, union, repeat,
 * filter, projection, sort.
 */
import { type Contribution, inOrder } from './contribution.ts'
import { type Context, type Node, type Of, sound } from './node.ts'
import { evaluate } from './scalar.ts'
import { type CellRow, compareCells } from './value.ts'

export function scan(plan: Of<'scan'>, { watermarks }: Context): Node {
  return (commit) =>
    commit.delta(plan).map(({ row: whole, weight, triple }): Contribution => {
      const watermark = watermarks.before(plan, triple[0])
      const grace = BigInt(plan.watermark?.graceMicros ?? 0)
      const shown = watermark === undefined ? null : watermark + grace
      const special = (column: number) => (column === -1 ? shown : BigInt(triple[0]))
      const row = plan.columns.map((column) => (column < 0 ? special(column) : whole[column]!))
      return { row, weight, triple, watermark }
    })
}

export function values(plan: Of<'values'>): Node {
  let rows = plan.rows.map(
    (row, index): Contribution => ({
      row: row.map((expression) => evaluate(expression, [])),
      weight: 1,
      triple: [index - plan.rows.length, 0, 0],
    }),
  )
  return () => {
    const once = rows
    rows = []
    return once
  }
}

export function series(plan: Of<'series'>): Node {
  const [first, last, step] = [BigInt(plan.first), BigInt(plan.last), BigInt(plan.step)]
  const length = (last - first) * step < 0n ? 0 : Number((last - first) / step + 1n)
  let rows = Array.from(
    { length },
    (_, index): Contribution => ({
      row: [first + BigInt(index) * step],
      weight: 1,
      triple: [index - length, 0, 0],
    }),
  )
  return () => {
    const once = rows
    rows = []
    return once
  }
}

export function union(inputs: readonly Node[]): Node {
  return (commit) => inputs.flatMap((input) => input(commit))
}

export function repeat(plan: Of<'repeat'>, input: Node, context: Context): Node {
  const count = plan.output.length
  return (commit) =>
    sound(context, input(commit)).flatMap((one) => {
      const weight = one.weight * Number(one.row[count])
      return weight === 0 ? [] : [{ ...one, row: one.row.slice(0, count), weight }]
    })
}

export function filter(plan: Of<'filter'>, input: Node, context: Context): Node {
  return (commit) => {
    const verdict = (row: CellRow) => evaluate(plan.predicate, row)
    const judged = sound(context, input(commit), (row) => [verdict(row)])
    return judged.filter(({ row }) => verdict(row) === true)
  }
}

export function project(plan: Of<'project'>, input: Node): Node {
  return (commit) =>
    input(commit).map((one) => ({
      ...one,
      row: plan.expressions.map((expression) => evaluate(expression, one.row)),
    }))
}

/** ORDER BY and LIMIT of a one-shot statement: the rows stand at (0, 0, rank) afterwards. */
export function sort(plan: Of<'sort'>, input: Node, context: Context): Node {
  return (commit) => {
    const rows = inOrder(sound(context, input(commit)))
    rows.sort((a, b) => compareBy(plan.keys, a, b))
    const to = plan.limit === null ? rows.length : plan.offset + plan.limit
    return rows
      .slice(plan.offset, to)
      .map((row, rank): Contribution => ({ row, weight: 1, triple: [0, 0, rank] }))
  }
}

export function compareBy(keys: Of<'sort'>['keys'], a: CellRow, b: CellRow): number {
  for (const { column, descending, nullsFirst } of keys) {
    const [left, right] = [a[column]!, b[column]!]
    const nulls = Number(left === null) - Number(right === null)
    if (nulls !== 0) return nullsFirst ? -nulls : nulls
    const order = compareCells(left, right)
    if (order !== 0) return descending ? -order : order
  }
  return 0
}
