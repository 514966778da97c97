/**
 * BindOrder: what comes behind the select list: DISTINCT, DISTINCT ON, ORDER BY, LIMIT and OFFSET.
 *
 * How      project of items and of keys that are no items → DISTINCT → first row of each key → sort, or, in a
 *          continuous query, rows by their numbers → the items alone.
 * Contract 1 (checked) the output has the items' columns and no others, named once each.
 */
import type { OrderItem, Query, Expression as Tree } from '../../../../grammar/index.ts'
import type { Span } from '../../../base/index.ts'
import { isWhole, type Type, widthOf } from '../../../data/index.ts'
import { bigint, boolean, coerce, varchar } from '../../coerce.ts'
import { call, column, literal, signatureOf } from '../../expression.ts'
import { fold } from '../../fold.ts'
import type { Expression, Plan, SortKey } from '../../logical.ts'
import {
  aggregate,
  filter,
  project,
  rank,
  type SortShape,
  sort,
  unnest,
  values,
} from '../../node.ts'
import { all, type Binding, fail, sortsNullsFirst } from '../binding.ts'
import { bindExpression, bindValue, type Env } from '../expression/expression.ts'
import { flatten } from '../expression/struct.ts'
import { uniqueNames } from '../naming.ts'
import type { Around } from '../nested/around.ts'
import { isPlaced } from '../over.ts'
import { type Item, itemAt, itemNamed } from './item.ts'

export interface QueryPlace {
  /** Behind LATERAL: how the rows around are told apart. */
  around?: Around
  /** Is this the statement's own query, whose order the reader sees? */
  top?: boolean
  /** Types of the columns that VALUES of an INSERT go into. */
  targets?: readonly Type[] | undefined
}

export interface OrderKey {
  /** Position in the select list; null when the key is no item of it. */
  item: number | null
  expression: Expression
  descending: boolean
  nullsFirst: boolean
  span: Span
  /** Is it a key of DISTINCT ON? */
  on?: true
}

export function bindOrder(env: Env, order: readonly OrderItem[], items: Item[]): OrderKey[] {
  return all(
    order.map((key) => () => {
      if (key.expression.kind !== 'star') return bindOrderKeys(env, key, items)
      // ALL: the columns of the select list from the left to the right.
      const nullsFirst = sortsNullsFirst(env.binding, key)
      return items.map(({ expression }, item): OrderKey => {
        return { item, expression, descending: key.descending, nullsFirst, span: key.span }
      })
    }),
  ).flat()
}

/**
 * An ordinal, a name of the select list or an expression; names of the select list come first, as in Postgres. Of a
 * STRUCT one key for its presence and one for each member.
 */
function bindOrderKeys(env: Env, key: OrderItem, items: Item[]): OrderKey[] {
  const tree = key.expression
  const nullsFirst = sortsNullsFirst(env.binding, key)
  const rest = { descending: key.descending, nullsFirst, span: tree.span }
  const named =
    tree.kind === 'number' && /^\d+$/.test(tree.text)
      ? itemAt(tree, items, 'ORDER BY')
      : tree.kind === 'column' && tree.path.length === 1
        ? itemNamed(tree.path[0]!.name, items)
        : null
  if (named !== null) {
    const from = items.indexOf(named)
    const flat = items.slice(from, from + widthOf(named.expression.type))
    return flat.map(({ expression }, index) => ({ item: from + index, expression, ...rest }))
  }
  return flatten(env.binding, bindValue(env, tree)).map((expression) => {
    const signature = signatureOf(expression)
    const item = items.findIndex((other) => signatureOf(other.expression) === signature)
    return { item: item < 0 ? null : item, expression, ...rest }
  })
}

interface Finish {
  plan: Plan
  items: Item[]
  /** What stands behind the items, and goes before all keys: the row around to which a row belongs. */
  by: Expression[]
  order: OrderKey[]
  /** A SELECT of constants alone. */
  bare: boolean
  distinct: boolean
  place: QueryPlace
}

export function finish(binding: Binding, query: Query, given: Finish): Plan {
  const parts = given.items.some((item) => item.gives) ? withRows(given) : given
  const around = parts.by.map((_, index) => `around${index + 1}`)
  const names = uniqueNames([...parts.items.map((item) => item.name), ...around])
  const items = [...parts.items.map(({ expression }) => expression), ...parts.by]
  const expressions = items.map(coerceNull)
  const shape = bindSortShape(binding, query, parts)
  const first = parts.order.some((key) => key.on)
  const hidden = shape === null && !first ? [] : parts.order.filter((key) => key.item === null)
  if (parts.distinct && hidden.length > 0) {
    const message = 'ORDER BY of SELECT DISTINCT takes columns of the select list only'
    fail('invalid_grouping', message, hidden[0]!.span)
  }
  const shown = [...expressions, ...hidden.map((key) => coerceNull(key.expression))]
  const shownNames = [...names, ...hidden.map((_, index) => `order${index + 1}`)]
  let plan: Plan =
    parts.bare && hidden.length === 0
      ? values([shown], shownNames)
      : project(parts.plan, shown, shownNames)
  if (parts.distinct) {
    plan = aggregate(plan, { keys: [...names.keys()], calls: [], emit: 'changes', names })
  }
  if (first) plan = firstOfEach(binding, plan, parts)
  if (shape !== null) plan = cut(binding, plan, shape, placesOfBy(parts))
  if (plan.output.length === names.length) return plan
  const visible = names.map((_, index) => column(index, plan.output[index]!))
  return project(plan, visible, names)
}

