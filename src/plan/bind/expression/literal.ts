/**
 * Literal: numbers, intervals and parameters as typed literals.
 *
 * How      A number is INTEGER, BIGINT or DECIMAL(n, 0) without point and exponent, DECIMAL with a point, DOUBLE with
 *          an exponent; 0.908 is a DECIMAL(4, 3), as in Flink and DuckDB.
 *          An interval with a unit is split into the fields from the first unit to the last one.
 */
import type { Expression as Tree, Unit } from '../../../../grammar/index.ts'
import type { Span } from '../../../base/index.ts'
import { parseValue, type Type, type Value } from '../../../data/index.ts'
import {
  bigint,
  boolean,
  double,
  fits,
  integer,
  interval,
  months as monthsType,
  nullType,
  timestamp,
  varchar,
} from '../../coerce.ts'
import { literal } from '../../expression.ts'
import type { Expression } from '../../logical.ts'
import { type Binding, fail, unsupported } from '../binding.ts'
import { spanLiteral } from '../span.ts'

/** `text` may carry a minus sign, so that the least BIGINT can be written. */
export function numberLiteral(text: string, span: Span): Expression {
  if (/e/i.test(text)) {
    const value = Number(text)
    if (!Number.isFinite(value)) fail('invalid_literal', `${text} does not fit into DOUBLE`, span)
    return literal(value, double)
  }
  const [whole = '', fraction = ''] = text.split('.')
  const digits = Math.max(whole.replace(/^-?0*/, '').length, 1)
  if (!text.includes('.')) {
    const value = BigInt(text)
    if (fits(value, integer)) return literal(Number(value), integer)
    if (fits(value, bigint)) return literal(value, bigint)
  }
  const precision = digits + fraction.length
  if (precision > 38) {
    const hint = 'write it with an exponent to have a DOUBLE'
    unsupported('numbers of more than 38 digits', span, hint)
  }
  const sign = whole.startsWith('-') ? -1n : 1n
  const value = sign * BigInt(`${whole.replace('-', '')}${fraction}` || '0')
  return literal(value, { kind: 'decimal', precision, scale: fraction.length })
}

export const unitMicros: Record<string, bigint> = {
  WEEK: 604_800_000_000n,
  DAY: 86_400_000_000n,
  HOUR: 3_600_000_000n,
  MINUTE: 60_000_000n,
  SECOND: 1_000_000n,
  MILLISECOND: 1_000n,
  MICROSECOND: 1n,
}

export function intervalLiteral(tree: Tree & { kind: 'interval' }): Expression {
  const { text, from, to, span } = tree
  if (from === null) {
    return spanLiteral(text) ?? fail('invalid_literal', `'${text}' is not an INTERVAL`, span)
  }
  const months = monthsOf(text, from, to)
  if (months !== undefined && fits(months, bigint)) return literal(months, monthsType)
  const micros = to === null ? oneField(text, from) : severalFields(text, from, to)
  if (micros === undefined || !fits(micros, bigint)) {
    fail('invalid_literal', `'${text}' is not an INTERVAL`, span)
  }
  return literal(micros, interval)
}

const unitMonths: ReadonlySet<Unit> = new Set(['YEAR', 'QUARTER', 'MONTH'])

/** Months of a year-month interval; undefined when it is none. */
function monthsOf(text: string, from: Unit, to: Unit | null): bigint | undefined {
  if (to !== null) {
    const pair = from === 'YEAR' && to === 'MONTH' && /^\s*[+-]?\d+-\d+\s*$/.test(text)
    return pair ? parseMonths(text) : undefined
  }
  const isMonths = unitMonths.has(from) && /^\s*[+-]?\d+(\.\d+)?\s*$/.test(text)
  return isMonths ? parseMonths(`${text.trim()} ${from}`) : undefined
}

function parseMonths(text: string): bigint | undefined {
  return parseValue(text, monthsType) as bigint | undefined
}

