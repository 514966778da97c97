/**
 * SqlFunction: a call of a function that CREATE FUNCTION made of an expression: the expression over the arguments.
 *
 * How      The expression is bound over columns that stand for the arguments, with the types that were declared; then
 *          each column becomes its argument. Expressions have no effects, so an argument that stands in several places
 *          has one value.
 * Contract 1 (checked) a function that calls itself, also through others, is refused.
 */
import type { Expression as Tree } from '../../../../grammar/index.ts'
import { QueryMistake, type Span } from '../../../base/index.ts'
import type { CatalogFunction } from '../../../catalog/index.ts'
import { type Type, typeText } from '../../../data/index.ts'
import { boolean, coerce, cutFor, isAdaptable, isAssignable } from '../../coerce.ts'
import { branch, call, choose, literal, mapColumns, or } from '../../expression.ts'
import type { Expression } from '../../logical.ts'
import { inZone } from '../../zone.ts'
import { type Binding, fail } from '../binding.ts'
import { scopeOf } from '../scope.ts'
import { bindExpression, type Env } from './expression.ts'

type SqlFunction = CatalogFunction & { kind: 'sql' }

/** `name(a, b)` in the text. */
export function bindSqlCall(
  env: Env,
  made: SqlFunction,
  tree: Tree & { kind: 'call' },
): Expression {
  const { name } = made
  if (tree.distinct) {
    fail('syntax', `DISTINCT stands in aggregates only, and ${name} is none`, tree.span)
  }
  if (tree.filter !== null) {
    fail('syntax', `FILTER goes with aggregates, and ${name} is none`, tree.filter.span)
  }
  return applyFunction(env.binding, made, boundArguments(env, made, tree), tree.span)
}

/** What a function takes. */
interface Signature {
  name: string
  parameters: readonly { name: string; type: Type }[]
}

/** The arguments of a call, as values of the types that were declared. */
export function boundArguments(
  env: Env,
  made: Signature,
  tree: { args: readonly Tree[]; span: Span },
): Expression[] {
  const { name, parameters } = made
  if (tree.args.length !== parameters.length) {
    const plural = parameters.length === 1 ? '' : 's'
    const message = `${name} takes ${parameters.length} argument${plural}, not ${tree.args.length}`
    fail('type_mismatch', message, tree.span, `it is ${signatureText(made)}`)
  }
  return tree.args.map((arg, index) => {
    const bound = bindExpression(env, arg)
    const { name: parameter, type } = parameters[index]!
    const what = `argument ${parameter === '' ? index + 1 : parameter} of ${name}`
    return assigned(env.binding, bound, { type, what, span: arg.span })
  })
}

/** `f(a INTEGER, b VARCHAR)`. */
function signatureText({ name, parameters }: Signature): string {
  const list = parameters.map((one) => `${one.name} ${typeText(one.type)}`.trim())
  return `${name}(${list.join(', ')})`
}

function assigned(
  { dialect }: Binding,
  bound: Expression,
  { type, what, span }: { type: Type; what: string; span: Span | undefined },
): Expression {
  if (!isAdaptable(bound) && !isAssignable(bound.type, type, dialect)) {
    const types = `${typeText(type)}, not ${typeText(bound.type)}`
    fail('type_mismatch', `${what} takes ${types}`, span ?? { start: 0, end: 0 })
  }
  return coerce(cutFor(dialect, bound, type), type, span)
}

/** The function's expression over these arguments; `span` is the call, null where the function is made. */
export function applyFunction(
  binding: Binding,
  made: SqlFunction,
  args: readonly Expression[],
  span: Span | null,
): Expression {
  const { name, parameters, returns, strict, expression, dialect, zone } = made
  const inner: Binding = {
    ...binding,
    dialect,
    spans: new WeakMap(),
    members: new WeakMap(),
    functions: [...binding.functions, name.toLowerCase()],
    // Places in the text of the function mean nothing where it is called.
    views: span === null ? binding.views : [...binding.views, { name: `function ${name}`, span }],
  }
  const fields = parameters.map((one, index) => ({ ...one, nullable: args[index]!.nullable }))
  const env: Env = {
    binding: inner,
    scope: scopeOf(fields, name),
    clause: `function ${name}`,
    aggregates: null,
  }
  const body = placed(made, span, () => {
    const bound = inZone(zone ?? null, () => bindExpression(env, expression))
    if (returns === null) return bound
    return assigned(inner, bound, {
      type: returns,
      what: `the result of ${name}`,
      span: expression.span,
    })
  })
  const applied = mapColumns(body, ({ index }) => args[index]!)
  if (!strict || args.length === 0) return applied
  const isNull = or(args.map((arg) => call('is_null', [arg], boolean)))
  return choose([branch(isNull, literal(null, applied.type))], applied, applied.type)
}

/** A mistake in the function's expression stands where the function is called. */
function placed<T>({ name }: SqlFunction, span: Span | null, work: () => T): T {
  if (span === null) return work()
  try {
    return work()
  } catch (error) {
    if (!(error instanceof QueryMistake)) throw error
    const first = error.diagnostics[0]!
    const prefix = first.message.startsWith('in function ') ? '' : `in function ${name}: `
    return fail(first.code, `${prefix}${first.message}`, span, first.hint)
  }
}

/** The function of the catalog that a call means; a function that is being applied cannot call itself. */
export function functionCalled(
  { catalog, functions }: Binding,
  name: string,
  span: Span,
): CatalogFunction | undefined {
  const recursive = functions.includes(name.toLowerCase())
  if (recursive) {
    const trail = [...functions.slice(functions.indexOf(name.toLowerCase())), name.toLowerCase()]
    fail('dependency', `function ${name} calls itself: ${trail.join(' → ')}`, span)
  }
  return catalog.functionNamed(name)
}
