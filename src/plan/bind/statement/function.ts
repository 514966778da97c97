/**
 * BindFunction: CREATE FUNCTION, DROP FUNCTION and DROP AGGREGATE.
 *
 * How      A class names a function that is built in. A function with arguments is one expression over them; it is
 *          bound once here, over arguments that may be NULL, and again wherever it is called.
 */
import {
  nameOf,
  parse,
  type Statement,
  type Expression as Tree,
} from '../../../../grammar/index.ts'
import { QueryMistake, type Span } from '../../../base/index.ts'
import type { CatalogFunction } from '../../../catalog/index.ts'
import type { Type } from '../../../data/index.ts'
import type { BoundStatement, Dropped } from '../../bind.ts'
import { literal } from '../../expression.ts'
import { madeInZone } from '../../zone.ts'
import { type Binding, fail, unsupported } from '../binding.ts'
import { derivedAggregateNames } from '../expression/derived-aggregate.ts'
import { functionNames } from '../expression/function.ts'
import { applyFunction } from '../expression/sql-function.ts'
import { bindType } from '../expression/type-name.ts'
import { suggestion } from '../suggest.ts'

type Create = Statement & { kind: 'create-function' }
type Body = Extract<Create['body'], { kind: 'function-body' }>
type Text = Extract<Create['body'], { kind: 'function-text' }>

/**
 * Class → built-in function: scripts written for Flink name the Java classes of their functions. No foreign code runs;
 * what is not here may be given by the program, under the name of the class.
 */
const classes: ReadonlyMap<string, string> = new Map([
  ['com.github.nexmark.flink.udf.CountChar', 'count_char'],
])

export function bindCreateFunction(binding: Binding, tree: Create): BoundStatement {
  const { name: path, orReplace, ifNotExists, body } = tree
  if (path.parts.length > 1) unsupported('schemas in names', path.span)
  const name = path.parts[0]!.name
  const present = binding.catalog.functionNamed(name)
  const made =
    body.kind === 'function-text' ? bindClass(binding, name, body) : bindBody(binding, name, body)
  const builtIn = [...functionNames(), ...derivedAggregateNames()].includes(name.toLowerCase())
  // What is built in for the scripts of others may be made by them, by its class or by an expression of their own.
  const foreign = [...classes.values()].includes(name.toLowerCase())
  const taken = present === undefined ? builtIn && !foreign : !orReplace
  if (taken && !ifNotExists) {
    fail('duplicate_name', `function ${name} exists already`, path.span)
  }
  if (present !== undefined && !taken) refuseNeeded(binding, name, path.span, false)
  const statement = { ...tree, orReplace: false, ifNotExists: false }
  const catalogued = {
    ...made,
    definition: { statement, dialect: binding.dialect, ...madeInZone() },
  }
  return { kind: 'create-function', made: catalogued, ifNotExists, notices: binding.notices }
}

function bindClass(binding: Binding, name: string, { value, span }: Text): CatalogFunction {
  const builtIn = classes.get(value)
  if (builtIn !== undefined) return { kind: 'built-in', name, builtIn }
  const given = binding.catalog.functionNamed(value)
  if (given?.kind === 'user' && given.of !== 'table') return { ...given, name }
  const known = [...classes.keys()].map((one) => `'${one}'`).join(', ')
  const hint = `known is ${known}; the program may give one under this name`
  return fail('unknown_name', `no function is built in for class ${value}`, span, hint)
}

function bindBody(binding: Binding, name: string, body: Body): CatalogFunction {
  const { language, parameters, strict } = body
  if (language !== null && language !== 'SQL') return bindWritten(binding, name, body)
  refuseWritten(body)
  const given = boundParameters(binding, parameters)
  const returns = body.returns === null ? null : scalarType(binding, body.returns)
  const { expression, place } = expressionOf(binding, name, body)
  const { dialect } = binding
  const made = {
    kind: 'sql' as const,
    name,
    parameters: given,
    returns,
    strict,
    expression,
    dialect,
    ...madeInZone(),
  }
  // Whatever is wrong with it is said now.
  placed(place, () => {
    const args = given.map(({ type }) => ({ ...literal(null, type), nullable: true }))
    applyFunction({ ...binding, creating: name }, made, args, null)
  })
  return made
}

/** What makes sense of a text in another language only. */
function refuseWritten({ aggregate, batch, span }: Body): void {
  const what = aggregate ? 'CREATE AGGREGATE of an expression' : 'BATCH of an expression'
  if (aggregate || batch) unsupported(what, span, 'write it in LANGUAGE JAVASCRIPT')
}

const languages: Record<string, 'javascript' | 'typescript'> = {
  JAVASCRIPT: 'javascript',
  JS: 'javascript',
  TYPESCRIPT: 'typescript',
  TS: 'typescript',
}

/** A function in JavaScript: the engine's host decides whether there are any, and makes it of its text. */
function bindWritten(binding: Binding, name: string, body: Body): CatalogFunction {
  const { parameters, strict, deterministic, batch, aggregate, expression: text } = body
  const language = languages[body.language!]
  if (language === undefined) {
    const hint = 'LANGUAGE is SQL, JAVASCRIPT or TYPESCRIPT'
    unsupported(`LANGUAGE ${body.language}`, body.span, hint)
  }
  if (text.kind !== 'function-text') {
    const hint = 'put it between $$ and $$'
    fail('syntax', `a function in ${body.language} is given as a text`, text.span, hint)
  }
  if (body.returns === null) {
    fail('syntax', `function ${name} has no RETURNS`, body.span, 'its text does not tell its type')
  }
  if (aggregate && batch) {
    fail('syntax', 'an aggregate is given row after row, and is no BATCH', body.span)
  }
  if (aggregate) binding.notices.push(...notCalled(name, text.value))
  return {
    kind: 'user',
    id: -1,
    name,
    of: aggregate ? 'aggregate' : 'scalar',
    parameters: boundParameters(binding, parameters),
    returns: scalarType(binding, body.returns),
    columns: { fields: [] },
    // What an aggregate takes back must be what it gave.
    deterministic: deterministic ?? aggregate,
    takesNull: !strict,
    written: { language, text: text.value, batch, span: text.span },
  }
}

