/**
 * BindNested: arrays, maps and structs as they are written, and their elements.
 *
 * How      What no line of the library can say: values that may be STRUCTs, which lie flat among the arguments, and
 *          elements that are, each member of which is a call of its own, `item_part`.
 * See      src/plan/library.ts for all other functions of arrays and maps
 */
import type { Expression as Tree } from '../../../../grammar/index.ts'
import type { Span } from '../../../base/index.ts'
import { type Member, membersOf, type Type, typeText } from '../../../data/index.ts'
import {
  bigint,
  boolean,
  coerce,
  commonType,
  commonTypeOf,
  isAdaptable,
  nullType,
  varchar,
} from '../../coerce.ts'
import { branch, call, choose, column, literal, or } from '../../expression.ts'
import type { Expression } from '../../logical.ts'
import { type Binding, fail, planSpan } from '../binding.ts'
import type { Pair } from '../operator.ts'
import type { Call } from './function.ts'
import { bindLibrary } from './library.ts'
import { flatten, flattenInto, memberOf } from './struct.ts'
import {
  memberAt,
  structChanged,
  structConcat,
  structExtract,
  structKeys,
  structPack,
} from './struct-call.ts'

/** A call whose arguments may be structs; null where it is none of these. */
export function bindNested(binding: Binding, given: Call): Expression | null {
  switch (given.name) {
    case 'list_value':
    case 'array_value':
      return listValue(binding, given)
    case 'map_value':
      return mapValue(binding, given)
    case 'struct_pack':
      return structPack(binding, given)
    case 'array_extract':
    case 'list_extract':
    case 'list_element':
    case 'element_at':
    case 'map_extract':
      return given.args.length === 2 ? elementAt(binding, given) : null
    case 'struct_extract':
    case 'struct_extract_at':
      return given.args.length === 2 ? structExtract(binding, given) : null
    case 'struct_insert':
    case 'struct_update':
      return structChanged(binding, given)
    case 'struct_concat':
      return structConcat(binding, given)
    case 'struct_keys':
      return given.args.length === 1 ? structKeys(binding, given) : null
    case 'map':
    case 'map_from_arrays':
      return given.args.length === 2 ? mapFromArrays(given) : null
    case 'map_from_entries':
      return given.args.length === 1 ? mapFromEntries(given) : null
    default:
      return null
  }
}

/** Values in a row as flat ones of one type; `what` is told of those that have none in common. */
function unified(
  binding: Binding,
  values: readonly Expression[],
  spans: readonly Span[],
  what: string,
): { type: Type; flat: Expression[][] } {
  const struct = values.find(({ type }) => membersOf(type) !== null)
  if (struct === undefined) {
    const type = commonTypeOf(values)
    if (type === null) return refuse(values, spans, what)
    return { type, flat: values.map((value, at) => [coerce(value, type, spans[at])]) }
  }
  const flats = values.map((value, at) => {
    const flat = flattenInto(binding, value, struct.type)
    return flat ?? refuse([struct, value], [spans[0]!, spans[at]!], what)
  })
  const cells = flats[0]!.map((_, at) => flats.map((flat) => flat[at]!))
  const types = cells.map((cell) => commonTypeOf(cell) ?? refuse(values, spans, what))
  let at = 0
  const rebuild = (type: Type): Type => {
    const own = types[at++]!
    const members = membersOf(type)
    if (members === null) return own.kind === 'null' ? varchar : own
    const made = members.map(
      (member): Member => ({ ...member, type: rebuild(member.type), nullable: true }),
    )
    return { kind: 'boolean', members: made }
  }
  const type = rebuild(struct.type)
  const wanted = flatTypes(type)
  return {
    type,
    flat: flats.map((flat) => flat.map((cell, place) => inPlace(cell, wanted[place]!))),
  }
}

/** A value, or the presence of a struct, as one of the type. */
function inPlace(cell: Expression, type: Type): Expression {
  if (cell.kind === 'literal' && cell.value === null) return literal(null, type)
  return membersOf(type) === null ? coerce(cell, type) : cell
}

function flatTypes(type: Type): Type[] {
  return [type, ...(membersOf(type) ?? []).flatMap((member) => flatTypes(member.type))]
}

function refuse(values: readonly Expression[], spans: readonly Span[], what: string): never {
  const [first] = values
  const odd = values.findIndex(
    ({ type }) => commonTypeOf([first!, column(0, { type, nullable: true })]) === null,
  )
  const place = odd < 0 ? values.length - 1 : odd
  const types = `${typeText(first!.type)} and ${typeText(values[place]!.type)}`
  return fail(
    'type_mismatch',
    `${what} cannot hold ${types}`,
    spans[place]!,
    'cast them to one type',
  )
}

function listValue(binding: Binding, given: Call): Expression {
  const { type, flat } = unified(binding, given.args, given.argSpans, 'an array')
  return call('list_value', flat.flat(), { kind: 'array', element: type }, given.planSpan)
}

