/**
 * Rejection: what was wrong with the rows that a filter, or a join, let none of pass.
 *
 * How      The input of the node is run at once over what is there. Of a filter every condition is counted by itself;
 *          of a join the keys of both sides are compared. Values that differ in case or blanks only are pointed out.
 * Cost     a one-shot run per node; its values are looked at where there are not too many.
 */
import type { Row, Type, Value } from '../data/index.ts'
import { valueText } from '../data/index.ts'
import { columnsOf, explain, followed, type PhysicalPlan, type Plan } from '../plan/index.ts'
import { rowKey } from '../runtime/index.ts'
import type { Engine } from './engine.ts'
import type { Query, Work } from './query.ts'

interface Rejection {
  why: string
  help: string | null
}

type Filter = PhysicalPlan & { kind: 'filter' }
type Join = PhysicalPlan & { kind: 'join' }

/** Values that are shown of a column or key. */
const shownMax = 3
/** Rows beyond which no values are looked at. */
const rowsMax = 200_000

/** The rows of a node below, each once; null where they cannot be read again, or are too many. */
function* rowsOf(engine: Engine, query: Query, plan: Plan): Work<Row[] | null> {
  if (query.endless || query.rowsIn > rowsMax) return null
  const physical = engine.physical(plan, 'one-shot')
  const asked = { upTo: query.readLast, tolerant: true }
  const { delta } = yield* engine.select(physical, '', engine.sources, asked)
  return delta.changes().map(({ row }) => row)
}

export function* rejectedByFilter(
  engine: Engine,
  query: Query,
  plan: Filter,
  count: number,
): Work<Rejection> {
  const conditions = plan.predicate.kind === 'and' ? plan.predicate.args : [plan.predicate]
  const texts = conditions.map((one) => explain.expressionText(one, plan.input.output))
  const rows = count === 1 ? 'the 1 row' : `${count.toLocaleString('en')} rows`
  const none = `none of ${rows} passes ${texts.join(' and ')}`
  const verdicts = yield* rowsOf(engine, query, followed.judged(plan, conditions))
  if (verdicts === null || verdicts.length === 0)
    return { why: none, help: 'look at the values of its columns' }
  const width = plan.input.output.length
  const never = conditions.flatMap((_, at) => {
    return verdicts.some((row) => row[width + at] === true) ? [] : [at]
  })
  if (never.length === 0) {
    const why = `${none}: each condition holds for some rows, all of them for none`
    return { why, help: 'SELECT the columns of the conditions side by side' }
  }
  const told = never.map((at) => {
    const isNull = verdicts.every((row) => row[width + at] === null)
    const condition = conditions[at]!
    const values = [...columnsOf(condition)].map((column) => valuesText(verdicts, column, plan))
    const verdict = isNull ? 'is NULL for every row' : 'is never true'
    return `${texts[at]} ${verdict} (${values.join('; ')})`
  })
  const near = never.map((at) => nearMiss(conditions[at]!, verdicts)).find((one) => one !== null)
  return {
    why: `${none}: ${told.join('; ')}`,
    help: near ?? 'compare the condition with the values that come',
  }
}

function valuesText(rows: readonly Row[], column: number, { input }: Filter): string {
  const { name, type } = input.output[column]!
  const found = new Map(rows.map((row) => [rowKey([row[column]!]), row[column]!]))
  const values = [...found.values()]
  const shown = values
    .slice(0, shownMax)
    .map((value) => shownValue(value, type))
    .join(', ')
  if (values.length === 1) return `${name} is always ${shown}`
  const more = values.length > shownMax ? ` and ${values.length - shownMax} more` : ''
  return `${name} is ${shown}${more}`
}

function shownValue(value: Value, type: Type): string {
  if (value === null) return 'NULL'
  const text = valueText(value, type)
  return type.kind === 'varchar' ? `'${text}'` : text
}

const folded = (text: string) => text.trim().toLowerCase()

/** A value that is compared with and comes in another spelling. */
function nearMiss(condition: Filter['predicate'], rows: readonly Row[]): string | null {
  if (condition.kind !== 'call' || !['eq', 'in'].includes(condition.function)) return null
  const [first, ...others] = condition.args
  if (first?.kind !== 'column' || first.type.kind !== 'varchar') return null
  for (const other of others) {
    if (other.kind !== 'literal' || typeof other.value !== 'string') continue
    const wanted = other.value
    const near = rows.find(
      (row) =>
        typeof row[first.index] === 'string' &&
        folded(row[first.index] as string) === folded(wanted),
    )
    if (near !== undefined) return spelling(`'${wanted}'`, `'${near[first.index]}'`)
  }
  return null
}

