/**
 * Scalar functions of the reference interpreter: one row, one expression, plain values.
 *
 * How      A failed argument fails a strict call (the first one counts), then a NULL argument makes it NULL, then
 *          the function is applied. CASE, COALESCE, AND and OR look at their arguments one by one.
 * See      src/plan/logical.ts (the list of functions), docs/laws.md (NULL, numbers, errors)
 */
import type { Type, Value } from '../../../src/data/index.ts'
import { libraryFunction } from '../../../src/plan/library.ts'
import type { Expression } from '../../../src/plan/logical.ts'
import { Fault as LibraryFault } from '../../../src/runtime/expression/fault.ts'
import { libraryMakers } from '../../../src/runtime/expression/library.ts'
import { type Cell, type CellRow, compareKnown, Failed, Fault, type Known } from '../value.ts'
import { castValue } from './cast.ts'
import { isNumber, ratio, scaleOf } from './exact.ts'
import {
  add,
  arithmetic,
  divideDecimals,
  dividedInterval,
  joinLimbs,
  limbOf,
  limbSum,
  roundTo,
  scaledInterval,
} from './number.ts'
import { addPeriods, negatedPeriod, scaledPeriod } from './period.ts'
import { textFunction } from './text.ts'
import { extract, truncateTime } from './time.ts'
import { castInZone } from './zone.ts'

type Call = Expression & { kind: 'call' }

export function evaluate(expression: Expression, row: CellRow): Cell {
  switch (expression.kind) {
    case 'column':
      return row[expression.index]!
    case 'literal':
      return literalValue(expression.value, expression.type)
    case 'case':
      return evaluateCase(expression, row)
    case 'and':
      return connect(expression.args, row, false)
    case 'or':
      return connect(expression.args, row, true)
    case 'call':
      return evaluateCall(expression, row)
  }
}

function literalValue(value: string | number | boolean | null, type: Type): Value {
  if (value === null) return null
  if (isNumber(type)) return Number(value)
  const texts = [
    'boolean',
    'varchar',
    'varbinary',
    'json',
    'geometry',
    'period',
    'array',
    'map',
    'null',
  ]
  const isText = texts.includes(type.kind)
  return isText ? value : BigInt(value)
}

function evaluateCase(expression: Expression & { kind: 'case' }, row: CellRow): Cell {
  for (const { when, then } of expression.whens) {
    const verdict = evaluate(when, row)
    if (verdict instanceof Failed) return verdict
    if (verdict === true) return evaluate(then, row)
  }
  return evaluate(expression.else, row)
}

/** Kleene logic: one `deciding` value decides, whatever failed beside it; then a failure; then NULL. */
function connect(args: readonly Expression[], row: CellRow, deciding: boolean): Cell {
  const cells = args.map((arg) => evaluate(arg, row))
  if (cells.includes(deciding)) return deciding
  const failed = cells.find((cell) => cell instanceof Failed)
  if (failed !== undefined) return failed
  return cells.includes(null) ? null : !deciding
}

/** What the clock of a script shows at first. */
export const startOf2026 = 1_767_225_600_000_000n

/** What NOW() is in the commit at work, microseconds. */
export const clock = { now: startOf2026 }

function evaluateCall(call: Call, row: CellRow): Cell {
  if (call.function === 'coalesce') return coalesce(call.args, row)
  if (call.function === 'now') return clock.now
  const cells = call.args.map((arg) => evaluate(arg, row))
  if (call.function === 'try') return cells[0] instanceof Failed ? null : cells[0]!
  const failed = cells.find((cell) => cell instanceof Failed)
  if (failed !== undefined) return failed
  const values = cells as Value[]
  try {
    if (call.function in tolerant) return tolerant[call.function]!(values, call)
    if (call.function in libraryMakers) return fromLibrary(call, values)
    if (values.includes(null)) return null
    return strict(call, values as Known[])
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    if (call.function === 'try_cast') return null
    return new Failed(error.code, error.message, call.span)
  }
}

/** These have one implementation on single values; what is compared with it are their ways over whole vectors. */
function fromLibrary(call: Call, values: Value[]): Cell {
  if (libraryFunction(call.function)?.takesNull !== true && values.includes(null)) return null
  const types = call.args.map(({ type }) => type)
  const outcome = libraryMakers[call.function]!(call, types)(
    values[0],
    values[1],
    values[2],
    values,
  )
  if (!(outcome instanceof LibraryFault)) return outcome
  return new Failed(outcome.code, outcome.message, call.span)
}

