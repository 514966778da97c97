/**
 * BindLibrary: a call of a function of the library: which variant takes the arguments, and the arguments as its types.
 *
 * See      src/plan/library.ts
 */
import { entryOf, membersOf, type Type, typeText } from '../../../data/index.ts'
import {
  bigint,
  boolean,
  coerce,
  commonTypeOf,
  date,
  decimal,
  double,
  geometry,
  integer,
  interval,
  isAdaptable,
  isExact,
  isNumeric,
  isSpan,
  json,
  localTime,
  months,
  period,
  timestamp,
  varbinary,
  varchar,
} from '../../coerce.ts'
import { call, column, literal, patternMistake } from '../../expression.ts'
import { type Given, type LibraryFunction, type Taken, variantsOf } from '../../library.ts'
import type { Expression } from '../../logical.ts'
import { fail, unsupported } from '../binding.ts'
import type { Call } from './function.ts'

/** Null when the library has no such name. */
export function bindLibrary(given: Call): Expression | null {
  const variants = variantsOf(given.name)
  if (variants === undefined) return null
  const fitting = variants.filter((variant) => takesCount(variant, given.args.length))
  if (fitting.length === 0) {
    const wanted = variants.map(({ signature }) => `${given.name}(${signature})`).join(' or ')
    const count = given.args.length === 1 ? '1 argument' : `${given.args.length} arguments`
    fail('type_mismatch', `${given.name} does not take ${count}`, given.span, `it is ${wanted}`)
  }
  // Of several variants one that takes a text as a text comes before those that would read it.
  const suiting = (adapts: boolean) =>
    fitting.find((one) => given.args.every((arg, at) => isTaken(arg, takenAt(one, at), adapts)))
  return apply(
    (fitting.length > 1 ? suiting(false) : undefined) ?? suiting(true) ?? refuse(given, fitting),
    given,
  )
}

function takesCount({ least, takes, rest }: LibraryFunction, count: number): boolean {
  return count >= least && (rest || count <= takes.length)
}

function takenAt({ takes }: LibraryFunction, index: number): Taken {
  return takes[Math.min(index, takes.length - 1)]!
}

function isTaken(arg: Expression, taken: Taken, adapts: boolean): boolean {
  const { kind } = arg.type
  if (kind === 'null' || taken === 'any' || taken === 'json') return true
  // A text is whatever is wanted as long as it is written as a literal; a wrong one is told by its conversion.
  if (adapts && isAdaptable(arg)) return !neverWritten.has(taken)
  switch (taken) {
    case 'element':
    case 'key':
    case 'value':
      return membersOf(arg.type) === null
    case 'lambda':
      return false
    case 'arrays':
      return arg.type.kind === 'array' && ['array', 'null'].includes(arg.type.element.kind)
    case 'numbers':
    case 'doubles':
      return (
        arg.type.kind === 'array' &&
        (isNumeric(arg.type.element) || arg.type.element.kind === 'null')
      )
    case 'texts':
    case 'geometries':
      return isArrayOf(arg.type, taken === 'texts' ? 'varchar' : 'geometry')
    case 'text':
      return kind === 'varchar' || kind === 'json'
    case 'whole':
      return isExact(arg.type) && kind !== 'decimal'
    case 'double':
    case 'number':
      return isNumeric(arg.type)
    case 'timestamp':
      return kind === 'timestamp' || kind === 'date'
    case 'period':
      return isSpan(arg.type)
    case 'bytes':
      return kind === 'varbinary'
    case 'zoned':
      return arg.type.kind === 'timestamp' && arg.type.zoned === true
    default:
      return kind === taken
  }
}

/** Also one of NULLs. */
const isArrayOf = (type: Type, kind: Type['kind']) =>
  type.kind === 'array' && (type.element.kind === kind || type.element.kind === 'null')

/** What no text is taken for. */
const neverWritten: ReadonlySet<Taken> = new Set([
  'number', 'decimal', 'array', 'lambda', 'arrays', 'numbers', 'doubles', 'texts', 'geometries', 'map',
]) // biome-ignore format: one list

function refuse(given: Call, fitting: readonly LibraryFunction[]): never {
  const [first] = fitting
  const at = given.args.findIndex((arg, index) =>
    fitting.every((variant) => !isTaken(arg, takenAt(variant, index), true)),
  )
  const place = Math.max(at, 0)
  const type = typeText(given.args[place]!.type)
  const isText = takenAt(first!, place) === 'text'
  const hint = isText
    ? 'convert it with CAST(… AS VARCHAR)'
    : `it is ${given.name}(${first!.signature})`
  fail('type_mismatch', `${given.name} does not take ${type}`, given.argSpans[place]!, hint)
}

