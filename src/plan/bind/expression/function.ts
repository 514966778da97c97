/**
 * Function: scalar functions by the names that users type, and how each becomes calls of the plan.
 *
 * How      One entry per name: how many arguments it takes and a function that checks and coerces them. Names of the
 *          language that have no entry yet are told apart from names that nobody knows.
 */
import type { Span } from '../../../base/index.ts'
import { schemas } from '../../../catalog/index.ts'
import { elementOf, isWhole, precisionMicros, type Type, typeText } from '../../../data/index.ts'
import {
  bigint,
  boolean,
  coerce,
  commonTypeOf,
  date,
  decimal,
  digitsOf,
  double,
  integer,
  interval,
  isAdaptable,
  isNumeric,
  isSpan,
  isZoned,
  localTime,
  months,
  nullType,
  period,
  timestamp,
  varchar,
} from '../../coerce.ts'
import { and, type Branch, branch, call, choose, literal, or } from '../../expression.ts'
import { libraryNames, variantsOf } from '../../library.ts'
import type { Expression } from '../../logical.ts'
import { sessionZone } from '../../zone.ts'
import { fail, unsupported } from '../binding.ts'
import { bindArithmetic, bindComparison, type Pair } from '../operator.ts'
import { rowFunctions } from '../row-call.ts'
import { suggestion } from '../suggest.ts'
import { plannedFunctions } from '../vocabulary.ts'
import { aggregateNames } from './aggregate.ts'
import { bindLibrary } from './library.ts'
import { unitMicros } from './literal.ts'
import { randomNames } from './random.ts'

/** A call whose arguments are bound. */
export interface Call {
  /** In lower case. */
  name: string
  args: Expression[]
  argSpans: Span[]
  span: Span
  planSpan: Span | undefined
  /** The first schema in which names are looked for; `main` where it is left out. */
  schema?: string
}

interface Entry {
  least: number
  most: number
  bind: (given: Call) => Expression
}

const extractUnits = [
  'year', 'quarter', 'month', 'week', 'day', 'hour', 'minute', 'second', 'millisecond', 'microsecond',
  'dow', 'doy', 'epoch',
] // biome-ignore format: one list

const clockParts = new Set(['hour', 'minute', 'second', 'millisecond', 'microsecond', 'epoch'])
const monthParts = new Set(['year', 'quarter', 'month'])

const partsKnown: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['time', clockParts],
  ['months', monthParts],
  ['period', new Set([...monthParts, 'day', ...clockParts])],
])

const truncUnits = new Set([
  'year', 'quarter', 'month', 'week', 'day', 'hour', 'minute', 'second', 'millisecond', 'microsecond',
]) // biome-ignore format: one list

const clockUnits = new Set(['hour', 'minute', 'second', 'millisecond', 'microsecond'])

const entries = new Map<string, Entry>()

function define(names: string, least: number, most: number, bind: Entry['bind']): void {
  for (const name of names.split(' ')) entries.set(name, { least, most, bind })
}

