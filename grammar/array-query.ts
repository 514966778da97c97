/**
 * ArrayQuery: ARRAY(SELECT …) as the aggregate over its rows that it means.
 *
 * How      ARRAY(SELECT x FROM t WHERE c ORDER BY y) is COALESCE((SELECT ARRAY_AGG(x ORDER BY y) FROM t WHERE c), []),
 *          so that what is around may be named in it. With LIMIT the query becomes a derived table, whose further
 *          columns hold what it is ordered by; with GROUP BY, DISTINCT or a set operation, too, which have no order.
 * Contract 1 (checked by test/script/array) a query that would fail as a value fails here, too: of several columns,
 *          with EMIT, or ordered by a column that it does not have.
 */
import type { Expression, Identifier, OrderItem, Query, QueryBody, SelectItem } from './tree.ts'

type Select = QueryBody & { kind: 'select' }

/** How calls are written as trees. */
export interface Calls {
  call: (name: string, args: Expression[]) => Expression
  ordered: (args: Expression[], order: readonly OrderItem[]) => Expression[]
}

/** The query of one row that gives the array, or what of it is not supported. */
export function arrayQuery(query: Query, calls: Calls): Query | string {
  const { body, orderBy, span } = query
  const width = widthOf(body)
  if (width === null) return 'ARRAY of SELECT *'
  // As a value of its own it is told what is wrong with it.
  if (width > 1 || orderBy.some(({ expression }) => isOtherColumn(expression))) return query
  const aggregate = (value: Expression, order: readonly OrderItem[], source: Partial<Select>) => ({
    ...query,
    with: [],
    orderBy: [],
    limit: null,
    offset: null,
    emit: null,
    body: {
      ...bareSelect(query),
      ...source,
      items: [itemOf(calls.call('array_agg', calls.ordered([value], order)))],
    },
  })
  const plain = body.kind === 'select' && isPlain(body) ? body : null
  const item = plain?.items[0]
  if (plain === null || item === undefined) {
    if (orderBy.length > 0)
      return 'ARRAY of an ordered query with GROUP BY, DISTINCT or a set operation'
    return aggregate(columnOf('value', query), [], { from: derived(query, ['value']) })
  }
  const order = orderBy.map((one) => ({ ...one, expression: orderOf(one.expression, item) }))
  const { limit, offset, emit } = query
  if ((limit ?? offset ?? emit) === null && query.with.length === 0) {
    return aggregate(item.expression, order, { from: plain.from, where: plain.where })
  }
  const names = order.map((_, at) => `order_${at + 1}`)
  const items = [itemOf(item.expression), ...order.map(({ expression }) => itemOf(expression))]
  const inner: Query = { ...query, orderBy: order, body: { ...plain, items } }
  const outer = order.map((one, at) => ({ ...one, expression: columnOf(names[at]!, query) }))
  const from = derived(inner, ['value', ...names])
  return { ...aggregate(columnOf('value', query), outer, { from }), span }
}

/** The columns of the query; null where `*` stands for some. */
function widthOf(body: QueryBody): number | null {
  switch (body.kind) {
    case 'select':
      return body.items.some(({ expression }) => expression.kind === 'star')
        ? null
        : body.items.length
    case 'values':
      return body.rows[0]!.length
    default:
      return widthOf(body.left.body)
  }
}

/** ORDER BY 2 */
const isOtherColumn = (expression: Expression): boolean =>
  expression.kind === 'number' && /^\d+$/.test(expression.text) && expression.text !== '1'

/** Is it FROM and WHERE alone? */
function isPlain(body: Select): boolean {
  const { distinct, distinctOn, groupBy, having, qualify, windows } = body
  const isGrouped = groupBy.length > 0 || having !== null
  return !distinct && !isGrouped && (distinctOn ?? qualify ?? windows ?? null) === null
}

/** ORDER BY 1, and by the name of the value, mean the value. */
function orderOf(expression: Expression, { expression: value, alias }: SelectItem): Expression {
  if (expression.kind === 'number' && expression.text === '1') return value
  const [name, more] = expression.kind === 'column' ? expression.path : []
  const isValue = name !== undefined && more === undefined && alias !== null
  return isValue && name.name.toLowerCase() === alias.name.toLowerCase() ? value : expression
}

const itemOf = (expression: Expression): SelectItem => ({
  kind: 'select-item',
  expression,
  alias: null,
  span: expression.span,
})

const named = (name: string, { span }: Query): Identifier => {
  const place = { start: span.start, end: span.start }
  return { kind: 'identifier', name, quoted: false, span: place }
}

function columnOf(name: string, query: Query): Expression {
  return { kind: 'column', path: [named(name, query)], span: query.span }
}

function derived(query: Query, columns: readonly string[]) {
  const columnAliases = columns.map((name) => named(name, query))
  return {
    kind: 'derived' as const,
    query,
    alias: named('rows_of_array', query),
    columnAliases,
    span: query.span,
  }
}

function bareSelect({ span }: Query): Select {
  return {
    kind: 'select', distinct: false, items: [], from: null, where: null, groupBy: [], having: null, qualify: null, span,
  } // biome-ignore format: one row
}
