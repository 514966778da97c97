/**
 * Operator: arithmetic, comparison and their coercions, on bound arguments.
 *
 * How      Each pair of argument types leads to one variant listed in logical.ts, casts included; a pair without a
 *          variant is a mistake that names both types.
 */
import type { BinaryOperator } from '../../../grammar/index.ts'
import type { Span } from '../../base/index.ts'
import { isWhole, precisionMicros, sameType, type Type, typeText } from '../../data/index.ts'
import {
  bigint,
  coerce,
  commonType,
  comparedLiteral,
  date,
  decimal,
  digitsOf,
  double,
  integer,
  interval,
  isAdaptable,
  isExact,
  isNumeric,
  isSpan,
  localTime,
  narrowType,
  onOneClock,
  real,
  timestamp,
  varchar,
} from '../coerce.ts'
import { call } from '../expression.ts'
import type { Expression } from '../logical.ts'
import { fail, unsupported } from './binding.ts'
import { bindSpans, comparedLengths, spanLiteral } from './span.ts'

/** Two arguments and where they and the whole stand. */
export interface Pair {
  left: Expression
  right: Expression
  leftSpan: Span
  rightSpan: Span
  span: Span
  /** The span that goes into the plan. */
  planSpan: Span | undefined
}

const words: Record<string, string> = {
  '+': 'add',
  '-': 'subtract',
  '*': 'multiply',
  '/': 'divide',
  '//': 'divide',
  '%': 'modulo',
  '=': 'eq',
  '<>': 'ne',
  '<': 'lt',
  '<=': 'le',
  '>': 'gt',
  '>=': 'ge',
}

export function bindArithmetic(operator: BinaryOperator, pair: Pair): Expression {
  const name = words[operator]!
  const adapted = adaptOperands(operator, pair)
  const [left, right] = [adapted.left.type, adapted.right.type]
  const bound =
    isNumeric(left) && isNumeric(right) ? bindNumbers(name, adapted) : bindTimes(operator, adapted)
  return bound ?? noVariant(operator, pair)
}

function noVariant(operator: string, pair: Pair): never {
  const [left, right] = [typeText(pair.left.type), typeText(pair.right.type)]
  fail('type_mismatch', `${operator} does not take ${left} and ${right}`, pair.span)
}

/** A NULL or a string takes the type that makes sense beside the other operand. */
function adaptOperands(operator: BinaryOperator, pair: Pair): Pair {
  const [left, right] = [isAdaptable(pair.left), isAdaptable(pair.right)]
  if (left && right) {
    if (pair.left.type.kind === 'null' && pair.right.type.kind === 'null') {
      return { ...pair, left: coerce(pair.left, integer), right: coerce(pair.right, integer) }
    }
    return pair
  }
  if (left) {
    const wanted = beside(pair.right.type, operator, true)
    return { ...pair, left: adapted(pair.left, wanted, pair.leftSpan) }
  }
  if (right) {
    const wanted = beside(pair.left.type, operator, false)
    return { ...pair, right: adapted(pair.right, wanted, pair.rightSpan) }
  }
  return pair
}

/** A text that is to be an INTERVAL is one of the kind that it needs. */
function adapted(arg: Expression, to: Type, span: Span): Expression {
  const isText = arg.kind === 'literal' && arg.value !== null
  const found = isText && isSpan(to) ? spanLiteral(String(arg.value)) : undefined
  return found ?? coerce(arg, to, span)
}

function beside(type: Type, operator: string, isLeft: boolean): Type {
  if (type.kind === 'timestamp') return operator === '-' && isLeft ? type : interval
  if (type.kind === 'date') return operator === '-' && isLeft ? date : integer
  if (type.kind === 'time') return operator === '-' && isLeft ? type : interval
  if (isSpan(type) && (operator === '*' || operator === '/')) return bigint
  return type
}

