/**
 * BindTemporal: JOIN … FOR SYSTEM_TIME AS OF: a row meets a table as it was, or is, at a time of the row.
 *
 * How      Event time, AS OF a.ts: the rows of the table are versions of its keys, each from its own time on: those of
 *          a stream with a PRIMARY KEY and a watermark, or those among which a view takes ROW_NUMBER() = 1. A row
 *          meets the last version that is not later than itself: an ASOF join that waits for the watermarks. Rows, and
 *          versions, that the watermark had passed before they came are late: windows of one moment leave them out.
 *          Processing time, AS OF PROCTIME() or a column of it: a join that looks up: it asks when the left row comes.
 *          Conditions beside the equalities are looked at once the version is chosen.
 *          A fixed time, in a join or without: the last version of each key that is not later, as ROW_NUMBER finds it.
 * Contract 1 (checked) in event time the equalities name the whole key of the table: a version is one of a key.
 *          2 (checked) rows that meet a table are never taken back themselves.
 * See      docs/laws.md (temporal joins), docs/joins.md
 */
import type { Expression as Tree, Relation as TreeRelation } from '../../../grammar/index.ts'
import type { Span } from '../../base/index.ts'
import { precisionMicros } from '../../data/index.ts'
import { bigint, boolean, onOneClock } from '../coerce.ts'
import {
  and,
  branch,
  call,
  choose,
  column,
  columnsOf,
  conjunctsOf,
  isFallible,
  literal,
  moveColumns,
} from '../expression.ts'
import { fold } from '../fold.ts'
import { chosen, joinOn, type KeyPair, withKeys } from '../keyed.ts'
import type { Expression, Plan } from '../logical.ts'
import { asof, filter, project, rank, window } from '../node.ts'
import { heldColumn, watermarkedColumn } from '../watermark.ts'
import { all, type Binding, fail, unsupported } from './binding.ts'
import { clockOf } from './expression/clock.ts'
import { bindCondition, bindExpression } from './expression/expression.ts'
import { withPlace } from './expression/random.ts'
import { mergeUsing, pairOf, typed, usingPair } from './join.ts'
import { isPlaced } from './over.ts'
import { type BoundRelation, bindRelation, type Conjuncts } from './relation.ts'
import { joinScopes, scopeOf } from './scope.ts'
import { primaryKeyOf } from './statement/constraint.ts'
import { refuseWithin } from './within.ts'

type JoinTree = TreeRelation & { kind: 'join' }
type TableTree = TreeRelation & { kind: 'table' }

const clause = 'FOR SYSTEM_TIME AS OF'

/** A join, bound but for its time. */
interface Sides {
  binding: Binding
  tree: JoinTree
  join: 'inner' | 'left'
  left: Plan
  right: Plan
  pairs: KeyPair[]
  /** Conditions over the columns of both, left ones first. */
  rest: Expression[]
}

export function bindTemporal(
  binding: Binding,
  tree: JoinTree & { right: TableTree },
  conjuncts: Conjuncts,
): BoundRelation {
  const join = kindOf(tree)
  const { asOf, ...table } = tree.right
  const sides = all([
    () => bindRelation(binding, tree.left, conjuncts),
    () => bindRelation(binding, table, []),
  ])
  const [left, right] = [sides[0]!, sides[1]!]
  const time = bindExpression({ binding, scope: left.scope, clause, aggregates: null }, asOf!)
  const width = left.plan.output.length
  const scope = joinScopes(left.scope, right.scope, width)
  const pairs = tree.using.map((name) => usingPair(left, right, name))
  const rest: Expression[] = []
  if (tree.on !== null) {
    const condition = bindCondition({ binding, scope, clause: 'ON', aggregates: null }, tree.on)
    for (const part of conjunctsOf(condition)) {
      const pair = pairOf(part, width)
      if (pair === null) rest.push(part)
      else pairs.push(pair)
    }
  }
  const given: Sides = { binding, tree, join, left: left.plan, right: right.plan, pairs, rest }
  const plan = isClock(binding, left.plan, time) ? lookUp(given) : meetVersion(given, time)
  return { plan, scope: typed(mergeUsing(scope, width, tree.using), plan) }
}

