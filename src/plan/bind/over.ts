/**
 * Over: the calls with OVER (…) of one SELECT, and the limits that conditions on numbers of rows set.
 *
 * How      1. While expressions are bound, the n-th call stands in them as column `overBase + n`. An aggregate goes to
 *             a collector of its own, whose calls become those of the window.
 *          2. Calls of one window become one over node, ROW_NUMBER, RANK and DENSE_RANK rank nodes above these, all of
 *             them above a project of what the SELECT reads.
 *          3. A condition such as `rn <= 3` right above is made the limit of the node that counts.
 * Contract 1 (checked by the golden scripts) rows of equal order keys stand in the same order in one-shot and
 *            continuous statements: by position only where a row has the same one in both.
 */
import type { NamedWindow, OverWindow, Expression as Tree } from '../../../grammar/index.ts'
import { bigint, coerce, commonTypeOf, double, nullType, varchar } from '../coerce.ts'
import { and, column, columnsOf, literal, mapColumns, signatureOf } from '../expression.ts'
import { fold } from '../fold.ts'
import type { Expression, OverCall, Plan, RankFunction } from '../logical.ts'
import { filter, over, project, rank, rankShapeOf, withInputs } from '../node.ts'
import { type Binding, fail, planSpan, sortsNullsFirst } from './binding.ts'
import type { Aggregates } from './expression/aggregate.ts'
import { boxed, unboxed } from './expression/boxed.ts'
import { clockOf } from './expression/clock.ts'
import { bindOverAggregate, bindValue, type Env } from './expression/expression.ts'
import { bindFrame, countOf, entirePartition } from './frame.ts'
import { ofRowBefore } from './moving.ts'
import { bindGap, inSessions } from './session-frame.ts'

type Function = OverCall['function']

/** A call over expressions, before these become columns. */
export interface BoundOver {
  partition: Expression[]
  order: { expression: Expression; descending: boolean; nullsFirst: boolean }[]
  /** SESSION WITH GAP, microseconds: the frame is the row's session. */
  gap: bigint | null
  call: Omit<OverCall, 'argument' | 'otherwise' | 'filter'> & {
    argument: Expression | null
    otherwise: Expression | null
    filter: Expression | null
  }
}

const overBase = 2 ** 20

export function isOverColumn(index: number): boolean {
  return index >= overBase
}

const ranking: ReadonlySet<string> = new Set<RankFunction>(['row_number', 'rank', 'dense_rank'])

/** Least and greatest number of arguments of the functions that are nothing without OVER. */
const windowFunctions: ReadonlyMap<string, readonly [number, number]> = new Map<
  string,
  readonly [number, number]
>([
  ...[...ranking, 'percent_rank', 'cume_dist'].map((name) => [name, [0, 0]] as const),
  ['ntile', [1, 1]],
  ['lag', [1, 3]],
  ['lead', [1, 3]],
  ['first_value', [1, 1]],
  ['last_value', [1, 1]],
  ['nth_value', [2, 2]],
])

/** Of these the ones that give a value of another row. */
const ofValue = /^(lag|lead|first_value|last_value|nth_value)$/

/** Of these the ones that look at a frame. */
const framed: ReadonlySet<string> = new Set(['first_value', 'last_value', 'nth_value'])

/** A call of a window function without OVER. */
export function refuseBare(name: string, tree: Tree & { kind: 'call' }): void {
  if (!windowFunctions.has(name)) return
  const upper = name.toUpperCase()
  fail('invalid_grouping', `${upper} needs OVER`, tree.span, `write ${upper}(…) OVER (ORDER BY …)`)
}

