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
import { boolean, coerce, commonTypeOf, nullType, varchar } from '../../coerce.ts'
import { and, branch, call, choose, column, literal, or } from '../../expression.ts'
import type { Expression } from '../../logical.ts'
import { type Binding, fail, unsupported } from '../binding.ts'
import { bindComparison } from '../operator.ts'
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

/** ROW(a, b): a struct whose members are f1, f2 … as in Postgres, where no names are given. */
export function structOf(
  binding: Binding,
  args: readonly Expression[],
  names?: readonly string[],
): Expression {
  const members = args.map(
    ({ type, nullable }, index): Member => ({
      name: names?.[index] ?? `f${index + 1}`,
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
  const same = sameMembers(binding, left, right, span)
  const isNull = (e: Expression) => call('is_null', [e], boolean)
  const members = same.map((one) => or([isNull(left), isNull(right), one]))
  return and([call('eq', [left, right], boolean), ...members])
}

/** IS NOT DISTINCT FROM of structs; null where neither side is one. */
export function structSameness(
  binding: Binding,
  left: Expression,
  right: Expression,
  span: Span,
): Expression | null {
  const [a, b] = [membersOf(left.type), membersOf(right.type)]
  if (a === null && b === null) return null
  const isNull = (e: Expression) => e.kind === 'literal' && e.value === null
  if (isNull(left) || isNull(right)) return call('is_null', [isNull(left) ? right : left], boolean)
  const same = sameMembers(binding, left, right, span)
  return and([call('is_not_distinct', [left, right], boolean), ...same])
}

/** Members are the same, pair by pair, with NULL as a value. */
function sameMembers(
  binding: Binding,
  left: Expression,
  right: Expression,
  span: Span,
): Expression[] {
  return memberPairs(binding, left, right, span).map(([one, two]) => sameMember(one, two, span))
}

/** Members in pairs, those of inner structs behind their presence. */
export function memberPairs(
  binding: Binding,
  left: Expression,
  right: Expression,
  span: Span,
): [Expression, Expression][] {
  const isStruct = ({ type }: Expression) => membersOf(type) !== null
  const [own, other] = isStruct(left) ? [left, right] : [right, left]
  // A NULL stands for a STRUCT inside of ROW(…).
  const [fitted, swapped] = [
    flattenInto(binding, other, own.type),
    isStruct(other) ? flattenInto(binding, own, other.type) : null,
  ]
  const a = fitted === null ? flatten(binding, other) : flatten(binding, own)
  const b = fitted ?? swapped
  if (b === null) {
    const types = `${typeText(left.type)} and ${typeText(right.type)}`
    return fail('type_mismatch', `cannot compare ${types}`, span, 'compare their members')
  }
  const isSwapped = own === right
  return a.slice(1).map((one, index) => (isSwapped ? [b[index + 1]!, one] : [one, b[index + 1]!]))
}

/** One member is the same in both, with NULL as a value. */
export function sameMember(one: Expression, two: Expression, span: Span): Expression {
  if (membersOf(one.type) !== null || membersOf(two.type) !== null) {
    const missing = [one, two].find((side) => side.kind === 'literal' && side.value === null)
    if (missing === undefined) return call('is_not_distinct', [one, two], boolean)
    return call('is_null', [missing === one ? two : one], boolean)
  }
  const spans = { leftSpan: span, rightSpan: span, span, planSpan: undefined }
  return bindComparison('is_not_distinct', { left: one, right: two, ...spans }, '=')
}

/** CASE whose values are structs: member by member; the last branch is that of ELSE. */
export function chooseStruct(
  binding: Binding,
  conditions: readonly Expression[],
  branches: readonly Expression[],
  spans: readonly Span[],
): Expression {
  const { type } = branches.find((one) => membersOf(one.type) !== null)!
  const flats = branches.map((one, index) => {
    const flat = flattenInto(binding, one, type)
    if (flat !== null) return flat
    const pair = `${typeText(type)} and ${typeText(one.type)}`
    return fail('type_mismatch', `CASE cannot give ${pair}`, spans[index]!)
  })
  const cells = flats[0]!.map((_, at) => flats.map((flat) => flat[at]!))
  const types = cells.map((column, at) => {
    const struct = column.find((cell) => membersOf(cell.type) !== null)
    const common = struct?.type ?? commonTypeOf(column)
    if (common === null) {
      return fail(
        'type_mismatch',
        `member ${at} differs in type among the branches of CASE`,
        spans[0]!,
      )
    }
    return common.kind === 'null' ? varchar : common
  })
  const chosen = cells.map((column, at) => {
    const wanted = types[at]!
    const values = column.map((cell) =>
      membersOf(wanted) === null
        ? coerce(cell, wanted)
        : cell.kind === 'literal' && cell.value === null
          ? literal(null, wanted)
          : cell,
    )
    const whens = conditions.map((when, index) => branch(when, values[index]!))
    return choose(whens, values.at(-1)!, wanted)
  })
  const [presence, ...inside] = chosen
  const shown = { ...presence!, type: rebuilt(type, chosen) }
  binding.members.set(shown, inside)
  return shown
}

/** The STRUCT with the types of its flat members, which may be NULL. */
export function rebuilt(type: Type, flat: readonly Expression[]): Type {
  const members = membersOf(type)
  if (members === null) return flat[0]!.type
  let at = 1
  const made = members.map((member): Member => {
    const width = widthOf(member.type)
    const inner = rebuilt(member.type, flat.slice(at, at + width))
    at += width
    return { ...member, type: inner, nullable: true }
  })
  return { kind: 'boolean', members: made }
}