function kindOf(tree: JoinTree): 'inner' | 'left' {
  const { join, natural, asof, span } = tree
  refuseWithin(tree, 'FOR SYSTEM_TIME AS OF')
  const hint = 'a row meets the table as of its time: the join is inner or left'
  if (asof !== undefined) unsupported('ASOF JOIN with FOR SYSTEM_TIME AS OF', span, hint)
  if (natural) unsupported('NATURAL JOIN with FOR SYSTEM_TIME AS OF', span, 'write USING (k)')
  if (join === 'inner' || join === 'left') return join
  return unsupported(`${join.toUpperCase()} JOIN with FOR SYSTEM_TIME AS OF`, span, hint)
}

/** Is it the time of the clock: PROCTIME() itself, or a column that was made of it? */
function isClock(binding: Binding, plan: Plan, e: Expression): boolean {
  if (clockOf(e) !== null) return true
  if (e.kind !== 'column') return false
  const below = (input: Plan, index = e.index) =>
    isClock(binding, input, column(index, input.output[index]!))
  switch (plan.kind) {
    case 'project':
      return isClock(binding, plan.input, plan.expressions[e.index]!)
    case 'scan': {
      const { computed = [] } = binding.catalog.get(plan.relation) ?? {}
      const made = computed.find((one) => one.column === plan.columns[e.index])
      return made !== undefined && clockOf(made.expression as Expression) !== null
    }
    case 'filter':
    case 'window':
    case 'session':
      return e.index < plan.input.output.length && below(plan.input)
    case 'join':
    case 'asof': {
      const width = plan.left.output.length
      return e.index < width ? below(plan.left) : below(plan.right, e.index - width)
    }
    default:
      return false
  }
}

function refuseUpdating({ binding, tree, left }: Sides): void {
  if (!binding.continuous || !left.updating) return
  const hint = 'a row that is taken back would meet another state of the table than when it came'
  unsupported('FOR SYSTEM_TIME AS OF for rows that are taken back', tree.left.span, hint)
}

// ---------------------------------------------------------------- processing time

/** Each left row meets the rows of the table that are there when it comes. */
function lookUp(given: Sides): Plan {
  const { binding, join, left, right, pairs, rest } = given
  refuseUpdating(given)
  // Rows that are there before all others, and stay: every join meets them as a look-up would.
  const isLookup = binding.continuous && !(join === 'inner' && isStanding(binding, right))
  return joinOn(left, right, join, pairs, rest, isLookup ? { lookup: true } : {})
}

/** Are these rows of a file, or of the statement, none of which comes later than others? */
function isStanding(binding: Binding, plan: Plan): boolean {
  switch (plan.kind) {
    case 'scan': {
      const relation = binding.catalog.get(plan.relation)
      if (plan.file !== undefined) return true
      return relation?.kind === 'external' && relation.bounded && relation.watermark === null
    }
    case 'values':
    case 'series':
      return true
    case 'filter':
    case 'project':
      return isStanding(binding, plan.input)
    default:
      return false
  }
}

// ---------------------------------------------------------------- event time

/** The versions of a table: whose they are, by columns, and from when on. */
interface Versions {
  plan: Plan
  keys: number[]
  time: number
  /** Which one counts of versions of one time. */
  tie: 'last' | 'first'
}