function apply(entry: LibraryFunction, given: Call): Expression {
  const name = entry.names[0]!
  if (name === 'typeof') return literal(typeText(given.args[0]!.type), varchar)
  const parts = partsOf(entry, given)
  const args = given.args.map((arg, index) =>
    taken(arg, takenAt(entry, index), given, index, parts),
  )
  const mistake = entry.pattern ? patternMistake(name, args) : null
  if (mistake !== null) fail('invalid_literal', mistake, given.argSpans[1]!)
  const type = typeGiven(entry.gives, args, parts)
  if (membersOf(type) !== null) {
    unsupported(`${given.name} of an array of STRUCT`, given.span, 'take its elements with a[n]')
  }
  return call(name, args, type, given.planSpan)
}

/** The types that stand for T, K and V of the parameters. */
interface Parts {
  element: Type
  key: Type
  value: Type
}

const roles: Partial<Record<Taken, keyof Parts>> = {
  element: 'element',
  key: 'key',
  value: 'value',
}

function partsOf(entry: LibraryFunction, given: Call): Parts {
  const found: Record<keyof Parts, Expression[]> = { element: [], key: [], value: [] }
  given.args.forEach((arg, index) => {
    const as = takenAt(entry, index)
    const role = roles[as]
    const of = (type: Type) => column(0, { type, nullable: true })
    if (role !== undefined) found[role].push(arg)
    else if (as === 'map' && arg.type.kind === 'map') {
      found.key.push(of(arg.type.key))
      found.value.push(of(arg.type.value))
    } else if (/^(array|numbers)/.test(as) && arg.type.kind === 'array') {
      found.element.push(of(arg.type.element))
    }
  })
  const common = (role: keyof Parts): Type => {
    const type = commonTypeOf(found[role])
    if (type !== null) return type
    const types = [...new Set(found[role].map((one) => typeText(one.type)))].join(' and ')
    return fail('type_mismatch', `${given.name} does not take ${types} together`, given.span)
  }
  return { element: common('element'), key: common('key'), value: common('value') }
}

function taken(arg: Expression, as: Taken, given: Call, index: number, parts: Parts): Expression {
  const span = given.argSpans[index]
  switch (as) {
    case 'any':
      return coerce(arg, varchar, span)
    case 'json':
      return arg.type.kind === 'null' ? coerce(arg, varchar) : arg
    case 'text':
      return arg.type.kind === 'json' ? arg : coerce(arg, varchar, span)
    case 'number':
    case 'decimal':
      return arg.type.kind === 'null' ? coerce(arg, integer) : arg
    case 'timestamp':
      if (arg.type.kind !== 'timestamp') return coerce(arg, timestamp(6), span)
      return isAbsolute(given) ? arg : localTime(arg, span)
    default:
      return coerce(arg, typeGiven(as, [], parts), span)
  }
}

/** What counts from 1970 in UTC, whatever a clock shows. */
const absolute: ReadonlySet<string> = new Set(['epoch_ms', 'epoch_us', 'unix_timestamp'])

/** Hours and less go by between two moments whatever a clock shows, as in DuckDB; days and more are the clock's. */
function isAbsolute({ name, args: [unit] }: Call): boolean {
  if (absolute.has(name)) return true
  if (!/^(date_?diff|timestampdiff)$/.test(name) || unit?.kind !== 'literal') return false
  return /^(hour|minute|(milli|micro)?second)s?$/i.test(String(unit.value))
}

const arrayOf = (element: Type): Type => ({ kind: 'array', element })

function typeGiven(given: Given, args: readonly Expression[], parts: Parts): Type {
  const { element, key, value } = parts
  switch (given) {
    case 'array':
    case 'arrays':
    case 'numbers':
      return arrayOf(element)
    case 'element':
    case 'inner':
      return element
    case 'doubles':
      return arrayOf(double)
    case 'texts':
      return arrayOf(varchar)
    case 'geometries':
      return arrayOf(geometry)
    case 'wholes':
      return arrayOf(bigint)
    case 'map':
      return { kind: 'map', key, value }
    case 'key':
      return key
    case 'value':
      return value
    case 'keys':
      return arrayOf(key)
    case 'values':
      return arrayOf(value)
    case 'entries':
      return arrayOf(entryOf({ kind: 'map', key, value }))
    case 'total':
      if (element.kind === 'decimal') return decimal(38, element.scale)
      return element.kind === 'double' || element.kind === 'real' ? double : bigint
    case 'whole':
      return bigint
    case 'double':
      return double
    case 'boolean':
      return boolean
    case 'timestamp':
      return timestamp(6)
    case 'zoned':
      return timestamp(6, true)
    case 'date':
      return date
    case 'time':
      return { kind: 'time', precision: 6 }
    case 'months':
      return months
    case 'interval':
      return interval
    case 'period':
      return period
    case 'json':
      return json
    case 'bytes':
      return varbinary
    case 'geometry':
      return geometry
    case 'same':
      return args[0]!.type
    default:
      return varchar
  }
}