function bindNumbers(name: string, pair: Pair): Expression | null {
  const { left, right, planSpan } = pair
  const type = commonType(left.type, right.type)!
  if (type.kind === 'real') {
    // Of two floats the sum, difference, product and quotient as doubles are right once they are rounded.
    const args = [coerce(left, double), coerce(right, double)]
    return coerce(call(name, args, double, planSpan), real, planSpan)
  }
  if (type.kind !== 'decimal') {
    return call(name, [coerce(left, type), coerce(right, type)], type, planSpan)
  }
  const [a, b] = [digitsOf(narrowType(left)), digitsOf(narrowType(right))]
  if (name === 'multiply') return multiplyDecimals(pair)
  if (name === 'divide') return divideDecimals(pair)
  const scale = Math.max(a.scale, b.scale)
  const args = [left, right].map((arg, index) =>
    coerce(
      arg,
      decimal([a, b][index]!.whole + scale, scale),
      [pair.leftSpan, pair.rightSpan][index],
    ),
  )
  const whole = Math.max(a.whole, b.whole) + (name === 'modulo' ? 0 : 1)
  return call(name, args, decimal(whole + scale, scale), planSpan)
}

/** A whole number or a DECIMAL of any scale; a literal has the digits that it is written with. */
function factor(arg: Expression): Expression {
  const { whole, scale } = digitsOf(narrowType(arg))
  return arg.kind === 'literal' ? coerce(arg, decimal(whole + scale, scale)) : arg
}

/** The digits of both, as in Flink; beyond 38 the product may overflow. */
function multiplyDecimals(pair: Pair): Expression {
  const args = [factor(pair.left), factor(pair.right)]
  const digits = args.map((arg) => digitsOf(arg.type))
  const scale = digits[0]!.scale + digits[1]!.scale
  if (scale > 38) {
    const hint = 'cast one side to DOUBLE or to a smaller scale'
    unsupported('a DECIMAL product of more than 38 decimal places', pair.span, hint)
  }
  const whole = digits[0]!.whole + digits[1]!.whole
  return call('multiply', args, decimal(whole + scale, scale), pair.planSpan)
}

/**
 * At least 16 digits behind the point, as Postgres has for usual numbers, and not fewer than either operand; where the
 * digits before it need the room, fewer, but not fewer than 6 or those of the operands.
 */
function divideDecimals(pair: Pair): Expression {
  const args = [factor(pair.left), factor(pair.right)]
  const [a, b] = args.map((arg) => digitsOf(arg.type))
  const whole = Math.max(a!.whole + b!.scale, 1)
  const least = Math.max(a!.scale, b!.scale, 6)
  const scale = Math.max(least, Math.min(Math.max(16, least), 38 - whole))
  return call('divide', args, decimal(whole + scale, scale), pair.planSpan)
}

function bindTimes(operator: BinaryOperator, pair: Pair): Expression | null {
  const { left, right, planSpan } = pair
  const mixed = bindSpans(operator, pair, (name, at, by) => shift(name, at, by, planSpan))
  if (mixed !== null) return mixed
  const kinds = `${left.type.kind} ${operator} ${right.type.kind}`
  switch (kinds) {
    case 'interval + interval':
    case 'interval - interval':
    case 'months + months':
    case 'months - months':
      return call(words[operator]!, [left, right], left.type, planSpan)
    case 'timestamp + interval':
    case 'timestamp - interval':
    case 'time + interval':
    case 'time - interval':
    case 'date + interval':
    case 'date - interval':
    case 'timestamp + months':
    case 'timestamp - months':
    case 'date + months':
    case 'date - months':
      return shift(words[operator]!, left, right, planSpan)
    case 'interval + timestamp':
    case 'interval + date':
    case 'interval + time':
    case 'months + timestamp':
    case 'months + date':
      return shift('add', right, left, planSpan)
    case 'date + time':
      return call('add', [left, right], timestamp(6), planSpan)
    case 'time + date':
      return call('add', [right, left], timestamp(6), planSpan)
    case 'date + integer':
    case 'date - integer':
      return call(words[operator]!, [left, right], date, planSpan)
    case 'integer + date':
      return call('add', [right, left], date, planSpan)
    case 'timestamp - timestamp':
      return call('subtract', onOneClock(left, right), interval, planSpan)
    case 'time - time':
      return call('subtract', [left, right], interval, planSpan)
    case 'date - date':
      return call('subtract', [left, right], integer, planSpan)
    case 'timestamp - date':
    case 'date - timestamp': {
      const [first, second] = [left, right].map((arg) =>
        arg.type.kind === 'date' ? coerce(arg, timestamp(6)) : arg,
      )
      return call('subtract', onOneClock(first!, second!), interval, planSpan)
    }
    default:
      return bindProducts(operator, pair)
  }
}

