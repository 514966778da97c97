/**
 * BindSpan: arithmetic and comparison of INTERVALs where months and days meet.
 *
 * How      Two intervals of one kind, of microseconds or of months, stay what they are: 64-bit integers. Of different
 *          kinds they become periods. A time moves by the months of a period first, then by its days and microseconds,
 *          so that what moves a time is of one kind again. Intervals of different kinds compare by their length, in
 *          which a month has 30 days.
 * See      docs/decisions/0011-intervals-of-months-and-days.md
 */
import { isWhole, parseValue, readPeriod, type Type } from '../../data/index.ts'
import {
  bigint,
  coerce,
  decimal,
  double,
  interval,
  isNumeric,
  isSpan,
  months,
  period,
} from '../coerce.ts'
import { call, literal } from '../expression.ts'
import type { Expression } from '../logical.ts'
import type { Pair } from './operator.ts'

/** The narrowest kind of INTERVAL that says what a text says; undefined where it says none. */
export function spanLiteral(text: string): Expression | undefined {
  const value = parseValue(text, period)
  if (value == null) return undefined
  const parts = readPeriod(value as string)
  const isMonths = parts.months !== 0n || /^\s*\S*\d\s*(mon|y|quarter|decade|cent)/i.test(text)
  if (!isMonths) return literal(parts.micros, interval)
  return parts.micros === 0n ? literal(parts.months, months) : literal(value, period)
}

const isTime = ({ kind }: Type) => kind === 'timestamp' || kind === 'date' || kind === 'time'

/** The sum, difference, product or quotient; null where no kinds are mixed, or where there is none. */
export function bindSpans(
  operator: string,
  pair: Pair,
  shift: (name: string, at: Expression, by: Expression) => Expression,
): Expression | null {
  const { left, right, planSpan } = pair
  const name = operator === '+' ? 'add' : operator === '-' ? 'subtract' : null
  if (name === null) return bindProduct(operator, pair)
  if (isSpan(left.type) && isSpan(right.type)) {
    if (left.type.kind === right.type.kind && left.type.kind !== 'period') return null
    return call(name, [coerce(left, period), coerce(right, period)], period, planSpan)
  }
  const [at, by] = operator === '+' && isTime(right.type) ? [right, left] : [left, right]
  if (!isTime(at.type) || by.type.kind !== 'period') return null
  const [far, near] = partsOf(by)
  const moved = far === null || at.type.kind === 'time' ? at : shift(name, at, far)
  return near === null ? moved : shift(name, moved, near)
}

/** The months and the microseconds of a period; null for what is 0. */
function partsOf(by: Expression): [Expression | null, Expression | null] {
  if (by.kind !== 'literal' || by.value === null) {
    return [call('months_of', [by], months), call('micros_of', [by], interval)]
  }
  const parts = readPeriod(String(by.value))
  const far = parts.months === 0n ? null : literal(parts.months, months)
  const near = parts.micros === 0n && far !== null ? null : literal(parts.micros, interval)
  return [far, near]
}

function bindProduct(operator: string, { left, right, planSpan }: Pair): Expression | null {
  const [span, count] = isSpan(left.type) ? [left, right] : [right, left]
  const [kind, counts] = [span.type.kind, isNumeric(count.type)]
  if ((kind !== 'months' && kind !== 'period') || !counts) return null
  const name = operator === '*' ? 'scale_interval' : operator === '/' ? 'divide_interval' : null
  if (name === null || (operator === '/' && span !== left)) return null
  const whole = kind === 'months' && operator === '*' && isWhole(count.type)
  if (whole) return call('multiply', [span, coerce(count, bigint)], months, planSpan)
  return call(name, [coerce(span, period), coerce(count, double)], period, planSpan)
}

/** The sides by their lengths; null unless both are intervals and one has months and days, or they are of two kinds. */
export function comparedLengths(pair: Pair): Pair | null {
  const [a, b] = [pair.left.type, pair.right.type]
  if (!isSpan(a) || !isSpan(b) || (a.kind === b.kind && a.kind !== 'period')) return null
  return { ...pair, left: lengthOf(pair.left), right: lengthOf(pair.right) }
}

/** Microseconds; of NULL the length is NULL. */
function lengthOf(span: Expression): Expression {
  return call('length_of', [coerce(span, period)], decimal(38, 0))
}