define('abs', 1, 1, (given) => numeric(given, 'abs'))
define('mod', 2, 2, (given) => bindArithmetic('%', pairOf(given)))
define('lower', 1, 1, (given) => call('lower', [text(given, 0)], varchar, given.planSpan))
define('upper', 1, 1, (given) => call('upper', [text(given, 0)], varchar, given.planSpan))
define('trim', 1, 2, (given) =>
  given.args.length === 1
    ? call('trim', [text(given, 0)], varchar, given.planSpan)
    : bindLibrary({ ...given, name: 'btrim' })!,
)
define('length char_length character_length len', 1, 1, (given) =>
  call('length', [text(given, 0)], bigint, given.planSpan),
)
define('substring substr', 2, 3, (given) => {
  const positions = given.args.slice(1).map((_, index) => whole(given, index + 1))
  return call('substring', [text(given, 0), ...positions], varchar, given.planSpan)
})
define('concat', 1, 99, (given) =>
  call(
    'concat',
    given.args.map((arg) => asText(arg)),
    varchar,
    given.planSpan,
  ),
)
define('round', 1, 2, bindRound)
define('floor', 1, 2, (given) =>
  given.args.length === 2 ? bindFloorTo(given) : rounded(given, 'floor', 0),
)
define('ceil ceiling', 1, 2, (given) =>
  given.args.length === 2 ? bindCeilTo(given) : rounded(given, 'ceil', 0),
)
define('coalesce', 1, 99, bindCoalesce)
define('ifnull nvl', 2, 2, bindCoalesce)
define('nullif', 2, 2, bindNullIf)
define('if iff', 3, 3, (given) => bindBranches([given.args[0]!], given))
define('date_trunc', 2, 2, bindDateTrunc)
define('date_part', 2, 2, (given) => {
  const unit = unitName(given, 0)
  if (!extractUnits.includes(unit)) unknownUnit(unit, extractUnits, given.argSpans[0]!)
  const bound = bindExtract(unit, given.args[1]!, given.argSpans[1]!, given.planSpan)
  return coerce(bound, double)
})
for (const unit of extractUnits) {
  define(unit, 1, 1, (given) =>
    bindExtract(unit, given.args[0]!, given.argSpans[0]!, given.planSpan),
  )
}
define('dayofmonth', 1, 1, (given) =>
  bindExtract('day', given.args[0]!, given.argSpans[0]!, given.planSpan),
)
define('dayofyear', 1, 1, (given) =>
  bindExtract('doy', given.args[0]!, given.argSpans[0]!, given.planSpan),
)
define('now current_timestamp mz_now', 0, 0, (given) => now(given, timestamp(6, true)))
define('localtimestamp', 0, 0, localNow)
define('proctime', 0, 0, (given) => now(given, timestamp(3, true)))
define('current_date', 0, 0, (given) => coerce(localNow(given), date))
define('current_time localtime', 0, 0, (given) =>
  coerce(localNow(given), { kind: 'time', precision: 6 }),
)
define('version', 0, 0, () => literal('Millrace 0.1.0', varchar))
define('current_database current_catalog', 0, 0, () => literal('millrace', varchar))
define('current_schema', 0, 0, ({ schema = schemas.mainSchema }) => literal(schema, varchar))
define('current_user session_user', 0, 0, () => literal('millrace', varchar))
define('pg_get_userbyid', 1, 1, () => literal('millrace', varchar))
define('pg_table_is_visible', 1, 1, () => literal(true, boolean))
define('age', 1, 2, (given) => {
  if (given.args.length === 2) return bindLibrary(given)!
  const today = coerce(coerce(localNow(given), date), timestamp(6))
  const argSpans = [given.span, ...given.argSpans]
  return bindLibrary({ ...given, args: [today, ...given.args], argSpans })!
})
for (const [name, operator] of [
  ['date_add', '+'],
  ['date_sub', '-'],
] as const) {
  define(name, 2, 2, (given) => {
    const isMonths = isSpan(given.args[1]!.type) && given.args[1]!.type.kind !== 'interval'
    return isMonths ? bindArithmetic(operator, pairOf(given)) : bindLibrary(given)!
  })
}
define('unix_timestamp', 0, 2, (given) =>
  given.args.length > 0
    ? bindLibrary(inZoneOfSession(given))!
    : bindLibrary({ ...given, args: [now(given, timestamp(6))], argSpans: [given.span] })!,
)
define('to_timestamp_ltz', 1, 3, (given) => bindLibrary(inZoneOfSession(given))!)
define('from_unixtime', 1, 2, (given) => bindLibrary(inZoneOfSession(given))!)
define('date_diff datediff', 2, 3, (given) => bindLibrary(inHoursOfZone(given))!)
define('overlaps', 4, 4, bindOverlaps)
define('decode', 2, 99, bindDecode)
define('try', 1, 1, (given) => {
  const [arg] = given.args
  return arg!.type.kind === 'null' ? arg! : call('try', [arg!], arg!.type, given.planSpan)
})
define('ucase', 1, 1, (given) => call('upper', [text(given, 0)], varchar, given.planSpan))
define('lcase', 1, 1, (given) => call('lower', [text(given, 0)], varchar, given.planSpan))
define('greatest', 1, 20, (given) => bindExtreme(given, 'ge'))
define('least', 1, 20, (given) => bindExtreme(given, 'le'))