/** An interval a number of times; of a fraction the nearest microsecond. */
function bindProducts(
  operator: BinaryOperator,
  { left, right, planSpan }: Pair,
): Expression | null {
  const isInterval = ({ type }: Expression) => type.kind === 'interval'
  const [span, count] = isInterval(left) ? [left, right] : [right, left]
  if (!isInterval(span) || !isNumeric(count.type)) return null
  if (operator === '*' && isWhole(count.type)) {
    return call('multiply', [span, coerce(count, bigint)], span.type, planSpan)
  }
  const name = operator === '*' ? 'scale_interval' : operator === '/' ? 'divide_interval' : null
  if (name === null || (operator === '/' && span !== left)) return null
  return call(name, [span, coerce(count, double)], interval, planSpan)
}

/**
 * A point in time moved by an interval. The result is as fine as both: a millisecond column plus 1 µs has
 * microseconds.
 */
function shift(name: string, at: Expression, by: Expression, span: Span | undefined): Expression {
  if (by.type.kind === 'months') {
    // A month is as long as the clock of the zone says.
    const local = localTime(at)
    const type = local.type.kind === 'date' ? timestamp(6) : local.type
    const moved = call(name, [local, by], type, span)
    return local === at ? moved : coerce(moved, at.type)
  }
  if (at.type.kind === 'date') return call(name, [at, by], timestamp(6), span)
  const whole =
    by.kind === 'literal' &&
    (by.value === null || BigInt(by.value) % precisionMicros(at.type) === 0n)
  return call(name, [at, by], whole ? at.type : finest(at.type), span)
}

function finest(type: Type): Type {
  return type.kind === 'timestamp' || type.kind === 'time' ? { ...type, precision: 6 } : type
}

/** Comparisons and IS [NOT] DISTINCT FROM; `name` is the function of the plan. */
export function bindComparison(name: string, pair: Pair, symbol = name): Expression {
  const { left, right } = comparable(pair, symbol)
  return call(name, [left, right], { kind: 'boolean' }, pair.planSpan)
}

export function comparisonOf(operator: BinaryOperator): string {
  return words[operator]!
}

function comparable(pair: Pair, symbol: string): Pair {
  const { left, right, leftSpan, rightSpan } = pair
  if (isAdaptable(left) && isAdaptable(right)) {
    return { ...pair, left: coerce(left, varchar), right: coerce(right, varchar) }
  }
  const lengths = comparedLengths(pair)
  if (lengths !== null) return lengths
  const [a, b] = [left.type, right.type]
  const fitRight = isAdaptable(left) ? null : comparedLiteral(right, a, rightSpan)
  if (fitRight !== null) return { ...pair, right: fitRight }
  const fitLeft = isAdaptable(right) ? null : comparedLiteral(left, b, leftSpan)
  if (fitLeft !== null) return { ...pair, left: fitLeft }
  if (a.kind === 'timestamp' && b.kind === 'timestamp') {
    const [first, second] = onOneClock(left, right)
    return { ...pair, left: first, right: second }
  }
  if (sameType(a, b) || (a.kind === 'time' && b.kind === 'time')) return pair
  // Decimals meet whole numbers and decimals of another scale without a cast: the comparison itself is exact.
  if (isExact(a) && isExact(b) && (a.kind === 'decimal' || b.kind === 'decimal')) return pair
  const type = commonType(a, b)
  if (type === null) noComparison(pair, symbol)
  return { ...pair, left: coerce(left, type, leftSpan), right: coerce(right, type, rightSpan) }
}

function noComparison(pair: Pair, symbol: string): never {
  const [left, right] = [typeText(pair.left.type), typeText(pair.right.type)]
  const text = pair.left.type.kind === 'varchar' || pair.right.type.kind === 'varchar'
  const hint = text ? 'convert one side with CAST' : undefined
  fail('type_mismatch', `${symbol} does not take ${left} and ${right}`, pair.span, hint)
}
