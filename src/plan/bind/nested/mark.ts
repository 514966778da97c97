/**
 * BindMark: queries inside expressions that tell something of each row: IN, EXISTS, ANY, ALL, and values that belong to
 * it.
 *
 * How      Each is a left join with a plan that has one row for each set of equal values around it, at most:
 *          EXISTS      the distinct keys, and a mark that says whether a row met one
 *          IN          the distinct values likewise; where NULLs may be, the counts of rows and of values that are
 *                      not NULL beside it tell unknown from FALSE
 *          < ANY, ALL  the least or greatest value, and these counts
 *          a value     the aggregate grouped by what the query compares with columns around it; where no row is, what
 *                      the aggregate gives over no rows
 *          A query that names columns around it elsewhere than in equalities of its WHERE is bound for the distinct
 *          values of these columns at once, as behind LATERAL (around.ts).
 * Contract 1 (checked by test/script/join/mark.cq) the join neither drops nor repeats a row.
 */
import type { Expression as Tree } from '../../../../grammar/index.ts'
import { bigint, boolean, coerce, varchar } from '../../coerce.ts'
import {
  and,
  branch,
  call,
  choose,
  column,
  columnsOf,
  isFallible,
  literal,
  mapColumns,
  or,
} from '../../expression.ts'
import { fold } from '../../fold.ts'
import type { KeyPair } from '../../keyed.ts'
import type { AggregateCall, Expression, Plan } from '../../logical.ts'
import { aggregate, project } from '../../node.ts'
import { type Binding, fail, planSpan, unsupported } from '../binding.ts'
import { type Aggregates, aboveKeys, aggregateTypes } from '../expression/aggregate.ts'
import { bindExpression, type Env } from '../expression/expression.ts'
import { pairOf } from '../join.ts'
import { bindComparison, comparisonOf } from '../operator.ts'
import { refuseEmit } from '../relation.ts'
import type { Scope } from '../scope.ts'
import { bindAggregate } from '../select/group.ts'
import { attempt, bindAroundValue } from './around.ts'
import { addScalar, innerBase, only, type Scalars, scalarValue } from './scalar.ts'
import { distinct } from './set.ts'
import { bindInner, comparedWith, type Inner, openQuery, valuesOf, whereInner } from './subquery.ts'

type Test = Tree & { kind: 'in-query' | 'exists' }
type Quantified = Tree & { kind: 'quantified' }

/** Columns around the query are below this. */
const widthOf = (scope: Scope) => Math.max(0, ...scope.map(({ index }) => index + 1))

const isNull = (operand: Expression) => call('is_null', [operand], boolean)
const isThere = (operand: Expression) => call('is_not_null', [operand], boolean)
const not = (operand: Expression) => call('not', [operand], boolean)

/** What a join shows of column `index`: NULL where no row met it. */
const joined = (index: number, { type }: { type: Expression['type'] }) =>
  column(index, { type, nullable: true })

export function bindMark(env: Env, scalars: Scalars, tree: Test): Expression {
  const inner = openInner(env, scalars, tree, tree.kind === 'in-query')
  if (tree.kind === 'exists') return existence(scalars, inner)
  const found = membership(env, scalars, tree, inner)
  return tree.negated ? not(found) : found
}

/** The query by the values of columns around it: by equalities of its WHERE where these are all, else by rows. */
function openInner(
  env: Env,
  scalars: Scalars,
  { query, span }: Test | Quantified,
  wantsValues: boolean,
): Inner {
  const { binding, scope } = env
  refuseEmit(query)
  const inner = attempt(binding, () =>
    bindInner(binding, query, scope, widthOf(scope), wantsValues),
  )
  if (inner !== null && inner.rest.length === 0) return inner
  const rows = { plan: scalars.rows(), scope }
  const { plan, shown, pairs, rest } = bindAroundValue(binding, rows, query, innerBase)
  if (rest.length > 0) {
    unsupported('a query that names a list, map or struct around it in an expression', span)
  }
  const values = wantsValues ? valuesOf(binding, plan.output.slice(0, shown), query.span) : []
  return { plan, pairs, rest, values }
}