function meetVersion(given: Sides, time: Expression): Plan {
  const { binding, tree, join, left, pairs, rest } = given
  const { asOf } = tree.right as TableTree
  const { span } = asOf!
  if (columnsOf(time).size === 0) {
    const hint = "write the event time of the left rows, TIMESTAMP '…', or PROCTIME()"
    unsupported('FOR SYSTEM_TIME AS OF a time that is computed', span, hint)
  }
  if (time.kind !== 'column' || time.type.kind !== 'timestamp') {
    const hint = 'name the column itself: FOR SYSTEM_TIME AS OF a.ts'
    fail('type_mismatch', 'FOR SYSTEM_TIME AS OF takes a TIMESTAMP column', span, hint)
  }
  refuseUpdating(given)
  if (
    binding.continuous &&
    !(watermarkedColumn(left, time.index) || heldColumn(left, time.index))
  ) {
    const name = left.output[time.index]!.name
    const hint = `declare WATERMARK FOR ${name}, or write FOR SYSTEM_TIME AS OF PROCTIME()`
    fail('invalid_window', `${name} has no watermark to wait for`, span, hint)
  }
  const versions = versionsOf(binding, given.right, tree.right.span)
  const own = keyedBy(given, versions)
  const others = pairs.filter((pair) => !own.includes(pair))
  const a = withKeys(held(binding, left, time.index), [...own.map((pair) => pair.left), time])
  const { plan } = versions
  const from = column(versions.time, plan.output[versions.time]!)
  const b = withKeys(held(binding, plan, versions.time), [...own.map((pair) => pair.right), from])
  const joined = asof(a.plan, b.plan, {
    join,
    leftKeys: a.keys.slice(0, -1),
    rightKeys: b.keys.slice(0, -1),
    leftTime: a.keys.at(-1)!,
    rightTime: b.keys.at(-1)!,
    compare: 'ge',
    ties: isPlaced(binding, plan) ? 'position' : 'values',
    tie: versions.tie,
    waits: binding.continuous,
  })
  const rights = plan.output.map((_, index) => index + a.plan.output.length)
  const met = chosen(joined, [...left.output.keys(), ...rights])
  const same = others.map((pair) => equality(pair, left.output.length))
  return meeting(met, join, left.output.length, [...same, ...rest])
}

function equality({ left, right }: KeyPair, width: number): Expression {
  const moved = moveColumns(right, (index) => index + width)
  const fallible = isFallible(left) || isFallible(right)
  const nullable = left.nullable || right.nullable
  const type = { kind: 'boolean' as const }
  return { kind: 'call', function: 'eq', args: [left, moved], type, nullable, fallible }
}

/** The rows whose version fulfils the conditions; in a left join the others stand without theirs. */
function meeting(plan: Plan, join: 'inner' | 'left', width: number, rest: Expression[]): Plan {
  if (rest.length === 0) return plan
  if (join === 'inner') return filter(plan, and(rest))
  const columns = plan.output.map((field, index) => {
    const value = column(index, field)
    if (index < width) return value
    return choose([branch(and(rest), value)], literal(null, field.type), field.type)
  })
  return project(
    plan,
    columns,
    plan.output.map(({ name }) => name),
  )
}

/** The rows in windows of one moment: those that the watermark has passed are late. */
function held(binding: Binding, plan: Plan, time: number): Plan {
  if (!binding.continuous || heldColumn(plan, time)) return plan
  const unit = precisionMicros(plan.output[time]!.type).toString()
  const grid = { slideMicros: unit, sizeMicros: unit, offsetMicros: '0' }
  return window(plan, { function: 'tumble', time, ...grid, judge: true, watermarked: true })
}

/** The equalities that name the key; the other ones choose among rows that have met. */
function keyedBy({ tree, pairs }: Sides, { plan, keys }: Versions): KeyPair[] {
  const found = keys.map((key) =>
    pairs.find(({ right }) => right.kind === 'column' && right.index === key),
  )
  const missing = keys.find((_, place) => found[place] === undefined)
  if (missing !== undefined) {
    const { name } = plan.output[missing]!
    const message = `ON has no equality for ${name}, which is part of the key of the table`
    const hint = 'versions are those of a key: compare every column of it'
    fail('syntax', message, (tree.on ?? tree).span, hint)
  }
  return found as KeyPair[]
}

// ---------------------------------------------------------------- a fixed time

/** Does the time stand in the text? */
export function isFixed(tree: Tree): boolean {
  if (tree.kind === 'column' || tree.kind === 'call') return false
  const isTree = (part: unknown): part is Tree => typeof part === 'object' && part !== null
  return Object.values(tree).every((part) => !isTree(part) || isFixed(part))
}