/** The value of the call: columns that stand for it. */
export function bindOver(env: Env, tree: Tree & { kind: 'over' }): Expression {
  const { call } = tree
  const name = call.name.name.toLowerCase()
  const moving = ofRowBefore(tree)
  if (moving !== null) return bindValue(env, moving)
  const { overs, ...rest } = env
  if (overs === undefined) {
    const hint = env.clause === 'WHERE' ? 'use QUALIFY, or put the query into FROM (…)' : undefined
    fail(
      'invalid_grouping',
      `${name.toUpperCase()} OVER cannot stand in ${env.clause}`,
      call.span,
      hint,
    )
  }
  const window = resolve(env.windows ?? [], tree.window)
  const key = (part: Tree) => {
    const bound = boxed(env.binding, bindValue({ ...rest, clause: 'OVER' }, part))
    return bound.type.kind === 'null' ? coerce(bound, varchar) : bound
  }
  const shape = {
    partition: window.partitionBy.map(key),
    order: window.orderBy.map((item) => ({
      expression: key(item.expression),
      descending: item.descending,
      nullsFirst: sortsNullsFirst(env.binding, item),
    })),
  }
  const keys = shape.order.map(({ expression }) => expression.type)
  const session = framed.has(name) || !windowFunctions.has(name) ? window.session : undefined
  const gap = session === undefined ? null : bindGap(env.binding, session, keys)
  const frame =
    gap !== null
      ? entirePartition(false)
      : window.frame === null
        ? entirePartition(shape.order.length > 0)
        : bindFrame(env, window.frame, keys)
  if (tree.ignoreNulls && !ofValue.test(name)) {
    const message = 'IGNORE NULLS goes with LAG, LEAD, FIRST_VALUE, LAST_VALUE and NTH_VALUE'
    fail('syntax', message, call.span, 'write FILTER (WHERE … IS NOT NULL)')
  }
  const add = (given: BoundOver['call']) =>
    overs.push({ ...shape, gap, order: shape.order.map((one) => ({ ...one })), call: given }) - 1
  if (windowFunctions.has(name)) {
    checkArguments(call, name)
    const inner = { ...rest, clause: 'OVER' }
    const value = ofValue.test(name) ? bindValue(inner, call.args[0]!) : literal(null, nullType)
    const given = windowCall(inner, tree, name, boxed(env.binding, value))
    return unboxed(env.binding, value, column(overBase + add({ ...given, frame }), given))
  }
  const collector: Aggregates = { width: overBase + overs.length, calls: [] }
  const bound = bindOverAggregate(rest, call, collector)
  if (collector.calls.length === 0) {
    const hint = 'OVER goes with aggregates and with window functions such as ROW_NUMBER and LAG'
    fail('invalid_grouping', `${name} is no window function`, call.span, hint)
  }
  for (const one of collector.calls) {
    const nullable = !one.function.startsWith('count')
    add({ ...one, count: 0, otherwise: null, ignoreNulls: false, frame, nullable })
  }
  return bound
}

/** What OVER means with the windows that WINDOW names. */
function resolve(windows: readonly NamedWindow[], window: OverWindow): OverWindow {
  const { base } = window
  if (base === null) return window
  const same = ({ name }: NamedWindow) => name.name.toLowerCase() === base.name.toLowerCase()
  const at = windows.findIndex(same)
  if (at < 0) {
    const names = windows.map(({ name }) => name.name)
    const hint =
      names.length > 0 ? `there is ${names.join(', ')}` : 'name it behind HAVING: WINDOW w AS (…)'
    fail('unknown_name', `there is no window ${base.name}`, base.span, hint)
  }
  // A window stands on those before it.
  const found = resolve(windows.slice(0, at), windows[at]!.window)
  const { partitionBy, orderBy, frame, session } = window
  if (partitionBy.length > 0) {
    fail('syntax', `PARTITION BY belongs to window ${base.name}`, partitionBy[0]!.span)
  }
  if (orderBy.length > 0 && found.orderBy.length > 0) {
    fail('syntax', `window ${base.name} has an ORDER BY already`, orderBy[0]!.span)
  }
  const adds = orderBy.length > 0 || frame !== null || session !== undefined
  if (adds && (found.frame !== null || found.session !== undefined)) {
    fail('syntax', `window ${base.name} has a frame, so nothing can be added to it`, base.span)
  }
  return {
    ...found,
    orderBy: orderBy.length > 0 ? orderBy : found.orderBy,
    frame: frame ?? found.frame,
    ...(session === undefined ? {} : { session }),
  }
}

function checkArguments(call: Tree & { kind: 'call' }, name: string): void {
  const upper = name.toUpperCase()
  if (call.distinct)
    fail('syntax', `DISTINCT stands in aggregates only, and ${upper} is none`, call.span)
  if (call.filter !== null)
    fail('syntax', `FILTER goes with aggregates, and ${upper} is none`, call.filter.span)
  const [least, most] = windowFunctions.get(name)!
  if (call.args.length < least || call.args.length > most) {
    const wanted =
      most === 0
        ? 'no arguments'
        : most === 1
          ? '1 argument'
          : least === most
            ? `${most} arguments`
            : `${least} to ${most} arguments`
    const message = `${upper} takes ${wanted}${most === 0 ? '' : `, not ${call.args.length}`}`
    fail(most === 0 ? 'syntax' : 'type_mismatch', message, call.args[0]?.span ?? call.span)
  }
}

