/**
 * Scalar: every scalar function on single host values; what a vector kernel does must agree with this.
 *
 * How      `scalarOf` binds a call to its types and to what its literal arguments allow to prepare (patterns,
 *          lists). Strict functions are given no NULL; `tolerant` ones look at NULL themselves.
 * See      src/plan/logical.ts lists the functions; docs/laws.md has the rules; test/oracle has its own implementation.
 */
import { Bug } from '../../base/index.ts'
import { compareValues, plainValue, type Type, type Value } from '../../data/index.ts'
import { type Expression, libraryFunction } from '../../plan/index.ts'
import { castValue } from './cast.ts'
import { Fault, type Known, type Outcome, ranged, type Scalar } from './fault.ts'
import { libraryMakers } from './library.ts'
import type { Call, Maker } from './maker.ts'
import * as number from './number.ts'
import { matcherOf, piecesOf } from './pattern.ts'
import { addPeriods, extractPeriod, negatePeriod, scalePeriod } from './period.ts'
import { extract, truncate } from './time.ts'

export type { Call } from './maker.ts'

/** Functions that are given NULL; of the others NULL in gives NULL out. COALESCE is a form of its own. */
const tolerant: ReadonlySet<string> = new Set([
  'is_null',
  'is_not_null',
  'is_true',
  'is_false',
  'is_distinct',
  'is_not_distinct',
  'concat',
  'in',
])

/** Is the function given NULLs? */
export function takesNulls(name: string): boolean {
  return tolerant.has(name) || libraryFunction(name)?.takesNull === true
}

export function scalarOf(call: Call): Scalar {
  const types = call.args.map(({ type }) => type)
  const name = call.function
  if (name.startsWith('extract_')) {
    const unit = name.slice('extract_'.length)
    if (types[0]!.kind === 'period') return (a) => extractPeriod(unit, a!)
    return (a) => extract(unit, a!, types[0]!)
  }
  // Looked up by the call: some functions of the library evaluate expressions themselves.
  const make = makers[name] ?? libraryMakers[name]
  if (make === undefined) throw new Bug(`scalar function ${name} exists`)
  return make(call, types)
}

const makers: Record<string, Maker> = {
  ...comparisons(),
  ...numbers(),
  ...texts(),
  is_null: () => (a) => a === null,
  is_not_null: () => (a) => a !== null,
  is_true: () => (a) => a === true,
  is_false: () => (a) => a === false,
  not: () => (a) => a === false,
  in: membership,
  cast: casts,
  try_cast: (call, types) => {
    const cast = casts(call, types)
    return (...values) => {
      const outcome = cast(...values)
      return outcome instanceof Fault ? null : outcome
    }
  },
  date_trunc: (_, types) => (unit, a) => truncate(unit as string, a!, types[1]!),
}

function comparisons(): Record<string, Maker> {
  const compare = (test: (order: number) => boolean): Maker => {
    return (_, types) => {
      const order = orderOf(types)
      return (a, b) => test(order(a!, b!))
    }
  }
  const distinct = (want: boolean): Maker => {
    return (_, types) => {
      const order = orderOf(types)
      return (a, b) => {
        const differs = a === null || b === null ? a !== b : order(a!, b!) !== 0
        return differs === want
      }
    }
  }
  return {
    eq: compare((order) => order === 0),
    ne: compare((order) => order !== 0),
    lt: compare((order) => order < 0),
    le: compare((order) => order <= 0),
    gt: compare((order) => order > 0),
    ge: compare((order) => order >= 0),
    is_distinct: distinct(true),
    is_not_distinct: distinct(false),
  }
}

/** Order of known values: of one type, or of two exact ones. */
function orderOf([left, right]: Type[]): (a: Known, b: Known) => number {
  const mixed = left!.kind === 'decimal' || right!.kind === 'decimal' || left!.kind !== right!.kind
  if (mixed) return (a, b) => number.compareExact(a, left!, b, right!)
  return (a, b) => compareValues(a, b, left!)
}

