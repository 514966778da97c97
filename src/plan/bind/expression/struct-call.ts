/**
 * BindStructCall: the functions that make STRUCTs of members and take them apart.
 *
 * How      Members are expressions beside the presence of the struct (struct.ts), so nothing of these is computed. What
 *          is made of a STRUCT that is NULL is NULL.
 */
import type { Span } from '../../../base/index.ts'
import { membersOf, typeText, widthOf } from '../../../data/index.ts'
import { boolean, nullType, varchar } from '../../coerce.ts'
import { branch, call, choose, literal } from '../../expression.ts'
import type { Expression } from '../../logical.ts'
import { type Binding, fail } from '../binding.ts'
import type { Call } from './function.ts'
import { chooseStruct, memberOf, structOf } from './struct.ts'

/** A member by its name. */
interface Named {
  name: string
  value: Expression
  span: Span
}

/** {'name': value, …}, STRUCT_PACK(name := value, …) */
export function structPack(binding: Binding, given: Call): Expression {
  const members = pairsOf(given, 0)
  if (members.length === 0) fail('syntax', 'a STRUCT has a member at least', given.span)
  return made(binding, members)
}

/** STRUCT_INSERT(s, name := value, …) adds members behind the others, STRUCT_UPDATE also replaces them. */
export function structChanged(binding: Binding, given: Call): Expression {
  const members = membersIn(binding, given, 0)
  for (const one of pairsOf(given, 1)) {
    const at = members.findIndex((other) => isSame(one, other))
    if (at >= 0 && given.name === 'struct_update') members[at] = one
    else members.push(one)
  }
  return whereThere(binding, given, made(binding, members))
}

/** STRUCT_CONCAT(s, t, …): the members of all of them. */
export function structConcat(binding: Binding, given: Call): Expression {
  const members = given.args.flatMap((_, at) => membersIn(binding, given, at))
  if (members.length === 0) fail('syntax', 'struct_concat takes STRUCTs', given.span)
  return made(binding, members)
}

/** STRUCT_KEYS(s): the names of its members. */
export function structKeys(binding: Binding, given: Call): Expression {
  const names = membersIn(binding, given, 0).map(({ name }) => literal(name, varchar))
  const keys = call('list_value', names, { kind: 'array', element: varchar }, given.planSpan)
  const [struct] = given.args
  if (!struct!.nullable) return keys
  const isNull = call('is_null', [struct!], boolean)
  return choose([branch(isNull, literal(null, keys.type))], keys, keys.type)
}

/** STRUCT_EXTRACT(s, 'name'), STRUCT_EXTRACT(s, n). */
export function structExtract(binding: Binding, given: Call): Expression {
  const [struct, index] = given.args as [Expression, Expression]
  membersIn(binding, given, 0)
  const member = memberAt(binding, struct, index, given.argSpans[1]!)
  if (member !== null) return member
  const hint = "it takes the name of a member, or its number from 1, as a literal: (s)['a']"
  return fail('type_mismatch', `${given.name} takes a literal`, given.argSpans[1]!, hint)
}

/** The member of a literal name or number, from 1; null of what is no STRUCT, or no literal. */
export function memberAt(
  binding: Binding,
  struct: Expression,
  index: Expression,
  span: Span,
): Expression | null {
  const members = membersOf(struct.type)
  if (members === null || index.kind !== 'literal') return null
  if (index.type.kind === 'varchar') {
    const name = String(index.value)
    return memberOf(binding, struct, { kind: 'identifier', name, quoted: true, span })
  }
  if (index.type.kind !== 'integer') return null
  const number = Number(index.value)
  const member = members[number - 1]
  if (member === undefined) {
    const hint = `it has members 1 to ${members.length}`
    return fail('unknown_name', `there is no member ${number}`, span, hint)
  }
  return membersOfValue(binding, struct, span)[number - 1]!.value
}

/** The names and values that follow in turn. */
function pairsOf({ args, argSpans, name, span }: Call, from: number): Named[] {
  if ((args.length - from) % 2 === 1) {
    const hint = `write ${name}(${from === 1 ? 's, ' : ''}a := 1)`
    fail('type_mismatch', `${name} takes names and values`, span, hint)
  }
  const members: Named[] = []
  for (let at = from; at < args.length; at += 2) {
    const arg = args[at]!
    if (arg.kind !== 'literal' || arg.type.kind !== 'varchar') {
      fail('type_mismatch', 'the name of a member is a string', argSpans[at]!)
    }
    members.push({ name: String(arg.value), value: args[at + 1]!, span: argSpans[at]! })
  }
  return members
}

/** The members of an argument that is a STRUCT. */
function membersIn(binding: Binding, { args, argSpans, name, span }: Call, at: number): Named[] {
  const arg = args[at]
  if (arg === undefined) return fail('type_mismatch', `${name} takes a STRUCT`, span)
  if (membersOf(arg.type) !== null) return membersOfValue(binding, arg, argSpans[at]!)
  return fail('type_mismatch', `${name} does not take ${typeText(arg.type)}`, argSpans[at]!)
}

function membersOfValue(binding: Binding, struct: Expression, span: Span): Named[] {
  const flat = binding.members.get(struct) ?? []
  let at = 0
  return membersOf(struct.type)!.map(({ name, type }) => {
    const width = widthOf(type)
    const value = flat[at]!
    if (width > 1) binding.members.set(value, flat.slice(at + 1, at + width))
    at += width
    return { name, value, span }
  })
}

const isSame = (one: Named, other: Named) => one.name.toLowerCase() === other.name.toLowerCase()

function made(binding: Binding, members: readonly Named[]): Expression {
  members.forEach((one, at) => {
    if (!members.slice(0, at).some((other) => isSame(one, other))) return
    fail('duplicate_name', `member ${one.name} is there twice`, one.span)
  })
  return structOf(
    binding,
    members.map(({ value }) => value),
    members.map(({ name }) => name),
  )
}

/** The STRUCT, or NULL where the first argument is. */
function whereThere(binding: Binding, { args, argSpans }: Call, struct: Expression): Expression {
  const [from] = args
  if (!from!.nullable) return struct
  const isNull = call('is_null', [from!], boolean)
  const spans = [argSpans[0]!, argSpans[0]!]
  return chooseStruct(binding, [isNull], [literal(null, nullType), struct], spans)
}