const spelling = (wanted: string, given: string) =>
  `${wanted} and ${given} differ in case or blanks only: LOWER(TRIM(…)) on both sides makes them equal`

// ---------------------------------------------------------------- joins

export function* rejectedByJoin(engine: Engine, query: Query, given: Join): Work<Rejection> {
  const plan = withOwnKeys(given)
  if (plan.join === 'anti') {
    return { why: 'every row of the left side has a partner', help: null }
  }
  const keys = keysText(plan)
  const left = yield* rowsOf(engine, query, followed.asLogical(plan.left))
  const right = yield* rowsOf(engine, query, followed.asLogical(plan.right))
  if (left === null || right === null) {
    return {
      why: `rows came on both sides, and none has a partner by ${keys}`,
      help: 'compare the keys of both sides',
    }
  }
  const known = new Set(right.map((row) => keyOf(row, plan.rightKeys)))
  const shared = left.filter((row) => {
    return plan.leftKeys.every((key) => row[key] !== null) && known.has(keyOf(row, plan.leftKeys))
  })
  if (shared.length > 0) return rejectedPairs(plan, keys, shared.length)
  const own = keyExamples(left, plan.leftKeys, plan.left)
  const other = keyExamples(right, plan.rightKeys, plan.right)
  const why = `no key of the left side is one of the right side: ${keys}; left has ${own}, right has ${other}`
  return { why, help: nearKeys(left, right, plan) ?? 'compare what both sides mean by the key' }
}

/** Bounds on times are kept by buckets, whose keys the statement does not name. */
function withOwnKeys(plan: Join): Join {
  const { bounds, bucket, leftKeys, rightKeys } = plan
  if (bounds === undefined || bucket === null) return plan
  const own = [...leftKeys.keys()].filter((at) => leftKeys[at] !== bucket.left)
  return {
    ...plan,
    leftKeys: own.map((at) => leftKeys[at]!),
    rightKeys: own.map((at) => rightKeys[at]!),
  }
}

function rejectedPairs(plan: Join, keys: string, count: number): Rejection {
  const isOne = count === 1
  const rows = `there ${isOne ? 'is 1 row' : `are ${count.toLocaleString('en')} rows`} of the left side`
  const equal = keys === '' ? 'any row' : `an equal ${keys}`
  if (plan.residual !== null) {
    const all = [...plan.left.output, ...plan.right.output]
    const condition = explain.expressionText(plan.residual, all)
    const why = `${rows} with ${equal} on the right side, and no pair passes ${condition}`
    return { why, help: 'look at the pairs: leave the condition out in a SELECT' }
  }
  const why = `${rows} with ${equal} on the right side, which came when the others were gone`
  return { why, help: 'sys.late_rows, and the bounds on the times of both sides, say more' }
}

const keyOf = (row: Row, keys: readonly number[]) => rowKey(row, keys)

const keysText = ({ left, right, leftKeys, rightKeys }: Join) =>
  leftKeys
    .map((key, at) => `${left.output[key]!.name} = ${right.output[rightKeys[at]!]!.name}`)
    .join(' and ')

function keyExamples(
  rows: readonly Row[],
  keys: readonly number[],
  { output }: PhysicalPlan,
): string {
  const found = new Map(rows.map((row) => [keyOf(row, keys), row]))
  const shown = [...found.values()].slice(0, shownMax).map((row) => {
    const values = keys.map((key) => shownValue(row[key]!, output[key]!.type))
    return keys.length === 1 ? values[0]! : `(${values.join(', ')})`
  })
  const more = found.size > shownMax ? ` and ${found.size - shownMax} more` : ''
  return shown.join(', ') + more
}

/** Keys that are equal but for case and blanks. */
function nearKeys(left: readonly Row[], right: readonly Row[], plan: Join): string | null {
  for (const [at, key] of plan.leftKeys.entries()) {
    if (plan.left.output[key]!.type.kind !== 'varchar') continue
    const texts = new Map(
      right
        .map((row) => row[plan.rightKeys[at]!])
        .flatMap((value) => (typeof value === 'string' ? [[folded(value), value]] : [])),
    )
    for (const row of left) {
      const value = row[key]
      const near = typeof value === 'string' ? texts.get(folded(value)) : undefined
      if (near !== undefined && near !== value) return spelling(`'${value}'`, `'${near}'`)
    }
  }
  return null
}