const keyNames = (pairs: readonly KeyPair[]) => pairs.map((_, index) => `key${index + 1}`)

/** The pairs over a plan whose first columns are their right sides. */
function pairsOver(pairs: readonly KeyPair[], plan: Plan): KeyPair[] {
  return pairs.map(({ left }, index) => ({ left, right: column(index, plan.output[index]!) }))
}

/** The distinct rows of the plan with TRUE behind them. */
function marked(plan: Plan): Plan {
  const rows = distinct(plan)
  const columns = rows.output.map((field, index) => column(index, field))
  const names = rows.output.map(({ name }) => name)
  return project(rows, [...columns, literal(true, boolean)], [...names, 'found'])
}

const counting = (argument: number | null): AggregateCall => ({
  function: argument === null ? 'count_star' : 'count',
  argument,
  distinct: false,
  filter: null,
  type: bigint,
  nullable: false,
})

const isSome = (count: Expression) => call('gt', [count, literal(0n, bigint)], boolean)

function existence(scalars: Scalars, { plan, pairs }: Inner): Expression {
  if (pairs.length === 0) {
    const count = aggregate(plan, {
      keys: [],
      calls: [counting(null)],
      emit: 'changes',
      names: ['count'],
    })
    const first = addScalar(scalars, { plan: count, pairs: [], rest: [] })
    return isSome(column(first, count.output[0]!))
  }
  const keys = project(
    plan,
    pairs.map(({ right }) => right),
    keyNames(pairs),
  )
  const right = marked(keys)
  const first = addScalar(scalars, { plan: right, pairs: pairsOver(pairs, right), rest: [] })
  return isThere(joined(first + pairs.length, { type: boolean }))
}

/** What stands before IN or the operator; none of it is a column of the query inside. */
function operandOf(env: Env, tree: Tree, value: Inner['values'][number]): Expression {
  const { overs: _overs, ...rest } = env
  return comparedWith({ ...rest, clause: 'IN' }, tree, value)
}

/** Keys, then values. */
function rowsOf({ plan, pairs, values }: Inner): Plan {
  const columns = [
    ...pairs.map(({ right }) => right),
    ...values.map(({ expression }) => expression),
  ]
  const typed = columns.map((one) => (one.type.kind === 'null' ? coerce(one, varchar) : one))
  return project(plan, typed, [
    ...keyNames(pairs),
    ...values.map((_, index) => `value${index + 1}`),
  ])
}

function membership(
  env: Env,
  scalars: Scalars,
  tree: Test & { kind: 'in-query' },
  inner: Inner,
): Expression {
  const trees = tree.operand.kind === 'row' ? tree.operand.items : [tree.operand]
  const { pairs, values } = inner
  if (trees.length !== values.length) {
    fail('type_mismatch', `IN compares ${trees.length} and ${values.length} values`, tree.span)
  }
  const operands = trees.map((one, index) => operandOf(env, one, values[index]!))
  const rows = rowsOf(inner)
  const right = marked(rows)
  const equal = operands.map((operand, index) => {
    const place = pairs.length + index
    // One that fails meets nothing, and is told where its value is asked for.
    const left = isFallible(operand) ? call('try', [operand], operand.type) : operand
    return bindComparison(
      'eq',
      {
        left,
        right: column(innerBase + place, rows.output[place]!),
        leftSpan: trees[index]!.span,
        rightSpan: values[index]!.span,
        span: tree.span,
        planSpan: planSpan(env.binding, tree.span),
      },
      'IN',
    )
  })
  const found = equal.map((one) => ({ one, pair: pairOf(one, innerBase) }))
  const first = addScalar(scalars, {
    plan: right,
    pairs: [...pairsOver(pairs, right), ...found.flatMap(({ pair }) => pair ?? [])],
    rest: found.flatMap(({ one, pair }) => (pair === null ? [one] : [])),
  })
  const isMember = isThere(joined(first + rows.output.length, { type: boolean }))
  if (equal.every((one) => !one.nullable)) return isMember
  if (equal.length > 1) {
    const hint = 'as a condition of WHERE of its own, beside others with AND, it may be'
    unsupported('IN with rows whose values may be NULL inside an expression', tree.span, hint)
  }
  const unknown = unknownIf(scalars, inner, structuredClone(rows), operands[0]!)
  return choose(
    [branch(isMember, literal(true, boolean)), branch(unknown, literal(null, boolean))],
    literal(false, boolean),
    boolean,
  )
}

