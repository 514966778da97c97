/**
 * Coerce: which type two expressions have in common, what may be cast to what, and literals as values.
 *
 * How      Postgres's rules: TINYINT → SMALLINT → INTEGER → BIGINT → DECIMAL → DOUBLE, REAL → DOUBLE, DATE → TIMESTAMP
 *          → TIMESTAMPTZ; NULL and string literals take the type of the other side. A literal is converted here and
 *          now, everything else by a `cast` call.
 * Contract 1 (checked) an implicit coercion never changes a value; an assignment may fail on a value that does not
 *          fit.
 */
import { assert, mistake, type Span } from '../base/index.ts'
import {
  type Dialect,
  elementOf,
  formOf,
  isWhole,
  type Member,
  membersOf,
  type Period,
  parseValue,
  periodValue,
  plainValue,
  precisionMicros,
  rangeOf,
  readPeriod,
  sameType,
  shownIn,
  type Type,
  typeText,
  type Value,
  zoneNamed,
} from '../data/index.ts'
import { branch, call, choose, literal } from './expression.ts'
import type { Expression } from './logical.ts'
import { sessionZone } from './zone.ts'

export const boolean: Type = { kind: 'boolean' }
export const integer: Type = { kind: 'integer' }
export const bigint: Type = { kind: 'bigint' }
export const double: Type = { kind: 'double' }
export const varchar: Type = { kind: 'varchar' }
export const interval: Type = { kind: 'interval' }
export const date: Type = { kind: 'date' }
export const months: Type = { kind: 'months' }
export const period: Type = { kind: 'period' }
export const real: Type = { kind: 'real' }
export const json: Type = { kind: 'json' }
export const geometry: Type = { kind: 'geometry' }
export const varbinary: Type = { kind: 'varbinary' }
export const nullType: Type = { kind: 'null' }

export function decimal(precision: number, scale: number): Type {
  return { kind: 'decimal', precision: Math.min(38, precision), scale }
}

export function timestamp(precision: number, zoned = false): Type & { kind: 'timestamp' } {
  return zoned ? { kind: 'timestamp', precision, zoned } : { kind: 'timestamp', precision }
}

export function isNumeric(type: Type): boolean {
  return rankOf(type) > 0
}

export function isExact(type: Type): boolean {
  return isWhole(type) || type.kind === 'decimal'
}

function rankOf(type: Type): number {
  const kinds = ['tinyint', 'smallint', 'integer', 'bigint', 'decimal', 'real', 'double']
  return kinds.indexOf(type.kind) + 1
}

/** Is it an INTERVAL, of days, of months or of both? */
export function isSpan({ kind }: Type): boolean {
  return kind === 'interval' || kind === 'months' || kind === 'period'
}

/** Digits before the point and behind it that every value of an exact type needs. */
export function digitsOf(type: Type): { whole: number; scale: number } {
  switch (type.kind) {
    case 'tinyint':
      return { whole: 3, scale: 0 }
    case 'smallint':
      return { whole: 5, scale: 0 }
    case 'integer':
      return { whole: 10, scale: 0 }
    case 'bigint':
      return { whole: 19, scale: 0 }
    case 'decimal':
      return { whole: type.precision - type.scale, scale: type.scale }
    default:
      return { whole: 0, scale: 0 }
  }
}

/** A literal that stands for "any type": NULL or a string as written. */
export function isAdaptable(expression: Expression): boolean {
  if (expression.kind !== 'literal') return false
  return expression.type.kind === 'null' || expression.type.kind === 'varchar'
}

/** The type that decides what the other side of a DECIMAL needs: the literal 5 has one digit, not ten. */
export function narrowType(expression: Expression): Type {
  const type = expression.type
  if (expression.kind !== 'literal' || expression.value === null) return type
  return isWhole(type) ? decimal(String(expression.value).replace('-', '').length, 0) : type
}

/** The type of `a` and `b` together, or null when there is none. */
export function commonType(a: Type, b: Type): Type | null {
  if (a.kind === 'null') return b
  if (b.kind === 'null' || sameType(a, b)) return a
  if (a.kind === 'timestamp' && b.kind === 'timestamp') {
    return timestamp(Math.max(a.precision, b.precision), a.zoned || b.zoned)
  }
  if (a.kind === 'time' && b.kind === 'time') return a.precision > b.precision ? a : b
  if (a.kind === 'date' && b.kind === 'timestamp') return b
  if (a.kind === 'timestamp' && b.kind === 'date') return a
  if (isSpan(a) && isSpan(b)) return period
  if (a.kind === 'array' && b.kind === 'array') {
    const element = commonItem(a.element, b.element)
    return element === null ? null : { kind: 'array', element }
  }
  if (a.kind === 'map' && b.kind === 'map') {
    const [key, value] = [commonItem(a.key, b.key), commonItem(a.value, b.value)]
    return key === null || value === null ? null : { kind: 'map', key, value }
  }
  if (!isNumeric(a) || !isNumeric(b)) return null
  const wider = rankOf(a) >= rankOf(b) ? a : b
  // No exact number becomes a REAL unasked: most would change.
  if (wider.kind === 'real') return a.kind === b.kind ? wider : double
  if (wider.kind !== 'decimal') return wider
  const [left, right] = [digitsOf(a), digitsOf(b)]
  const scale = Math.max(left.scale, right.scale)
  return decimal(Math.max(left.whole, right.whole) + scale, scale)
}