/** Flink's functions that read and write texts by the clock of the session's zone, in terms of those that name it. */
function inZoneOfSession(given: Call): Call {
  const zone = sessionZone()
  const [first, second, third] = given.args
  if (zone === null || third !== undefined) return given
  const spanned = (args: Expression[], name = given.name): Call => {
    return { ...given, name, args, argSpans: args.map((_, at) => given.argSpans[at] ?? given.span) }
  }
  const place = literal(zone, varchar)
  if (given.name === 'from_unixtime') {
    const at = bindLibrary(spanned([first!, literal(0, integer)], 'to_timestamp_ltz'))!
    return spanned([at, second ?? literal('yyyy-MM-dd HH:mm:ss', varchar)], 'date_format')
  }
  if (first!.type.kind !== 'varchar') return given
  const pattern = second ?? literal('yyyy-MM-dd HH:mm:ss', varchar)
  if (given.name === 'to_timestamp_ltz') return spanned([first!, pattern, place])
  const at = bindLibrary(spanned([first!, pattern, place], 'to_timestamp_ltz'))!
  return spanned([at])
}

/** The hours between two moments are those that begin on the clock of the zone, which may be at half past in UTC. */
function inHoursOfZone(given: Call): Call {
  const [unit, ...times] = given.args
  if (sessionZone() === null || times.length < 2 || !isAdaptable(unit!)) return given
  if (!clockUnits.has(unitName(given, 0))) return given
  const begins = times.map((time, at) => {
    if (!isZoned(time.type)) return time
    const argSpans = [given.argSpans[0]!, given.argSpans[at + 1]!]
    return bindDateTrunc({ ...given, args: [unit!, time], argSpans })
  })
  return { ...given, args: [unit!, ...begins] }
}

/** What the clock of the session's zone shows now. */
function localNow(given: Call): Expression {
  if (sessionZone() === null) return now(given, timestamp(6))
  return coerce(now(given, timestamp(6, true)), timestamp(6))
}

/** The time of the cycle that computes the row, as it is recorded in the log. */
function now(given: Call, type: Type): Expression {
  return call('now', [], type, given.planSpan)
}

/** Functions and aggregates that are there, in lower case. */
export const functionNames = (): string[] => [
  ...entries.keys(),
  ...libraryNames(),
  ...aggregateNames,
  'current_watermark',
  'row_offset',
  'event_id',
  ...randomNames,
]

export function bindFunction(given: Call): Expression {
  const entry =
    isNested(given.args[0]) && variantsOf(given.name) ? undefined : entries.get(given.name)
  if (entry === undefined) return bindLibrary(given) ?? unknownFunction(given)
  const count = given.args.length
  if (count < entry.least || count > entry.most) {
    const wanted = entry.least === entry.most ? `${entry.least}` : `${entry.least} to ${entry.most}`
    const plural = wanted === '1' ? '' : 's'
    fail(
      'type_mismatch',
      `${given.name} takes ${wanted} argument${plural}, not ${count}`,
      given.span,
    )
  }
  return entry.bind(given)
}

/** LEN, CONCAT and the like have a variant for arrays and maps in the library. */
function isNested(arg: Expression | undefined): boolean {
  return arg !== undefined && elementOf(arg.type) !== null
}

function unknownFunction(given: Call): never {
  if (plannedFunctions.has(given.name)) unsupported(`function ${given.name}`, given.span)
  if (rowFunctions.has(given.name)) {
    const hint = `write it alone in the select list, or FROM t, ${given.name}(…) AS e`
    unsupported(`${given.name} inside an expression`, given.span, hint)
  }
  const hint = suggestion(given.name, functionNames())
  fail('unknown_name', `function ${given.name} does not exist`, given.span, hint)
}

/** EXTRACT and the functions named by a unit. */
export function bindExtract(
  unit: string,
  operand: Expression,
  operandSpan: Span,
  planSpan: Span | undefined,
): Expression {
  const type = operand.type.kind
  if (type === 'months' && unit === 'epoch') {
    return bindExtract(unit, coerce(operand, period), operandSpan, planSpan)
  }
  if (!['timestamp', 'date', 'time'].includes(type) && !isSpan(operand.type)) {
    const adapted = type === 'null' ? coerce(operand, timestamp(6)) : null
    if (adapted !== null) return bindExtract(unit, adapted, operandSpan, planSpan)
    fail('type_mismatch', `${unit} does not take ${typeText(operand.type)}`, operandSpan)
  }
  const known = partsKnown.get(type)
  if (known !== undefined && !known.has(unit)) {
    fail('type_mismatch', `${unit} does not take ${typeText(operand.type)}`, operandSpan)
  }
  const shown = unit === 'epoch' ? operand : localTime(operand)
  return call(`extract_${unit}`, [shown], unit === 'epoch' ? double : bigint, planSpan)
}