/** The parts over the rows that functions of the select list give, side by side as in Postgres. */
function withRows(parts: Finish): Finish {
  const { plan, items, by, order } = parts
  const width = plan.output.length
  const starts = items.flatMap(({ gives }, index) => (gives === undefined ? [] : [index]))
  const calls = starts.map((start) => {
    const { gives } = items[start]!
    const args = gives!.args.map((_, index) => items[start + index]!.expression)
    return { ...gives!, args }
  })
  const rows = unnest(plan, { calls, number: null, outer: false })
  const shown: Item[] = []
  /** Where the n-th item is among those that are shown. */
  const places = new Map<number, number>()
  for (let index = 0; index < items.length; ) {
    const item = items[index]!
    const call = starts.indexOf(index)
    const { gives: _gives, ...own } = item
    const expression = call < 0 ? item.expression : column(width + call, rows.output[width + call]!)
    places.set(index, shown.push({ ...own, expression }) - 1)
    index += item.gives?.args.length ?? 1
  }
  const moved = order.map((key) =>
    key.item === null
      ? key
      : {
          ...key,
          item: places.get(key.item)!,
          expression: shown[places.get(key.item)!]!.expression,
        },
  )
  return { ...parts, plan: rows, items: shown, by, order: moved, bare: false }
}

/** The columns of the keys in the project of `finish`, where those that are no items stand behind them. */
function columnsOfKeys(parts: Finish): (key: OrderKey) => number {
  const hidden = parts.order.filter((key) => key.item === null)
  const count = parts.items.length + parts.by.length
  return (key) => key.item ?? count + hidden.indexOf(key)
}

const placesOfBy = ({ items, by }: Finish): number[] => by.map((_, index) => items.length + index)

const orderOf = (parts: Finish) => parts.order.filter((key) => !key.on)

const sortKeysOf = (parts: Finish): SortKey[] =>
  orderOf(parts).map((key) => ({
    column: columnsOfKeys(parts)(key),
    descending: key.descending,
    nullsFirst: key.nullsFirst,
  }))

const tiesOf = (binding: Binding, plan: Plan) => (isPlaced(binding, plan) ? 'position' : 'values')

/** DISTINCT ON: the first row of each key. */
function firstOfEach(binding: Binding, plan: Plan, parts: Finish): Plan {
  return rank(plan, {
    function: 'row_number',
    partition: [
      ...placesOfBy(parts),
      ...new Set(parts.order.filter((key) => key.on).map(columnsOfKeys(parts))),
    ],
    order: sortKeysOf(parts),
    limit: 1,
    name: null,
    ties: tiesOf(binding, plan),
  })
}

/**
 * ORDER BY, LIMIT and OFFSET; a continuous query, and one behind LATERAL, has rows by their numbers, as with
 * ROW_NUMBER.
 */
export function cut(
  binding: Binding,
  plan: Plan,
  { keys, limit, offset }: SortShape,
  partition: number[] = [],
): Plan {
  if (!binding.continuous && partition.length === 0) return sort(plan, { keys, limit, offset })
  if (limit === 0) return filter(plan, literal(false, boolean))
  const numbered = rank(plan, {
    function: 'row_number',
    partition,
    order: keys,
    limit: limit === null ? null : limit + offset,
    name: offset === 0 ? null : 'row_number',
    ties: tiesOf(binding, plan),
  })
  if (offset === 0) return numbered
  const width = plan.output.length
  const number = column(width, numbered.output[width]!)
  const behind = call('gt', [number, literal(BigInt(offset), bigint)], boolean)
  return project(
    filter(numbered, behind),
    plan.output.map((field, index) => column(index, field)),
    plan.output.map(({ name }) => name),
  )
}

/** A column of nothing but NULL is a VARCHAR, as in Postgres. */
function coerceNull(expression: Expression): Expression {
  return expression.type.kind === 'null' ? coerce(expression, varchar) : expression
}

/** What ORDER BY, LIMIT and OFFSET ask for; null for nothing. */
export function bindSortShape(binding: Binding, query: Query, parts: Finish): SortShape | null {
  const limit = query.limit === null ? null : bindCount(binding, query.limit, 'LIMIT')
  const offset = query.offset === null ? 0 : (bindCount(binding, query.offset, 'OFFSET') ?? 0)
  const cuts = query.limit ?? query.offset
  const order = orderOf(parts)
  if (order.length === 0 && limit === null && offset === 0) return null
  if (binding.continuous && cuts === null) {
    if (parts.place.top && order.length === parts.order.length)
      binding.notices.push('ORDER BY is ignored in a continuous query')
    return null
  }
  // The order of a query inside another one is seen by nobody, unless it decides what is cut.
  if (!parts.place.top && cuts === null) return null
  return { keys: sortKeysOf(parts), limit, offset }
}

function bindCount(binding: Binding, tree: Tree, clause: string): number | null {
  const env: Env = { binding, scope: [], clause, aggregates: null }
  const bound = fold(bindExpression(env, tree))
  const value = bound.kind === 'literal' ? bound.value : undefined
  if (value === null) return null
  const count = Number(value)
  if (isWhole(bound.type) && Number.isSafeInteger(count) && count >= 0) {
    return count
  }
  return fail('type_mismatch', `${clause} takes a whole number that is not negative`, tree.span)
}
