/**
 * Expression: constructors and walks of bound expressions.
 *
 * How      Whether an expression may be NULL and whether it may fail is derived here and nowhere else, from the
 *          function, its argument types and its literals, so that a rewrite that builds an expression cannot get it
 *          wrong.
 * Contract 1 (checked) `fallible` false means that evaluation gives a value for every input. It covers the arguments
 *          too.
 */
import type { Span } from '../base/index.ts'
import {
  compileRegex,
  RegexMistake,
  similarPattern,
  TimePatternMistake,
  type TimeStyle,
  type Type,
  timePattern,
  type Value,
} from '../data/index.ts'
import { castFails, digitsOf } from './coerce.ts'
import { libraryFunction } from './library.ts'
import type { Expression, ScalarFunction } from './logical.ts'
import { userCallOf } from './user-function.ts'

export function column(index: number, field: { type: Type; nullable: boolean }): Expression {
  return { kind: 'column', index, type: field.type, nullable: field.nullable }
}

/** A literal from a host value. */
export function literal(value: Value, type: Type): Expression {
  return { kind: 'literal', value: plainValue(value), type, nullable: value === null }
}

function plainValue(value: Value): string | number | boolean | null {
  if (typeof value === 'bigint') return value.toString()
  if (typeof value !== 'number') return value
  // JSON knows neither NaN nor the infinities nor the sign of zero.
  return Number.isFinite(value) && !Object.is(value, -0)
    ? value
    : Object.is(value, -0)
      ? '-0'
      : String(value)
}

export function call(
  name: ScalarFunction,
  args: Expression[],
  type: Type,
  span?: Span | undefined,
): Expression {
  const node: Expression = {
    kind: 'call',
    function: name,
    args,
    type,
    nullable: isNullable(name, args),
    fallible:
      name !== 'try' && ((name !== 'try_cast' && fails(name, args, type)) || args.some(isFallible)),
  }
  return span === undefined ? node : { ...node, span }
}

export function and(args: Expression[]): Expression {
  return logic('and', args)
}

export function or(args: Expression[]): Expression {
  return logic('or', args)
}

function logic(kind: 'and' | 'or', args: Expression[]): Expression {
  const flat = args.flatMap((arg) => (arg.kind === kind ? arg.args : [arg]))
  if (flat.length === 1) return flat[0]!
  return {
    kind,
    args: flat,
    type: { kind: 'boolean' },
    nullable: flat.some((arg) => arg.nullable),
    fallible: flat.some(isFallible),
  }
}

/** One WHEN … THEN … of a `case`. */
export interface Branch {
  when: Expression
  then: Expression
}

export function branch(when: Expression, value: Expression): Branch {
  return { when, then: value }
}

/** All branches have `type` already. */
export function choose(whens: Branch[], otherwise: Expression, type: Type): Expression {
  return {
    kind: 'case',
    whens,
    else: otherwise,
    type,
    nullable: otherwise.nullable || whens.some(({ then: value }) => value.nullable),
    fallible:
      isFallible(otherwise) ||
      whens.some(({ when, then: value }) => isFallible(when) || isFallible(value)),
  }
}

export function isFallible(expression: Expression): boolean {
  return expression.kind !== 'column' && expression.kind !== 'literal' && expression.fallible
}

/** A call whose value may differ from call to call, in the expression; null when there is none. */
export function volatileIn(expression: Expression): (Expression & { kind: 'call' }) | null {
  if (expression.kind === 'call' && userCallOf(expression.function)?.kind.startsWith('volatile'))
    return expression
  for (const child of childrenOf(expression)) {
    const found = volatileIn(child)
    if (found !== null) return found
  }
  return null
}

/** The conjuncts of a predicate. */
export function conjunctsOf(predicate: Expression): Expression[] {
  return predicate.kind === 'and' ? predicate.args : [predicate]
}

/** The direct parts of an expression, in order. */
export function childrenOf(expression: Expression): Expression[] {
  switch (expression.kind) {
    case 'column':
    case 'literal':
      return []
    case 'case':
      return [
        ...expression.whens.flatMap(({ when, then: value }) => [when, value]),
        expression.else,
      ]
    default:
      return expression.args
  }
}