function pairOf(given: Call): Pair {
  const [left, right] = [given.args[0]!, given.args[1]!]
  const [leftSpan, rightSpan] = [given.argSpans[0]!, given.argSpans[1]!]
  return { left, right, leftSpan, rightSpan, span: given.span, planSpan: given.planSpan }
}

function numeric(given: Call, name: string): Expression {
  const arg = given.args[0]!
  const known = arg.type.kind === 'null' ? coerce(arg, integer) : arg
  if (!isNumeric(known.type)) wrongType(given, 0)
  return call(name, [known], known.type, given.planSpan)
}

function wrongType(given: Call, index: number, hint?: string): never {
  const type = typeText(given.args[index]!.type)
  fail('type_mismatch', `${given.name} does not take ${type}`, given.argSpans[index]!, hint)
}

function text(given: Call, index: number): Expression {
  const arg = given.args[index]!
  if (arg.type.kind === 'null') return coerce(arg, varchar)
  if (arg.type.kind !== 'varchar') wrongType(given, index, 'convert it with CAST(… AS VARCHAR)')
  return arg
}

/** An argument of concatenation: everything has a text. */
export function asText(arg: Expression): Expression {
  return coerce(arg, varchar)
}

function whole(given: Call, index: number): Expression {
  const arg = given.args[index]!
  if (!isWhole(arg.type) && !isAdaptable(arg)) wrongType(given, index)
  return coerce(arg, bigint, given.argSpans[index])
}

function bindRound(given: Call): Expression {
  const digits = given.args[1]
  if (digits === undefined) return rounded(given, 'round', 0)
  if (digits.kind !== 'literal' || digits.type.kind !== 'integer') {
    unsupported('round to a number of digits that is not a literal', given.argSpans[1]!)
  }
  return rounded(given, 'round', Number(digits.value))
}

function rounded(given: Call, name: 'round' | 'floor' | 'ceil', digits: number): Expression {
  const arg = numeric(given, name)
  const operand = arg.kind === 'call' ? arg.args[0]! : arg
  const type = operand.type
  const more = given.args.length > 1 ? [literal(digits, integer)] : []
  if (type.kind !== 'decimal') return call(name, [operand, ...more], type, given.planSpan)
  const { whole: wholeDigits, scale } = digitsOf(type)
  const kept = Math.min(Math.max(digits, 0), scale)
  const result = decimal(wholeDigits + (digits < scale ? 1 : 0) + kept, kept)
  return call(name, [operand, ...more], result, given.planSpan)
}

/** The common type of branches, or a mistake at the one that does not fit. */
export function branchType(branches: Expression[], spans: Span[], what: string): Type {
  const type = commonTypeOf(branches)
  if (type !== null) return type
  const first = branches.find((branch) => !isAdaptable(branch))!
  const odd = branches.findIndex((branch) => commonTypeOf([first, branch]) === null)
  const pair = `${typeText(first.type)} and ${typeText(branches[Math.max(odd, 0)]!.type)}`
  fail('type_mismatch', `${what} cannot give ${pair}`, spans[Math.max(odd, 0)]!)
}

function bindCoalesce(given: Call): Expression {
  const type = branchType(given.args, given.argSpans, given.name)
  if (type.kind === 'null') return literal(null, nullType)
  const args = given.args.map((arg, index) => coerce(arg, type, given.argSpans[index]))
  return args.length === 1 ? args[0]! : call('coalesce', args, type, given.planSpan)
}

function bindNullIf(given: Call): Expression {
  const arg = given.args[0]!
  const equal = bindComparison('eq', pairOf(given), 'nullif')
  return choose([branch(equal, literal(null, arg.type))], arg, arg.type)
}

