/**
 * Derived aggregates: those that are told by counts, sums and extremes of expressions.
 *
 * How      COUNT_IF is a count with a filter, EVERY a least, ANY_VALUE the least value that there is. Variances and
 *          regressions are computed from the exact sums of values, squares and products, ARG_MAX from the greatest
 *          pair packed into one text that orders as the pair does. So all of them take rows back, and depend on the
 *          multiset of rows alone.
 */
import { isWhole, type Type, typeText } from '../../../data/index.ts'
import {
  bigint,
  boolean,
  coerce,
  decimal,
  digitsOf,
  double,
  integer,
  isExact,
  isNumeric,
  varchar,
} from '../../coerce.ts'
import { and, branch, call, choose, literal } from '../../expression.ts'
import type { Expression } from '../../logical.ts'
import { fail, unsupported } from '../binding.ts'
import {
  type Aggregates,
  addAggregate,
  addWide,
  aggregateTypes,
  type BoundAggregate,
} from './aggregate.ts'
import { type Call, coerceCondition } from './function.ts'
import { sequenceAggregates, sequenceRow } from './sequence-aggregate.ts'

/** A call with what stands behind its arguments. */
export interface DerivedCall extends Call {
  distinct: boolean
  filter: Expression | null
}

type Bind = (aggregates: Aggregates, given: DerivedCall) => Expression

interface Entry {
  arguments: number
  /** Where fewer may stand. */
  least: number
  bind: Bind
}

const entries = new Map<string, Entry>()

function define(names: string, count: number, bind: Bind, least = count): void {
  for (const name of names.split(' ')) entries.set(name, { arguments: count, least, bind })
}

export const derivedAggregateNames = (): string[] => [...entries.keys()]

export function isDerivedAggregate(name: string): boolean {
  return entries.has(name)
}

export function bindDerived(aggregates: Aggregates, given: DerivedCall): Expression {
  const entry = entries.get(given.name)!
  if (given.args.length > entry.arguments || given.args.length < entry.least) {
    const wanted = entry.arguments === 1 ? '1 argument' : `${entry.arguments} arguments`
    fail('type_mismatch', `${given.name} takes ${wanted}, not ${given.args.length}`, given.span)
  }
  return entry.bind(aggregates, given)
}

/** One plain aggregate. */
function plain(
  aggregates: Aggregates,
  given: DerivedCall,
  name: BoundAggregate['function'],
  argument: Expression | null,
  type: Type,
): Expression {
  const { filter, planSpan: span } = given
  return addAggregate(aggregates, { function: name, argument, distinct: false, filter, type, span })
}

define('count_if countif', 1, (aggregates, given) => {
  const condition = coerceCondition(given.args[0]!, given.argSpans[0]!, 'COUNT_IF')
  if (given.distinct) {
    const one = choose([branch(condition, literal(1, integer))], literal(null, integer), integer)
    const { filter, planSpan: span } = given
    const counted = { function: 'count', argument: one, distinct: true, filter, span } as const
    return addAggregate(aggregates, { ...counted, type: bigint })
  }
  const filter = given.filter === null ? condition : and([given.filter, condition])
  return plain(aggregates, { ...given, filter }, 'count_star', null, bigint)
})

/** MIN or MAX of truth values, as integers. */
const truth =
  (name: 'min' | 'max'): Bind =>
  (aggregates, given) => {
    const condition = coerceCondition(given.args[0]!, given.argSpans[0]!, given.name)
    const extreme = plain(aggregates, given, name, coerce(condition, integer), integer)
    return call('eq', [extreme, literal(1, integer)], boolean)
  }

define('bool_and every logical_and', 1, truth('min'))
define('bool_or logical_or', 1, truth('max'))
define('any_value arbitrary', 1, (aggregates, given) => {
  const [arg] = given.args
  if (arg!.type.kind === 'boolean') return truth('min')(aggregates, given)
  const { argument, type } = aggregateTypes('min', arg!, given.argSpans[0]!)
  return plain(aggregates, given, 'min', argument, type)
})

// ---------------------------------------------------------------- moments

/** The exact sum of an exact number, and its scale. */
function sum(
  aggregates: Aggregates,
  given: DerivedCall,
  argument: Expression,
): [Expression, Expression] {
  const { scale } = digitsOf(argument.type)
  const { filter, planSpan: span } = given
  const type = decimal(38, scale)
  const wide = coerce(argument, type)
  const sums = addWide(aggregates, {
    function: 'sum',
    argument: wide,
    distinct: false,
    filter,
    type,
    span,
  })
  return [sums, literal(scale, integer)]
}