function coalesce(args: readonly Expression[], row: CellRow): Cell {
  for (const arg of args) {
    const cell = evaluate(arg, row)
    if (cell !== null) return cell
  }
  return null
}

/** Equality in which NULL is a value. */
function isSame(a: Value, b: Value, { args }: Call): boolean {
  if (a === null || b === null) return a === b
  return compareExact(a, args[0]!.type, b, args[1]!.type) === 0
}

/** Functions that look at NULL. */
const tolerant: Record<string, (values: Value[], call: Call) => Value> = {
  is_null: ([value]) => value === null,
  is_not_null: ([value]) => value !== null,
  is_true: ([value]) => value === true,
  is_false: ([value]) => value === false,
  is_distinct: ([a, b], call) => !isSame(a!, b!, call),
  is_not_distinct: ([a, b], call) => isSame(a!, b!, call),
  concat: (values) => values.map((value) => value ?? '').join(''),
  in: ([value, ...list]) => {
    if (value === null) return null
    if (list.some((one) => one !== null && compareKnown(value!, one) === 0)) return true
    return list.includes(null) ? null : false
  },
}

const comparisons: Record<string, (order: number) => boolean> = {
  eq: (order) => order === 0,
  ne: (order) => order !== 0,
  lt: (order) => order < 0,
  le: (order) => order <= 0,
  gt: (order) => order > 0,
  ge: (order) => order >= 0,
}

function strict(call: Call, values: Known[]): Value {
  const name = call.function
  const [a, b, c] = values
  const types = call.args.map(({ type }) => type)
  if (name in comparisons) return comparisons[name]!(compareExact(a!, types[0]!, b!, types[1]!))
  if (name.startsWith('extract_')) return extract(name.slice('extract_'.length), a!, types[0]!)
  switch (name) {
    case 'add':
      if (call.type.kind === 'period') return addPeriods(a!, b!, 1n)
      return add(a!, b!, types, call.type, 1n)
    case 'subtract':
      if (call.type.kind === 'period') return addPeriods(a!, b!, -1n)
      return add(a!, b!, types, call.type, -1n)
    case 'divide':
      if (call.type.kind === 'decimal') return divideDecimals(a!, b!, types, call.type)
      return arithmetic(name, a!, b!, call.type)
    case 'multiply':
    case 'modulo':
      return arithmetic(name, a!, b!, call.type)
    case 'scale_interval':
      if (call.type.kind === 'period') return scaledPeriod(a!, b as number, false)
      return scaledInterval(a as bigint, b as number)
    case 'divide_interval':
      if (call.type.kind === 'period') return scaledPeriod(a!, b as number, true)
      return dividedInterval(a as bigint, b as number)
    case 'limb':
      return limbOf(a as bigint, Number(b))
    case 'join_limbs':
      return joinLimbs(values, call.type)
    case 'average_limbs': {
      const sum = ratio(limbSum(values.slice(0, 4)), 1n)
      return sum / Number(values[4]) / 10 ** Number(values[5])
    }
    case 'negate':
      if (call.type.kind === 'period') return negatedPeriod(a!)
      return arithmetic('negate', a!, a!, call.type)
    case 'abs':
      return Number(a) < 0 || Object.is(a, -0) ? arithmetic('negate', a!, a!, call.type) : a!
    case 'not':
      return !a
    case 'cast':
    case 'try_cast':
      if (b === undefined) return castValue(a!, types[0]!, call.type)
      return castInZone(a!, [types[0]!, call.type], b as string, castValue)
    case 'date_trunc':
      return truncateTime(a as string, b!, types[1]!)
    case 'round':
    case 'floor':
    case 'ceil':
      return roundTo(name, a!, Number(b ?? 0), types[0]!, call.type)
    default:
      return textFunction(name, a as string, b!, c!)
  }
}

/** Order of two values; exact numbers of different types by value. */
function compareExact(a: Known, left: Type, b: Known, right: Type): number {
  if (typeof a !== 'bigint' && typeof b !== 'bigint') return compareKnown(a, b)
  const scale = Math.max(scaleOf(left), scaleOf(right))
  const scaled = (value: Known, type: Type) =>
    BigInt(value as bigint | number) * 10n ** BigInt(scale - scaleOf(type))
  return compareKnown(scaled(a, left), scaled(b, right))
}