/** The expression with each direct part replaced; properties are derived anew. */
export function mapChildren(expression: Expression, f: (e: Expression) => Expression): Expression {
  switch (expression.kind) {
    case 'column':
    case 'literal':
      return expression
    case 'call':
      return call(expression.function, expression.args.map(f), expression.type, expression.span)
    case 'and':
    case 'or':
      return logic(expression.kind, expression.args.map(f))
    case 'case': {
      const whens = expression.whens.map(({ when, then: value }) => branch(f(when), f(value)))
      return choose(whens, f(expression.else), expression.type)
    }
  }
}

/** The expression with every column replaced. */
export function mapColumns(
  expression: Expression,
  f: (column: Expression & { kind: 'column' }) => Expression,
): Expression {
  if (expression.kind === 'column') return f(expression)
  return mapChildren(expression, (child) => mapColumns(child, f))
}

/** The expression over columns that moved: column i is now column `to(i)`. */
export function moveColumns(expression: Expression, to: (index: number) => number): Expression {
  return mapColumns(expression, (node) => ({ ...node, index: to(node.index) }))
}

/** Indexes of the columns that an expression reads. */
export function columnsOf(expression: Expression, into: Set<number> = new Set()): Set<number> {
  if (expression.kind === 'column') into.add(expression.index)
  for (const child of childrenOf(expression)) columnsOf(child, into)
  return into
}

/** Text that is equal for expressions that mean the same by their form; positions do not count. */
export function signatureOf(expression: Expression): string {
  return JSON.stringify(expression, (key, value: unknown) => (key === 'span' ? undefined : value))
}

const neverNull = new Set([
  'is_null', 'is_not_null', 'is_true', 'is_false', 'is_distinct', 'is_not_distinct', 'concat',
]) // biome-ignore format: one list

const sometimesNull = new Set([
  'try_cast', 'try', 'moment', 'collected', 'json_wrapped', 'item_part', 'list_reduce',
]) // biome-ignore format: one list

function isNullable(name: string, args: Expression[]): boolean {
  if (neverNull.has(name)) return false
  if (sometimesNull.has(name)) return true
  if (userCallOf(name) !== null) return true
  const known = libraryFunction(name)
  if (known?.mayBeNull) return true
  if (known?.takesNull) return name === 'concat_ws' && args[0]!.nullable
  if (name === 'coalesce') return args.every((arg) => arg.nullable)
  return args.some((arg) => arg.nullable)
}

/** Can the function itself fail, whatever its arguments do? */
function fails(name: string, args: Expression[], type: Type): boolean {
  switch (name) {
    case 'add':
    case 'subtract':
      return type.kind === 'decimal' ? sumOverflows(args, type) : type.kind !== 'double'
    case 'multiply':
      if (type.kind === 'decimal') return productOverflows(args, type)
      return type.kind !== 'double'
    case 'divide':
      if (!isNonZero(args[1]!)) return true
      if (type.kind === 'decimal') return quotientOverflows(args, type)
      return type.kind !== 'double' && isMinusOne(args[1]!)
    case 'modulo':
      return !isNonZero(args[1]!)
    case 'negate':
    case 'abs':
      return !['real', 'double', 'decimal'].includes(type.kind)
    case 'join_limbs':
    case 'check_length':
      return true
    case 'list_transform':
    case 'list_filter':
    case 'list_reduce':
      // What the body says of itself.
      return args[1]!.kind === 'literal' && String(args[1]!.value).includes('"fallible":true')
    case 'cast':
      return castFails(args[0]!.type, type)
    case 'date_trunc':
      return args[1]!.type.kind === 'date'
    case 'substring':
      return args.length > 2 && !(args[2]!.kind === 'literal' && Number(args[2]!.value ?? 0) >= 0)
    case 'like':
      return !hasSoundPattern(args)
    case 'round':
    case 'floor':
    case 'ceil':
      return roundOverflows(args, type)
    case 'similar_to':
      return (
        args.slice(1).some((arg) => arg.kind !== 'literal') || patternMistake(name, args) !== null
      )
    case 'collected':
      return args[1]!.kind === 'literal' && /"kind":"sum"/.test(String(args[1]!.value))
    case 'period_of':
    case 'scale_interval':
    case 'divide_interval':
    case 'random_below':
    case 'raise':
    case 'json_state':
      return true
    default:
      return libraryFails(name, args)
  }
}

