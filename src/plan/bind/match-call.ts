/**
 * BindPatternCall: what stands in DEFINE and MEASURES for rows of a match: FIRST, LAST, PREV, NEXT, CLASSIFIER,
 * MATCH_NUMBER and aggregates.
 *
 * How      Each variable, each subset and the match as a whole is a slot; the columns of slot n are columns
 *          `n · width + …` of the scope and mean the last of its rows. A call is noted and stands as a column of its
 *          own, from `navigationBase` on; match.ts makes cells of all of them.
 */
import type { Expression as Tree } from '../../../grammar/index.ts'
import type { Span } from '../../base/index.ts'
import { bigint, varchar } from '../coerce.ts'
import { column, columnsOf } from '../expression.ts'
import { fold } from '../fold.ts'
import type { Expression } from '../logical.ts'
import { fail, unsupported } from './binding.ts'
import { type Aggregates, addAggregate, isAggregateName } from './expression/aggregate.ts'
import { isDerivedAggregate } from './expression/derived-aggregate.ts'
import { bindAggregateCall, bindExpression, type Env } from './expression/expression.ts'

type Call = Tree & { kind: 'call' }
type Tense = 'running' | 'final'

/** What an expression of a pattern may name: a variable, a subset, or, without a name, all of them. */
export interface Slot {
  name: string | null
  variables: number[] | null
}

/** A call, over the columns of one slot; `argument` is null for the variable's name. */
type Navigation =
  | { kind: 'number' }
  | {
      kind: 'value'
      from: 'first' | 'last'
      slot: number
      offset: number
      shift: number
      argument: Expression | null
      final: boolean
    }

export interface PatternCalls {
  /** Columns of a slot. */
  width: number
  slots: Slot[]
  /** What a call without RUNNING or FINAL means. */
  tense: Tense
  /** Does DEFINE ask, to which the end of the match is not known? */
  defines: boolean
  continuous: boolean
  /** The call around the one at hand. */
  inside: string | null
  /** The n-th one is column `navigationBase + n`. */
  navigations: Navigation[]
  running: Aggregates
  final: Aggregates
}

export const navigationBase = 2 ** 22

/** Where the calls of aggregates stand. */
export const aggregateBases: Record<Tense, number> = { running: 2 ** 23, final: 2 ** 24 }

const navigationNames = new Set(['first', 'last', 'prev', 'next', 'classifier', 'match_number'])

/** The column that stands for the call; null where it is one like any other. */
export function bindPatternCall(env: Env, tree: Call): Expression | null {
  const { pattern } = env
  const name = tree.name.name.toLowerCase()
  if (pattern === undefined) {
    if (tree.tense === undefined) return null
    const message = `${tree.tense.toUpperCase()} stands in MATCH_RECOGNIZE only`
    return fail('syntax', message, tree.span)
  }
  const tense = tenseOf(pattern, tree, name)
  const known = navigationNames.has(name) || isAggregateName(name)
  if (!known && isDerivedAggregate(name)) {
    unsupported(`${name.toUpperCase()} in MATCH_RECOGNIZE`, tree.span)
  }
  if (!known) return null
  if (pattern.inside !== null) {
    unsupported(`${name.toUpperCase()} inside ${pattern.inside}`, tree.span)
  }
  if (isAggregateName(name)) return bindAggregate(env, pattern, tree, tense)
  if (name === 'match_number') {
    takes(tree, 0, 0)
    return note(pattern, { kind: 'number' }, { type: bigint, nullable: false })
  }
  const { place, field } = placeOf(env, pattern, tree)
  return note(pattern, { kind: 'value', ...place, final: tense === 'final' }, field)
}

function tenseOf(pattern: PatternCalls, tree: Call, name: string): Tense {
  const { tense } = tree
  if (tense === undefined) return pattern.tense
  const may = ['first', 'last', 'classifier'].includes(name) || isAggregateName(name)
  if (!may) {
    fail('syntax', `${tense.toUpperCase()} goes with FIRST, LAST and aggregates`, tree.span)
  }
  if (tense === 'final' && pattern.defines) {
    fail('invalid_pattern', 'FINAL stands in MEASURES only: DEFINE sees the rows so far', tree.span)
  }
  return tense
}

function note(
  pattern: PatternCalls,
  navigation: Navigation,
  field: { type: Expression['type']; nullable: boolean },
): Expression {
  const index = pattern.navigations.push(navigation) - 1
  return column(navigationBase + index, field)
}

interface Placed {
  place: Omit<Navigation & { kind: 'value' }, 'kind' | 'final'>
  field: { type: Expression['type']; nullable: boolean }
}

