/**
 * BindLambda: functions of elements, x -> y as an argument of LIST_TRANSFORM, LIST_FILTER and LIST_REDUCE.
 *
 * How      The body is bound over columns of its own, which hide those around it. In the plan it is a JSON literal
 *          beside the array: expressions over the parameters and, behind these, over what the body reads from around
 *          it, which follows as further arguments. So a rewrite that moves columns need not know of it.
 * See      src/runtime/expression/library/lambda.ts runs it
 */
import type { Expression as Tree } from '../../../../grammar/index.ts'
import { flatFields, type Type, typeText } from '../../../data/index.ts'
import { bigint, coerce, commonTypeOf, varchar } from '../../coerce.ts'
import { call, column, literal, mapChildren, signatureOf } from '../../expression.ts'
import type { Expression } from '../../logical.ts'
import { userCallOf } from '../../user-function.ts'
import { fail, planSpan, unsupported } from '../binding.ts'
import { type ScopeColumn, scopeOf } from '../scope.ts'
import { boxed, isStruct } from './boxed.ts'
import { bindExpression, bindValue, type Env } from './expression.ts'
import { coerceCondition } from './function.ts'
import { firstOf } from './nested.ts'
import { flatten } from './struct.ts'

type CallTree = Tree & { kind: 'call' }
type LambdaTree = Tree & { kind: 'lambda' }

/** What the body is told in the plan. */
export interface LambdaSettings {
  /** Names of the flat parameters. */
  parameters: string[]
  /** Flat values of the result. */
  body: Expression[]
  /** Does LIST_REDUCE begin with a value of its own, the third argument? A STRUCT is in its box, as the result is. */
  initial?: true
}

const names: Record<string, 'list_transform' | 'list_filter' | 'list_reduce'> = {
  transform: 'list_transform',
  apply: 'list_transform',
  filter: 'list_filter',
  reduce: 'list_reduce',
}

/** Parameters are columns from here on while a body is bound, those of an inner one from a place further on. */
const parameterBase = 2 ** 30
const parametersMax = 2 ** 12

/** A call with a function of elements; null where it has none. */
export function bindLambda(env: Env, tree: CallTree): Expression | null {
  const lambda = tree.args.find((arg): arg is LambdaTree => arg.kind === 'lambda')
  if (lambda === undefined) return null
  const name = names[tree.name.name.toLowerCase().replace(/^(list|array)_/, '')]!
  const most = name === 'list_reduce' ? 3 : 2
  if (tree.args[1] !== lambda || tree.args.length > most) {
    const form = name === 'list_reduce' ? '(array, (a, x) -> … [, first])' : '(array, x -> …)'
    fail('type_mismatch', `${tree.name.name} is ${tree.name.name}${form}`, tree.span)
  }
  const array = bindExpression(env, tree.args[0]!)
  const { type } = array
  if (type.kind !== 'array') {
    const message = `${tree.name.name} takes an array, not ${typeText(type)}`
    return fail('type_mismatch', message, tree.args[0]!.span)
  }
  const element = type.element.kind === 'null' ? varchar : type.element
  const typed: Type = { kind: 'array', element }
  const made = { env, tree, lambda, array: coerce(array, typed), element }
  if (name === 'list_reduce') return reduction(made)
  const body = bodyOf(made, [element, bigint])
  if (name === 'list_filter') {
    const condition = coerceCondition(body.value, lambda.body.span, 'a filter of elements')
    return finish(made, name, body, [condition], typed)
  }
  const shown = body.value.type.kind === 'null' ? coerce(body.value, varchar) : body.value
  const result: Type = { kind: 'array', element: shown.type }
  return finish(made, name, body, flatten(env.binding, shown), result)
}

interface Made {
  env: Env
  tree: CallTree
  lambda: LambdaTree
  array: Expression
  element: Type
}

interface Body {
  value: Expression
  scope: ScopeColumn[]
  base: number
}

