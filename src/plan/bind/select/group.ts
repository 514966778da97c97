/**
 * BindGroup: GROUP BY becomes keys, and keys and calls become an aggregate.
 *
 * How      Keys and arguments that are expressions get a project below the aggregate; equal ones share a column.
 * Contract 1 (checked) above the aggregate only its keys and calls are read: other columns are refused by name.
 */
import type { Expression as Tree } from '../../../../grammar/index.ts'
import { mistake } from '../../../base/index.ts'
import { bigint, coerce, varchar } from '../../coerce.ts'
import { childrenOf, column, columnsOf, signatureOf } from '../../expression.ts'
import type { AggregateCall, Expression, Plan } from '../../logical.ts'
import { aggregate, project } from '../../node.ts'
import { type Binding, fail, unsupported } from '../binding.ts'
import {
  type Above,
  type Aggregates,
  type BoundAggregate,
  isNullableCall,
} from '../expression/aggregate.ts'
import { bindValue, type Env } from '../expression/expression.ts'
import { flatten } from '../expression/struct.ts'
import { isBeneath } from '../nested/inside.ts'
import { columnsNamed, type Scope } from '../scope.ts'
import { counts, expanded, type Groups, groupingBits, isWhole, placesOfKeys } from './grouping.ts'
import { type Item, itemAt, itemNamed } from './item.ts'

/** A key: an ordinal, a column, an alias of the select list or an expression. */
export function bindGroup(env: Env, tree: Tree, items: Item[], width: number): Expression[] {
  const item = groupItem(env, tree, items)
  if (item?.gives !== undefined) refuseRows(tree)
  const key = item === null ? bindValue(env, tree) : item.expression
  if (!isPlain(key, width)) {
    fail('invalid_grouping', 'an aggregate cannot be a key of GROUP BY', tree.span)
  }
  return key.type.kind === 'null' ? [coerce(key, varchar)] : flatten(env.binding, key)
}

/** GROUP BY ALL: what is no aggregate and reads none. */
export function plainItems(items: readonly Item[], width: number): Expression[] {
  const rows = items.find((item) => item.gives !== undefined)
  if (rows !== undefined) refuseRows(rows.tree)
  return items
    .map(({ expression }) => expression)
    .filter((expression) => isPlain(expression, width))
    .map((key) => (key.type.kind === 'null' ? coerce(key, varchar) : key))
}

/** Does it read columns of single rows alone? */
function isPlain(expression: Expression, width: number): boolean {
  if (expression.kind === 'call' && expression.function === 'grouping') return false
  return (
    [...columnsOf(expression)].every((index) => index < width || isBeneath(index)) &&
    childrenOf(expression).every((child) => isPlain(child, width))
  )
}

function refuseRows({ span }: Tree): never {
  const hint = 'put the function into FROM, or the query into FROM (…)'
  return unsupported('GROUP BY a function that gives rows', span, hint)
}

function groupItem(env: Env, tree: Tree, items: Item[]): Item | null {
  if (tree.kind === 'number' && /^\d+$/.test(tree.text)) return itemAt(tree, items, 'GROUP BY')
  if (tree.kind !== 'column' || tree.path.length !== 1) return null
  if (columnsNamed(env.scope, tree.path).length > 0) return null
  return itemNamed(tree.path[0]!.name, items)
}

interface Grouping {
  groups: Groups
  aggregates: Aggregates
  scope: Scope
}

const rowCount: BoundAggregate = {
  function: 'count_star',
  argument: null,
  distinct: false,
  filter: null,
  type: bigint,
  span: undefined,
}

