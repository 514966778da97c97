/**
 * Aggregate: aggregate calls of one SELECT, collected while its expressions are bound.
 *
 * How      An expression above GROUP BY is first bound over the columns below it; the n-th distinct aggregate call
 *          stands in it as column `width + n`. `aboveKeys` then replaces what is a key, and refuses every other
 *          column.
 * Contract 1 (checked) equal calls are made once.
 */
import type { Span } from '../../../base/index.ts'
import { isWhole, isWide, type Type, typeText } from '../../../data/index.ts'
import {
  bigint,
  coerce,
  digitsOf,
  double,
  integer,
  interval,
  isNumeric,
  isSpan,
  months,
  period,
} from '../../coerce.ts'
import { call, column, literal, mapChildren, signatureOf } from '../../expression.ts'
import type { AggregateCall, Expression } from '../../logical.ts'
import { fail } from '../binding.ts'
import { isScalarColumn } from '../nested/scalar.ts'
import { isOverColumn } from '../over.ts'

export const aggregateNames = ['count', 'sum', 'avg', 'min', 'max'] as const
export type AggregateName = (typeof aggregateNames)[number]

/** An aggregate call over expressions, before these become columns. */
export interface BoundAggregate {
  function: AggregateCall['function']
  argument: Expression | null
  distinct: boolean
  filter: Expression | null
  type: Type
  span: Span | undefined
}

export interface Aggregates {
  /** Columns below; the n-th call is column `width + n` until it is placed. */
  width: number
  calls: BoundAggregate[]
  /** Where GROUPING(…) stands, if it does. */
  grouping?: Span
}

export function isAggregateName(name: string): name is AggregateName {
  return (aggregateNames as readonly string[]).includes(name)
}

/** The column that stands for `given`; an equal call is found again. */
export function addAggregate(aggregates: Aggregates, given: BoundAggregate): Expression {
  const signature = signatureOfCall(given)
  let index = aggregates.calls.findIndex((other) => signatureOfCall(other) === signature)
  if (index < 0) index = aggregates.calls.push(given) - 1
  const nullable = !given.function.startsWith('count')
  return column(aggregates.width + index, { type: given.type, nullable })
}

/**
 * SUM or AVG of a DECIMAL beyond 64 bits: the sums of its four parts of 32 bits, put together above the aggregate. Each
 * of these is exact for 2^31 rows.
 */
export function addWide(aggregates: Aggregates, given: BoundAggregate): Expression {
  const argument = given.argument!
  const part = (which: number) => call('limb', [argument, literal(BigInt(which), bigint)], bigint)
  const sums = [0, 1, 2, 3].map((which) =>
    addAggregate(aggregates, { ...given, function: 'sum', argument: part(which), type: bigint }),
  )
  if (given.function === 'sum') return call('join_limbs', sums, given.type, given.span)
  const count = addAggregate(aggregates, { ...given, function: 'count', type: bigint })
  const scale = literal(BigInt(digitsOf(argument.type).scale), bigint)
  return call('average_limbs', [...sums, count, scale], double)
}

/** SUM or AVG of periods: the sums of their months and of their microseconds. */
export function addPeriods(aggregates: Aggregates, given: BoundAggregate): Expression {
  const argument = given.argument!
  const parts = [call('months_of', [argument], months), call('micros_of', [argument], interval)]
  const sums = parts.map((part) =>
    addAggregate(aggregates, { ...given, function: 'sum', argument: part, type: part.type }),
  )
  const sum = call('period_of', sums, period, given.span)
  if (given.function === 'sum') return sum
  const count = addAggregate(aggregates, { ...given, function: 'count', type: bigint })
  return call('divide_interval', [sum, coerce(count, double)], period, given.span)
}

function signatureOfCall(given: BoundAggregate): string {
  const parts = [given.argument, given.filter].map((e) => (e === null ? '' : signatureOf(e)))
  return [given.function, given.distinct, ...parts].join(' ')
}

/** Argument and result of an aggregate function by the type of its argument. */
export function aggregateTypes(
  name: AggregateName,
  argument: Expression,
  argumentSpan: Span,
): { argument: Expression; type: Type } {
  const kind = argument.type.kind
  const adds = name === 'sum' || name === 'avg'
  const averaged = name === 'avg' && kind === 'months' ? period : null
  const wanted = kind === 'null' ? integer : kind === 'real' && adds ? double : averaged
  const known = wanted === null ? argument : coerce(argument, wanted)
  const type = resultType(name, known.type)
  if (type !== null) return { argument: known, type }
  fail('type_mismatch', `${name} does not take ${typeText(known.type)}`, argumentSpan)
}

function resultType(name: AggregateName, type: Type): Type | null {
  switch (name) {
    case 'count':
      return bigint
    case 'min':
    case 'max':
      return type.kind === 'boolean' ? null : type
    case 'avg':
      if (isNumeric(type)) return double
      return type.kind === 'interval' || type.kind === 'period' ? type : null
    case 'sum':
      if (isWhole(type)) return bigint
      if (type.kind === 'decimal') return { ...type, precision: isWide(type) ? 38 : 18 }
      return type.kind === 'double' || isSpan(type) ? type : null
  }
}

/** May the call give NULL? Not in a group that has a row whose argument counts and is never NULL. */
export function isNullableCall(given: BoundAggregate, grouped: boolean): boolean {
  if (given.function === 'count_star' || given.function === 'count') return false
  return !grouped || given.filter !== null || given.argument!.nullable
}

/** What stands above an aggregate: where its keys and calls are. */
export interface Above {
  /** Signatures of the keys, in order. */
  keys: string[]
  width: number
  /** The aggregate's output. */
  output: { type: Type; nullable: boolean }[]
  /** Called for a column that is neither. */
  refuse: (column: Expression & { kind: 'column' }) => never
  /** What GROUPING of these is. */
  grouping: (args: readonly Expression[]) => Expression
}

/** An expression over the input of an aggregate becomes one over its output. */
export function aboveKeys(expression: Expression, above: Above): Expression {
  const key = above.keys.indexOf(signatureOf(expression))
  if (key >= 0) return column(key, above.output[key]!)
  if (expression.kind === 'call' && expression.function === 'grouping') {
    return above.grouping(expression.args)
  }
  if (expression.kind !== 'column') return mapChildren(expression, (e) => aboveKeys(e, above))
  if (isOverColumn(expression.index) || isScalarColumn(expression.index)) return expression
  if (expression.index < above.width) above.refuse(expression)
  const index = above.keys.length + expression.index - above.width
  return column(index, above.output[index]!)
}