/** `'1.5' SECOND`: a number with a fraction of at most a microsecond. */
function oneField(text: string, unit: Unit): bigint | undefined {
  const micros = unitMicros[unit]
  if (micros === undefined) return undefined
  const match = /^\s*([+-]?)(\d+)(?:\.(\d*))?\s*$/.exec(text)
  if (match === null) return undefined
  const fraction = match[3] ?? ''
  const scaled = BigInt(`${match[2]}${fraction}`) * micros
  const unitOfFraction = 10n ** BigInt(fraction.length)
  if (scaled % unitOfFraction !== 0n) return undefined
  const value = scaled / unitOfFraction
  return match[1] === '-' ? -value : value
}

const fieldOrder: Unit[] = ['DAY', 'HOUR', 'MINUTE', 'SECOND']

/** `'1:30' HOUR TO MINUTE`, `'2 03:04:05.6' DAY TO SECOND`. */
function severalFields(text: string, from: Unit, to: Unit): bigint | undefined {
  const units = fieldOrder.slice(fieldOrder.indexOf(from), fieldOrder.indexOf(to) + 1)
  const negative = text.trim().startsWith('-')
  const parts = text
    .trim()
    .replace(/^[+-]/, '')
    .split(/[\s:]+/)
  if (fieldOrder.indexOf(from) < 0 || units.length !== parts.length) return undefined
  let sum = 0n
  for (const [index, part] of parts.entries()) {
    const field = /^\d+(\.\d+)?$/.test(part) ? oneField(part, units[index]!) : undefined
    if (field === undefined || (part.includes('.') && units[index] !== 'SECOND')) return undefined
    sum += field
  }
  return negative ? -sum : sum
}

/** The value given for `?`, `$1` or `:name`, as a literal. */
export function parameterLiteral(binding: Binding, tree: Tree & { kind: 'parameter' }): Expression {
  const { positional, named } = binding.parameters
  if (binding.views.length > 0 || binding.creating !== null) {
    unsupported('parameters in CREATE', tree.span, 'write the value itself')
  }
  if (tree.style === 'named') {
    if (!named.has(tree.name)) {
      const known = [...named.keys()]
      const hint =
        known.length > 0 ? `given are ${known.map((name) => `:${name}`).join(', ')}` : undefined
      fail('invalid_parameter', `no value was given for :${tree.name}`, tree.span, hint)
    }
    return hostLiteral(named.get(tree.name), tree.span)
  }
  const index = Number(tree.name)
  if (!(index >= 1 && index <= positional.length)) {
    const count = positional.length
    const hint = `${count} ${count === 1 ? 'value was' : 'values were'} given`
    fail('invalid_parameter', `no value was given for parameter ${index}`, tree.span, hint)
  }
  return hostLiteral(positional[index - 1], tree.span)
}

function hostLiteral(value: unknown, span: Span): Expression {
  if (value === null || value === undefined) return literal(null, nullType)
  if (value instanceof Date) return dateLiteral(value, span)
  const typed = typeOfHost(value)
  if (typed !== null) return literal(value as Value, typed)
  const shown = typeof value === 'object' ? 'an object' : `a ${typeof value}`
  fail(
    'invalid_parameter',
    `${shown} cannot be a parameter`,
    span,
    'pass null, a boolean, number, bigint, string or Date',
  )
}

function typeOfHost(value: unknown): Type | null {
  switch (typeof value) {
    case 'boolean':
      return boolean
    case 'string':
      return varchar
    case 'bigint':
      return fits(value, bigint) ? bigint : null
    case 'number':
      if (!Number.isSafeInteger(value) || Object.is(value, -0)) return double
      return fits(BigInt(value), integer) ? integer : bigint
    default:
      return null
  }
}

function dateLiteral(value: Date, span: Span): Expression {
  const millis = value.getTime()
  if (Number.isNaN(millis)) fail('invalid_parameter', 'an invalid Date cannot be a parameter', span)
  return literal(BigInt(millis) * 1000n, timestamp(3))
}