function bindBranches(conditions: Expression[], given: Call): Expression {
  const condition = coerceCondition(conditions[0]!, given.argSpans[0]!, given.name)
  const branches = given.args.slice(1)
  const spans = given.argSpans.slice(1)
  const type = branchType(branches, spans, given.name)
  const [yes, no] = branches.map((value, index) => coerce(value, type, spans[index]))
  return choose([branch(condition, yes!)], no!, type)
}

/** A condition must be BOOLEAN. */
export function coerceCondition(condition: Expression, span: Span, place: string): Expression {
  if (condition.type.kind === 'boolean') return condition
  if (isAdaptable(condition)) return coerce(condition, boolean, span)
  fail('type_mismatch', `${place} takes BOOLEAN, not ${typeText(condition.type)}`, span)
}

/** GREATEST and LEAST leave NULLs out, as in Postgres: the first argument that no other one beats. */
function bindExtreme(given: Call, comparison: 'ge' | 'le'): Expression {
  const type = branchType(given.args, given.argSpans, given.name)
  if (type.kind === 'null') return literal(null, nullType)
  const args = given.args.map((arg, index) => coerce(arg, type, given.argSpans[index]))
  const safe = args.findIndex((arg) => !arg.nullable)
  const whens = args.flatMap((arg, index) =>
    index === safe ? [] : [winning(arg, args, comparison)],
  )
  const otherwise = safe < 0 ? literal(null, type) : args[safe]!
  return whens.length === 0 ? otherwise : choose(whens, otherwise, type)
}

function winning(arg: Expression, args: Expression[], comparison: string): Branch {
  const isNull = (e: Expression) => call('is_null', [e], boolean)
  const beats = args
    .filter((other) => other !== arg && !(other.kind === 'literal' && other.value === null))
    .map((other) => {
      const wins = call(comparison, [arg, other], boolean)
      return other.nullable ? or([isNull(other), wins]) : wins
    })
  const known = arg.nullable ? [call('is_not_null', [arg], boolean)] : []
  const conditions = [...known, ...beats]
  return branch(conditions.length === 0 ? literal(true, boolean) : and(conditions), arg)
}

function unitName(given: Call, index: number): string {
  const unit = given.args[index]!
  if (unit.kind !== 'literal' || unit.type.kind !== 'varchar') {
    fail(
      'type_mismatch',
      `${given.name} takes its unit as a string literal`,
      given.argSpans[index]!,
    )
  }
  return String(unit.value).toLowerCase()
}

function unknownUnit(unit: string, units: Iterable<string>, span: Span): never {
  fail('unknown_name', `unit ${unit} does not exist`, span, suggestion(unit, units))
}

function bindDateTrunc(given: Call): Expression {
  const unit = unitName(given, 0)
  if (!truncUnits.has(unit)) unknownUnit(unit, truncUnits, given.argSpans[0]!)
  const arg = given.args[1]!
  const at = isAdaptable(arg) ? coerce(arg, timestamp(6), given.argSpans[1]) : arg
  if (at.type.kind !== 'timestamp' && at.type.kind !== 'date') wrongType(given, 1)
  const local = localTime(at)
  const type = local.type.kind === 'date' ? timestamp(6) : local.type
  const begin = call('date_trunc', [literal(unit, varchar), local], type, given.planSpan)
  if (local === at) return begin
  if (!clockUnits.has(unit)) return coerce(begin, at.type)
  // In the hour that the clock shows twice it is that of the moment.
  const since = call('subtract', [local, begin], interval)
  return call('subtract', [at, since], at.type, given.planSpan)
}

/** FLOOR(x TO unit): the beginning of the unit; a DATE stays one. */
function bindFloorTo(given: Call): Expression {
  const [at, unit] = given.args as [Expression, Expression]
  const [atSpan, unitSpan] = given.argSpans as [Span, Span]
  const begin = bindDateTrunc({ ...given, args: [unit, at], argSpans: [unitSpan, atSpan] })
  return at.type.kind === 'date' ? coerce(begin, date) : begin
}