function product(left: Expression, right: Expression): Expression {
  const sides = [left, right].map((side) => {
    const { whole, scale } = digitsOf(side.type)
    return coerce(side, decimal(whole + scale, scale))
  })
  const [a, b] = sides.map(({ type }) => digitsOf(type))
  const scale = a!.scale + b!.scale
  return call('multiply', sides, decimal(a!.whole + b!.whole + scale, scale))
}

function exact(given: DerivedCall, index: number): Expression {
  const arg = given.args[index]!
  const known = arg.type.kind === 'null' ? coerce(arg, integer) : arg
  if (!isExact(known.type)) {
    fail(
      'type_mismatch',
      `${given.name} does not take ${typeText(known.type)}`,
      given.argSpans[index]!,
    )
  }
  const { whole, scale } = digitsOf(known.type)
  if (whole + scale > 19) {
    unsupported(
      `${given.name} of ${typeText(known.type)}`,
      given.argSpans[index]!,
      'cast it to fewer digits',
    )
  }
  return known
}

/** The value of a variance or regression from the sums of what it needs. */
const moment =
  (kind: string, count: 1 | 2): Bind =>
  (aggregates, given) => {
    const isInexact = given.args.some(({ type }) => type.kind === 'double' || type.kind === 'real')
    if (given.distinct || isInexact) {
      return (count === 1 ? numberOf(kind) : numberOfPairs(kind))(aggregates, given)
    }
    const args = Array.from({ length: count }, (_, index) => exact(given, index))
    // As in regr_slope(y, x). A pair counts if both of it are there.
    const [y, x] = args.map((arg, index) => beside(arg, args[1 - index]))
    const number = plain(aggregates, given, 'count', y!, bigint)
    const sums = [y!, product(y!, y!)]
    if (x !== undefined) sums.push(x, product(x, x), product(y!, x))
    const parts = sums.flatMap((one) => sum(aggregates, given, one))
    return call('moment', [literal(kind, varchar), number, ...parts], double, given.planSpan)
  }

/** The value where the other one is there, too. */
function beside(value: Expression, other: Expression | undefined): Expression {
  if (other === undefined || !other.nullable) return value
  const there = call('is_not_null', [other], boolean)
  return choose([branch(there, value)], literal(null, value.type), value.type)
}

define('var_pop', 1, moment('var_pop', 1))
define('var_samp variance', 1, moment('var_samp', 1))
define('stddev_pop', 1, moment('stddev_pop', 1))
define('stddev_samp stddev', 1, moment('stddev_samp', 1))
for (const name of [
  'covar_pop',
  'covar_samp',
  'corr',
  'regr_slope',
  'regr_intercept',
  'regr_r2',
  'regr_avgx',
  'regr_avgy',
  'regr_sxx',
  'regr_syy',
  'regr_sxy',
]) {
  define(name, 2, moment(name, 2))
}
define('regr_count', 2, (aggregates, given) => {
  const [y, x] = given.args
  return plain(aggregates, given, 'count', beside(y!, x), bigint)
})

// ---------------------------------------------------------------- the value beside an extreme

/**
 * arg_max(value, by): of equal `by` the value whose text is greatest, of ARG_MIN least; rows with a NULL do not
 * count.
 */
const beyond =
  (name: 'min' | 'max'): Bind =>
  (aggregates, given) => {
    const [value, by] = given.args
    const orders = [
      'tinyint',
      'smallint',
      'integer',
      'bigint',
      'decimal',
      'timestamp',
      'date',
      'time',
      'interval',
    ]
    const isNarrow = by!.type.kind !== 'decimal' || by!.type.precision <= 18
    if (!orders.includes(by!.type.kind) || !isNarrow) {
      unsupported(`${given.name} by ${typeText(by!.type)}`, given.argSpans[1]!)
    }
    const packed = call('pack', [by!, value!], varchar)
    const extreme = plain(aggregates, given, name, packed, varchar)
    return call('unpack', [extreme], value!.type)
  }

define('arg_max max_by latest', 2, beyond('max'))
define('arg_min min_by earliest', 2, beyond('min'))

// ---------------------------------------------------------------- all values

/** One text of all values of a group, and a function of it. */
function collected(
  aggregates: Aggregates,
  given: DerivedCall,
  values: Expression,
  told: { kind: string; type: Type; [setting: string]: unknown },
  result: Type,
): Expression {
  const { filter, planSpan: span, distinct } = given
  const all = addAggregate(aggregates, {
    function: 'collect',
    argument: coerce(values, varchar),
    distinct: false,
    filter,
    type: varchar,
    span,
  })
  const settings = literal(JSON.stringify({ ...told, distinct }), varchar)
  return call('collected', [all, settings], result, span)
}

function numericArgument(given: DerivedCall, index = 0): Expression {
  const arg = given.args[index]!
  const known = arg.type.kind === 'null' ? coerce(arg, integer) : arg
  if (isNumeric(known.type)) return known
  return fail(
    'type_mismatch',
    `${given.name} does not take ${typeText(known.type)}`,
    given.argSpans[index]!,
  )
}