/** A call of one of `windowFunctions`, of `value` where it gives one; its frame comes later. */
function windowCall(
  env: Env,
  { call, ignoreNulls }: Tree & { kind: 'over' },
  name: string,
  value: Expression,
): BoundOver['call'] {
  const upper = name.toUpperCase()
  const plain = {
    argument: null,
    otherwise: null,
    filter: null,
    count: 0,
    ignoreNulls,
    distinct: false,
    frame: entirePartition(true),
    span: planSpan(env.binding, call.span),
  }
  const number = (at: number, least: number) => countOf(env, call.args[at]!, { what: upper, least })
  if (ranking.has(name))
    return { ...plain, function: name as RankFunction, type: bigint, nullable: false }
  switch (name) {
    case 'percent_rank':
    case 'cume_dist':
      return { ...plain, function: name, type: double, nullable: false }
    case 'ntile':
      return { ...plain, function: name, count: number(0, 1), type: bigint, nullable: false }
    case 'lag':
    case 'lead': {
      const count = call.args.length > 1 ? number(1, Number.MIN_SAFE_INTEGER) : 1
      const [argument, otherwise] = shifted(env, call.args, value)
      const type = argument.type
      const nullable = argument.nullable || (otherwise?.nullable ?? true)
      const signed = name === 'lag' || count === 0 ? count : -count
      return {
        ...plain,
        function: 'lag',
        argument,
        otherwise,
        count: signed,
        type,
        nullable,
      }
    }
    default: {
      const argument = typed(value)
      const count = name === 'nth_value' ? number(1, 1) : 0
      return {
        ...plain,
        function: name as Function,
        argument,
        count,
        type: argument.type,
        nullable: true,
      }
    }
  }
}

const typed = (bound: Expression) => (bound.type.kind === 'null' ? coerce(bound, varchar) : bound)

/** The value of LAG or LEAD and what stands in its place, in one type. */
function shifted(
  env: Env,
  args: readonly Tree[],
  value: Expression,
): [Expression, Expression | null] {
  if (args[2] === undefined) return [typed(value), null]
  const otherwise = boxed(env.binding, bindValue(env, args[2]))
  const type = commonTypeOf([value, otherwise])
  if (type === null) {
    fail(
      'type_mismatch',
      'the value and what stands in its place have no common type',
      args[2].span,
    )
  }
  const known = type.kind === 'null' ? varchar : type
  return [coerce(value, known, args[0]!.span), coerce(otherwise, known, args[2].span)]
}

/** Replaces the expressions of a call. */
export function liftOver(given: BoundOver, lift: (expression: Expression) => Expression): void {
  given.partition = given.partition.map(lift)
  for (const key of given.order) key.expression = lift(key.expression)
  const { argument, otherwise, filter: condition } = given.call
  const lifted = (one: Expression | null) => (one === null ? null : lift(one))
  given.call = {
    ...given.call,
    argument: lifted(argument),
    otherwise: lifted(otherwise),
    filter: lifted(condition),
  }
}

/** The calls over `input`, and how an expression over its columns and the calls looks above them. */
export function bindOvers(
  binding: Binding,
  input: Plan,
  calls: readonly BoundOver[],
  read: readonly Expression[],
): { plan: Plan; above: (expression: Expression) => Expression } {
  const columns = [...new Set(read.flatMap((one) => [...columnsOf(one)]))].sort((a, b) => a - b)
  const needed = columns
    .filter((index) => !isOverColumn(index))
    .map((index) => column(index, input.output[index]!))
  const place = (expression: Expression) => {
    const signature = signatureOf(expression)
    const found = needed.findIndex((other) => signatureOf(other) === signature)
    return found >= 0 ? found : needed.push(expression) - 1
  }
  const placed = (expression: Expression | null) => (expression === null ? null : place(expression))
  const shapes = calls.map(({ partition, order, gap, call }, number) => ({
    number,
    gap,
    window: {
      partition: [...new Set(partition.map(place))],
      order: order.map(({ expression, ...rest }) => ({ column: place(expression), ...rest })),
    },
    call: {
      ...call,
      argument: placed(call.argument),
      otherwise: placed(call.otherwise),
      filter: placed(call.filter),
    } satisfies OverCall,
  }))
  if (needed.length === 0) needed.push(column(0, input.output[0]!))
  const names = needed.map((e, i) =>
    e.kind === 'column' ? input.output[e.index]!.name : `expr${i + 1}`,
  )
  let plan: Plan = project(input, needed, names)
  let ties: 'position' | 'values' = isPlaced(binding, input) ? 'position' : 'values'
  /** Where the n-th call is. */
  const at: number[] = []
  const taken = new Map<string, number>()
  const nameOf = (call: OverCall) => {
    const name = call.function === 'count_star' ? 'count' : call.function
    const count = taken.get(name) ?? 0
    taken.set(name, count + 1)
    return count === 0 ? name : `${name}_${count}`
  }
  const others = shapes.filter(({ call }) => !ranking.has(call.function))
  const keyOf = ({ gap, window }: (typeof shapes)[number]) => `${gap} ${JSON.stringify(window)}`
  for (const some of Map.groupBy(others, keyOf).values()) {
    const [{ gap, window }] = some as [(typeof shapes)[number]]
    const split = gap === null ? { plan, window } : inSessions(plan, window, gap)
    if (gap !== null) ties = 'values'
    for (const [index, { number }] of some.entries()) at[number] = split.plan.output.length + index
    const own = some.map(({ call }) => call)
    plan = over(split.plan, { ...split.window, ties, calls: own, names: own.map(nameOf) })
    ties = 'values'
  }
  for (const { number, window, call } of shapes) {
    if (!ranking.has(call.function)) continue
    at[number] = plan.output.length
    const counted = call.function as RankFunction
    plan = rank(plan, { ...window, function: counted, limit: null, name: nameOf(call), ties })
    ties = 'values'
  }
  return {
    plan,
    above: (expression) =>
      mapColumns(expression, (found) => {
        // What a join or an aggregate in between says of NULL counts, not what the expression was bound with.
        const own = () => place(column(found.index, input.output[found.index]!))
        const index = isOverColumn(found.index) ? at[found.index - overBase]! : own()
        return column(index, plan.output[index]!)
      }),
  }
}