/** CEIL(x TO unit): x where a unit begins there, else the beginning of the next one. */
function bindCeilTo(given: Call): Expression {
  const begin = bindFloorTo(given)
  const unit = unitName(given, 1)
  const [arg, span] = [given.args[0]!, given.argSpans[0]!]
  const at = coerce(arg, begin.type, span)
  const step = unitStep(unit)
  // A unit that is finer than the type begins at every value.
  const isFine = step.kind === 'micros' && begin.type.kind !== 'date'
  if (isFine && step.count < precisionMicros(begin.type)) return begin
  const isClock = step.kind === 'micros' && step.count < 86_400_000_000n
  if (isClock && begin.type.kind === 'date') return begin
  const by = literal(step.count, step.kind === 'micros' ? interval : months)
  const next = bindArithmetic('+', {
    left: begin,
    right: by,
    leftSpan: span,
    rightSpan: span,
    span: given.span,
    planSpan: given.planSpan,
  })
  const begins = call('eq', [at, begin], boolean)
  return choose([branch(begins, at)], coerce(next, begin.type), begin.type)
}

function unitStep(unit: string): { kind: 'micros' | 'months'; count: bigint } {
  const monthsOf: Record<string, bigint> = { month: 1n, quarter: 3n, year: 12n }
  const whole = monthsOf[unit]
  if (whole !== undefined) return { kind: 'months', count: whole }
  return { kind: 'micros', count: unitMicros[unit.toUpperCase()]! }
}

/** DECODE(x, a, b, c, d, …, otherwise) compares as if NULL were a value; DECODE(text, form) is one of the library. */
function bindDecode(given: Call): Expression {
  if (given.args.length === 2) return bindLibrary(given)!
  const [operand] = given.args
  const hasDefault = given.args.length % 2 === 0
  const end = given.args.length - (hasDefault ? 1 : 0)
  const places = given.args.map((_, index) => index).filter((index) => index >= 2)
  const values = places.filter((index) => index % 2 === 0 || (hasDefault && index === end))
  const type = branchType(
    values.map((index) => given.args[index]!),
    values.map((index) => given.argSpans[index]!),
    'decode',
  )
  const valueAt = (index: number) => coerce(given.args[index]!, type, given.argSpans[index])
  const whens: Branch[] = []
  for (let index = 1; index + 1 < end; index += 2) {
    const pair: Pair = {
      left: operand!,
      right: given.args[index]!,
      leftSpan: given.argSpans[0]!,
      rightSpan: given.argSpans[index]!,
      span: given.argSpans[index]!,
      planSpan: given.planSpan,
    }
    whens.push(branch(bindComparison('is_not_distinct', pair, 'decode'), valueAt(index + 1)))
  }
  return choose(whens, hasDefault ? valueAt(end) : literal(null, type), type)
}

/** Two spans of time, each by its ends in any order or by its beginning and length, have a time in common. */
function bindOverlaps(given: Call): Expression {
  const [first, second] = [0, 2].map((at) => spanAt(given, at))
  const both = (left: Expression, right: Expression): Pair => ({
    left,
    right,
    leftSpan: given.span,
    rightSpan: given.span,
    span: given.span,
    planSpan: given.planSpan,
  })
  const compare = (name: string, left: Expression, right: Expression) =>
    bindComparison(name, both(left, right), 'OVERLAPS')
  const ordered = ([a, b]: Expression[]) => {
    const isOrdered = compare('le', a!, b!)
    const { type } = a!
    return [choose([branch(isOrdered, a!)], b!, type), choose([branch(isOrdered, b!)], a!, type)]
  }
  const [[a, b], [c, d]] = [ordered(first!), ordered(second!)]
  const crossing = and([compare('lt', a!, d!), compare('lt', c!, b!)])
  const known = [b!, d!].filter(({ nullable }) => nullable).map((end) => compare('eq', end, end))
  return or([crossing, and([compare('eq', a!, c!), ...known])])
}

function spanAt(given: Call, at: number): Expression[] {
  const [from, to] = [given.args[at]!, given.args[at + 1]!].map((arg, index) =>
    isAdaptable(arg) ? coerce(arg, timestamp(6), given.argSpans[at + index]) : arg,
  )
  const isLength = isSpan(to!.type)
  const end = isLength
    ? bindArithmetic('+', {
        left: from!,
        right: to!,
        leftSpan: given.argSpans[at]!,
        rightSpan: given.argSpans[at + 1]!,
        span: given.span,
        planSpan: given.planSpan,
      })
    : to!
  const type = branchType([from!, end], [given.argSpans[at]!, given.argSpans[at + 1]!], 'OVERLAPS')
  return [coerce(from!, type), coerce(end, type)]
}
