/**
 * BindGroup: GROUP BY becomes keys, and keys and calls become an aggregate.
 *
 * How      Keys and arguments that are expressions get a project below the aggregate; equal ones share a column.
 * Contract 1 (checked) above the aggregate only its keys and calls are read: other columns are refused by name.
 */
import type { Expression as Tree } from '../../../../grammar/index.ts'
import { mistake } from '../../../base/index.ts'
import { bigint, coerce, varchar } from '../../coerce.ts'
import { columnsOf, signatureOf } from '../../expression.ts'
import type { AggregateCall, Expression, Plan } from '../../logical.ts'
import { aggregate, project } from '../../node.ts'
import { type Binding, fail } from '../binding.ts'
import {
  type Above,
  type Aggregates,
  type BoundAggregate,
  isNullableCall,
} from '../expression/aggregate.ts'
import { bindValue, type Env } from '../expression/expression.ts'
import { flatten } from '../expression/struct.ts'
import { columnsNamed, type Scope } from '../scope.ts'
import { type Item, itemAt, itemNamed } from './item.ts'

/** A key: an ordinal, a column, an alias of the select list or an expression. */
export function bindGroup(env: Env, tree: Tree, items: Item[], width: number): Expression[] {
  const item = groupItem(env, tree, items)
  const key = item === null ? bindValue(env, tree) : item.expression
  if ([...columnsOf(key)].some((index) => index >= width)) {
    fail('invalid_grouping', 'an aggregate cannot be a key of GROUP BY', tree.span)
  }
  return key.type.kind === 'null' ? [coerce(key, varchar)] : flatten(env.binding, key)
}

/** GROUP BY ALL: what is no aggregate and reads none. */
export function plainItems(items: readonly Item[], width: number): Expression[] {
  return items
    .map(({ expression }) => expression)
    .filter((expression) => [...columnsOf(expression)].every((index) => index < width))
    .map((key) => (key.type.kind === 'null' ? coerce(key, varchar) : key))
}

function groupItem(env: Env, tree: Tree, items: Item[]): Item | null {
  if (tree.kind === 'number' && /^\d+$/.test(tree.text)) return itemAt(tree, items, 'GROUP BY')
  if (tree.kind !== 'column' || tree.path.length !== 1) return null
  if (columnsNamed(env.scope, tree.path).length > 0) return null
  return itemNamed(tree.path[0]!.name, items)
}

interface Grouping {
  groups: Expression[]
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
  const needed: Expression[] = []
  const place = (expression: Expression) => {
    const signature = signatureOf(expression)
    const found = needed.findIndex((other) => signatureOf(other) === signature)
    return found >= 0 ? found : needed.push(expression) - 1
  }
  const keys = [...new Set(groups.map(place))]
  // One row without keys or calls still needs a column.
  if (keys.length === 0 && aggregates.calls.length === 0) aggregates.calls.push(rowCount)
  const calls = aggregates.calls.map(
    (given): AggregateCall => ({
      function: given.function,
      argument: given.argument === null ? null : place(given.argument),
      distinct: given.distinct,
      filter: given.filter === null ? null : place(given.filter),
      type: given.type,
      nullable: isNullableCall(given, groups.length > 0),
      ...(given.span === undefined ? {} : { span: given.span }),
    }),
  )
  const names = needed.map((e, i) =>
    e.kind === 'column' ? input.output[e.index]!.name : `expr${i + 1}`,
  )
  const sources = needed.flatMap((e) => (e.kind === 'column' ? [e.index] : []))
  const plain = sources.length === needed.length
  const at = (index: number) => (plain ? sources[index]! : index)
  const plan = aggregate(plain ? input : project(input, needed, names), {
    keys: keys.map(at),
    calls: calls.map((given) => ({
      ...given,
      argument: given.argument === null ? null : at(given.argument),
      filter: given.filter === null ? null : at(given.filter),
    })),
    emit: 'changes',
    names: [
      ...keys.map((key) => names[key]!),
      ...calls.map((given) => (given.function === 'count_star' ? 'count' : given.function)),
    ],
  })
  const above: Above = {
    keys: keys.map((key) => signatureOf(needed[key]!)),
    width: aggregates.width,
    output: plan.output,
    refuse: (found) => refuseUngrouped(binding, scope, found),
  }
  return { plan, above }
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