function libraryFails(name: string, args: Expression[]): boolean {
  const known = libraryFunction(name)
  if (known === undefined) return userCallOf(name) !== null
  if (!known.pattern) return known.mayFail
  const read = [args[1], args[flagsAt(name)]]
  if (read.some((arg) => arg !== undefined && arg.kind !== 'literal')) return true
  return patternMistake(name, args) !== null
}

/** Which argument holds the flags of a regular expression. */
const flagsAt = (name: string) => flagPlaces[name] ?? -1
const flagPlaces: Record<string, number> = {
  regexp_replace: 3,
  regexp_match_element: 3,
  regexp_match: 2,
  regexp_like: 2,
  regexp_full_match: 2,
}

/** The pattern of SIMILAR TO as a regular expression. */
function similarTo(text: string, mark: Expression | undefined): string {
  return similarPattern(text, mark?.kind === 'literal' ? String(mark.value ?? '') : undefined)
}

const timeStyles: Record<string, TimeStyle> = {
  date_format: 'java',
  to_char: 'postgres',
  strftime: 'c',
}

/** Why the literal pattern of a call is none; null when it is one, or no literal. */
export function patternMistake(name: string, args: readonly Expression[]): string | null {
  const pattern = args[1]
  if (pattern?.kind !== 'literal' || pattern.value === null) return null
  const text = String(pattern.value)
  const style = timeStyles[name]
  const flags = args[flagsAt(name)]
  try {
    if (style !== undefined) timePattern(style, text)
    else if (name === 'similar_to') compileRegex(similarTo(text, args[2]))
    else compileRegex(text, flags?.kind === 'literal' ? String(flags.value ?? '') : '')
    return null
  } catch (error) {
    if (error instanceof RegexMistake) return `'${text}' is no regular expression: ${error.message}`
    if (error instanceof TimePatternMistake)
      return `'${text}' is no pattern of times: ${error.message}`
    throw error
  }
}

function sumOverflows(args: Expression[], type: Type): boolean {
  const whole = Math.max(...args.map((arg) => digitsOf(arg.type).whole))
  return whole + 1 > digitsOf(type).whole
}

function productOverflows(args: Expression[], type: Type): boolean {
  const digits = args.map((arg) => digitsOf(arg.type))
  const { whole, scale } = digitsOf(type)
  return digits.reduce((sum, one) => sum + one.whole + one.scale, 0) > whole + scale
}

/** The divisor may be as small as one unit of its last digit. */
function quotientOverflows([dividend, divisor]: Expression[], type: Type): boolean {
  return digitsOf(dividend!.type).whole + digitsOf(divisor!.type).scale > digitsOf(type).whole
}

function roundOverflows([arg, digits]: Expression[], to: Type): boolean {
  const before = digits?.kind === 'literal' && Number(digits.value) < 0
  if (to.kind !== 'decimal') return before && to.kind !== 'double'
  const from = digitsOf(arg!.type)
  const carry = before || digitsOf(to).scale < from.scale ? 1 : 0
  return digitsOf(to).whole < from.whole + carry
}

function isNonZero(divisor: Expression): boolean {
  if (divisor.kind !== 'literal') return false
  return divisor.value === null || Number(divisor.value) !== 0
}

function isMinusOne(divisor: Expression): boolean {
  return divisor.kind === 'literal' && divisor.value !== null && Number(divisor.value) === -1
}

/** A pattern that is known and does not end in its escape character, with an escape of one character or none. */
function hasSoundPattern(args: Expression[]): boolean {
  const [, pattern, escaping] = args
  if (pattern?.kind !== 'literal') return false
  if (pattern.value === null) return true
  if (escaping !== undefined && escaping.kind !== 'literal') return false
  const mark = escaping === undefined ? '\\' : escaping.value
  if (mark === null || mark === '') return true
  const marks = [...String(mark)]
  if (marks.length > 1) return false
  return !endsInEscape([...String(pattern.value)], marks[0]!)
}

/** Is the last character of a LIKE pattern an escape that escapes nothing? */
function endsInEscape(pattern: readonly string[], mark: string): boolean {
  for (let at = 0; at < pattern.length; at++) {
    if (pattern[at] !== mark) continue
    if (at === pattern.length - 1) return true
    at++
  }
  return false
}