/** The parts of an aggregate that other systems call. */
function notCalled(name: string, text: string): string[] {
  const parts = ['retract', 'merge'].filter((part) => RegExp(`\\b${part}\\s*[(:=]`).test(text))
  const why = 'the rows of a group are kept, and accumulate is called for those that there are'
  return parts.length === 0 ? [] : [`${parts.join(' and ')} of ${name} is not called: ${why}`]
}

function boundParameters(binding: Binding, parameters: Body['parameters']) {
  const seen = new Set<string>()
  return parameters.map(({ name: parameter, type, span }) => {
    const normal = parameter.name.toLowerCase()
    if (seen.has(normal)) fail('duplicate_name', `argument ${parameter.name} is there twice`, span)
    seen.add(normal)
    return { name: parameter.name, type: scalarType(binding, type) }
  })
}

/** The length of a VARCHAR does not count, as in Postgres. */
function scalarType(binding: Binding, tree: Body['parameters'][number]['type']): Type {
  const type = bindType(binding, tree)
  if (type.kind === 'boolean' && type.members !== undefined) {
    unsupported('a function of STRUCT', tree.span)
  }
  return type.kind === 'varchar' ? { kind: 'varchar' } : type
}

/** Where places of a text of its own lie in the text of the statement: in all of `span`, or from `start` on. */
type Place = { span: Span; start: number | null }

function expressionOf(
  binding: Binding,
  name: string,
  { expression: given }: Body,
): { expression: Tree; place: Place } {
  if (given.kind !== 'function-text')
    return { expression: given, place: { span: given.span, start: 0 } }
  const { span, value } = given
  const within = binding.text.slice(span.start, span.end).indexOf(value)
  const place = { span, start: within < 0 ? null : span.start + within }
  const { script, diagnostics } = parse(value)
  if (diagnostics.length > 0)
    placed(place, () => {
      throw new QueryMistake(diagnostics)
    })
  const expression = selected(script.statements)
  if (expression !== null) return { expression, place }
  const hint = 'write SELECT and one expression over the arguments'
  return unsupported(`function ${name}, which is more than an expression`, span, hint)
}

/** The expression of `SELECT expression`; null for any other text. */
function selected(statements: readonly Statement[]): Tree | null {
  const [only, ...others] = statements
  if (only?.kind !== 'query-statement' || others.length > 0) return null
  const { body, with: tables, orderBy, limit, offset, emit } = only.query
  if (body.kind !== 'select' || tables.length + orderBy.length > 0) return null
  const { items, from, where, groupBy, having, qualify, distinct } = body
  const clauses = [limit, offset, emit, from, where, having, qualify].some((one) => one !== null)
  const [item] = items
  const plain = !clauses && groupBy.length === 0 && items.length === 1
  return plain && !distinct && item!.expression.kind !== 'star' ? item!.expression : null
}

/** Puts mistakes of a text of its own where they stand in the text of the statement. */
function placed<T>({ span, start }: Place, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof QueryMistake)) throw error
    throw new QueryMistake(
      error.diagnostics.map((one) => {
        if (start === null || one.span === undefined) return { ...one, span }
        return { ...one, span: { start: one.span.start + start, end: one.span.end + start } }
      }),
    )
  }
}

export function bindDropFunction(
  binding: Binding,
  { name: path, object: asked, ifExists, cascade }: Statement & { kind: 'drop' },
): Dropped {
  const name = nameOf(path)
  const present = binding.catalog.functionNamed(name)
  const kind = 'drop' as const
  const object = 'function' as const
  const bound = { kind, object, name, ifExists, cascade, more: [] }
  if (present === undefined) {
    if (ifExists) return { ...bound, notices: binding.notices }
    const made = binding.catalog.functions().map((one) => one.name)
    const isBuiltIn = functionNames().includes(name.toLowerCase())
    const message = isBuiltIn ? `function ${name} is built in` : `function ${name} does not exist`
    fail('unknown_name', message, path.span, suggestion(name, made))
  }
  const isAggregate = present.kind === 'user' && present.of === 'aggregate'
  if (asked === 'aggregate' && !isAggregate) {
    const message = `${name} is a function, not an aggregate`
    fail('unknown_name', message, path.span, 'write DROP FUNCTION')
  }
  refuseNeeded(binding, name, path.span, cascade)
  return { ...bound, notices: binding.notices }
}

/** CASCADE takes views and functions along, but not the rows of a table whose column calls the function. */
function refuseNeeded(
  binding: Binding,
  name: string,
  span: Span,
  cascade: boolean,
  asked: Set<string> = new Set(),
): void {
  const { derived, functions, tables } = binding.catalog.callers(name)
  asked.add(name.toLowerCase())
  const dependents = cascade ? tables : [...derived, ...functions, ...tables]
  if (dependents.length > 0) {
    const list = dependents.join(', ')
    const hint =
      tables.length > 0 ? `ALTER or DROP ${list} first` : `drop ${list} first, or add CASCADE`
    fail('dependency', `function ${name} is needed by ${list}`, span, hint)
  }
  for (const caller of functions) {
    if (!asked.has(caller.toLowerCase())) refuseNeeded(binding, caller, span, cascade, asked)
  }
}
