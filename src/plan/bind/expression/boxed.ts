/**
 * BindBoxed: STRUCTs where a function, an aggregate or a window takes one value.
 *
 * How      A STRUCT lies flat, so it goes in as its box: an array of it alone, NULL where it is NULL. Boxes are equal
 *          and order as the STRUCTs are and do. What such a call gives is a box, and is unboxed: each member is a
 *          call of `item_part`. Arrays of STRUCTs become arrays of boxes by `array_boxes`, and back by `array_unboxes`.
 * See      struct.ts for how structs lie in expressions, nested.ts for what is in arrays
 */
import type { Span } from '../../../base/index.ts'
import { membersOf, type Type, typeText } from '../../../data/index.ts'
import { boolean, coerce, json, nullType, varchar } from '../../coerce.ts'
import { branch, call, choose, literal } from '../../expression.ts'
import { variantsOf } from '../../library.ts'
import type { Expression } from '../../logical.ts'
import { type Binding, fail } from '../binding.ts'
import { bindFunction, type Call, coerceCondition } from './function.ts'
import { bindNested, firstOf } from './nested.ts'
import { chooseStruct, flatten, rebuilt, structEquality } from './struct.ts'

export const isStruct = ({ type }: Pick<Expression, 'type'>) => membersOf(type) !== null

const isArrayOfStructs = ({ type }: Expression) =>
  type.kind === 'array' && isStruct({ type: type.element })

const arrayOf = (element: Type): Type => ({ kind: 'array', element })

/** An array of the STRUCT alone, NULL of NULL; any other value as it is. */
export function boxed(binding: Binding, value: Expression): Expression {
  if (!isStruct(value)) return value
  const box = call('list_value', flatten(binding, value), arrayOf(value.type))
  if (!value.nullable) return box
  return choose([branch(call('is_null', [value], boolean), literal(null, box.type))], box, box.type)
}

/** The STRUCT in a box, where `given` was one; any other value as it is. */
export function unboxed(binding: Binding, given: Expression, value: Expression): Expression {
  return isStruct(given) ? firstOf(binding, value) : value
}

/** STRUCT[] of an array of boxes. */
export function unboxedItems(boxes: Expression): Expression {
  const { type } = boxes
  return type.kind === 'array' ? call('array_unboxes', [boxes], type.element) : boxes
}

const boxedItems = (array: Expression) => call('array_boxes', [array], arrayOf(array.type))

/** A STRUCT as its text, {'a': 1}; any other value as it is. */
export function structText(binding: Binding, value: Expression): Expression {
  if (!isStruct(value)) return value
  // The text of an array of it, without the brackets.
  const text = coerce(boxed(binding, value), varchar)
  return call('btrim', [text, literal('[]', varchar)], varchar)
}

/** A STRUCT as a JSON object; any other value as it is. */
export function structJson(binding: Binding, value: Expression): Expression {
  if (!isStruct(value)) return value
  const array = call('to_json', [boxed(binding, value)], varchar)
  return call('json_get', [array, literal(0n, { kind: 'bigint' })], json)
}

/** A STRUCT as what it is cast to, its text or its JSON; any other value as it is. */
export function structAs(binding: Binding, value: Expression, type: Type, span: Span): Expression {
  if (!isStruct(value)) return value
  if (type.kind === 'varchar') return structText(binding, value)
  if (type.kind === 'json') return structJson(binding, value)
  const types = `${typeText(value.type)} cannot be cast to ${typeText(type)}`
  return fail('type_mismatch', types, span, 'cast its members')
}

/** A call of a function of the library with STRUCTs, or arrays of them, among its arguments; null of any other. */
export function bindBoxed(binding: Binding, given: Call): Expression | null {
  const { args, name } = given
  if (!args.some((arg) => isStruct(arg) || isArrayOfStructs(arg))) return null
  const chosen = args.some(isStruct) ? bindChoice(binding, given) : null
  if (chosen !== null) return chosen
  const entry = variantsOf(name)?.find(({ takes, gives }) =>
    takes.some((one) => /^(any|json|element)$/.test(one) || gives === 'element'),
  )
  if (entry === undefined) return null
  const isBoxing = entry.takes.includes('element') || entry.gives === 'element'
  const fitted = args.map((arg, at) => {
    if (arg.type.kind === 'array') return isBoxing ? boxedItems(arg) : arg
    switch (isStruct(arg) ? entry.takes[Math.min(at, entry.takes.length - 1)] : null) {
      case 'any':
        return structText(binding, arg)
      case 'json':
        return structJson(binding, arg)
      case 'element':
        return boxed(binding, arg)
      default:
        return arg
    }
  })
  if (fitted.some(isStruct)) return null
  const made = bindFunction({ ...given, args: fitted })
  if (!isBoxing) return made
  if (entry.gives === 'element') return firstOf(binding, made)
  return entry.gives === 'array' ? unboxedItems(made) : made
}

/** Functions outside of the library that take values of any type; null of every other. */
function bindChoice(binding: Binding, given: Call): Expression | null {
  const { args, argSpans } = given
  const choose = (conditions: Expression[], branches: readonly Expression[], spans: Span[]) =>
    chooseStruct(binding, conditions, branches, spans)
  switch (given.name) {
    case 'typeof':
    case 'pg_typeof':
      return literal(typeText(rebuilt(args[0]!.type, flatten(binding, args[0]!))), varchar)
    case 'coalesce':
    case 'ifnull':
    case 'nvl': {
      const there = args.slice(0, -1).map((value) => call('is_not_null', [value], boolean))
      return choose(there, args, argSpans)
    }
    case 'if':
    case 'iff': {
      if (args.length !== 3) return null
      const when = coerceCondition(args[0]!, argSpans[0]!, given.name)
      return choose([when], args.slice(1), argSpans.slice(1))
    }
    case 'nullif': {
      if (args.length !== 2) return null
      const equal = structEquality(binding, args[0]!, args[1]!, given.span)!
      return choose([equal], [literal(null, nullType), args[0]!], [argSpans[1]!, argSpans[0]!])
    }
    case 'greatest':
    case 'least': {
      const all = bindNested(binding, { ...given, name: 'list_value' })!
      const name = given.name === 'greatest' ? 'array_max' : 'array_min'
      return bindBoxed(binding, { ...given, name, args: [all] })
    }
    case 'concat':
      if (args[0]!.type.kind === 'array') return null
      return bindFunction({ ...given, args: args.map((arg) => structText(binding, arg)) })
    default:
      return null
  }
}

/** A mistake at the first argument that is a STRUCT. */
export function refuseStructs(given: Call): void {
  const at = given.args.findIndex(isStruct)
  if (at < 0) return
  const type = given.args[at]!.type
  const hint = `name a member, such as (…).${membersOf(type)![0]?.name ?? 'a'}`
  fail('type_mismatch', `${given.name} does not take ${typeText(type)}`, given.argSpans[at]!, hint)
}
