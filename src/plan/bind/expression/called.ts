/**
 * Called: operators that are calls of functions: bits, powers, regular expressions, JSON.
 *
 * How      An operator names a function of the library; the mistakes name the operator. Bits of INTEGER and smaller
 *          types are INTEGER, all others BIGINT, those that were shifted, too.
 */
import type { Span } from '../../../base/index.ts'
import { isWhole, type Type, typeText } from '../../../data/index.ts'
import { bigint, boolean, coerce, integer, isAdaptable } from '../../coerce.ts'
import { call } from '../../expression.ts'
import type { Expression } from '../../logical.ts'
import { fail } from '../binding.ts'
import { bindFunction } from './function.ts'

/** Where a call and its arguments stand. */
export interface Places {
  argSpans: Span[]
  span: Span
  planSpan: Span | undefined
}

const bits: Record<string, string> = {
  '&': 'bitand',
  '|': 'bitor',
  '#': 'bitxor',
  '~': 'bitnot',
  '<<': 'shift_left',
  '>>': 'shift_right',
}

/** Function, and what it takes: texts, documents or numbers. */
const functions: Record<string, [name: string, takes: 'text' | 'json' | 'number', key?: 'key']> = {
  '^': ['power', 'number'],
  '~': ['regexp_like', 'text'],
  '~*': ['regexp_like', 'text'],
  '!~': ['regexp_like', 'text'],
  '!~*': ['regexp_like', 'text'],
  '->': ['json_get', 'json', 'key'],
  '->>': ['json_get_text', 'json', 'key'],
  '#>': ['json_get_path', 'json'],
  '#>>': ['json_get_path_text', 'json'],
  '@>': ['json_contains', 'json'],
  '<@': ['json_contains', 'json'],
}

/** `left operator right` of an operator that is a function; null for all others. */
export function bindCalled(
  operator: string,
  args: [Expression, Expression],
  places: Places,
): Expression | null {
  if (operator in bits && operator !== '~') return bindBits(operator, args, places)
  const found = functions[operator]
  if (found === undefined) return null
  const [name, takes, key] = found
  const fits = args.every((arg, index) => {
    if (isAdaptable(arg)) return true
    const { kind } = arg.type
    if (takes === 'number') return isNumber(arg.type)
    if (key !== undefined && index === 1) return kind === 'varchar' || isWhole(arg.type)
    return kind === 'varchar' || (takes === 'json' && kind === 'json')
  })
  if (!fits) refuse(operator, args, places)
  if (operator === '<@') args.reverse()
  const more = operator.endsWith('*') ? [literalText('i')] : []
  const { argSpans, ...rest } = places
  const spans = operator === '<@' ? argSpans.toReversed() : argSpans
  const bound = bindFunction({
    name,
    args: [...args, ...more],
    argSpans: [...spans, ...more.map(() => places.span)],
    ...rest,
  })
  return operator.startsWith('!') ? call('not', [bound], boolean) : bound
}

const isNumber = (type: Type) => isWhole(type) || ['decimal', 'real', 'double'].includes(type.kind)

const literalText = (value: string): Expression => ({
  kind: 'literal',
  value,
  type: { kind: 'varchar' },
  nullable: false,
})

export function bindBits(operator: string, args: Expression[], places: Places): Expression {
  if (!args.every((arg) => isWhole(arg.type) || isAdaptable(arg))) refuse(operator, args, places)
  const shifts = operator === '<<' || operator === '>>'
  const isWide = ({ type }: Expression) => type.kind === 'bigint'
  const type = shifts || args.some(isWide) ? bigint : integer
  const given = args.map((arg, index) => coerce(arg, type, places.argSpans[index]))
  return call(bits[operator]!, given, type, places.planSpan)
}

function refuse(operator: string, args: readonly Expression[], places: Places): never {
  const types = args.map((arg) => typeText(arg.type)).join(' and ')
  return fail('type_mismatch', `${operator} does not take ${types}`, places.span)
}
