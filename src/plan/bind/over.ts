/**
 * Over: ROW_NUMBER() OVER (…) of one SELECT, and the limits that conditions on its column set.
 *
 * How      1. While expressions are bound, the n-th call stands in them as column `rankBase + n`.
 *          2. The calls become rank nodes, one over the other, above a project of what the SELECT reads.
 *          3. A condition such as `rn <= 3` right above is made the limit of the node that counts.
 * Contract 1 (checked by the golden scripts) rows of equal order keys stand in the same order in one-shot and
 *            continuous statements: by position only where a row has the same one in both.
 */
import type { Expression as Tree } from '../../../grammar/index.ts'
import { bigint, coerce, varchar } from '../coerce.ts'
import { and, column, columnsOf, mapColumns, signatureOf } from '../expression.ts'
import { fold } from '../fold.ts'
import type { Expression, Plan } from '../logical.ts'
import { filter, project, rank, rankShapeOf, withInputs } from '../node.ts'
import { type Binding, fail, sortsNullsFirst, unsupported } from './binding.ts'
import { bindExpression, type Env } from './expression/expression.ts'

/** A call over expressions, before these become columns. */
export interface RankCall {
  partition: Expression[]
  order: { expression: Expression; descending: boolean; nullsFirst: boolean }[]
}

const rankBase = 2 ** 20

export function isRankColumn(index: number): boolean {
  return index >= rankBase
}

/** The column that stands for the call. */
export function bindOver(env: Env, tree: Tree & { kind: 'over' }): Expression {
  const { call } = tree
  const name = call.name.name.toUpperCase()
  if (name !== 'ROW_NUMBER') unsupported(`window function ${name}`, call.span)
  const extra = call.args[0]?.span ?? call.filter?.span
  if (extra !== undefined) fail('syntax', 'ROW_NUMBER takes no arguments', extra)
  const { ranks, ...rest } = env
  if (ranks === undefined) {
    const hint = env.clause === 'WHERE' ? 'use QUALIFY, or put the query into FROM (…)' : undefined
    fail('invalid_grouping', `ROW_NUMBER cannot stand in ${env.clause}`, call.span, hint)
  }
  const key = (part: Tree) => {
    const bound = bindExpression({ ...rest, clause: 'OVER' }, part)
    return bound.type.kind === 'null' ? coerce(bound, varchar) : bound
  }
  const index = ranks.push({
    partition: tree.partitionBy.map(key),
    order: tree.orderBy.map((item) => ({
      expression: key(item.expression),
      descending: item.descending,
      nullsFirst: sortsNullsFirst(env.binding, item),
    })),
  })
  return column(rankBase + index - 1, { type: bigint, nullable: false })
}

/** Replaces the keys of a call. */
export function liftRank(call: RankCall, lift: (key: Expression) => Expression): void {
  call.partition = call.partition.map(lift)
  for (const key of call.order) key.expression = lift(key.expression)
}

/** The calls over `input`, and how an expression over its columns and the calls looks above them. */
export function bindRanks(
  binding: Binding,
  input: Plan,
  calls: readonly RankCall[],
  read: readonly Expression[],
): { plan: Plan; above: (expression: Expression) => Expression } {
  const columns = [...new Set(read.flatMap((one) => [...columnsOf(one)]))].sort((a, b) => a - b)
  const needed = columns
    .filter((index) => !isRankColumn(index))
    .map((index) => column(index, input.output[index]!))
  const place = (expression: Expression) => {
    const signature = signatureOf(expression)
    const found = needed.findIndex((other) => signatureOf(other) === signature)
    return found >= 0 ? found : needed.push(expression) - 1
  }
  const ties = isPlaced(binding, input) ? 'position' : 'values'
  const shapes = calls.map((call, index) => ({
    partition: [...new Set(call.partition.map(place))],
    order: call.order.map(({ expression, ...rest }) => ({ column: place(expression), ...rest })),
    limit: null,
    name: `row_number${index === 0 ? '' : `_${index}`}`,
    ties: index === 0 ? (ties as 'position' | 'values') : ('values' as const),
  }))
  if (needed.length === 0) needed.push(column(0, input.output[0]!))
  const names = needed.map((e, i) =>
    e.kind === 'column' ? input.output[e.index]!.name : `expr${i + 1}`,
  )
  let plan: Plan = project(input, needed, names)
  for (const shape of shapes) plan = rank(plan, shape)
  const width = needed.length
  return {
    plan,
    above: (expression) =>
      mapColumns(expression, (found) => {
        // What a join or an aggregate in between says of NULL counts, not what the expression was bound with.
        const own = () => place(column(found.index, input.output[found.index]!))
        const index = isRankColumn(found.index) ? width + found.index - rankBase : own()
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
      // Rows of a table that change have new places.
      return stored && relation.rules === undefined
    }
    case 'values':
      return true
    case 'filter':
    case 'project':
    case 'window':
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