/** Does NULL on either side leave open whether a value of the query meets the operand? */
function unknownIf(scalars: Scalars, inner: Inner, rows: Plan, operand: Expression): Expression {
  const { plan, some, nulls } = countedRows(scalars, inner, rows, [])
  const value = plan.output[inner.pairs.length]
  const open = [
    ...(operand.nullable || isFallible(operand) ? [isNull(operand)] : []),
    ...(value === undefined ? [] : [nulls]),
  ]
  return and([some, or(open)])
}

/** The rows of the query by their keys: whether there are any, whether NULL is among their values, and extremes. */
function countedRows(
  scalars: Scalars,
  { pairs }: Inner,
  rows: Plan,
  extremes: readonly AggregateCall[],
): { plan: Plan; some: Expression; nulls: Expression; extremes: Expression[] } {
  const calls = [counting(null), counting(pairs.length), ...extremes]
  const names = [...keyNames(pairs), 'rows', 'values', ...extremes.map((one) => one.function)]
  const plan = aggregate(rows, { keys: [...pairs.keys()], calls, emit: 'changes', names })
  const first = addScalar(scalars, { plan, pairs: pairsOver(pairs, plan), rest: [] }) + pairs.length
  const [all, known] = [0, 1].map((index) => joined(first + index, { type: bigint }))
  return {
    plan,
    some: isSome(all!),
    nulls: call('lt', [known!, all!], boolean),
    extremes: extremes.map(({ type }, index) => joined(first + 2 + index, { type })),
  }
}

// ---------------------------------------------------------------- ANY, ALL

export function bindQuantified(env: Env, scalars: Scalars, tree: Quantified): Expression {
  const { operator, left, query, all, span } = tree
  if (operator === (all ? '<>' : '=')) {
    return bindMark(env, scalars, { kind: 'in-query', operand: left, query, negated: all, span })
  }
  // What differs from some is not equal to all.
  if (operator === '<>') {
    return not(bindQuantified(env, scalars, { ...tree, operator: '=', all: true }))
  }
  const inner = openInner(env, scalars, tree, true)
  if (left.kind === 'row' || inner.values.length !== 1) {
    const count = inner.values.length
    fail('type_mismatch', `${operator} compares 1 and ${count} values`, span)
  }
  const operand = operandOf(env, left, inner.values[0]!)
  const rows = rowsOf(inner)
  const names = extremesOf(operator, all)
  const place = inner.pairs.length
  const extremes = names.map((name): AggregateCall => {
    const value = column(place, rows.output[place]!)
    const { type } = aggregateTypes(name, value, inner.values[0]!.span)
    return { ...counting(place), function: name, type, nullable: true }
  })
  const counted = countedRows(scalars, inner, rows, extremes)
  const compared = and(
    counted.extremes.map((right) =>
      bindComparison(
        comparisonOf(operator),
        {
          left: operand,
          right,
          leftSpan: left.span,
          rightSpan: inner.values[0]!.span,
          span,
          planSpan: planSpan(env.binding, span),
        },
        operator,
      ),
    ),
  )
  const decided = all ? call('is_false', [compared], boolean) : compared
  const unknown = and([counted.some, or([isNull(operand), counted.nulls])])
  return choose(
    [branch(decided, literal(!all, boolean)), branch(unknown, literal(null, boolean))],
    literal(all, boolean),
    boolean,
  )
}

/** Which values decide: x < ANY by the greatest one, x < ALL by the least one, x = ALL by both. */
function extremesOf(operator: string, all: boolean): ('min' | 'max')[] {
  if (operator === '=') return ['min', 'max']
  return operator.startsWith('<') === all ? ['min'] : ['max']
}

// ---------------------------------------------------------------- values

