/**
 * BindJson: JSON_VALUE, JSON_QUERY and JSON_EXISTS with clauses, JSON_OBJECT and JSON_ARRAY with what becomes of NULL.
 *
 * How      `json_state` tells whether a path finds nothing (`empty`), what cannot be taken (`error`), or a value
 *          (`found`); a CASE over it chooses between the value and what ON EMPTY and ON ERROR ask for. Without a
 *          clause both give NULL, JSON_EXISTS FALSE on an error.
 * Format   clauses are arguments: see grammar/rule/json.ts
 */
import { type Type, typeText } from '../../../data/index.ts'
import { boolean, coerce, isAdaptable, isCastable, varchar } from '../../coerce.ts'
import { type Branch, branch, call, choose, literal } from '../../expression.ts'
import type { Expression } from '../../logical.ts'
import { fail, unsupported } from '../binding.ts'
import { bindFunction, type Call } from './function.ts'

interface Clause {
  marker: string
  value: Expression | null
  at: number
}

const answers: Record<string, { empty: RegExp; error: RegExp }> = {
  json_value: { empty: /^(null|error|default)$/, error: /^(null|error|default)$/ },
  json_query: {
    empty: /^(null|error|empty array|empty object)$/,
    error: /^(null|error|empty array|empty object)$/,
  },
  json_exists: { empty: /^$/, error: /^(true|false|unknown|error)$/ },
}

/** Null when the call is one of another function, or has no clause. */
export function bindJson(given: Call): Expression | null {
  if (/^json_(object|array)$/.test(given.name)) return bindMade(given)
  if (answers[given.name] === undefined || given.args.length < 3) return null
  const clauses = clausesOf(given, 2)
  const plain = { ...given, args: given.args.slice(0, 2), argSpans: given.argSpans.slice(0, 2) }
  const [document, path] = (bindFunction(plain) as Expression & { kind: 'call' }).args as [
    Expression,
    Expression,
  ]
  const wrapper = wrapperOf(given, clauses)
  const what = literal(given.name === 'json_query' ? wrapper : given.name, varchar)
  const state = call('json_state', [document, path, what], varchar, given.planSpan)
  const value = taken(given, { document, path, what })
  const type = typeOf(given, clauses, value)
  const behaviour = (when: 'empty' | 'error') => {
    const clause = clauses.find(({ marker }) => marker.startsWith(`${when} `))
    const how = clause?.marker.slice(6) ?? (given.name === 'json_exists' ? 'false' : 'null')
    return { how, answer: answerOf(given, { how, when, clause, type }) }
  }
  const [empty, error] = [behaviour('empty'), behaviour('error')]
  const whens: Branch[] = [branch(isState(state, 'error'), error.answer)]
  if (given.name !== 'json_exists') whens.push(branch(isState(state, 'empty'), empty.answer))
  return choose(whens, converted(value, type, error, given), type)
}

const isState = (state: Expression, name: string) =>
  call('eq', [state, literal(name, varchar)], boolean)

function clausesOf({ args, argSpans, name }: Call, from: number): Clause[] {
  const clauses: Clause[] = []
  const known = answers[name]
  for (let at = from; at < args.length; at++) {
    const arg = args[at]!
    const marker = arg.kind === 'literal' && arg.type.kind === 'varchar' ? String(arg.value) : ''
    const takesValue = marker === 'returning' || marker.endsWith(' default')
    const [when, how] = [marker.slice(0, 5), marker.slice(6)]
    const isAnswer = (when === 'empty' || when === 'error') && known?.[when].test(how) === true
    const isWrapper =
      name === 'json_query' &&
      /^((no|conditional|unconditional) wrapper|(keep|omit) quotes)$/.test(marker)
    const isReturning = marker === 'returning' && name !== 'json_exists'
    if (!isAnswer && !isWrapper && !isReturning) {
      const hint = 'it takes a document, a path and clauses such as NULL ON EMPTY'
      fail('type_mismatch', `${name} does not take this clause`, argSpans[at]!, hint)
    }
    clauses.push({ marker, value: takesValue ? args[at + 1]! : null, at })
    if (takesValue) at++
  }
  return clauses
}

