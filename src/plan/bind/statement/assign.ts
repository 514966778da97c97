/**
 * BindAssign: a value goes into a column: cast where Postgres casts on assignment, never cut short in silence.
 */
import type { Span } from '../../../base/index.ts'
import { type Field, parseValue, sameType, typeText } from '../../../data/index.ts'
import { bigint, coerce, cutFor, isAdaptable, isAssignable, varchar } from '../../coerce.ts'
import { call, literal } from '../../expression.ts'
import type { Expression } from '../../logical.ts'
import { type Binding, fail } from '../binding.ts'

/** The value as one of the column's type. */
export function assigned(
  binding: Binding,
  value: Expression,
  field: Field,
  span: Span,
): Expression {
  const stored = storedValue(binding, value, field, span)
  const { type } = field
  if (type.kind !== 'varchar' || type.length === undefined) return stored
  if (stored.kind === 'literal') {
    const long = stored.value !== null && parseValue(String(stored.value), type) === undefined
    if (long) fail('overflow', `value too long for ${typeText(type)}`, span)
    return stored
  }
  return call('check_length', [stored, literal(BigInt(type.length), bigint)], varchar, span)
}

function storedValue(
  { dialect }: Binding,
  value: Expression,
  field: Field,
  span: Span,
): Expression {
  if (sameType(value.type, field.type)) return value
  if (isAdaptable(value) || isAssignable(value.type, field.type, dialect)) {
    return coerce(cutFor(dialect, value, field.type), field.type, span)
  }
  const types = `${typeText(field.type)}, not ${typeText(value.type)}`
  return fail('type_mismatch', `column ${field.name} takes ${types}`, span, 'convert it with CAST')
}