/** A number of its values. */
const numberOf =
  (kind: string): Bind =>
  (aggregates, given) => {
    const arg = numericArgument(given)
    return collected(aggregates, given, arg, { kind, type: arg.type }, double)
  }

/** A number of the pairs that are there, as regr_slope(y, x). */
const numberOfPairs =
  (kind: string): Bind =>
  (aggregates, given) => {
    const [y, x] = [0, 1].map((index) =>
      coerce(coerce(numericArgument(given, index), double), varchar),
    )
    const first = call('concat_strict', [y!, literal(' ', varchar)], varchar)
    const pair = call('concat_strict', [first, x!], varchar)
    return collected(aggregates, given, pair, { kind, type: double }, double)
  }

for (const name of ['skewness', 'kurtosis', 'product']) define(name, 1, numberOf(name))
define('entropy', 1, (aggregates, given) =>
  collected(aggregates, given, given.args[0]!, { kind: 'entropy', type: varchar }, double),
)
define('mode', 1, (aggregates, given) => {
  const arg = given.args[0]!
  const type = arg.type.kind === 'null' ? varchar : arg.type
  return collected(aggregates, given, arg, { kind: 'mode', type }, type)
})
for (const kind of ['bit_and', 'bit_or', 'bit_xor']) {
  define(kind, 1, (aggregates, given) => {
    const arg = numericArgument(given)
    if (!isWhole(arg.type)) {
      const message = `${kind} does not take ${typeText(arg.type)}`
      fail('type_mismatch', message, given.argSpans[0]!, 'it takes whole numbers')
    }
    return collected(aggregates, given, arg, { kind, type: arg.type }, arg.type)
  })
}

const quantile =
  (kind: 'quantile_cont' | 'quantile_disc'): Bind =>
  (aggregates, given) => {
    const arg = kind === 'quantile_cont' ? numericArgument(given) : given.args[0]!
    const at = given.args[1]
    const fraction = at === undefined ? 0.5 : fractionOf(given, at)
    const type = kind === 'quantile_cont' ? double : arg.type.kind === 'null' ? varchar : arg.type
    return collected(aggregates, given, arg, { kind, type: arg.type, fraction }, type)
  }

function fractionOf(given: DerivedCall, at: Expression): number {
  const value = at.kind === 'literal' && isNumeric(at.type) ? coerce(at, double) : at
  const fraction = value.kind === 'literal' ? Number(value.value ?? Number.NaN) : Number.NaN
  if (fraction >= 0 && fraction <= 1) return fraction
  const message = `${given.name} takes a fraction from 0 to 1, written as a number`
  return fail('type_mismatch', message, given.argSpans[1]!)
}

define('median', 1, quantile('quantile_cont'))
define('quantile_cont percentile_cont', 2, quantile('quantile_cont'))
define('quantile quantile_disc percentile_disc', 2, quantile('quantile_disc'))

/** STRING_AGG(x[, separator[, y, 'desc nulls first' …]]): what it is ordered by stands behind, with the direction. */
define(
  'string_agg listagg group_concat',
  18,
  (aggregates, given) => {
    const [value, separator] = given.args
    const apart = separator === undefined ? literal(',', varchar) : separator
    if (apart.kind !== 'literal' || apart.type.kind !== 'varchar') {
      const message = `${given.name} takes its separator as a string literal`
      fail('type_mismatch', message, given.argSpans[1]!)
    }
    const told = { kind: 'string_agg', type: varchar, separator: String(apart.value ?? '') }
    const text = coerce(value!, varchar)
    if (given.args.length < 3) return collected(aggregates, given, text, told, varchar)
    const { row, orders } = orderedRow(given, text)
    return collected(aggregates, given, whereThere(text, row), { ...told, orders }, varchar)
  },
  1,
)
define(
  'json_arrayagg',
  18,
  (aggregates, given) => {
    const arg = given.args[0]!
    const text = call('to_json', [arg.type.kind === 'null' ? coerce(arg, varchar) : arg], varchar)
    const told = { kind: 'json_arrayagg', type: varchar }
    if (given.args.length < 3) return collected(aggregates, given, text, told, varchar)
    const { row, orders } = orderedRow(given, text)
    return collected(aggregates, given, whereThere(text, row), { ...told, orders }, varchar)
  },
  1,
)

