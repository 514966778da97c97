/** Expression: random expressions, and the small queries inside them. */
import fc from 'fast-check'
import type {
  BinaryOperator,
  Expression,
  OrderItem,
  Query,
  QueryBody,
  Relation,
  SelectItem,
} from '../../../grammar/index.ts'
import {
  column,
  depthSize,
  functionName,
  identifier,
  label,
  literal,
  maybe,
  operators,
  parts,
  path,
  span,
  type Tie,
  text,
  type,
  type UnaryOperator,
  units,
} from './leaf.ts'

function operations(e: fc.Arbitrary<Expression>): fc.Arbitrary<Expression>[] {
  const flag = fc.boolean()
  return [
    fc.record({
      kind: fc.constant('unary' as const),
      operator: fc.constantFrom<UnaryOperator>('-', '+', 'NOT', '~', '@'),
      operand: e,
      span: fc.constant(span),
    }),
    fc.record({
      kind: fc.constant('binary' as const),
      operator: fc.constantFrom(...operators),
      left: e,
      right: e,
      span: fc.constant(span),
    }),
    fc.record({
      kind: fc.constant('is-null' as const),
      operand: e,
      negated: flag,
      span: fc.constant(span),
    }),
    fc.record({
      kind: fc.constant('is-boolean' as const),
      operand: e,
      value: fc.constantFrom(true, false, null),
      negated: flag,
      span: fc.constant(span),
    }),
    fc.record({
      kind: fc.constant('is-distinct' as const),
      left: e,
      right: e,
      negated: flag,
      span: fc.constant(span),
    }),
    fc.tuple(e, e, e, flag, flag).map(([operand, low, high, negated, symmetric]): Expression => {
      const more = symmetric ? { symmetric } : {}
      return { kind: 'between', operand, low, high, negated, ...more, span }
    }),
    fc.record({
      kind: fc.constant('in' as const),
      operand: e,
      // One query is no list.
      list: fc
        .array(e, { minLength: 1, maxLength: 3 })
        .filter((list) => list.length > 1 || list[0]!.kind !== 'subquery'),
      negated: flag,
      span: fc.constant(span),
    }),
    fc
      .tuple(e, e, maybe(e), flag, fc.constantFrom('ILIKE' as const, 'SIMILAR TO' as const, null))
      .map(([operand, pattern, mark, negated, operator]): Expression => {
        const more = operator === null ? {} : { operator }
        return { kind: 'like', ...more, operand, pattern, escape: mark, negated, span }
      }),
  ]
}

export function orderItems(e: fc.Arbitrary<Expression>): fc.Arbitrary<OrderItem[]> {
  const item: fc.Arbitrary<OrderItem> = fc.record({
    kind: fc.constant('order-item' as const),
    expression: e,
    descending: fc.boolean(),
    nulls: fc.constantFrom('first' as const, 'last' as const, null),
    span: fc.constant(span),
  })
  return fc.array(item, { maxLength: 2 })
}
/** Queries inside expressions and beside UNION: of few parts, so that trees stay small, and nested among themselves. */
export const plainQuery: fc.Arbitrary<Query> = fc.letrec<{ query: Query }>((tie) => ({
  query: fc
    .tuple(
      fc.oneof(
        { depthSize },
        fc.tuple(column, fc.option(path)).map(([expression, from]): QueryBody => {
          const relation: Relation | null =
            from === null ? null : { kind: 'table', path: from, alias: null, span }
          const item: SelectItem = { kind: 'select-item', expression, alias: null, span }
          const rest = { where: null, groupBy: [], having: null, qualify: null, span }
          return { kind: 'select', distinct: false, items: [item], from: relation, ...rest }
        }),
        fc.record({
          kind: fc.constant('set' as const),
          operator: fc.constantFrom('UNION' as const, 'INTERSECT' as const, 'EXCEPT' as const),
          all: fc.boolean(),
          left: tie('query'),
          right: tie('query'),
          span: fc.constant(span),
        }),
      ),
      fc.option(column),
    )
    .map(
      ([body, limit]): Query => ({
        kind: 'query',
        with: [],
        body,
        orderBy: [],
        limit,
        offset: null,
        emit: null,
        span,
      }),
    ),
})).query

