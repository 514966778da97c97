/**
 * BindLibrary: a call of a function of the library: which variant takes the arguments, and the arguments as its types.
 *
 * See      src/plan/library.ts
 */
import { type Type, typeText } from '../../../data/index.ts'
import {
  bigint,
  boolean,
  coerce,
  date,
  double,
  integer,
  interval,
  isAdaptable,
  isExact,
  isNumeric,
  isSpan,
  json,
  months,
  period,
  timestamp,
  varchar,
} from '../../coerce.ts'
import { call, literal, patternMistake } from '../../expression.ts'
import { type LibraryFunction, type Taken, variantsOf } from '../../library.ts'
import type { Expression } from '../../logical.ts'
import { fail } from '../binding.ts'
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
  if (adapts && isAdaptable(arg)) return taken !== 'number' && taken !== 'decimal'
  switch (taken) {
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
    case 'zoned':
      return arg.type.kind === 'timestamp' && arg.type.zoned === true
    default:
      return kind === taken
  }
}

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
  const args = given.args.map((arg, index) => taken(arg, takenAt(entry, index), given, index))
  const mistake = entry.pattern ? patternMistake(name, args) : null
  if (mistake !== null) fail('invalid_literal', mistake, given.argSpans[1]!)
  return call(name, args, typeGiven(entry.gives, args), given.planSpan)
}

function taken(arg: Expression, as: Taken, given: Call, index: number): Expression {
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
      return arg.type.kind === 'timestamp' ? arg : coerce(arg, timestamp(6), span)
    default:
      return coerce(arg, typeGiven(as, []), span)
  }
}

function typeGiven(given: Taken | 'same', args: readonly Expression[]): Type {
  switch (given) {
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
    case 'same':
      return args[0]!.type
    default:
      return varchar
  }
}