/** The body over parameters of the types, of which the last may be left out. */
function bodyOf({ env, lambda }: Made, types: readonly Type[]): Body {
  const { parameters } = lambda
  if (parameters.length > types.length || parameters.length < types.length - 1) {
    const wanted = `${types.length - 1} or ${types.length} parameters`
    fail('type_mismatch', `the function takes ${wanted}, not ${parameters.length}`, lambda.span)
  }
  const fields = parameters.flatMap(({ name }, at) =>
    flatFields({ name, type: types[at]!, nullable: true }),
  )
  const depth = env.lambdas ?? 0
  const base = parameterBase + depth * parametersMax
  const scope = scopeOf(fields, null).map((one) => ({ ...one, index: one.index + base }))
  const { overs: _overs, scalars: _scalars, beneath: _beneath, place: _place, ...plain } = env
  const inner: Env = {
    ...plain,
    scope,
    outer: [...env.scope, ...(env.outer ?? [])],
    clause: 'a function of elements',
    aggregates: null,
    lambdas: depth + 1,
  }
  return { value: bindValue(inner, lambda.body), scope, base }
}

/** The first value is the given one, or the first element; the type is one that takes the results, too. */
function reduction(made: Made): Expression {
  const { env, tree, lambda, element } = made
  const third = tree.args[2]
  const initial = third === undefined ? null : bindValue(env, third)
  const first = initial?.type.kind === 'null' ? element : (initial?.type ?? element)
  const once = bodyOf(made, [first, element, bigint])
  const both = [column(0, { type: first, nullable: true }), once.value]
  if (both.some(isStruct)) return structReduction(made, first, initial, once)
  const type = commonTypeOf(both)
  if (type === null) return refuseResult(made, once, first)
  const body = bodyOf(made, [type, element, bigint])
  const value = coerce(body.value, type, lambda.body.span)
  const start = initial === null ? undefined : coerce(initial, type)
  const array = initial === null ? coerce(made.array, { kind: 'array', element: type }) : made.array
  return finish({ ...made, array }, 'list_reduce', body, [value], type, start)
}

/** A STRUCT goes in and comes out in its box. */
function structReduction(
  made: Made,
  type: Type,
  initial: Expression | null,
  body: Body,
): Expression {
  const { binding } = made.env
  const element = nullableIn(type)
  const isSame = typeText(nullableIn(body.value.type)) === typeText(element)
  if (!isSame) return refuseResult(made, body, element)
  const start = initial === null ? undefined : boxed(binding, initial)
  const box: Type = { kind: 'array', element }
  const values = flatten(binding, body.value)
  return firstOf(binding, finish(made, 'list_reduce', body, values, box, start))
}

/** The type with members that may be NULL. */
function nullableIn(type: Type): Type {
  if (type.kind !== 'boolean' || type.members === undefined) return type
  const members = type.members.map((one) => ({
    ...one,
    type: nullableIn(one.type),
    nullable: true,
  }))
  return { ...type, members }
}

function refuseResult({ lambda }: Made, { value }: Body, wanted: Type): never {
  const types = `${typeText(value.type)} for ${typeText(wanted)}`
  return fail('type_mismatch', `the function gives ${types}`, lambda.body.span)
}

function finish(
  { env, tree, array }: Made,
  name: string,
  { scope, base }: Body,
  values: readonly Expression[],
  type: Type,
  initial?: Expression,
): Expression {
  const around: Expression[] = []
  const signatures: string[] = []
  const outside = (given: Expression): Expression => {
    const signature = signatureOf(given)
    if (!signatures.includes(signature)) {
      signatures.push(signature)
      around.push(given)
    }
    return column(scope.length + signatures.indexOf(signature), given)
  }
  const place = (one: Expression): Expression => {
    if (one.kind === 'call') {
      // The clock stands still for all elements.
      if (one.function === 'now') return outside(one)
      if (userCallOf(one.function) !== null) {
        unsupported('a function of the program in a function of elements', tree.span)
      }
    }
    if (one.kind !== 'column') return mapChildren(one, place)
    const own = one.index - base
    return own >= 0 && own < parametersMax ? { ...one, index: own } : outside(one)
  }
  const moved = values.map(place)
  const settings: LambdaSettings = {
    parameters: scope.map((one) => one.name),
    body: moved,
    ...(initial === undefined ? {} : { initial: true }),
  }
  const text = JSON.stringify(settings, (key, value: unknown) =>
    key === 'span' ? undefined : value,
  )
  const first = initial === undefined ? [] : [initial]
  const args = [array, literal(text, varchar), ...first, ...around]
  return call(name, args, type, planSpan(env.binding, tree.span))
}