/** The versions that are valid at a time that the text says. */
export function bindFixed(
  binding: Binding,
  { asOf, ...table }: TableTree & { asOf: Tree },
): BoundRelation {
  if (!isFixed(asOf)) {
    const hint = "write TIMESTAMP '…', or a JOIN t FOR SYSTEM_TIME AS OF a.ts"
    unsupported(`${clause} a time that is computed, without a join`, asOf.span, hint)
  }
  const { plan: given, scope } = bindRelation(binding, table, [])
  const time = fold(
    bindExpression({ binding, scope: scopeOf([], ''), clause, aggregates: null }, asOf),
  )
  if (time.kind !== 'literal' || time.type.kind !== 'timestamp') {
    fail('type_mismatch', `${clause} takes a TIMESTAMP`, asOf.span, "write TIMESTAMP '…'")
  }
  const versions = versionsIn(binding, given, table.span)
  if (versions === null) {
    const hint =
      'give it PRIMARY KEY … NOT ENFORCED and a WATERMARK; SUBSCRIBE t AS OF … UP TO … tells what a table was'
    unsupported(
      `${clause} a fixed time for rows that are no versions by event time`,
      asOf.span,
      hint,
    )
  }
  const plan = latestAt(binding, versions, time)
  return { plan, scope: typed(scope, plan) }
}

/** Of each key the last version that is not later. */
function latestAt(binding: Binding, { plan, keys, time, tie }: Versions, until: Expression): Plan {
  const width = plan.output.length
  // Where the last row of one time counts, that is the one that came last.
  const placed = tie === 'last' ? (withPlace(binding, plan) ?? plan) : plan
  const from = column(time, plan.output[time]!)
  const before = filter(placed, call('le', onOneClock(from, until), boolean))
  const order = [time, ...(placed === plan ? [] : [width])]
  const last = rank(before, {
    function: 'row_number',
    partition: keys,
    order: order.map((index) => ({ column: index, descending: true, nullsFirst: false })),
    limit: 1,
    name: null,
    ties: isPlaced(binding, plan) ? 'position' : 'values',
  })
  return placed === plan ? last : chosen(last, [...plan.output.keys()])
}

// ---------------------------------------------------------------- versions

/** The versions that a relation has, or those that a view chooses from. */
function versionsOf(binding: Binding, plan: Plan, span: Span): Versions {
  const found = versionsIn(binding, plan, span)
  if (found !== null && (!binding.continuous || watermarkedColumn(found.plan, found.time))) {
    return found
  }
  const hint =
    'give it PRIMARY KEY … NOT ENFORCED and a WATERMARK, or take a view of ROW_NUMBER() … ORDER BY ts DESC = 1'
  return fail('invalid_window', 'the table has no versions by event time', span, hint)
}

function versionsIn(binding: Binding, plan: Plan, span: Span): Versions | null {
  switch (plan.kind) {
    case 'scan': {
      const relation = binding.catalog.get(plan.relation)
      const time = relation?.watermark?.column
      const key = relation === undefined ? null : primaryKeyOf(relation)
      if (time === undefined || key === null || plan.updating) return null
      const places = [...key, time].map((one) => plan.columns.indexOf(one))
      return { plan, keys: places.slice(0, -1), time: places.at(-1)!, tie: 'last' }
    }
    case 'rank': {
      const [order, ...others] = plan.order
      const latest = order?.descending === true && others.length === 0
      if (plan.function !== 'row_number' || plan.limit !== 1 || !latest) return null
      const { input } = plan
      const columns = input.output.map((field, index) => column(index, field))
      const names = plan.output.map(({ name }) => name)
      const one = plan.numbered ? [literal(1n, bigint)] : []
      const versions = project(input, [...columns, ...one], names)
      // Of rows of one time the first has number 1.
      return { plan: versions, keys: plan.partition, time: order.column, tie: 'first' }
    }
    case 'project': {
      const below = versionsIn(binding, plan.input, span)
      if (below === null) return null
      const names = plan.output.map(({ name }) => name)
      const places = [...below.keys, below.time].map((index) =>
        plan.expressions.findIndex((e) => e.kind === 'column' && e.index === index),
      )
      if (places.includes(-1)) {
        const hint = 'add the columns of PARTITION BY and ORDER BY to its select list'
        fail(
          'invalid_window',
          'the view leaves out the key or the time of its versions',
          span,
          hint,
        )
      }
      const shown = project(below.plan, plan.expressions, names)
      return { ...below, plan: shown, keys: places.slice(0, -1), time: places.at(-1)! }
    }
    case 'filter':
      if (versionsIn(binding, plan.input, span) === null) return null
      return unsupported(
        'versions of a view that leaves some out',
        span,
        'put the condition into ON',
      )
    default:
      return null
  }
}
