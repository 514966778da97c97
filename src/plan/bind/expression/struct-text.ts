/**
 * BindStructText: CAST of a text or a JSON document to a STRUCT.
 *
 * How      It is read as the one element of an array, which is what the runtime reads; several are refused.
 */
import type { Span } from '../../../base/index.ts'
import { itemsOf, type Type, typeText } from '../../../data/index.ts'
import { bigint, boolean, coerce, readText, varchar } from '../../coerce.ts'
import { branch, call, choose, literal } from '../../expression.ts'
import type { Expression } from '../../logical.ts'
import { type Binding, fail } from '../binding.ts'
import { firstOf } from './nested.ts'

interface Cast {
  operand: { span: Span }
  /** TRY_CAST? */
  attempt: boolean
  /** Makes one value another. */
  cast: (value: Expression, to: Type) => Expression
}

/** The STRUCT that a text says; null of an operand that is none. */
export function readStruct(
  binding: Binding,
  operand: Expression,
  type: Type,
  { operand: { span }, attempt, cast }: Cast,
): Expression | null {
  if (operand.type.kind !== 'varchar' && operand.type.kind !== 'json') return null
  const array: Type = { kind: 'array', element: type }
  const part = (text: string) => literal(text, varchar)
  if (operand.kind === 'literal' && operand.value !== null) {
    const text = String(operand.value)
    const value = readText(`[${text}]`, array)
    const isOne = value !== undefined && itemsOf(String(value), type).length === 1
    if (!isOne && !attempt) fail('invalid_literal', `'${text}' is no ${typeText(type)}`, span)
    return firstOf(binding, literal(isOne ? value : null, array))
  }
  const text = call('concat_strict', [part('['), coerce(operand, varchar)], varchar)
  const read = cast(call('concat_strict', [text, part(']')], varchar), array)
  const isOne = call('eq', [call('cardinality', [read], bigint), literal(1n, bigint)], boolean)
  const several = call('raise', [part(`the text is no ${typeText(type)}`)], array)
  const none = attempt ? literal(null, array) : several
  const isNull = call('is_null', [read], boolean)
  return firstOf(binding, choose([branch(isNull, read), branch(isOne, read)], none, array))
}
