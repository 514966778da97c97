/**
 * Called: operators that are calls of functions: bits, powers, regular expressions, JSON, arrays, geometries.
 *
 * How      An operator names a function of the library; the mistakes name the operator. Bits of INTEGER and smaller
 *          types are INTEGER, all others BIGINT, those that were shifted, too.
 */
import type { Span } from '../../../base/index.ts'
import { isWhole, type Type, typeText } from '../../../data/index.ts'
import { bigint, boolean, coerce, commonTypeOf, integer, isAdaptable } from '../../coerce.ts'
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

/** The same of arrays and of geometries. */
const collective: Record<string, { array: string; geometry?: string }> = {
  '@>': { array: 'array_has_all' },
  '<@': { array: 'array_has_all' },
  '&&': { array: 'arrays_overlap', geometry: 'st_boxesmeet' },
  '<->': { array: 'l2_distance', geometry: 'st_distance' },
}

/** Null where neither is an array or a geometry that the operator takes. */
function bindCollective(
  operator: string,
  args: readonly Expression[],
  { argSpans, ...rest }: Places,
): Expression | null {
  const first = args.find(({ type }) => type.kind === 'array' || type.kind === 'geometry')
  const kind = first?.type.kind as 'array' | 'geometry' | undefined
  const name = kind === undefined ? undefined : collective[operator]?.[kind]
  if (name === undefined) return null
  const sides = args.map((arg, at) =>
    isAdaptable(arg) ? coerce(arg, first!.type, argSpans[at]) : arg,
  )
  const alike = sides.every(({ type }) => type.kind === kind) && commonTypeOf(sides) !== null
  if (!alike) refuse(operator, args, { argSpans, ...rest })
  const isTurned = operator === '<@'
  return bindFunction({
    name,
    args: isTurned ? sides.toReversed() : sides,
    argSpans: isTurned ? argSpans.toReversed() : argSpans,
    ...rest,
  })
}

/** `left operator right` of an operator that is a function; null for all others. */
export function bindCalled(
  operator: string,
  args: [Expression, Expression],
  places: Places,
): Expression | null {
  if (operator in bits && operator !== '~') return bindBits(operator, args, places)
  const bound = bindCollective(operator, args, places)
  if (bound !== null) return bound
  const found = functions[operator]
  if (found === undefined && operator in collective) refuse(operator, args, places)
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
  const made = bindFunction({
    name,
    args: [...args, ...more],
    argSpans: [...spans, ...more.map(() => places.span)],
    ...rest,
  })
  return operator.startsWith('!') ? call('not', [made], boolean) : made
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