/** ARRAY_AGG(x ORDER BY y): NULLs too; without an order the values stand in their own. */
define(
  'array_agg list',
  18,
  (aggregates, given) => {
    const value = given.args[0]!
    if (given.args.length === 2) {
      fail('type_mismatch', `${given.name} takes 1 argument, not 2`, given.span)
    }
    const type = value.type.kind === 'null' ? varchar : value.type
    const { row, orders } = orderedRow(given, coerce(value, varchar))
    const told = { kind: 'array_agg', type, orders }
    return collected(aggregates, given, row, told, { kind: 'array', element: type })
  },
  1,
)
define('map_agg', 2, (aggregates, given) => {
  const [key, value] = given.args.map((arg) =>
    arg.type.kind === 'null' ? coerce(arg, varchar) : arg,
  )
  const row = call('json_build_array', [coerce(key!, varchar), coerce(value!, varchar)], varchar)
  const type: Type = { kind: 'map', key: key!.type, value: value!.type }
  return collected(aggregates, given, whereThere(key!, row), { kind: 'map_agg', type }, type)
})
define('histogram', 1, (aggregates, given) => {
  const arg = given.args[0]!
  const known = arg.type.kind === 'null' ? coerce(arg, varchar) : arg
  const type: Type = { kind: 'map', key: known.type, value: bigint }
  return collected(aggregates, given, known, { kind: 'histogram', type }, type)
})

/** FIRST(x ORDER BY y): the value of the first row in that order, be it NULL; of equal ones the least text. */
const endOf =
  (kind: 'first' | 'last'): Bind =>
  (aggregates, given) => {
    const [value] = given.args
    if (given.args.length < 3) {
      const upper = given.name.toUpperCase()
      const isWindow = upper.endsWith('_VALUE')
      const message = isWindow ? `${upper} needs OVER` : `${upper} needs an order`
      const hint = `write ${upper}(…${isWindow ? ') OVER (ORDER BY …)' : ' ORDER BY …)'}`
      fail('invalid_grouping', message, given.span, hint)
    }
    const type = value!.type.kind === 'null' ? varchar : value!.type
    const { row, orders } = orderedRow(given, coerce(value!, varchar))
    return collected(aggregates, given, row, { kind, type, orders }, type)
  }

define('first first_value', 18, endOf('first'), 1)
define('last last_value', 18, endOf('last'), 1)

/** A text with what it is ordered by, and how: arguments from the third one on, each with its direction. */
function orderedRow({ args }: DerivedCall, text: Expression) {
  const keys = args.slice(2).filter((_, index) => index % 2 === 0)
  const orders = keys.map((key, index) => {
    const words = args[3 + 2 * index]
    const direction = words?.kind === 'literal' ? String(words.value) : 'asc'
    const descending = direction.startsWith('desc')
    const nullsFirst = /nulls first/.test(direction)
    return { type: key.type.kind === 'null' ? varchar : key.type, descending, nullsFirst }
  })
  const cells = [text, ...keys.map((key) => coerce(key, varchar))]
  return { row: call('json_build_array', cells, varchar), orders }
}

/** The row, or NULL where the value is, which no aggregate counts. */
function whereThere(text: Expression, row: Expression): Expression {
  if (!text.nullable) return row
  const there = call('is_not_null', [text], boolean)
  return choose([branch(there, row)], literal(null, varchar), varchar)
}

/** SUM or AVG of the distinct values of a DECIMAL beyond 64 bits. */
export function bindDistinctWide(
  aggregates: Aggregates,
  given: DerivedCall,
  argument: Expression,
  name: 'sum' | 'avg',
): Expression {
  const type = name === 'sum' ? decimal(38, digitsOf(argument.type).scale) : double
  return collected(aggregates, given, argument, { kind: name, type: argument.type }, type)
}
/** Each key once; of several values the one whose text is greatest. */
define(
  'json_objectagg',
  3,
  (aggregates, given) => {
    const [key, value, marker] = given.args
    const asked = marker?.kind === 'literal' ? marker.value : 'null on null'
    if (asked !== 'null on null' && asked !== 'absent on null') {
      fail('type_mismatch', 'json_objectagg takes a key and a value', given.argSpans[2]!)
    }
    const known = value!.type.kind === 'null' ? coerce(value!, varchar) : value!
    const member = call(
      'json_build_array',
      [coerce(key!, varchar), call('to_json', [known], varchar)],
      varchar,
    )
    const needed = [key!, ...(asked === 'null on null' ? [] : [known])].filter(
      (one) => one.nullable,
    )
    const there = needed.map((one) => call('is_not_null', [one], boolean))
    const text =
      there.length === 0
        ? member
        : choose([branch(and(there), member)], literal(null, varchar), varchar)
    return collected(aggregates, given, text, { kind: 'json_objectagg', type: varchar }, varchar)
  },
  2,
)

for (const [name, given] of Object.entries(sequenceAggregates)) {
  define(name, given.arguments, (aggregates, derived) => {
    const { row, type, orders } = sequenceRow(derived, given)
    return collected(aggregates, derived, row, { kind: given.kind, type, orders }, given.gives)
  })
}