function numbers(): Record<string, Maker> {
  const round: Maker = (call, types) => {
    const to = call.type
    return (a, digits) => number.roundTo(call.function, a!, Number(digits ?? 0), types[0]!, to)
  }
  const sum = (sign: 1 | -1): Maker => {
    return ({ type }, types) =>
      type.kind === 'period'
        ? (a, b) => addPeriods(a!, b!, BigInt(sign))
        : (a, b) => number.sum(a!, b!, [types[0]!, types[1]!], type, sign)
  }
  const scale = (over: boolean): Maker => {
    return ({ type }) =>
      (a, factor) =>
        type.kind === 'period'
          ? scalePeriod(a!, factor as number, over)
          : number.scaleInterval(a as bigint, factor as number, over)
  }
  return {
    add: sum(1),
    subtract: sum(-1),
    multiply:
      ({ type }) =>
      (a, b) =>
        number.multiply(a!, b!, type),
    divide:
      ({ type }, types) =>
      (a, b) =>
        type.kind === 'decimal'
          ? number.divideDecimals(a!, b!, [types[0]!, types[1]!], type)
          : number.divide(a!, b!, type),
    modulo:
      ({ type }) =>
      (a, b) =>
        number.modulo(a!, b!, type),
    negate:
      ({ type }) =>
      (a) =>
        type.kind === 'period' ? negatePeriod(a!) : number.negate(a!, type),
    abs:
      ({ type }) =>
      (a) =>
        number.absolute(a!, type),
    scale_interval: scale(false),
    divide_interval: scale(true),
    limb: () => (a, which) => number.limbOf(a as bigint, Number(which)),
    join_limbs:
      ({ type }) =>
      (_a, _b, _c, all) =>
        number.joinLimbs(all, type),
    average_limbs: () => (_a, _b, _c, all) => number.averageLimbs(all),
    round,
    floor: round,
    ceil: round,
  }
}

function texts(): Record<string, Maker> {
  return {
    like,
    lower: () => (a) => (a as string).toLowerCase(),
    upper: () => (a) => (a as string).toUpperCase(),
    trim: () => (a) => (a as string).replace(/^ +| +$/g, ''),
    length:
      ({ type }) =>
      (a) =>
        ranged(BigInt(pointsOf(a as string)), type),
    check_length: () => (a, most) => checkLength(a as string, Number(most)),
    substring: () => (a, start, count) => substring(a as string, start!, count),
    concat_strict: () => (_a, _b, _c, all) => all.join(''),
    concat: () => (_a, _b, _c, all) => all.map((value) => value ?? '').join(''),
  }
}

function pointsOf(text: string): number {
  let points = 0
  for (let index = 0; index < text.length; index++) {
    if ((text.charCodeAt(index) & 0xfc00) !== 0xdc00) points++
  }
  return points
}

function casts(call: Call, types: Type[]): Scalar {
  const zone = call.args.length === 1 ? null : literalOf(call.args[1]!)!
  return (a) => castValue(a!, types[0]!, call.type, zone)
}

/** As Postgres: positions before the first are counted and take nothing. */
function substring(text: string, start: Value, count: Value | undefined): Outcome {
  const from = Number(start) - 1
  if (count !== undefined && Number(count) < 0) {
    return new Fault('invalid_argument', 'negative substring length')
  }
  const end = count === undefined ? Infinity : from + Number(count)
  return [...text].slice(Math.max(0, from), Math.max(0, end)).join('')
}

function like(call: Call): Scalar {
  const prepare = (pattern: string, mark: string | undefined) => {
    const pieces = piecesOf(pattern, mark)
    return pieces instanceof Fault ? () => pieces : matcherOf(pieces)
  }
  const [pattern, mark] = call.args.slice(1).map(literalOf)
  if (pattern != null && mark !== null) {
    const test = prepare(pattern, mark)
    if (call.args.length === 2 || mark !== undefined) return (text) => test(text as string)
  }
  return (text, source, sign) =>
    prepare(source as string, sign as string | undefined)(text as string)
}

/** The text of a literal, null of NULL, undefined of everything else. */
function literalOf(expression: Expression): string | null | undefined {
  if (expression.kind !== 'literal') return undefined
  return expression.value === null ? null : String(expression.value)
}

/** x IN (…): NULL when x is NULL, or when it is not found and NULL is listed. */
function membership(call: Call): Scalar {
  const plain = (value: Value) => (Object.is(value, -0) ? 0 : value)
  const list = call.args.slice(1)
  if (!list.every((arg) => arg.kind === 'literal')) {
    return (a, _b, _c, all) => found(a!, new Set(all.slice(1).map(plain)), plain)
  }
  const members = new Set(list.map((arg) => plain(plainValue(arg.value, arg.type))))
  return (a) => found(a!, members, plain)
}

function found(value: Value, members: ReadonlySet<Value>, plain: (value: Value) => Value): Value {
  if (value === null) return null
  if (members.has(plain(value))) return true
  return members.has(null) ? null : false
}

/** x as it is, if it has no more than n characters. */
function checkLength(text: string, most: number): Outcome {
  if (text.length <= most || pointsOf(text) <= most) return text
  return new Fault('overflow', `value too long for VARCHAR(${most})`)
}
