/**
 * BindInterval: a join of two event times that lie within bounds of each other lets its rows go.
 *
 * How      1. Bounds: conjuncts that compare the two watermarked columns, each plus or minus constants, in any form, as
 *             low <= right - left <= high. They stay in the residual.
 *          2. A row that comes when its own watermark has reached its expiry, the last time that a partner may have, is
 *             left out: a filter right above the scan.
 *          3. Left rows go into one bucket of time each, a window as wide as the bounds; right rows into the two that
 *             may hold partners. The join's windows are equal then, and go with the watermark as those of every join
 *             of windows do. A bucket lies so late that no row in time comes for it once it has closed.
 * Contract 1 (checked by the golden scripts) the buckets change no answer: a pair meets in the bucket of its left row.
 * Cost     right rows are stored twice; the state is the rows of some widths of the bounds.
 * See      docs/laws.md (interval joins)
 */
import { precisionMicros } from '../../data/index.ts'
import { boolean, interval } from '../coerce.ts'
import { differenceOf } from '../difference.ts'
import { call, column, conjunctsOf, literal, or } from '../expression.ts'
import type { KeyPair } from '../keyed.ts'
import type { Expression, JoinKind, Plan } from '../logical.ts'
import {
  filter,
  isHalf,
  nodesOf,
  project,
  scanWithWatermark,
  union,
  window,
  withInputs,
} from '../node.ts'
import { watermarkedColumn } from '../watermark.ts'
import type { Binding } from './binding.ts'

/** The time columns of a join and how far right - left may be, microseconds. */
interface Bounds {
  left: number
  right: number
  low: bigint
  high: bigint
}

/** What is to be joined instead; the columns of each side come first. */
export interface Bucketed {
  left: Plan
  right: Plan
  pair: KeyPair
  bounds: { low: string; high: string }
}

const second = 1_000_000n
/** Beyond this a bucket is no help, and times may leave their range. */
const widthMax = 366n * 86_400n * second

/** The sides with buckets of time; null where the join has no bounds, or rows come that know no watermark. */
export function bucketed(
  binding: Binding,
  left: Plan,
  right: Plan,
  kind: JoinKind,
  rest: readonly Expression[],
): Bucketed | null {
  if (!binding.continuous || kind === 'full') return null
  const isPlain = (plan: Plan) =>
    !plan.updating &&
    nodesOf(plan).every((node) => ['scan', 'filter', 'project', 'union'].includes(node.kind))
  if (!isPlain(left) || !isPlain(right)) return null
  const bounds = boundsOf(left, right, rest)
  if (bounds === null) return null
  const { low, high } = bounds
  const width = ((high - low + second - 1n) / second) * second || second
  // As late as the last partner of a partner may come.
  const shift = low < 0n ? high - low : high
  const early = shift - high
  const lefts = judged(left, bounds.left, high)
  const rights = judged(right, bounds.right, -low)
  const a = placed(lefts, bounds.left, shift, width)
  const b = union([
    placed(rights, bounds.right, early, width),
    placed(structuredClone(rights), bounds.right, early + width, width),
  ])
  const start = (plan: Plan, input: Plan) => {
    const index = input.output.length + 1
    return column(index, plan.output[index]!)
  }
  return {
    left: a,
    right: b,
    pair: { left: start(a, left), right: start(b, right) },
    bounds: { low: low.toString(), high: high.toString() },
  }
}

/** The plan with its columns, the shifted time and the bucket's window columns. */
function placed(plan: Plan, time: number, shift: bigint, width: bigint): Plan {
  const columns = plan.output.map((field, index) => column(index, field))
  const names = plan.output.map((field) => field.name)
  const shifted = plus(columns[time]!, shift)
  const wide = project(plan, [...columns, shifted], [...names, 'bucket_time'])
  return window(wide, {
    function: 'tumble',
    time: columns.length,
    slideMicros: width.toString(),
    sizeMicros: width.toString(),
    offsetMicros: '0',
    judge: false,
    watermarked: true,
  })
}

function plus(time: Expression, micros: bigint): Expression {
  if (micros === 0n) return time
  return call('add', [time, literal(micros, interval)], time.type)
}

/** The plan without the rows that come when the watermark has reached their time and `after`. */
function judged(plan: Plan, time: number, after: bigint): Plan {
  switch (plan.kind) {
    case 'scan': {
      const marked = scanWithWatermark(plan)
      const mark = column(plan.output.length, marked.output.at(-1)!)
      const columns = plan.output.map((field, index) => column(index, field))
      const inTime = call('lt', [mark, plus(columns[time]!, after)], boolean)
      const open = filter(marked, or([call('is_null', [mark], boolean), inTime]))
      return project(
        open,
        columns,
        plan.output.map((field) => field.name),
      )
    }
    case 'project': {
      const expression = plan.expressions[time]!
      const below = expression.kind === 'column' ? expression.index : time
      return withInputs(plan, [judged(plan.input, below, after)])
    }
    case 'filter':
      return withInputs(plan, [judged(plan.input, time, after)])
    case 'union':
      return union(plan.inputs.map((input) => judged(input, time, after)))
    default:
      return plan
  }
}

// ---------------------------------------------------------------- bounds

function boundsOf(left: Plan, right: Plan, rest: readonly Expression[]): Bounds | null {
  const width = left.output.length
  const found = new Map<string, { times: [number, number]; low?: bigint; high?: bigint }>()
  for (const part of rest.flatMap(conjunctsOf)) {
    const bound = differenceOf(part, width)
    if (bound === null) continue
    const times: [number, number] = [bound.left, bound.right - width]
    const one = found.get(String(times)) ?? { times }
    found.set(String(times), one)
    const { micros } = bound
    if (bound.side === 'low') one.low = one.low === undefined || micros > one.low ? micros : one.low
    else one.high = one.high === undefined || micros < one.high ? micros : one.high
  }
  for (const { times, low, high } of found.values()) {
    if (low === undefined || high === undefined || low > high) continue
    const [a, b] = times
    if (!watermarkedColumn(left, a) || !watermarkedColumn(right, b)) continue
    const units = [left.output[a]!, right.output[b]!].map(({ type }) => precisionMicros(type))
    const isWhole = [low, high].every((bound) => bound % units[0]! === 0n)
    const reach = [high - low, low, -low, high, -high].every((size) => size <= widthMax)
    if (units[0] !== units[1] || !isWhole || !reach) continue
    return { left: a, right: b, low, high }
  }
  return null
}

/** The columns of both sides of the join of buckets that the join shows. */
export function shownColumns(
  left: Plan,
  right: Plan,
  bucketedLeft: Plan,
  kind: JoinKind,
): number[] {
  const lefts = [...left.output.keys()]
  if (isHalf(kind)) return lefts
  return [...lefts, ...[...right.output.keys()].map((at) => at + bucketedLeft.output.length)]
}
