/**
 * PruneColumns: columns that nobody reads are not made, down to the scans.
 *
 * How      One walk from the root with the set of columns that are read above; each node gives back its narrower
 *          form and where its old columns went. The inputs of a join, which keeps its rows, get a project when they
 *          have more than is read.
 * Contract 1 (checked) a column stays where it may hold a failed value that is used: in the inputs of a join, and as
 *          an argument
 *            of an aggregate. So does the column of a watermark. 2 (checked) no node is left without a column.
 */
import { assert } from '../../base/index.ts'
import { column, columnsOf, moveColumns } from '../expression.ts'
import { failingColumns } from '../failure.ts'
import type { AggregateCall, Expression, Plan } from '../logical.ts'
import {
  aggregate,
  filter,
  join,
  narrowScan,
  project,
  shapeOf,
  sort,
  values,
  window,
} from '../node.ts'

type NodeOf<Kind extends Plan['kind']> = Extract<Plan, { kind: Kind }>

interface Pruned {
  plan: Plan
  /** Where a column of the old output is now. */
  at: (index: number) => number
}

export function pruneColumns(plan: Plan): Plan {
  const all = new Set(plan.output.keys())
  const { plan: pruned, at } = prune(plan, all)
  assert(
    plan.output.every((_, index) => at(index) === index),
    'the columns of the result stay where they are',
  )
  return pruned
}

function prune(plan: Plan, needed: ReadonlySet<number>): Pruned {
  switch (plan.kind) {
    case 'scan':
      return pruneScan(plan, needed)
    case 'values':
      return pruneValues(plan, needed)
    case 'filter':
      return pruneFilter(plan, needed)
    case 'project':
      return pruneProject(plan, needed)
    case 'window':
      return pruneWindow(plan, needed)
    case 'aggregate':
      return pruneAggregate(plan, needed)
    case 'join':
      return pruneJoin(plan, needed)
    case 'sort':
      return pruneSort(plan, needed)
  }
}

function places(kept: readonly number[]): (index: number) => number {
  const positions = new Map(kept.map((index, position) => [index, position]))
  return (index) => {
    const position = positions.get(index)
    assert(position !== undefined, 'a column that is read was kept')
    return position
  }
}

function ascending(indexes: Iterable<number>): number[] {
  return [...new Set(indexes)].sort((a, b) => a - b)
}

function pruneScan(plan: NodeOf<'scan'>, needed: ReadonlySet<number>): Pruned {
  const watermark = plan.watermark === null ? [] : [plan.watermark.column]
  const kept = ascending([...needed, ...watermark])
  if (kept.length === 0) kept.push(cheapest(plan))
  return {
    plan: kept.length === plan.output.length ? plan : narrowScan(plan, kept),
    at: places(kept),
  }
}

/** For a scan whose rows are only counted: a column of fixed width, if there is one. */
function cheapest(plan: Plan): number {
  return Math.max(
    0,
    plan.output.findIndex((field) => field.type.kind !== 'varchar'),
  )
}

function pruneValues(plan: NodeOf<'values'>, needed: ReadonlySet<number>): Pruned {
  const kept = ascending(needed)
  if (kept.length === 0) kept.push(0)
  const rows = plan.rows.map((row) => kept.map((index) => row[index]!))
  const names = kept.map((index) => plan.output[index]!.name)
  return { plan: values(rows, names), at: places(kept) }
}

function pruneFilter(plan: NodeOf<'filter'>, needed: ReadonlySet<number>): Pruned {
  const { plan: input, at } = prune(plan.input, new Set([...needed, ...columnsOf(plan.predicate)]))
  return { plan: filter(input, moveColumns(plan.predicate, at)), at }
}

function pruneProject(plan: NodeOf<'project'>, needed: ReadonlySet<number>): Pruned {
  const kept = ascending(needed)
  if (kept.length === 0) kept.push(0)
  const expressions = kept.map((index) => plan.expressions[index]!)
  const { plan: input, at } = prune(plan.input, readBy(expressions))
  const moved = expressions.map((expression) => moveColumns(expression, at))
  const names = kept.map((index) => plan.output[index]!.name)
  return { plan: project(input, moved, names), at: places(kept) }
}

