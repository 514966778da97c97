/**
 * BindRowCall: functions that give rows for the values of a row, wherever they stand.
 *
 * How      A table says what each takes and gives; series choose their type by their arguments. Columns have the names
 *          that Postgres gives them.
 */
import type { Expression as Tree } from '../../../grammar/index.ts'
import type { Span } from '../../base/index.ts'
import {
  elementOf,
  type Field,
  flatFields,
  isWhole,
  membersOf,
  type Type,
  typeText,
} from '../../data/index.ts'
import {
  bigint,
  boolean,
  coerce,
  interval,
  isAdaptable,
  json,
  timestamp,
  varchar,
} from '../coerce.ts'
import { branch, call, choose, literal } from '../expression.ts'
import { fold } from '../fold.ts'
import type { Expression, TableCall, TableFunction } from '../logical.ts'
import { fail, planSpan, unsupported } from './binding.ts'
import { bindExpression, type Env } from './expression/expression.ts'

/** A call as it is written. */
export interface CallTree {
  name: { name: string }
  args: Tree[]
  span: Span
}

interface Shape {
  function: TableFunction
  /** Kinds of the arguments; those from `least` on may be left out. */
  takes: readonly ('json' | 'text')[]
  least: number
  /** A column without a name takes that of the alias. */
  gives: readonly { name: string | null; type: Type; nullable: boolean }[]
}

const shape = (
  name: TableFunction,
  takes: Shape['takes'],
  gives: Shape['gives'],
  least = takes.length,
): Shape => ({ function: name, takes, least, gives })

const gives = (name: string | null, type: Type, nullable = false) => ({ name, type, nullable })

const ofJson: Record<string, Shape> = {
  array_elements: shape('json_elements', ['json'], [gives('value', json)]),
  array_elements_text: shape('json_elements_text', ['json'], [gives('value', varchar, true)]),
  each: shape('json_each', ['json'], [gives('key', varchar), gives('value', json)]),
  each_text: shape('json_each_text', ['json'], [gives('key', varchar), gives('value', varchar, true)]),
  object_keys: shape('json_keys', ['json'], [gives(null, varchar)]),
  path_query: shape('json_found', ['json', 'text'], [gives(null, json)]),
} // biome-ignore format: a table

const split = shape('split', ['text', 'text'], [gives(null, varchar)])

const shapes: ReadonlyMap<string, Shape> = new Map([
  ...Object.entries(ofJson).flatMap(([name, one]) =>
    ['json', 'jsonb'].map((prefix) => [`${prefix}_${name}`, one] as const),
  ),
  ['regexp_split_to_table', shape('regexp_split', ['text', 'text', 'text'], split.gives, 2)],
  ['string_split_to_table', split],
  ['string_to_table', split],
])

export const rowFunctions: ReadonlySet<string> = new Set([
  ...shapes.keys(),
  ...['generate_series', 'range', 'unnest'],
])

/** The call; its columns have the names that `alias` leaves them. */
export function bindRowCall(env: Env, tree: CallTree, alias: string | null): TableCall {
  const name = tree.name.name.toLowerCase()
  const inner: Env = { ...env, clause: name }
  const found = shapes.get(name)
  if (name === 'unnest') return bindUnnest(inner, tree, alias)
  if (found === undefined) return bindSeries(inner, tree, name, alias)
  const { takes, least } = found
  countArguments(tree, name, least, takes.length)
  const args = tree.args.map((arg, index) => {
    const bound = bindExpression(inner, arg)
    const fits =
      bound.type.kind === 'varchar' || (takes[index] === 'json' && bound.type.kind === 'json')
    if (fits) return bound
    if (isAdaptable(bound) && bound.type.kind === 'null') return coerce(bound, varchar)
    const wanted = takes[index] === 'json' ? 'JSON' : 'a string'
    return fail('type_mismatch', `${name} takes ${wanted}, not ${typeText(bound.type)}`, arg.span)
  })
  const columns = found.gives.map((one): Field => ({ ...one, name: one.name ?? alias ?? name }))
  return { function: found.function, args, columns, ...spanOf(env, tree) }
}

function spanOf({ binding }: Env, { span }: CallTree): { span?: Span } {
  const own = planSpan(binding, span)
  return own === undefined ? {} : { span: own }
}

