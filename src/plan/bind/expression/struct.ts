/**
 * BindStruct: values of STRUCT in expressions.
 *
 * How      No plan node knows structs: they lie flat (src/data/struct.ts). A bound struct is the expression of its
 *          presence, and `binding.members` holds those of its members beside it. Clauses that take a struct as a whole
 *          (the select list, GROUP BY, INSERT, IS NULL, =) flatten it; all others refuse it.
 */
import type { Identifier } from '../../../../grammar/index.ts'
import type { Span } from '../../../base/index.ts'
import { type Member, membersOf, type Type, typeText, widthOf } from '../../../data/index.ts'
import { boolean, isAdaptable, nullType, varchar } from '../../coerce.ts'
import { and, call, column, literal, or } from '../../expression.ts'
import type { Expression } from '../../logical.ts'
import { type Binding, fail, unsupported } from '../binding.ts'
import type { Scope, ScopeColumn } from '../scope.ts'
import { suggestion } from '../suggest.ts'

/** The expression of a column, with its members beside it. */
export function columnOf(binding: Binding, scope: Scope, found: ScopeColumn): Expression {
  const bound = column(found.index, found)
  const width = widthOf(found.type)
  if (width > 1) {
    const inside = scope.filter(({ index }) => index > found.index && index < found.index + width)
    binding.members.set(
      bound,
      inside.map((entry) => column(entry.index, entry)),
    )
  }
  return bound
}

/** A bound struct as flat expressions, presence first; any other expression alone. */
export function flatten(binding: Binding, bound: Expression): Expression[] {
  return [bound, ...(binding.members.get(bound) ?? [])]
}

/** A value flat for a column of `type`, where NULL may stand for a struct; null if it does not fit. */
export function flattenInto(binding: Binding, bound: Expression, type: Type): Expression[] | null {
  const wanted = membersOf(type)
  const given = membersOf(bound.type)
  if (wanted === null) return given === null ? [bound] : null
  if (bound.kind === 'literal' && bound.value === null) {
    return Array.from({ length: widthOf(type) }, () => literal(null, nullType))
  }
  const inside = binding.members.get(bound)
  if (given === null || inside === undefined || given.length !== wanted.length) return null
  const flat: Expression[] = [bound]
  let at = 0
  for (const [index, member] of given.entries()) {
    const width = widthOf(member.type)
    const one = inside[at]!
    if (width > 1) binding.members.set(one, inside.slice(at + 1, at + width))
    const fitted = flattenInto(binding, one, wanted[index]!.type)
    if (fitted === null) return null
    flat.push(...fitted)
    at += width
  }
  return flat
}

/** `(x).name`. */
export function memberOf(
  binding: Binding,
  operand: Expression,
  { name, span }: Identifier,
): Expression {
  const members = membersOf(operand.type)
  const inside = binding.members.get(operand)
  if (members === null || inside === undefined) {
    return fail('type_mismatch', `${typeText(operand.type)} has no members`, span)
  }
  let at = 0
  for (const member of members) {
    const width = widthOf(member.type)
    if (member.name.toLowerCase() === name.toLowerCase()) {
      const found = inside[at]!
      if (width > 1) binding.members.set(found, inside.slice(at + 1, at + width))
      return found
    }
    at += width
  }
  const names = members.map((member) => member.name)
  const hint = suggestion(name, names) ?? `members are ${names.join(', ')}`
  return fail('unknown_name', `there is no member ${name}`, span, hint)
}

/** ROW(a, b): a struct whose members are f1, f2 … as in Postgres. */
export function structOf(binding: Binding, args: readonly Expression[]): Expression {
  const members = args.map(
    ({ type, nullable }, index): Member => ({
      name: `f${index + 1}`,
      type: type.kind === 'null' ? varchar : type,
      nullable,
    }),
  )
  const bound = literal(true, { kind: 'boolean', members })
  binding.members.set(
    bound,
    args.flatMap((arg) => flatten(binding, arg)),
  )
  return bound
}

/** A struct where one value is wanted. */
export function refuseStruct(bound: Expression, span: Span): Expression {
  const members = membersOf(bound.type)
  if (members === null) return bound
  const first = members[0]
  const hint = first === undefined ? undefined : `name a member, such as (…).${first.name}`
  return unsupported('a STRUCT in this place', span, hint)
}

/**
 * Equality of structs: NULL where one of them is NULL, else members compare with NULL as a value. Null where neither
 * side is a struct.
 */
export function structEquality(
  binding: Binding,
  left: Expression,
  right: Expression,
  span: Span,
): Expression | null {
  const [a, b] = [membersOf(left.type), membersOf(right.type)]
  if (a === null && b === null) return null
  const [insideA, insideB] = [binding.members.get(left), binding.members.get(right)]
  if (insideA === undefined || insideB === undefined || !comparable(insideA, insideB)) {
    const types = `${typeText(left.type)} and ${typeText(right.type)}`
    return fail('type_mismatch', `cannot compare ${types}`, span, 'compare their members')
  }
  const isNull = (e: Expression) => call('is_null', [e], boolean)
  const members = insideA.map((member, index) =>
    or([isNull(left), isNull(right), call('is_not_distinct', [member, insideB[index]!], boolean)]),
  )
  return and([call('eq', [left, right], boolean), ...members])
}

function comparable(a: readonly Expression[], b: readonly Expression[]): boolean {
  if (a.length !== b.length) return false
  return a.every((one, index) => {
    const other = b[index]!
    return !isAdaptable(one) && !isAdaptable(other) && sameShape(one, other)
  })
}

const sameShape = (a: Expression, b: Expression) =>
  JSON.stringify(plain(a)) === JSON.stringify(plain(b))

/** The type without the names of members. */
const plain = ({ type }: Expression) =>
  type.kind === 'boolean' ? { kind: type.kind, struct: type.members !== undefined } : type