function compounds(e: fc.Arbitrary<Expression>): fc.Arbitrary<Expression>[] {
  const args = fc.array(e, { maxLength: 3 })
  const star: Expression = { kind: 'star', qualifier: [], span }
  return [
    fc
      .tuple(functionName, args, fc.boolean(), maybe(e))
      .map(([name, list, distinct, filter]): Expression => {
        return {
          kind: 'call',
          name,
          args: list,
          distinct: distinct && list.length > 0,
          filter,
          span,
        }
      }),
    fc.tuple(functionName, maybe(e)).map(
      ([name, filter]): Expression => ({
        kind: 'call',
        name,
        args: [star],
        distinct: false,
        filter,
        span,
      }),
    ),
    fc
      .tuple(functionName, args, fc.array(e, { maxLength: 2 }), orderItems(e))
      .map(([name, list, partitionBy, orderBy]): Expression => {
        const call = {
          kind: 'call' as const,
          name,
          args: list,
          distinct: false,
          filter: null,
          span,
        }
        const window = { base: null, partitionBy, orderBy, frame: null, span }
        return { kind: 'over', call, ignoreNulls: false, window, span }
      }),
    fc.record({
      kind: fc.constant('in-query' as const),
      operand: e,
      query: plainQuery,
      negated: fc.boolean(),
      span: fc.constant(span),
    }),
    plainQuery.map((inner): Expression => ({ kind: 'exists', query: inner, span })),
    fc.record({
      kind: fc.constant('quantified' as const),
      operator: fc.constantFrom<BinaryOperator>('=', '<>', '<', '<=', '>', '>='),
      left: e,
      all: fc.boolean(),
      query: plainQuery,
      span: fc.constant(span),
    }),
    plainQuery.map((inner): Expression => ({ kind: 'subquery', query: inner, span })),
    fc
      .array(e, { minLength: 2, maxLength: 3 })
      .map((items): Expression => ({ kind: 'row', items, span })),
    fc.record({
      kind: fc.constant('case' as const),
      operand: maybe(e),
      whens: fc.array(fc.record({ when: e, then: e }), { minLength: 1, maxLength: 2 }),
      else: maybe(e),
      span: fc.constant(span),
    }),
    fc.record({
      kind: fc.constant('cast' as const),
      operand: e,
      type,
      attempt: fc.boolean(),
      span: fc.constant(span),
    }),
    fc.record({
      kind: fc.constant('member' as const),
      operand: e,
      name: label,
      span: fc.constant(span),
    }),
    fc.record({
      kind: fc.constant('extract' as const),
      unit: fc.constantFrom(...units, ...(['EPOCH', 'DOW', 'DOY', 'ISODOW', 'DAYOFWEEK'] as const)),
      operand: e,
      span: fc.constant(span),
    }),
  ]
}

/** `*`, `t.* EXCLUDE (a) REPLACE (e AS b) RENAME (c AS d)`, COLUMNS('…'). */
export function star(e: fc.Arbitrary<Expression>): fc.Arbitrary<Expression> {
  const few = { maxLength: 2 }
  const change = fc.record({
    exclude: fc.array(identifier, few),
    replace: fc.array(fc.record({ value: e, name: label }), few),
    rename: fc.array(fc.record({ name: identifier, to: label }), few),
  })
  return fc.oneof(
    fc.tuple(fc.option(parts), fc.option(change)).map(([qualifier, changed]): Expression => {
      const some = changed !== null && Object.values(changed).some((part) => part.length > 0)
      const more = some ? { change: changed } : {}
      return { kind: 'star', qualifier: qualifier ?? [], ...more, span }
    }),
    text.map((pattern): Expression => ({ kind: 'star', qualifier: [], pattern, span })),
  )
}

export function expressions(tie: Tie): fc.Arbitrary<Expression> {
  const e = tie('expression')
  return fc.oneof(
    { depthSize, withCrossShrink: true },
    column,
    literal,
    ...operations(e),
    ...compounds(e),
  )
}
