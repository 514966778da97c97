/**
 * PruneColumns: columns that nobody reads are not made, down to the scans.
 *
 * How      One walk from the root with the set of columns that are read above; each node gives back its narrower
 *          form and where its old columns went. The inputs of a join, which keeps its rows, get a project when they
 *          have more than is read. Below a window the column of the watermark is read, too.
 * Contract 1 (checked) a column stays where it may hold a failed value that is used: in the inputs of a join, and as
 *            an argument of an aggregate.
 *          2 (checked) no node is left without a column.
 */
import { assert } from '../../base/index.ts'
import { changelog, changelogShapeOf, close, hold, holdingOf, number } from '../commit-node.ts'
import { column, columnsOf, moveColumns } from '../expression.ts'
import { failingColumns } from '../failure.ts'
import type { AggregateCall, Expression, Plan } from '../logical.ts'
import {
  aggregate,
  asof,
  asofShapeOf,
  filter,
  join,
  joinShapeOf,
  lifetime,
  narrowScan,
  over,
  overShapeOf,
  project,
  rank,
  rankShapeOf,
  repeat,
  session,
  sessionShapeOf,
  shapeOf,
  sort,
  standApart,
  union,
  unnest,
  unnestShapeOf,
  values,
  window,
  withInputs,
} from '../node.ts'

type NodeOf<Kind extends Plan['kind']> = Extract<Plan, { kind: Kind }>

/** What is read above a node. */
interface Needs {
  columns: ReadonlySet<number>
  /** A window above goes by the watermarks of the scans below. */
  clock: boolean
}

interface Pruned {
  plan: Plan
  /** Where a column of the old output is now. */
  at: (index: number) => number
}

export function pruneColumns(plan: Plan): Plan {
  const all = new Set(plan.output.keys())
  const { plan: pruned, at } = prune(plan, { columns: all, clock: false })
  assert(
    plan.output.every((_, index) => at(index) === index),
    'the columns of the result stay where they are',
  )
  return pruned
}