/** The aggregate, over a project when keys or arguments are expressions. */
export function bindAggregate(
  binding: Binding,
  input: Plan,
  { groups, aggregates, scope }: Grouping,
): { plan: Plan; above: Above } {
  const { sets } = groups
  const keys = [...new Map(groups.keys.map((key) => [signatureOf(key), key])).values()]
  if (sets !== null) refuseShared(binding, groups)
  // One row without keys or calls still needs a column.
  if (keys.length === 0 && aggregates.calls.length === 0) aggregates.calls.push(rowCount)
  const whole = sets?.some((set) => isWhole(set, groups)) ?? keys.length === 0
  const needed: Expression[] = []
  const place = (expression: Expression) => {
    const signature = signatureOf(expression)
    const found = needed.findIndex((other) => signatureOf(other) === signature)
    return found >= 0 ? found : needed.push(expression) - 1
  }
  if (sets === null) keys.forEach(place)
  const calls = aggregates.calls.map((given): AggregateCall => {
    const counted = sets !== null && whole && given.function === 'count_star'
    return {
      function: counted ? 'count' : given.function,
      argument: counted ? place(counts) : given.argument === null ? null : place(given.argument),
      distinct: given.distinct,
      filter: given.filter === null ? null : place(given.filter),
      type: given.type,
      nullable: isNullableCall(given, !whole),
      ...(given.span === undefined ? {} : { span: given.span }),
    }
  })
  const read =
    sets === null ? readPlainly(input, needed) : readBySets(input, { ...groups, sets }, needed)
  const names = keys.map((key, index) =>
    key.kind === 'column' ? input.output[key.index]!.name : `expr${index + 1}`,
  )
  const plan = aggregate(read.plan, {
    keys: read.keys ?? keys.map((_, index) => read.at(index)),
    calls: calls.map((given) => ({
      ...given,
      argument: given.argument === null ? null : read.at(given.argument),
      filter: given.filter === null ? null : read.at(given.filter),
    })),
    emit: 'changes',
    names: [
      ...names,
      ...(sets === null ? [] : ['grouping_set']),
      ...calls.map((given) => (given.function === 'count_star' ? 'count' : given.function)),
    ],
  })
  const signatures = keys.map(signatureOf)
  const set = sets === null ? null : column(keys.length, plan.output[keys.length]!)
  const above: Above = {
    keys: sets === null ? signatures : [...signatures, 'grouping_set'],
    width: aggregates.width,
    output: plan.output,
    refuse: (found) => refuseUngrouped(binding, scope, found),
    grouping: (args) => groupingBits(placesOfKeys(binding, args, signatures), sets, set),
  }
  return { plan, above }
}

/** In sets a column around is a key of each, so it cannot be one of some. */
function refuseShared(binding: Binding, { keys, around }: Groups): void {
  const signatures = keys.map(signatureOf)
  const shared = keys.find(
    (_, index) =>
      index >= (around?.output.length ?? 0) && signatures.indexOf(signatures[index]!) < index,
  )
  if (shared === undefined) return
  const what = 'a column of the query around as a key of GROUPING SETS'
  unsupported(what, binding.spans.get(shared)!, 'add 0 to it, or the empty text')
}

interface Read {
  plan: Plan
  /** The keys in the plan; by their numbers among what is needed where it is null. */
  keys: number[] | null
  /** Where the n-th of what is needed stands. */
  at: (index: number) => number
}

function readPlainly(input: Plan, needed: Expression[]): Read {
  const sources = needed.flatMap((e) => (e.kind === 'column' ? [e.index] : []))
  if (sources.length === needed.length) return { plan: input, keys: null, at: (i) => sources[i]! }
  const names = needed.map((e, i) =>
    e.kind === 'column' ? input.output[e.index]!.name : `expr${i + 1}`,
  )
  return { plan: project(input, needed, names), keys: null, at: (index) => index }
}

function readBySets(
  input: Plan,
  groups: Groups & { sets: number[][] },
  needed: Expression[],
): Read {
  const width = groups.keys.length + 1
  return {
    plan: expanded(input, groups, needed),
    keys: [...Array(width).keys()],
    at: (index) => index + width,
  }
}

function refuseUngrouped(
  binding: Binding,
  scope: Scope,
  found: Expression & { kind: 'column' },
): never {
  const name = scope.find((entry) => entry.index === found.index)?.name
  const span = binding.spans.get(found)
  if (name === undefined) {
    mistake({
      code: 'invalid_grouping',
      message: 'the call is made for single rows, and these are aggregated here',
      hint: 'write it in a SELECT around this one, or inside an aggregate',
      span,
    })
  }
  mistake({
    code: 'invalid_grouping',
    message: `${name} is neither grouped nor aggregated`,
    hint: `add ${name} to GROUP BY, or use an aggregate such as max(${name})`,
    span,
  })
}
