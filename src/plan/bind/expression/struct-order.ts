/**
 * BindStructOrder: `<` and its like between structs, and CAST to a STRUCT: both go member by member.
 *
 * How      The first members that differ decide; a NULL among members is greater than any value, as in Postgres. Where
 *          one of the structs itself is NULL, so is the comparison.
 * See      struct.ts for how structs lie in expressions
 */
import type { Span } from '../../../base/index.ts'
import { flatFields, membersOf, type Type, typeText } from '../../../data/index.ts'
import { boolean, coerce, varchar } from '../../coerce.ts'
import { and, call, literal, or } from '../../expression.ts'
import type { Expression } from '../../logical.ts'
import { type Binding, fail } from '../binding.ts'
import { bindComparison } from '../operator.ts'
import { flattenInto, memberPairs, rebuilt, sameMember } from './struct.ts'

/** Compares two structs by `lt`, `le`, `gt` or `ge`; null where neither side is one. */
export const structOrder =
  (name: string) =>
  (binding: Binding, left: Expression, right: Expression, span: Span): Expression | null => {
    if (membersOf(left.type) === null && membersOf(right.type) === null) return null
    const given = memberPairs(binding, left, right, span)
    const isTurned = name === 'gt' || name === 'le'
    const pairs = isTurned ? given.map(([one, two]) => [two, one] as const) : given
    const less = pairs
      .map(([one, two]) => ({
        less: () => isLess(one, two, span),
        same: () => sameMember(one, two, span),
      }))
      .reduceRight<Expression | null>(
        (rest, pair) => (rest === null ? pair.less() : or([pair.less(), and([pair.same(), rest])])),
        null,
      )
    const found = less ?? literal(false, boolean)
    const wanted = name === 'lt' || name === 'gt' ? found : call('not', [found], boolean)
    const isNull = (side: Expression) => call('is_null', [side], boolean)
    const known = call('eq', [left, right], boolean)
    return and([known, or([isNull(left), isNull(right), wanted])])
  }

/** Is the member less, where NULL is the greatest? Never NULL. */
function isLess(one: Expression, two: Expression, span: Span): Expression {
  const beforeNull = (a: Expression, b: Expression) => {
    const known = (side: Expression) => (side.type.kind === 'null' ? coerce(side, varchar) : side)
    return and([call('is_not_null', [known(a)], boolean), call('is_null', [known(b)], boolean)])
  }
  if (membersOf(one.type) !== null || membersOf(two.type) !== null) return beforeNull(one, two)
  const spans = { leftSpan: span, rightSpan: span, span, planSpan: undefined }
  const less = bindComparison('lt', { left: one, right: two, ...spans }, '<')
  return less.nullable ? call('coalesce', [less, beforeNull(one, two)], boolean) : less
}

/** The struct with its members as those of `type`; `cast` makes one value another. */
export function castStruct(
  binding: Binding,
  operand: Expression,
  type: Type,
  span: Span,
  cast: (member: Expression, to: Type) => Expression,
): Expression {
  const flat = flattenInto(binding, operand, type)
  if (flat === null) {
    const message = `${typeText(operand.type)} cannot be cast to ${typeText(type)}`
    return fail('type_mismatch', message, span)
  }
  const [, ...wanted] = flatFields({ name: '', type, nullable: true })
  const members = wanted.map((field, index): Expression => {
    const given = flat[index + 1]!
    if (membersOf(field.type) === null) return cast(given, field.type)
    return given.type.kind === 'null' ? literal(null, field.type) : { ...given, type: field.type }
  })
  const presence = flat[0]!.type.kind === 'null' ? literal(null, type) : flat[0]!
  const made = { ...presence, type: rebuilt(type, [presence, ...members]) }
  binding.members.set(made, members)
  return made
}