function prune(plan: Plan, needs: Needs): Pruned {
  switch (plan.kind) {
    case 'scan':
      return pruneScan(plan, needs)
    case 'values':
      return pruneValues(plan, needs)
    case 'filter':
      return pruneFilter(plan, needs)
    case 'project':
      return pruneProject(plan, needs)
    case 'window':
      return pruneWindow(plan, needs)
    case 'session':
      return pruneSession(plan, needs)
    case 'aggregate':
      return pruneAggregate(plan, needs)
    case 'join':
      return pruneJoin(plan, needs)
    case 'asof':
      return pruneAsof(plan, needs)
    case 'rank':
      return pruneRank(plan, needs)
    case 'over':
      return pruneOver(plan, needs)
    case 'match':
      return pruneMatch(plan)
    case 'sort':
      return pruneSort(plan, needs)
    case 'series':
      return { plan, at: (index) => index }
    case 'union':
      return pruneUnion(plan, needs)
    case 'repeat':
      return pruneRepeat(plan, needs)
    case 'lifetime':
      return pruneLifetime(plan, needs)
    case 'hold':
      return pruneHold(plan, needs)
    case 'close':
      return pruneClose(plan, needs)
    case 'changelog':
      return pruneChangelog(plan, needs)
    case 'unnest':
      return pruneUnnest(plan, needs)
    case 'number':
      return pruneNumber(plan, needs)
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

function pruneScan(plan: NodeOf<'scan'>, needs: Needs): Pruned {
  const { columns } = needs
  const clock = needs.clock || [...columns].some((at) => plan.columns[at] === -1)
  const watermark = clock && plan.watermark !== null ? [plan.watermark.column] : []
  const kept = ascending([...columns, ...watermark])
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

function pruneValues(plan: NodeOf<'values'>, needs: Needs): Pruned {
  const kept = ascending(needs.columns)
  if (kept.length === 0) kept.push(0)
  const rows = plan.rows.map((row) => kept.map((index) => row[index]!))
  const names = kept.map((index) => plan.output[index]!.name)
  return { plan: values(rows, names), at: places(kept) }
}

function pruneFilter(plan: NodeOf<'filter'>, needs: Needs): Pruned {
  const columns = new Set([...needs.columns, ...columnsOf(plan.predicate)])
  const { plan: input, at } = prune(plan.input, { ...needs, columns })
  return { plan: filter(input, moveColumns(plan.predicate, at)), at }
}

function pruneProject(plan: NodeOf<'project'>, needs: Needs): Pruned {
  const kept = ascending(needs.columns)
  if (kept.length === 0) kept.push(0)
  const expressions = kept.map((index) => plan.expressions[index]!)
  const { plan: input, at } = prune(plan.input, { ...needs, columns: readBy(expressions) })
  const moved = expressions.map((expression) => moveColumns(expression, at))
  const names = kept.map((index) => plan.output[index]!.name)
  return { plan: project(input, moved, names), at: places(kept) }
}

function readBy(expressions: readonly Expression[]): Set<number> {
  const columns = new Set<number>()
  for (const expression of expressions) columnsOf(expression, columns)
  return columns
}

function pruneWindow(plan: NodeOf<'window'>, needs: Needs): Pruned {
  const width = plan.input.output.length
  const columns = new Set([...needs.columns].filter((index) => index < width)).add(plan.time)
  const { plan: input, at } = prune(plan.input, { columns, clock: true })
  const watermarked = plan.window?.watermarked === true
  const narrow = window(input, { ...shapeOf(plan), time: at(plan.time), watermarked })
  const narrowWidth = input.output.length
  return {
    plan: narrow,
    at: (index) => (index < width ? at(index) : index - width + narrowWidth),
  }
}

/** Sessions keep their rows, and use every column of theirs. */
/** Where rows go again, one that changes in any column touches its key: all columns are kept. */
function pruneSession(plan: NodeOf<'session'>, needs: Needs): Pruned {
  const width = plan.input.output.length
  const read = [...needs.columns].filter((index) => index < width)
  const columns = plan.input.updating
    ? [...plan.input.output.keys()]
    : ascending([...read, plan.time, ...plan.keys, ...failingColumns(plan.input)])
  const { plan: input, at } = exactly(plan.input, columns, true)
  const shape = sessionShapeOf(plan)
  const narrow = session(input, { ...shape, time: at(plan.time), keys: plan.keys.map(at) })
  const narrowWidth = input.output.length
  return {
    plan: narrow,
    at: (index) => (index < width ? at(index) : index - width + narrowWidth),
  }
}

function pruneAggregate(plan: NodeOf<'aggregate'>, needs: Needs): Pruned {
  const width = plan.keys.length
  const failing = failingColumns(plan.input)
  const uses = (call: AggregateCall) =>
    [call.argument, call.filter].some((index) => index !== null && failing.has(index))
  const kept = plan.calls.filter((call, index) => needs.columns.has(width + index) || uses(call))
  // Without calls an aggregate would be a DISTINCT, and one without keys would have no column.
  if (kept.length === 0 && plan.calls.length > 0) kept.push(plan.calls[0]!)
  const read = kept
    .flatMap((call) => [call.argument, call.filter])
    .filter((index) => index !== null)
  const { plan: input, at } = prune(plan.input, {
    ...needs,
    columns: new Set([...plan.keys, ...read]),
  })
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

function pruneJoin(plan: NodeOf<'join'>, needs: Needs): Pruned {
  const width = plan.left.output.length
  const { columns, clock } = needs
  const read = plan.residual === null ? columns : new Set([...columns, ...columnsOf(plan.residual)])
  const fromLeft = [...read].filter((index) => index < width)
  const fromRight = [...read].filter((index) => index >= width).map((index) => index - width)
  const left = ascending([...fromLeft, ...plan.leftKeys, ...failingColumns(plan.left)])
  const right = ascending([...fromRight, ...plan.rightKeys, ...failingColumns(plan.right)])
  const a = exactly(plan.left, left, clock)
  const b = exactly(plan.right, right, clock)
  const narrowWidth = a.plan.output.length
  const at = (index: number) => (index < width ? a.at(index) : b.at(index - width) + narrowWidth)
  const narrow = join(a.plan, b.plan, {
    ...joinShapeOf(plan),
    leftKeys: plan.leftKeys.map(a.at),
    rightKeys: plan.rightKeys.map(b.at),
    residual: plan.residual === null ? null : moveColumns(plan.residual, at),
  })
  return { plan: narrow, at }
}

/** Right rows of equal times are told apart by every column, unless each stands at a place of its own. */
function pruneAsof(plan: NodeOf<'asof'>, needs: Needs): Pruned {
  const width = plan.left.output.length
  const { columns, clock } = needs
  const apart = plan.ties === 'position' && standApart(plan.right)
  const fromLeft = [...columns].filter((index) => index < width)
  const fromRight = [...columns].filter((index) => index >= width).map((index) => index - width)
  const read = apart ? fromRight : plan.right.output.keys()
  const shape = asofShapeOf(plan)
  const lefts = [...fromLeft, ...shape.leftKeys, shape.leftTime, ...failingColumns(plan.left)]
  const rights = [...read, ...shape.rightKeys, shape.rightTime, ...failingColumns(plan.right)]
  const a = exactly(plan.left, ascending(lefts), clock)
  const b = exactly(plan.right, ascending(rights), clock)
  const narrow = asof(a.plan, b.plan, {
    ...shape,
    leftKeys: shape.leftKeys.map(a.at),
    rightKeys: shape.rightKeys.map(b.at),
    leftTime: a.at(shape.leftTime),
    rightTime: b.at(shape.rightTime),
  })
  const narrowWidth = a.plan.output.length
  const at = (index: number) => (index < width ? a.at(index) : b.at(index - width) + narrowWidth)
  return { plan: narrow, at }
}

function pruneUnion(plan: NodeOf<'union'>, needs: Needs): Pruned {
  const kept = ascending(needs.columns)
  if (kept.length === 0) kept.push(cheapest(plan))
  const inputs = plan.inputs.map((input) => exactly(input, kept, needs.clock))
  // Every input has the kept columns in their order.
  return { plan: union(inputs.map((input) => inOrder(input, kept))), at: places(kept) }
}

function inOrder({ plan, at }: Pruned, kept: readonly number[]): Plan {
  if (kept.every((index, position) => at(index) === position)) return plan
  const columns = kept.map((index) => column(at(index), plan.output[at(index)]!))
  return project(
    plan,
    columns,
    kept.map((index) => plan.output[at(index)]!.name),
  )
}

function pruneRepeat(plan: NodeOf<'repeat'>, needs: Needs): Pruned {
  const count = plan.output.length
  const read = ascending(needs.columns)
  if (read.length === 0) read.push(0)
  const kept = [...read, count]
  const input = exactly(plan.input, kept, needs.clock)
  return { plan: repeat(inOrder(input, kept)), at: places(read) }
}

/** Rows of one place stand by all of their values. */
function pruneNumber(plan: NodeOf<'number'>, needs: Needs): Pruned {
  const all = [...plan.input.output.keys()]
  const input = inOrder(exactly(plan.input, all, needs.clock), all)
  return { plan: number(input, plan.partition), at: (index) => index }
}

function pruneLifetime(plan: NodeOf<'lifetime'>, needs: Needs): Pruned {
  const bounds = [...plan.from, ...plan.until]
  const kept = ascending([...needs.columns, ...bounds, ...failingColumns(plan.input)])
  const { plan: input, at } = exactly(plan.input, kept, needs.clock)
  const { span } = plan
  return { plan: lifetime(input, { from: plan.from.map(at), until: plan.until.map(at), span }), at }
}

/** Rows that wait are added up by all of their columns. */
function pruneHold(plan: NodeOf<'hold'>, needs: Needs): Pruned {
  const all = [...plan.output.keys()]
  const input = exactly(plan.input, all, needs.clock)
  return { plan: hold(inOrder(input, all), holdingOf(plan)), at: (index) => index }
}

function pruneClose(plan: NodeOf<'close'>, needs: Needs): Pruned {
  const { start, end } = plan.window!
  const bounds = [start, end].filter((at) => at !== null)
  const kept = ascending([...needs.columns, ...bounds, ...failingColumns(plan.input)])
  const { plan: input, at } = exactly(plan.input, kept, needs.clock)
  return { plan: close(input), at }
}

/** What changes is a row as a whole. */
function pruneChangelog(plan: NodeOf<'changelog'>, needs: Needs): Pruned {
  const all = [...plan.input.output.keys()]
  const input = inOrder(exactly(plan.input, all, needs.clock), all)
  return { plan: changelog(input, changelogShapeOf(plan)), at: (index) => index }
}

function pruneUnnest(plan: NodeOf<'unnest'>, needs: Needs): Pruned {
  const width = plan.input.output.length
  const read = [...needs.columns].filter((index) => index < width)
  const args = plan.calls.flatMap((call) => call.args)
  const columns = new Set([...read, ...readBy(args)])
  const { plan: input, at } = prune(plan.input, { ...needs, columns })
  const { number, outer } = unnestShapeOf(plan)
  const narrow = unnest(input, {
    calls: plan.calls.map((call) => ({
      ...call,
      args: call.args.map((arg) => moveColumns(arg, at)),
    })),
    number: needs.columns.has(plan.output.length - 1) ? number : null,
    outer,
  })
  const narrowWidth = input.output.length
  return {
    plan: narrow,
    at: (index) => (index < width ? at(index) : index - width + narrowWidth),
  }
}

/** The input with these columns and no others: a join keeps what it gets. */
function exactly(plan: Plan, kept: readonly number[], clock: boolean): Pruned {
  const { plan: input, at } = prune(plan, { columns: new Set(kept), clock })
  if (input.output.length === kept.length) return { plan: input, at }
  const fields = kept.map((index) => input.output[at(index)]!)
  const columns = kept.map((index, position) => column(at(index), fields[position]!))
  const names = fields.map((field) => field.name)
  return { plan: project(input, columns, names), at: places(kept) }
}

/** Rows that stand at one position, and those that are ordered by their values, are told apart by every column. */
function pruneRank(plan: NodeOf<'rank'>, needs: Needs): Pruned {
  const width = plan.input.output.length
  const apart = plan.ties === 'position' && standApart(plan.input)
  const read = [...needs.columns].filter((index) => index < width)
  const keys = [...plan.partition, ...plan.order.map((key) => key.column)]
  const columns = apart
    ? ascending([...read, ...keys, ...failingColumns(plan.input)])
    : [...plan.input.output.keys()]
  if (columns.length === 0) columns.push(0)
  const { plan: input, at } = exactly(plan.input, columns, needs.clock)
  const { name, ...shape } = rankShapeOf(plan)
  const narrow = rank(input, {
    ...shape,
    partition: plan.partition.map(at),
    order: plan.order.map((key) => ({ ...key, column: at(key.column) })),
    name: needs.columns.has(width) ? name : null,
  })
  return { plan: narrow, at: (index) => (index < width ? at(index) : input.output.length) }
}

function pruneOver(plan: NodeOf<'over'>, needs: Needs): Pruned {
  const width = plan.input.output.length
  const apart = plan.ties === 'position' && standApart(plan.input)
  const kept = [...plan.calls.keys()].filter((index) => needs.columns.has(width + index))
  const calls = kept.map((index) => plan.calls[index]!)
  const read = [...needs.columns].filter((index) => index < width)
  const keys = [...plan.partition, ...plan.order.map((key) => key.column)]
  const given = calls.flatMap((call) => [call.argument, call.otherwise, call.filter])
  const columns = apart
    ? ascending([
        ...read,
        ...keys,
        ...given.filter((at) => at !== null),
        ...failingColumns(plan.input),
      ])
    : [...plan.input.output.keys()]
  if (columns.length === 0) columns.push(0)
  const { plan: input, at } = exactly(plan.input, columns, needs.clock)
  const place = (index: number | null) => (index === null ? null : at(index))
  const { names, ...shape } = overShapeOf(plan)
  const narrow = over(input, {
    ...shape,
    partition: plan.partition.map(at),
    order: plan.order.map((key) => ({ ...key, column: at(key.column) })),
    calls: calls.map((call) => ({
      ...call,
      argument: place(call.argument),
      otherwise: place(call.otherwise),
      filter: place(call.filter),
    })),
    names: kept.map((index) => names[index]!),
  })
  const after = (index: number) => input.output.length + kept.indexOf(index - width)
  return { plan: narrow, at: (index) => (index < width ? at(index) : after(index)) }
}

/** A pattern reads all that it was given, and goes by the watermark. */
function pruneMatch(plan: NodeOf<'match'>): Pruned {
  const columns = [...plan.input.output.keys()]
  const { plan: input } = exactly(plan.input, columns, true)
  return { plan: withInputs(plan, [input]), at: (index) => index }
}

function pruneSort(plan: NodeOf<'sort'>, needs: Needs): Pruned {
  const failing = failingColumns(plan.input)
  const columns = new Set([...needs.columns, ...plan.keys.map((key) => key.column), ...failing])
  const { plan: input, at } = prune(plan.input, { ...needs, columns })
  const keys = plan.keys.map((key) => ({ ...key, column: at(key.column) }))
  return { plan: sort(input, { keys, limit: plan.limit, offset: plan.offset }), at }
}