function readBy(expressions: readonly Expression[]): Set<number> {
  const columns = new Set<number>()
  for (const expression of expressions) columnsOf(expression, columns)
  return columns
}

function pruneWindow(plan: NodeOf<'window'>, needed: ReadonlySet<number>): Pruned {
  const width = plan.input.output.length
  const below = new Set([...needed].filter((index) => index < width)).add(plan.time)
  const { plan: input, at } = prune(plan.input, below)
  const watermarked = plan.window?.watermarked === true
  const narrow = window(input, { ...shapeOf(plan), time: at(plan.time), watermarked })
  const narrowWidth = input.output.length
  return {
    plan: narrow,
    at: (index) => (index < width ? at(index) : index - width + narrowWidth),
  }
}

function pruneAggregate(plan: NodeOf<'aggregate'>, needed: ReadonlySet<number>): Pruned {
  const width = plan.keys.length
  const failing = failingColumns(plan.input)
  const uses = (call: AggregateCall) =>
    [call.argument, call.filter].some((index) => index !== null && failing.has(index))
  const kept = plan.calls.filter((call, index) => needed.has(width + index) || uses(call))
  // Without calls an aggregate would be a DISTINCT, and one without keys would have no column.
  if (kept.length === 0 && plan.calls.length > 0) kept.push(plan.calls[0]!)
  const read = kept
    .flatMap((call) => [call.argument, call.filter])
    .filter((index) => index !== null)
  const { plan: input, at } = prune(plan.input, new Set([...plan.keys, ...read]))
  const calls = kept.map((call) => ({
    ...call,
    argument: call.argument === null ? null : at(call.argument),
    filter: call.filter === null ? null : at(call.filter),
  }))
  const fields = [...plan.keys.keys(), ...kept.map((call) => width + plan.calls.indexOf(call))]
  const names = fields.map((index) => plan.output[index]!.name)
  const narrow = aggregate(input, { keys: plan.keys.map(at), calls, emit: plan.emit, names })
  return { plan: narrow, at: places(fields) }
}

function pruneJoin(plan: NodeOf<'join'>, needed: ReadonlySet<number>): Pruned {
  const width = plan.left.output.length
  const read = plan.residual === null ? needed : new Set([...needed, ...columnsOf(plan.residual)])
  const fromLeft = [...read].filter((index) => index < width)
  const fromRight = [...read].filter((index) => index >= width).map((index) => index - width)
  const left = ascending([...fromLeft, ...plan.leftKeys, ...failingColumns(plan.left)])
  const right = ascending([...fromRight, ...plan.rightKeys, ...failingColumns(plan.right)])
  const a = exactly(plan.left, left)
  const b = exactly(plan.right, right)
  const narrowWidth = a.plan.output.length
  const at = (index: number) => (index < width ? a.at(index) : b.at(index - width) + narrowWidth)
  const narrow = join(a.plan, b.plan, {
    join: plan.join,
    leftKeys: plan.leftKeys.map(a.at),
    rightKeys: plan.rightKeys.map(b.at),
    residual: plan.residual === null ? null : moveColumns(plan.residual, at),
  })
  return { plan: narrow, at }
}

/** The input with these columns and no others: a join keeps what it gets. */
function exactly(plan: Plan, kept: readonly number[]): Pruned {
  const { plan: input, at } = prune(plan, new Set(kept))
  if (input.output.length === kept.length) return { plan: input, at }
  const fields = kept.map((index) => input.output[at(index)]!)
  const columns = kept.map((index, position) => column(at(index), fields[position]!))
  const names = fields.map((field) => field.name)
  return { plan: project(input, columns, names), at: places(kept) }
}

function pruneSort(plan: NodeOf<'sort'>, needed: ReadonlySet<number>): Pruned {
  const read = new Set([...needed, ...plan.keys.map((key) => key.column)])
  const { plan: input, at } = prune(plan.input, read)
  const keys = plan.keys.map((key) => ({ ...key, column: at(key.column) }))
  return { plan: sort(input, { keys, limit: plan.limit, offset: plan.offset }), at }
}
