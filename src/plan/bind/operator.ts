/**
 * Operator: arithmetic, comparison and their coercions, on bound arguments.
 *
 * How      Each pair of argument types leads to one variant listed in logical.ts, casts included; a pair without a
 *          variant is a mistake that names both types.
 */
import type { BinaryOperator } from '../../../grammar/index.ts'
import type { Span } from '../../base/index.ts'
import { precisionMicros, sameType, type Type, typeText } from '../../data/index.ts'
import {
  bigint,
  coerce,
  commonType,
  comparedLiteral,
  date,
  decimal,
  digitsOf,
  integer,
  interval,
  isAdaptable,
  isExact,
  isNumeric,
  narrowType,
  timestamp,
  varchar,
} from '../coerce.ts'
import { call } from '../expression.ts'
import type { Expression } from '../logical.ts'
import { fail, unsupported } from './binding.ts'

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
  if (left)
    return {
      ...pair,
      left: coerce(pair.left, beside(pair.right.type, operator, true), pair.leftSpan),
    }
  if (right)
    return {
      ...pair,
      right: coerce(pair.right, beside(pair.left.type, operator, false), pair.rightSpan),
    }
  return pair
}

function beside(type: Type, operator: string, isLeft: boolean): Type {
  if (type.kind === 'timestamp') return operator === '-' && isLeft ? type : interval
  if (type.kind === 'date') return operator === '-' && isLeft ? date : integer
  if (type.kind === 'interval' && (operator === '*' || operator === '/')) return bigint
  return type
}

function bindNumbers(name: string, pair: Pair): Expression | null {
  const { left, right, span, planSpan } = pair
  const type = commonType(left.type, right.type)!
  if (type.kind !== 'decimal') {
    return call(name, [coerce(left, type), coerce(right, type)], type, planSpan)
  }
  if (name === 'divide') unsupported('division of DECIMAL', span, 'cast one side to DOUBLE')
  const [a, b] = [digitsOf(narrowType(left)), digitsOf(narrowType(right))]
  if (name === 'multiply') return multiplyDecimals(pair)
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

function multiplyDecimals(pair: Pair): Expression {
  const args = [pair.left, pair.right].map((arg) => {
    const { whole, scale } = digitsOf(narrowType(arg))
    return coerce(arg, decimal(whole + scale, scale))
  })
  const digits = args.map((arg) => digitsOf(arg.type))
  const scale = digits[0]!.scale + digits[1]!.scale
  if (scale > 18) {
    const hint = 'cast one side to DOUBLE or to a smaller scale'
    unsupported('a DECIMAL product of more than 18 decimal places', pair.span, hint)
  }
  const whole = digits[0]!.whole + digits[1]!.whole
  return call('multiply', args, decimal(whole + scale, scale), pair.planSpan)
}

function bindTimes(operator: BinaryOperator, pair: Pair): Expression | null {
  const { left, right, planSpan } = pair
  const kinds = `${left.type.kind} ${operator} ${right.type.kind}`
  switch (kinds) {
    case 'interval + interval':
    case 'interval - interval':
      return call(words[operator]!, [left, right], interval, planSpan)
    case 'timestamp + interval':
    case 'timestamp - interval':
    case 'date + interval':
    case 'date - interval':
      return shift(words[operator]!, left, right, planSpan)
    case 'interval + timestamp':
    case 'interval + date':
      return shift('add', right, left, planSpan)
    case 'date + integer':
    case 'date - integer':
      return call(words[operator]!, [left, right], date, planSpan)
    case 'integer + date':
      return call('add', [right, left], date, planSpan)
    case 'timestamp - timestamp':
      return call('subtract', [left, right], interval, planSpan)
    case 'date - date':
      return call('subtract', [left, right], integer, planSpan)
    case 'timestamp - date':
    case 'date - timestamp': {
      const args = [left, right].map((arg) =>
        arg.type.kind === 'date' ? coerce(arg, timestamp(6)) : arg,
      )
      return call('subtract', args, interval, planSpan)
    }
    case 'interval * integer':
    case 'interval * bigint':
      return call('multiply', [left, coerce(right, bigint)], interval, planSpan)
    case 'integer * interval':
    case 'bigint * interval':
      return call('multiply', [right, coerce(left, bigint)], interval, planSpan)
    default:
      return bindRareTimes(kinds, pair)
  }
}

function bindRareTimes(kinds: string, pair: Pair): null {
  if (
    /^interval [*/] (integer|bigint|decimal|double)$|^(decimal|double) [*] interval$/.test(kinds)
  ) {
    unsupported('division of an INTERVAL, and its product with a fraction', pair.span)
  }
  return null
}

/**
 * A point in time moved by an interval. The result is as fine as both: a millisecond column plus 1 µs has
 * microseconds.
 */
function shift(name: string, at: Expression, by: Expression, span: Span | undefined): Expression {
  if (at.type.kind === 'date') return call(name, [at, by], timestamp(6), span)
  const whole =
    by.kind === 'literal' &&
    (by.value === null || BigInt(by.value) % precisionMicros(at.type) === 0n)
  return call(name, [at, by], whole ? at.type : timestamp(6), span)
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
  const [a, b] = [left.type, right.type]
  const fitRight = isAdaptable(left) ? null : comparedLiteral(right, a, rightSpan)
  if (fitRight !== null) return { ...pair, right: fitRight }
  const fitLeft = isAdaptable(right) ? null : comparedLiteral(left, b, leftSpan)
  if (fitLeft !== null) return { ...pair, left: fitLeft }
  if (sameType(a, b) || (a.kind === 'timestamp' && b.kind === 'timestamp')) return pair
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
