/**
 * BindLifetime: a filter of a continuous query that compares rows with NOW() says from when until when they are there.
 *
 * How      Each conjunct of a WHERE, or of an inner join's ON, that reads the time is solved for NOW(): `ts > NOW() -
 *          i` is `NOW() < ts + i`, so that the row goes at ts + i. The bounds become columns, a lifetime node goes by
 *          them, and what is left of the filter stands below it. Rows that go are taken back, so windows above never
 *          close, and what needs rows that stay is refused.
 * Contract 1 (checked) what cannot be solved stays in the filter, where checkClock refuses it by name.
 * See      docs/laws.md (lifetimes), docs/joins.md
 */
import { boolean, interval, timestamp } from '../coerce.ts'
import { and, call, column, conjunctsOf, literal } from '../expression.ts'
import { fold } from '../fold.ts'
import type { Expression, Plan } from '../logical.ts'
import {
  equatedWindow,
  filter,
  inputsOf,
  join,
  joinShapeOf,
  lifetime,
  nodesOf,
  project,
  shapeOf,
  window,
  withInputs,
} from '../node.ts'
import { unsupported } from './binding.ts'
import { clockOf } from './expression/clock.ts'

/** The plan of a continuous query with lifetimes in place of the filters that read the time. */
export function placeLifetimes(plan: Plan): Plan {
  const isAsked = nodesOf(plan).some((node) => {
    const condition = node.kind === 'filter' ? node.predicate : null
    const residual = node.kind === 'join' && node.join === 'inner' ? node.residual : null
    return clockOf(condition ?? residual ?? literal(true, boolean)) !== null
  })
  return isAsked ? place(plan) : plan
}

function place(plan: Plan): Plan {
  const inputs = inputsOf(plan).map(place)
  if (inputs.some(hasLifetime)) refuseAbove(plan, inputs)
  if (plan.kind === 'filter') return bounded(inputs[0]!, plan.predicate)
  if (plan.kind === 'join' && plan.join === 'inner' && plan.residual !== null) {
    const [asked, rest] = [true, false].map((is) =>
      conjunctsOf(plan.residual!).filter((part) => (clockOf(part) !== null) === is),
    )
    const residual = rest!.length === 0 ? null : and(rest!)
    const joined = withInputs(
      join(plan.left, plan.right, { ...joinShapeOf(plan), residual }),
      inputs,
    )
    return asked!.length === 0 ? joined : bounded(joined, and(asked!))
  }
  // Rows may go after the watermark has passed them.
  if (plan.kind === 'window' && hasLifetime(inputs[0]!)) {
    return window(inputs[0]!, { ...shapeOf(plan), judge: false, watermarked: false })
  }
  return withInputs(plan, inputs)
}

const hasLifetime = (plan: Plan) => nodesOf(plan).some((node) => node.kind === 'lifetime')

/** What frees rows by their watermark, or asks when they come, cannot take them back. */
function refuseAbove(plan: Plan, inputs: readonly Plan[]): void {
  const what = () => {
    switch (plan.kind) {
      case 'match':
        return 'MATCH_RECOGNIZE'
      case 'asof':
        return plan.waits ? 'FOR SYSTEM_TIME AS OF' : null
      case 'session':
        return plan.judge ? 'SESSION over a watermark' : null
      case 'join': {
        const [left, right] = inputs
        if (plan.lookup) return hasLifetime(inputs[1]!) ? 'FOR SYSTEM_TIME AS OF' : null
        const isTimed = plan.bounds !== undefined || equatedWindow(left!, right!, plan) !== null
        return isTimed ? 'a join by event time' : null
      }
      default:
        return null
    }
  }
  const found = what()
  if (found === null) return
  const [first] = inputs.flatMap(nodesOf).flatMap((node) => (node.kind === 'lifetime' ? node : []))
  const hint = 'compare with NOW() in a WHERE above it'
  unsupported(`NOW() in a filter below ${found}`, first!.span ?? { start: 0, end: 0 }, hint)
}

/** The rows that the predicate lets through, as time goes on. */
function bounded(input: Plan, predicate: Expression): Plan {
  const rest: Expression[] = []
  const from: Expression[] = []
  const until: Expression[] = []
  let span: { start: number; end: number } | undefined
  for (const part of conjunctsOf(predicate)) {
    const clock = clockOf(part)
    const bound = clock === null ? null : solved(part)
    if (bound === null) rest.push(part)
    else {
      span ??= clock!.span
      ;(bound.side === 'from' ? from : until).push(bound.value)
    }
  }
  const below = rest.length === 0 ? input : filter(input, and(rest))
  if (from.length + until.length === 0) return below
  const columns = input.output.map((field, index) => column(index, field))
  const names = input.output.map(({ name }) => name)
  const all = [...from, ...until]
  const places = all.map((_, index) => columns.length + index)
  const told = project(
    below,
    [...columns, ...all],
    [...names, ...all.map((_, at) => `bound${at + 1}`)],
  )
  const shape = { from: places.slice(0, from.length), until: places.slice(from.length), span }
  return project(lifetime(told, shape), columns, names)
}

/** NOW() >= value (`from`) or NOW() < value (`until`); null for every other condition. */
function solved(part: Expression): { side: 'from' | 'until'; value: Expression } | null {
  if (part.kind !== 'call' || !['lt', 'le', 'gt', 'ge'].includes(part.function)) return null
  const sum: Sum = { now: 0n, rows: [], micros: 0n }
  if (!addTo(sum, part.args[0]!, 1n) || !addTo(sum, part.args[1]!, -1n)) return null
  const [row, ...others] = sum.rows
  if (row === undefined || others.length > 0 || sum.now * row.times !== -1n) return null
  // now · (NOW() - row) + micros, compared with 0; turned where NOW() stands on the right.
  const isLess = (part.function === 'lt' || part.function === 'le') === sum.now > 0n
  const isStrict = part.function === 'lt' || part.function === 'gt'
  const after = isLess === isStrict ? 0n : 1n
  const micros = after - sum.now * sum.micros
  const type = timestamp(6, (row.value.type as { zoned?: boolean }).zoned)
  const shift = [row.value, literal(micros, interval)]
  const value = micros === 0n ? row.value : call('add', shift, type)
  return { side: isLess ? 'until' : 'from', value }
}

/** NOW(), one time of the row and a constant, and how often each is added. */
interface Sum {
  now: bigint
  rows: { value: Expression; times: bigint }[]
  micros: bigint
}

/** Adds an expression; false when it reads the time in another way. */
function addTo(sum: Sum, e: Expression, times: bigint): boolean {
  if (clockOf(e) === null) {
    const constant = fold(e)
    if (constant.kind === 'literal' && constant.type.kind === 'interval') {
      if (constant.value === null) return false
      sum.micros += times * BigInt(constant.value as string)
      return true
    }
    if (e.type.kind !== 'timestamp') return false
    sum.rows.push({ value: e, times })
    return true
  }
  if (e.kind !== 'call' || e.type.kind !== 'timestamp' || e.type.precision !== 6) return false
  if (e.function === 'now') {
    sum.now += times
    return true
  }
  if (e.function === 'cast') return addTo(sum, e.args[0]!, times)
  const sign = { add: 1n, subtract: -1n }[e.function]
  if (sign === undefined || e.args.length !== 2) return false
  return addTo(sum, e.args[0]!, times) && addTo(sum, e.args[1]!, times * sign)
}