function placeOf(env: Env, pattern: PatternCalls, tree: Call): Placed {
  const name = tree.name.name.toLowerCase()
  if (name === 'classifier') {
    takes(tree, 0, 1)
    const slot = tree.args.length === 0 ? 0 : slotNamed(pattern, tree.args[0]!)
    const place = { from: 'last' as const, slot, offset: 0, shift: 0, argument: null }
    return { place, field: { type: varchar, nullable: true } }
  }
  takes(tree, 1, 2)
  const [arg, count] = tree.args
  if (name === 'first' || name === 'last') {
    const offset = count === undefined ? 0 : countOf(env, count, name)
    return located(env, pattern, arg!, { from: name, offset, around: name })
  }
  const steps = count === undefined ? 1 : countOf(env, count, name)
  if (name === 'next' && pattern.continuous) {
    const hint = 'rows that come later would have to be waited for: map them to a variable'
    unsupported('NEXT in a continuous query', tree.span, hint)
  }
  const shift = name === 'next' ? steps : -steps
  const inner = arg!.kind === 'call' && /^(first|last)$/i.test(arg!.name.name) ? arg! : null
  const found =
    inner === null
      ? located(env, pattern, arg!, { from: 'last', offset: 0, around: name })
      : placeOf(env, pattern, inner)
  return { ...found, place: { ...found.place, shift } }
}

function located(
  env: Env,
  pattern: PatternCalls,
  arg: Tree,
  { from, offset, around }: { from: 'first' | 'last'; offset: number; around: string },
): Placed {
  const inside = { ...pattern, inside: around.toUpperCase() }
  const argument = bindExpression({ ...env, pattern: inside, aggregates: null }, arg)
  const slot = slotOf(pattern, argument, arg.span)
  const field = { type: argument.type, nullable: true }
  return { place: { from, slot, offset, shift: 0, argument }, field }
}

/** The slot whose columns the expression reads. */
export function slotOf({ width }: PatternCalls, expression: Expression, span: Span): number {
  const slots = new Set([...columnsOf(expression)].map((index) => Math.floor(index / width)))
  if (slots.size > 1) {
    fail('invalid_pattern', 'the rows of one variable are asked for at a time', span)
  }
  return [...slots][0] ?? 0
}

function slotNamed({ slots }: PatternCalls, tree: Tree): number {
  const name = tree.kind === 'column' && tree.path.length === 1 ? tree.path[0]!.name : null
  const slot = slots.findIndex((one) => one.name?.toLowerCase() === name?.toLowerCase())
  if (name !== null && slot > 0) return slot
  const names = slots.flatMap((one) => one.name ?? [])
  return fail(
    'unknown_name',
    'a variable of the pattern is wanted',
    tree.span,
    `variables are ${names.join(', ')}`,
  )
}

function bindAggregate(env: Env, pattern: PatternCalls, tree: Call, tense: Tense): Expression {
  const name = tree.name.name.toLowerCase()
  const aggregates = pattern[tense]
  if (tree.distinct) unsupported(`${name}(DISTINCT …) in MATCH_RECOGNIZE`, tree.span)
  if (tree.filter !== null) unsupported('FILTER in MATCH_RECOGNIZE', tree.filter.span)
  const [arg] = tree.args
  if (name === 'count' && arg?.kind === 'star' && arg.qualifier.length > 0) {
    const path = { kind: 'column' as const, path: arg.qualifier, span: arg.span }
    const first = slotNamed(pattern, path) * pattern.width
    const argument = column(first, { type: bigint, nullable: true })
    const call = { function: 'count_star' as const, distinct: false, filter: null, type: bigint }
    return addAggregate(aggregates, { ...call, argument, span: undefined })
  }
  const inside = { ...pattern, inside: name.toUpperCase() }
  const before = aggregates.calls.length
  const bound = bindAggregateCall({ ...env, pattern: inside, aggregates }, tree, name as 'count')
  for (const { argument, type } of aggregates.calls.slice(before)) {
    if (argument !== null) slotOf(pattern, argument, tree.span)
    if (/^(interval|months)$/.test(type.kind) && /^(sum|avg)$/.test(name)) {
      unsupported(`${name} of intervals in MATCH_RECOGNIZE`, tree.span)
    }
  }
  return bound
}

function takes(tree: Call, least: number, most: number): void {
  const { length } = tree.args
  if (tree.distinct || tree.filter !== null) {
    fail('syntax', `${tree.name.name} takes neither DISTINCT nor FILTER`, tree.span)
  }
  if (length >= least && length <= most) return
  const wanted = least === most ? `${least}` : `${least} to ${most}`
  fail('type_mismatch', `${tree.name.name} takes ${wanted} arguments, not ${length}`, tree.span)
}

/** More rows than these are not looked back at. */
const offsetMax = 10_000

function countOf({ binding }: Env, tree: Tree, name: string): number {
  const bound = fold(bindExpression({ binding, scope: [], clause: name, aggregates: null }, tree))
  const value = bound.kind === 'literal' ? Number(bound.value ?? -1) : -1
  if (/^(integer|bigint)$/.test(bound.type.kind) && value >= 0 && value <= offsetMax) return value
  const message = `${name} counts rows by a whole constant from 0 to ${offsetMax}`
  return fail('type_mismatch', message, tree.span)
}