/** A query as a value that names columns around it: by equalities of its WHERE where these are all, else by rows. */
export function bindCorrelated(
  env: Env,
  scalars: Scalars,
  tree: Tree & { kind: 'subquery' },
): Expression {
  const { binding, scope } = env
  const { joins, width } = scalars
  const before = [...joins]
  const byKeys = attempt(binding, () => valueByKeys(env, scalars, tree))
  if (byKeys !== null) return byKeys
  scalars.joins = before
  scalars.width = width
  const rows = { plan: scalars.rows(), scope }
  const bound = bindAroundValue(binding, rows, tree.query, innerBase)
  return scalarValue(binding, scalars, bound, tree)
}

/** The value for each set of equal values around the query; null where it asks for more than equalities. */
function valueByKeys(
  env: Env,
  scalars: Scalars,
  tree: Tree & { kind: 'subquery' },
): Expression | null {
  const { query } = tree
  const { body } = query
  if (body.kind !== 'select' || body.from === null || env.scope.length === 0) return null
  const [item, more] = body.items
  const plain =
    query.with.length + body.groupBy.length === 0 &&
    [query.limit, query.offset, query.emit, body.having, body.qualify].every(
      (part) => part === null,
    )
  if (!plain || more !== undefined || item!.expression.kind === 'star') return null
  const { binding } = env
  const opened = openQuery(binding, body)
  const { scope, plan } = opened.from
  const aggregates: Aggregates = { width: plan.output.length, calls: [] }
  const bound = bindExpression(
    { binding, scope, clause: 'the select list', aggregates },
    item!.expression,
  )
  const value = bound.type.kind === 'null' ? coerce(bound, varchar) : bound
  const source = whereInner(binding, opened, env.scope, widthOf(env.scope))
  const { pairs } = source
  if (source.rest.length > 0) return null
  if (aggregates.calls.length === 0) return single(env.binding, scalars, { ...source, value }, tree)
  if ([...columnsOf(value)].some((index) => index < aggregates.width)) {
    const message = 'a column stands beside an aggregate in a query that has no GROUP BY'
    fail('invalid_grouping', message, item!.span)
  }
  const nothing = fold(
    mapColumns(value, ({ index, type }) => {
      const counts = aggregates.calls[index - aggregates.width]!.function.startsWith('count')
      return literal(counts ? 0n : null, type)
    }),
  )
  const groups = pairs.map(({ right }) => right)
  const made = bindAggregate(binding, source.plan, {
    groups: { keys: groups, sets: null },
    aggregates,
    scope,
  })
  const keys = groups.map((key) => aboveKeys(key, made.above))
  const columns = [...keys, aboveKeys(value, made.above), literal(true, boolean)]
  const right = project(made.plan, columns, [...keyNames(pairs), 'value', 'found'])
  const first = addScalar(scalars, { plan: right, pairs: pairsOver(pairs, right), rest: [] })
  const shown = joined(first + pairs.length, value)
  if (nothing.kind === 'literal' && nothing.value === null) return shown
  const found = isThere(joined(first + pairs.length + 1, { type: boolean }))
  return choose([branch(found, shown)], nothing, value.type)
}

/** The value of the one row that a key of the query tells, or of the only row. */
function single(
  binding: Binding,
  scalars: Scalars,
  { plan, pairs, value }: Omit<Inner, 'values'> & { value: Expression },
  tree: Tree,
): Expression {
  const given = pairs.flatMap(({ right }) => (right.kind === 'column' ? [right.index] : []))
  if (plan.key === null || !plan.key.every((index) => given.includes(index))) {
    const keys = pairs.map(({ right }) => right)
    const placed = pairs.map((pair, index) => ({ ...pair, right: column(index, pair.right) }))
    return only(binding, scalars, { plan, keys, value, pairs: placed, rest: [] }, tree)
  }
  const columns = [...pairs.map(({ right }) => right), value]
  const right = project(plan, columns, [...keyNames(pairs), 'value'])
  const first = addScalar(scalars, { plan: right, pairs: pairsOver(pairs, right), rest: [] })
  return joined(first + pairs.length, value)
}