function countArguments({ args, span }: CallTree, name: string, least: number, most: number): void {
  if (args.length >= least && args.length <= most) return
  const wanted = least === most ? `${most}` : `${least} to ${most}`
  const noun = most === 1 ? 'argument' : 'arguments'
  fail('type_mismatch', `${name} takes ${wanted} ${noun}, not ${args.length}`, span)
}

/** UNNEST of an array or a map; elements that are structs have a column per member, as in Flink. */
function bindUnnest(env: Env, tree: CallTree, alias: string | null): TableCall {
  countArguments(tree, 'unnest', 1, 1)
  const [{ span }] = tree.args as [Tree]
  const array = bindExpression(env, tree.args[0]!)
  const element = elementOf(array.type)
  if (element === null) {
    fail('type_mismatch', `unnest takes an array or a map, not ${typeText(array.type)}`, span)
  }
  const members = membersOf(element) ?? [{ name: alias ?? 'unnest', type: element }]
  const columns = members.flatMap(({ name, type }) => flatFields({ name, type, nullable: true }))
  return { function: 'elements', args: [array], columns, ...spanOf(env, tree) }
}

/** GENERATE_SERIES, and RANGE, whose last value is left out. */
function bindSeries(env: Env, tree: CallTree, name: string, alias: string | null): TableCall {
  countArguments(tree, name, 1, 3)
  const args = tree.args.map((arg) => bindExpression(env, arg))
  const isTime = ({ type }: Expression) => type.kind === 'timestamp' || type.kind === 'date'
  const bound = args.some(isTime) ? ofMoments(tree, name, args) : ofNumbers(tree, name, args)
  const columns = [{ name: alias ?? name, type: bound[0]!.type, nullable: false }]
  return { function: 'series', args: bound, columns, ...spanOf(env, tree) }
}

function ofNumbers(tree: CallTree, name: string, args: Expression[]): Expression[] {
  const whole = args.map((arg, index) => {
    const { span } = tree.args[index]!
    if (isWhole(arg.type) || arg.type.kind === 'null') return coerce(arg, bigint, span)
    const hint = 'it takes whole numbers, or moments and an INTERVAL'
    return fail('type_mismatch', `${name} does not take ${typeText(arg.type)}`, span, hint)
  })
  const [first, last, step = literal(1n, bigint)] =
    whole.length === 1 ? [literal(0n, bigint), whole[0]!] : (whole as [Expression, Expression])
  refuseStill(tree, name, step)
  if (name !== 'range') return [first, last, step]
  const beyond = choose(
    [branch(call('gt', [step, literal(0n, bigint)], boolean), literal(1n, bigint))],
    literal(-1n, bigint),
    bigint,
  )
  return [first, fold(call('subtract', [last, fold(beyond)], bigint)), step]
}

function ofMoments(tree: CallTree, name: string, args: Expression[]): Expression[] {
  const [first, last, step] = args
  if (step === undefined || last === undefined) {
    fail('type_mismatch', `${name} of moments takes 3 arguments, not ${args.length}`, tree.span)
  }
  if (name === 'range') {
    unsupported('range of moments', tree.span, 'write generate_series, which has the last one, too')
  }
  const zoned = [first!, last].some(({ type }) => type.kind === 'timestamp' && type.zoned === true)
  const type = timestamp(6, zoned)
  const moments = [first!, last].map((arg, index) => coerce(arg, type, tree.args[index]!.span))
  const by = isAdaptable(step) ? coerce(step, interval, tree.args[2]!.span) : step
  if (by.type.kind !== 'interval' && by.type.kind !== 'months') {
    const message = `the step of ${name} is an INTERVAL, not ${typeText(by.type)}`
    fail('type_mismatch', message, tree.args[2]!.span)
  }
  refuseStill(tree, name, by)
  return [...moments, by]
}

/** A step of 0 that is written so. */
function refuseStill(tree: CallTree, name: string, step: Expression): void {
  const constant = fold(step)
  if (constant.kind !== 'literal' || constant.value === null || BigInt(constant.value) !== 0n)
    return
  fail('invalid_literal', `the step of ${name} is 0`, tree.args.at(-1)!.span)
}