function mapValue(binding: Binding, given: Call): Expression {
  if (given.args.length % 2 === 1) {
    fail('type_mismatch', 'a map has a value for each key', given.argSpans.at(-1)!)
  }
  const side = (rest: number) => {
    const own = (_: unknown, at: number) => at % 2 === rest
    return unified(binding, given.args.filter(own), given.argSpans.filter(own), 'a map')
  }
  const [keys, values] = [side(0), side(1)]
  if (membersOf(keys.type) !== null) {
    fail('type_mismatch', 'a STRUCT cannot be the key of a map', given.argSpans[0]!)
  }
  const type: Type = { kind: 'map', key: keys.type, value: values.type }
  const args = keys.flat.flatMap((key, at) => [...key, ...values.flat[at]!])
  return call('map_value', args, type, given.planSpan)
}

/** a[n], m[k]. */
function elementAt(binding: Binding, given: Call): Expression {
  const [container, index] = given.args as [Expression, Expression]
  const { type } = container
  const [place, span] = given.argSpans as [Span, Span]
  if (type.kind === 'null') return literal(null, nullType)
  if (type.kind === 'map') {
    const common = commonTypeOf([column(0, { type: type.key, nullable: true }), index])
    if (common === null) {
      fail('type_mismatch', `keys are ${typeText(type.key)}, not ${typeText(index.type)}`, span)
    }
    const wider = { ...type, key: common }
    return part(
      binding,
      coerce(container, wider),
      coerce(index, common, span),
      type.value,
      given.planSpan,
    )
  }
  if (type.kind === 'array') {
    const isWhole = commonType(index.type, bigint)?.kind === 'bigint' || isAdaptable(index)
    if (!isWhole)
      fail('type_mismatch', `an element has a number, not ${typeText(index.type)}`, span)
    return part(binding, container, coerce(index, bigint, span), type.element, given.planSpan)
  }
  const member = memberAt(binding, container, index, span)
  if (member !== null) return member
  const hint = type.kind === 'json' ? 'write -> for what is inside of JSON' : undefined
  return fail('type_mismatch', `${typeText(type)} has no elements`, place, hint)
}

/** The first element of an array. */
export function firstOf(binding: Binding, array: Expression): Expression {
  if (array.type.kind !== 'array') return array
  return part(binding, array, literal(1n, bigint), array.type.element, undefined)
}

/** The element of an array or the value of a map; a STRUCT with its members beside it. */
function part(
  binding: Binding,
  container: Expression,
  index: Expression,
  type: Type,
  span: Span | undefined,
): Expression {
  const name = container.type.kind === 'map' ? 'map_extract' : 'array_extract'
  if (membersOf(type) === null) return call(name, [container, index], type, span)
  const flat = flatTypes(type).map((own, at) =>
    call('item_part', [container, index, literal(BigInt(at), bigint)], own, span),
  )
  const [bound, ...inside] = flat
  binding.members.set(bound!, inside)
  return bound!
}

/** (x).name; x['name'] is the value of a map, too. */
export function memberOrValue(
  binding: Binding,
  operand: Expression,
  tree: Tree & { kind: 'member' },
): Expression {
  if (operand.type.kind !== 'map') return memberOf(binding, operand, tree.name)
  const { name, span } = tree.name
  return elementAt(binding, {
    name: 'map_extract',
    args: [operand, literal(name, varchar)],
    argSpans: [tree.operand.span, span],
    span: tree.span,
    planSpan: planSpan(binding, tree.span),
  })
}

function arrayed(given: Call, at: number): Type & { kind: 'array' } {
  const { type } = given.args[at]!
  if (type.kind === 'array') return type
  if (type.kind === 'null') return { kind: 'array', element: nullType }
  return fail('type_mismatch', `${given.name} does not take ${typeText(type)}`, given.argSpans[at]!)
}

function mapFromArrays(given: Call): Expression {
  const [keys, values] = [arrayed(given, 0), arrayed(given, 1)]
  const type: Type = { kind: 'map', key: keys.element, value: values.element }
  const args = [coerce(given.args[0]!, keys), coerce(given.args[1]!, values)]
  return call('map_from_arrays', args, type, given.planSpan)
}

function mapFromEntries(given: Call): Expression {
  const array = arrayed(given, 0)
  const members = membersOf(array.element)
  if (members === null || members.length !== 2) {
    const message = `${given.name} takes an array of STRUCTs of two members, not ${typeText(array)}`
    fail('type_mismatch', message, given.argSpans[0]!)
  }
  const [key, value] = members.map((member) => member.type) as [Type, Type]
  return call('map_from_entries', [given.args[0]!], { kind: 'map', key, value }, given.planSpan)
}

/** a || b of arrays, and of an array and an element, NULL where one is; null where neither is an array. */
export function bindArrayConcat(binding: Binding, pair: Pair): Expression | null {
  const sides = [pair.left, pair.right]
  const arrays = sides.filter(({ type }) => type.kind === 'array')
  if (arrays.length === 0) return null
  const whole = (arg: Expression): Expression =>
    arg.type.kind === 'array' || arg.type.kind === 'null'
      ? arg
      : call('list_value', flatten(binding, arg), { kind: 'array', element: arg.type })
  const joined = bindLibrary({
    name: 'array_concat',
    args: sides.map(whole),
    argSpans: [pair.leftSpan, pair.rightSpan],
    span: pair.span,
    planSpan: pair.planSpan,
  })!
  const missing = sides
    .filter((side) => side.nullable)
    .map((side) => call('is_null', [side], boolean))
  if (missing.length === 0) return joined
  return choose([branch(or(missing), literal(null, joined.type))], joined, joined.type)
}