/** The common type inside of arrays and maps, where a STRUCT is one value: member by member. */
function commonItem(a: Type, b: Type): Type | null {
  const [left, right] = [membersOf(a), membersOf(b)]
  if (left === null || right === null) {
    if (left !== null || right !== null) return a.kind === 'null' ? b : b.kind === 'null' ? a : null
    return commonType(a, b)
  }
  if (left.length !== right.length) return null
  const members = left.map((member, at): Member | null => {
    const type = commonItem(member.type, right[at]!.type)
    return type === null ? null : { ...member, type, nullable: true }
  })
  return members.includes(null) ? null : { kind: 'boolean', members: members as Member[] }
}

/** The parts of two types that are made alike, in pairs; null where they are not. */
function partsOf(from: Type, to: Type): [Type, Type][] | null {
  if (from.kind === 'array' && to.kind === 'array') return [[from.element, to.element]]
  if (from.kind === 'map' && to.kind === 'map') {
    return [
      [from.key, to.key],
      [from.value, to.value],
    ]
  }
  const [left, right] = [membersOf(from), membersOf(to)]
  if (left === null || right === null || left.length !== right.length) return null
  return left.map(({ type }, at) => [type, right[at]!.type])
}

/** Does the test hold for all parts? Undefined where neither type is made of others. */
function ofParts(
  from: Type,
  to: Type,
  test: (from: Type, to: Type) => boolean,
): boolean | undefined {
  const isMade = (type: Type) => elementOf(type) !== null || membersOf(type) !== null
  if (!isMade(from) && !isMade(to)) return undefined
  return partsOf(from, to)?.every(([a, b]) => test(a, b)) ?? false
}

/** The common type of expressions, literals adapting to the others; null when there is none. */
export function commonTypeOf(expressions: readonly Expression[]): Type | null {
  const fixed = expressions.filter((expression) => !isAdaptable(expression))
  if (fixed.length === 0) {
    return expressions.some((e) => e.type.kind === 'varchar') ? varchar : nullType
  }
  const plain = fixed.every((e) => isWhole(e.type))
  return fixed
    .map((expression) => (plain ? expression.type : narrowType(expression)))
    .reduce<Type | null>((all, type) => (all === null ? null : commonType(all, type)), nullType)
}

/** May CAST(x AS to) be written for an x of type `from`? */
export function isCastable(from: Type, to: Type): boolean {
  if (from.kind === 'null' || from.kind === 'varchar' || to.kind === 'varchar') return true
  if (from.kind === 'period' || to.kind === 'period')
    return periodCasts.has(from.kind) && periodCasts.has(to.kind)
  if (from.kind === 'json' || to.kind === 'json') return inJson(from) && inJson(to)
  const alike = ofParts(from, to, isCastable)
  if (alike !== undefined) return alike
  if (from.kind === to.kind) return true
  if (isNumeric(from) || isNumeric(to)) {
    return (isNumeric(from) || from.kind === 'boolean') && (isNumeric(to) || to.kind === 'boolean')
  }
  return otherCasts.has(`${from.kind} ${to.kind}`)
}

const otherCasts = new Set([
  'date timestamp', 'timestamp date', 'timestamp time', 'time interval', 'interval time',
]) // biome-ignore format: one list

const periodCasts: ReadonlySet<string> = new Set(['period', 'interval', 'months', 'time'])

/** What JSON has a form for, and JSON itself. */
function inJson(type: Type): boolean {
  return isNumeric(type) || ['boolean', 'json', 'array', 'map'].includes(type.kind)
}

/** May a value of type `from` be stored into a column of type `to` without a written cast? */
export function isAssignable(from: Type, to: Type, dialect: Dialect): boolean {
  const alike = ofParts(from, to, (a, b) => isAssignable(a, b, dialect))
  if (alike !== undefined && to.kind !== 'varchar' && !isAdaptableType(from)) return alike
  if (from.kind === to.kind || from.kind === 'null') return true
  if (isNumeric(from) && isNumeric(to)) return true
  if (to.kind === 'varchar') return true
  if (from.kind === 'varchar') return dialect !== 'postgres'
  if (isSpan(from) && isSpan(to)) return isCastable(from, to)
  const pair = `${from.kind} ${to.kind}`
  return pair === 'date timestamp' || pair === 'timestamp date'
}