/**
 * Do the rows of the plan stand in the same order in one-shot and continuous statements, whenever the query began?
 * Those of a source outside do among themselves.
 */
export function isPlaced(binding: Binding, plan: Plan, alone = true): boolean {
  switch (plan.kind) {
    case 'scan': {
      const relation = binding.catalog.get(plan.relation)
      if (relation?.kind === 'external') return alone
      const stored = relation?.kind === 'stream' || relation?.kind === 'table'
      // Rows of a table that change have new places, and so have those that are given up.
      return stored && relation.rules === undefined && binding.evicts !== true
    }
    case 'values':
      return true
    case 'filter':
      // Rows that come and go by the clock have no place of their own.
      return clockOf(plan.predicate) === null && isPlaced(binding, plan.input, alone)
    case 'project':
    case 'window':
    case 'number':
      return isPlaced(binding, plan.input, alone)
    case 'join':
      if (plan.join !== 'inner') return false
      return isPlaced(binding, plan.left, false) && isPlaced(binding, plan.right, false)
    default:
      return false
  }
}

// ---------------------------------------------------------------- limits

/** The rows of a plan that meet all conditions; what bounds the number of a row from above limits its node. */
export function filterRanked(plan: Plan, conjuncts: readonly Expression[]): Plan {
  let limited = plan
  const rest = conjuncts.filter((conjunct) => {
    const bound = boundOf(fold(conjunct))
    const found = bound === null ? null : limitAt(limited, bound.column, bound.limit)
    if (found !== null) limited = found
    return found === null || !bound!.exact
  })
  return rest.length === 0 ? limited : filter(limited, and(rest))
}

/** `column <= limit`, in any spelling; exact: it says nothing else. */
function boundOf(conjunct: Expression): { column: number; limit: number; exact: boolean } | null {
  if (conjunct.kind !== 'call' || conjunct.args.length !== 2) return null
  const [left, right] = conjunct.args as [Expression, Expression]
  const flipped = left.kind === 'literal'
  const [given, bound] = flipped ? [right, left] : [left, right]
  if (given.kind !== 'column' || bound.kind !== 'literal' || bound.type.kind !== 'bigint')
    return null
  const name = flipped ? mirrored[conjunct.function] : conjunct.function
  const value = Number(bound.value)
  const limit = name === 'lt' ? value - 1 : value
  if (bound.value === null || !Number.isSafeInteger(limit) || limit < 1) return null
  if (name === 'eq') return { column: given.index, limit, exact: limit === 1 }
  return name === 'le' || name === 'lt' ? { column: given.index, limit, exact: true } : null
}

const mirrored: Record<string, string> = { ge: 'le', gt: 'lt', eq: 'eq' }

/** The plan whose column `index` counts up to `limit`; null when it is not a number of a rank below. */
function limitAt(plan: Plan, index: number, limit: number): Plan | null {
  const into = (input: Plan, below: number) => {
    const limited = limitAt(input, below, limit)
    return limited === null ? null : withInputs(plan, [limited])
  }
  switch (plan.kind) {
    case 'rank':
      if (!plan.numbered || index !== plan.input.output.length) return null
      return rank(plan.input, {
        ...rankShapeOf(plan),
        limit: Math.min(limit, plan.limit ?? limit),
      })
    case 'filter':
      return into(plan.input, index)
    case 'project': {
      const expression = plan.expressions[index]!
      return expression.kind === 'column' ? into(plan.input, expression.index) : null
    }
    default:
      return null
  }
}