/** What becomes of one value; with KEEP or OMIT QUOTES a string may be that value. */
function wrapperOf({ argSpans }: Call, clauses: readonly Clause[]): string {
  const wrapper = clauses.find(({ marker }) => marker.endsWith('wrapper'))?.marker ?? 'no wrapper'
  const quotes = clauses.find(({ marker }) => marker.endsWith('quotes'))
  if (quotes === undefined) return wrapper
  if (wrapper === 'no wrapper') return quotes.marker
  const hint = 'leave out one of the two'
  return fail('type_mismatch', 'QUOTES go without a wrapper', argSpans[quotes.at]!, hint)
}

function taken(
  { name, planSpan }: Call,
  { document, path, what }: { document: Expression; path: Expression; what: Expression },
): Expression {
  if (name === 'json_query') return call('json_wrapped', [document, path, what], varchar, planSpan)
  return call(name, [document, path], name === 'json_value' ? varchar : boolean, planSpan)
}

function typeOf({ name, argSpans }: Call, clauses: readonly Clause[], value: Expression): Type {
  const clause = clauses.find(({ marker }) => marker === 'returning')
  if (clause === undefined) return value.type
  const { type } = clause.value!
  if (name === 'json_query' && type.kind !== 'varchar' && type.kind !== 'json') {
    unsupported(`RETURNING ${typeText(type)} of JSON_QUERY`, argSpans[clause.at]!, 'write a CAST')
  }
  return type
}

/** What an empty path or an error gives. */
function answerOf(
  given: Call,
  {
    how,
    when,
    clause,
    type,
  }: { how: string; when: string; clause: Clause | undefined; type: Type },
): Expression {
  switch (how) {
    case 'null':
    case 'unknown':
      return literal(null, type)
    case 'true':
    case 'false':
      return literal(how === 'true', boolean)
    case 'empty array':
    case 'empty object':
      return coerce(literal(how === 'empty array' ? '[]' : '{}', varchar), type)
    case 'error': {
      const reason =
        when === 'empty' ? 'there is nothing at the path' : 'what is at the path cannot be taken'
      return call(
        'raise',
        [literal(`${given.name.toUpperCase()}: ${reason}`, varchar)],
        type,
        given.planSpan,
      )
    }
    default: {
      const value = clause!.value!
      const span = given.argSpans[clause!.at + 1]!
      if (!isAdaptable(value) && !isCastable(value.type, type)) {
        fail('type_mismatch', `DEFAULT takes ${typeText(type)}, not ${typeText(value.type)}`, span)
      }
      return coerce(value, type, span)
    }
  }
}

/** The value as RETURNING asks for it. */
function converted(
  value: Expression,
  type: Type,
  { how, answer }: { how: string; answer: Expression },
  given: Call,
): Expression {
  if (type.kind === value.type.kind) return value
  if (how === 'error') return coerce(value, type, given.planSpan)
  const tried = call('try_cast', [value], type, given.planSpan)
  if (how === 'null') return tried
  const failed = [call('is_not_null', [value], boolean), call('is_null', [tried], boolean)]
  const isFailed: Expression = {
    kind: 'and',
    args: failed,
    type: boolean,
    nullable: false,
  } as Expression
  return choose([branch(isFailed, answer)], tried, type)
}

/** JSON_OBJECT keeps members that are NULL, JSON_ARRAY leaves such elements out, unless they are told otherwise. */
function bindMade(given: Call): Expression | null {
  const last = given.args.at(-1)
  const marker = last?.kind === 'literal' && last.type.kind === 'varchar' ? String(last.value) : ''
  if (!/^(null|absent) on null$/.test(marker)) return null
  const isObject = given.name === 'json_object'
  const name = marker.startsWith('null')
    ? `json_build_${isObject ? 'object' : 'array'}`
    : isObject
      ? 'json_object_absent'
      : 'json_array'
  return bindFunction({
    ...given,
    name,
    args: given.args.slice(0, -1),
    argSpans: given.argSpans.slice(0, -1),
  })
}