const isAdaptableType = ({ kind }: Type) => kind === 'null' || kind === 'varchar'

/** Can the cast fail on some value? */
export function castFails(from: Type, to: Type): boolean {
  if (from.kind === 'null' || to.kind === 'varchar') return false
  if (from.kind === 'varchar' || from.kind === 'json') return true
  if (from.kind === 'date' && to.kind === 'timestamp') return true
  if (from.kind === 'period') return to.kind === 'interval'
  if (to.kind === 'map') return true
  const safe = ofParts(from, to, (a, b) => !castFails(a, b))
  if (safe !== undefined) return !safe
  // JSON has no infinity.
  if (to.kind === 'json') return !isNumeric(from) || from.kind === 'double' || from.kind === 'real'
  if (from.kind === 'boolean' && to.kind === 'decimal') return digitsOf(to).whole < 1
  if (to.kind === 'double' || !isNumeric(from) || !isNumeric(to)) return false
  // Every exact number is below the greatest REAL.
  if (to.kind === 'real') return from.kind === 'double'
  if (from.kind === 'double' || from.kind === 'real') return true
  const [source, target] = [digitsOf(from), digitsOf(to)]
  if (isWhole(to)) {
    if (isWhole(from)) return rankOf(from) > rankOf(to)
    // One digit less than the greatest has always fits, and rounding the fraction may add one unit to it.
    return source.whole > target.whole - 1
  }
  const carry = target.scale < source.scale ? 1 : 0
  return target.whole < source.whole + carry
}

/** A literal as a host value. */
export function literalValue(expression: Expression): Value {
  assert(expression.kind === 'literal', 'only literals have a value')
  return plainValue(expression.value, expression.type)
}

/** `expression` as a value of type `to`. The caller has made sure that the types allow it. */
export function coerce(expression: Expression, to: Type, span?: Span | undefined): Expression {
  const from = expression.type
  if (sameType(from, to)) return expression
  if (expression.kind === 'literal') {
    const adapted = adaptLiteral(expression, to, span)
    if (adapted !== null) return adapted
  }
  return castCall('cast', expression, to, span)
}

/** The call of a conversion; one that goes by the clock of the session's zone takes that along. */
export function castCall(
  name: 'cast' | 'try_cast',
  expression: Expression,
  to: Type,
  span?: Span | undefined,
): Expression {
  const zone = isByClock(expression.type, to) ? sessionZone() : null
  return call(name, zone === null ? [expression] : [expression, literal(zone, varchar)], to, span)
}

/** Is one of them a TIMESTAMPTZ, and the other one what a clock shows, or a text? */
function isByClock(from: Type, to: Type): boolean {
  const alike = partsOf(from, to)
  if (alike !== null) return alike.some(([a, b]) => isByClock(a, b))
  if (isZoned(from) || isZoned(to)) return !(isZoned(from) && isZoned(to))
  // The text of what holds points in time.
  const [one, other] = from.kind === 'varchar' ? [to, from] : [from, to]
  return other.kind === 'varchar' && holdsZoned(one)
}

export const isZoned = (type: Type): boolean => type.kind === 'timestamp' && type.zoned === true

function holdsZoned(type: Type): boolean {
  if (type.kind === 'map') return holdsZoned(type.key) || holdsZoned(type.value)
  const members = membersOf(type)
  if (members !== null) return members.some((member) => holdsZoned(member.type))
  const element = elementOf(type)
  return element === null ? isZoned(type) : holdsZoned(element)
}

/** A TIMESTAMPTZ as what the clock of the session's zone shows; in UTC, and of any other type, as it is. */
export function localTime(expression: Expression, span?: Span | undefined): Expression {
  const { type } = expression
  if (type.kind !== 'timestamp' || !type.zoned || sessionZone() === null) return expression
  return coerce(expression, timestamp(type.precision), span)
}

/** Times to be compared: where one is a point in time, both are. In UTC they are the same numbers anyway. */
export function onOneClock(a: Expression, b: Expression): [Expression, Expression] {
  const differ =
    a.type.kind === 'timestamp' &&
    b.type.kind === 'timestamp' &&
    isZoned(a.type) !== isZoned(b.type)
  if (!differ || sessionZone() === null) return [a, b]
  const pointed = (e: Expression) =>
    isZoned(e.type) ? e : coerce(e, { ...e.type, zoned: true } as Type)
  return [pointed(a), pointed(b)]
}

/** The value that a text is; undefined where it is none. */
export function readText(text: string, type: Type): Value | undefined {
  return parseValue(text, shownIn(type, sessionZone()))
}

/** When the clock of the session's zone shows a time. */
function instantOf(local: bigint): bigint {
  const zone = sessionZone()
  return zone === null ? local : zoneNamed(zone)!.instant(local)
}

/** Where a dialect says so, a number that is to become a whole one is cut towards zero first, not rounded. */
export function cutFor(dialect: Dialect, expression: Expression, to: Type): Expression {
  const from = expression.type
  if (dialect !== 'flink' || !isWhole(to) || !isNumeric(from) || isWhole(from)) return expression
  const type = from.kind === 'decimal' ? { ...from, scale: 0 } : from
  const cut = (name: string) => call(name, [expression], type)
  const negative = call('lt', [expression, coerce(literal(0, integer), from)], boolean)
  return choose([branch(negative, cut('ceil'))], cut('floor'), type)
}

/**
 * A literal that is compared with a value of type `to`: nothing of it may be lost, so a timestamp beside a
 * TIMESTAMP(3) stays a TIMESTAMP(6) if it has microseconds. Null when it cannot be told exactly in a type that
 * compares with `to`.
 */
export function comparedLiteral(
  expression: Expression,
  to: Type,
  span: Span | undefined,
): Expression | null {
  if (expression.kind !== 'literal') return null
  if (to.kind === 'timestamp' && isAdaptable(expression)) {
    const fine = coerce(expression, timestamp(6, to.zoned), span)
    const value = literalValue(fine)
    const whole = value === null || (value as bigint) % precisionMicros(to) === 0n
    return whole ? literal(value, to) : fine
  }
  if (isAdaptable(expression)) return coerce(expression, to, span)
  const converts = isNumeric(expression.type) || expression.type.kind === 'date'
  return converts ? adaptLiteral(expression, to, span) : null
}

function adaptLiteral(
  expression: Expression & { kind: 'literal' },
  to: Type,
  span: Span | undefined,
): Expression | null {
  const { value, type: from } = expression
  if (value === null) return literal(null, to)
  if (from.kind === 'varchar') {
    const parsed = readText(String(value), to)
    if (parsed === undefined) {
      mistake({ code: 'invalid_literal', message: `'${value}' is no ${typeText(to)}`, span })
    }
    return literal(parsed, to)
  }
  if (from.kind === 'date' && to.kind === 'timestamp') {
    const midnight = BigInt(value) * 86_400_000_000n
    const micros = to.zoned ? instantOf(midnight) : midnight
    return fits(micros, to) ? literal(micros, to) : null
  }
  if (from.kind === 'timestamp' && to.kind === 'timestamp') {
    if (isZoned(from) !== isZoned(to) && sessionZone() !== null) return null
    return from.precision <= to.precision ? literal(literalValue(expression), to) : null
  }
  if (isSpan(from) && isSpan(to)) return adaptSpan(literalValue(expression), from, to)
  if (!isNumeric(from) || !isNumeric(to)) return null
  return adaptNumber(literalValue(expression), from, to)
}

/** Null where parts would be lost. */
function adaptSpan(value: Value, from: Type, to: Type): Expression | null {
  const parts = spanParts(value, from)
  if (to.kind === 'period') {
    const made = periodValue(parts)
    return made === undefined ? null : literal(made, to)
  }
  if (to.kind === 'interval') return parts.months === 0n ? literal(parts.micros, to) : null
  return parts.micros === 0n ? literal(parts.months, to) : null
}

/** Months and microseconds of an INTERVAL of any kind. */
function spanParts(value: Value, type: Type): Period {
  if (type.kind === 'period') return readPeriod(value as string)
  const amount = BigInt(value as bigint)
  return type.kind === 'months' ? { months: amount, micros: 0n } : { months: 0n, micros: amount }
}

function adaptNumber(value: Value, from: Type, to: Type): Expression | null {
  const scale = digitsOf(from).scale
  if (to.kind === 'double' || to.kind === 'real') {
    if (from.kind === 'double' && to.kind === 'real') return null
    const nearest = from.kind === 'decimal' ? Number(`${value}e-${scale}`) : Number(value)
    return literal(to.kind === 'real' ? Math.fround(nearest) : nearest, to)
  }
  if (!isExact(from)) return null
  const exact = BigInt(value as bigint | number)
  const targetScale = digitsOf(to).scale
  if (targetScale < scale) return null
  const scaled = exact * 10n ** BigInt(targetScale - scale)
  return fits(scaled, to) ? literal(exactValue(scaled, to), to) : null
}

/** The (scaled) integer as a host value of an exact type. */
export function exactValue(value: bigint, type: Type): Value {
  return formOf(type) === 'number' ? Number(value) : value
}

/** Does the (scaled) integer fit into an exact type? */
export function fits(value: bigint, type: Type): boolean {
  const { low, high } = rangeOf(type)
  return value >= low && value <= high
}
