/**
 * Candidate: a join of rows with the greatest, or least, value of their window needs few of the rows.
 *
 *   b JOIN (SELECT window_end, MAX(v) AS m … GROUP BY window_start, window_end) w ON b.v = w.m AND b.t within w
 *
 * How      While rows only come, the greatest value of a window only rises. So a row whose value is less than what the
 *          window has reached never meets the window's row, and if that is so in every window whose bounds the join
 *          lets the row meet, the row need not be stored. Which windows these are is said by equal window columns, or
 *          by comparisons of the row's time with the window's start or end, in the join or in a filter right above it.
 *          Rows are left out as low as nothing between there and the join can fail: in the filter above a scan.
 * Contract 1 (checked by test/runtime/candidate.test.ts) a row that is left out is in no pair that the filter passes.
 * Cost     one walk down both inputs of a join.
 * See      src/runtime/operator/candidate.ts
 */
import { physicalOf, sameType } from '../data/index.ts'
import { differenceOf } from './difference.ts'
import { conjunctsOf, isFallible, volatileIn } from './expression.ts'
import type { Expression } from './logical.ts'
import type { PhysicalPlan } from './physical.ts'

type Of<Kind extends PhysicalPlan['kind']> = PhysicalPlan & { kind: Kind }

export interface Candidates {
  /** The aggregate, by its id, and the column of its input of which it gives the extreme. */
  aggregate: number
  argument: number
  extreme: 'min' | 'max'
  /** The side whose rows are chosen. */
  side: 'left' | 'right'
  /** Where: a filter, by its id, or null for the join itself; and the columns of the value and of the time there. */
  filter: number | null
  value: number
  time: number
  /** A row meets windows whose end - time lies in low … high, microseconds; ends are first + n · slide. */
  low: string
  high: string
  first: string
  slide: string
}

/** A call of an aggregate with a row per window, and where its windows are in the columns of the plan above it. */
interface Extreme
  extends Pick<Candidates, 'aggregate' | 'argument' | 'extreme' | 'first' | 'slide'> {
  size: bigint
  start: number[]
  end: number[]
}

/** Which rows of a join are candidates; null where all are. `above`: what a filter right above it asks for. */
export function candidatesOf(join: Of<'join'>, above: Expression | null): Candidates | null {
  if (join.join !== 'inner' || join.retracts || join.lookup) return null
  const bounds = [above, join.residual].flatMap((one) => (one === null ? [] : conjunctsOf(one)))
  for (const side of ['left', 'right'] as const) {
    const other = side === 'left' ? 'right' : 'left'
    const [values, extremes] =
      side === 'left' ? [join.leftKeys, join.rightKeys] : [join.rightKeys, join.leftKeys]
    for (const [place, value] of values.entries()) {
      const column = extremes[place]!
      if (!sameType(join[side].output[value]!.type, join[other].output[column]!.type)) continue
      const found = extremeOf(join[other], column)
      const reach = found && (equalWindow(join, side) ?? boundsOf(join, side, found, bounds))
      if (found === null || reach === null) continue
      const { size: _size, start: _start, end: _end, ...told } = found
      const { time, low, high } = reach
      const range = { low: low.toString(), high: high.toString() }
      return { ...told, ...range, side, ...lowest(join[side], value, time) }
    }
  }
  return null
}

/** The call that a column comes from, through projects and filters. */
function extremeOf(plan: PhysicalPlan, column: number): Extreme | null {
  const ends = plan.output.flatMap((_, at) => {
    const from = sourceOf(plan, at)
    return from === null ? [] : [{ at, ...from }]
  })
  const call = ends.find(({ at }) => at === column)
  if (call === undefined) return null
  const { aggregate } = call
  const { bucket, keys, calls, retracts, input } = aggregate
  if (
    bucket === null ||
    retracts ||
    !keys.every((_, at) => at === bucket.start || at === bucket.end)
  )
    return null
  const number = call.column - keys.length
  const { function: name, argument, filter } = calls[number] ?? { function: '' }
  if ((name !== 'max' && name !== 'min') || argument == null || filter !== null) return null
  if (physicalOf(input.output[argument]!.type) !== 'i64') return null
  const grid = windowOf(input)
  if (grid === null || grid.function === 'cumulate') return null
  const places = (key: number | null) =>
    ends.filter(({ column }) => key !== null && column === key).map(({ at }) => at)
  const size = BigInt(grid.sizeMicros)
  return {
    aggregate: aggregate.id,
    argument,
    extreme: name,
    first: (BigInt(grid.offsetMicros) + size).toString(),
    slide: grid.slideMicros,
    size,
    start: places(bucket.start),
    end: places(bucket.end),
  }
}

/** The aggregate, and its column, that a column is passed on from. */
function sourceOf(
  plan: PhysicalPlan,
  column: number,
): { aggregate: Of<'aggregate'>; column: number } | null {
  if (plan.kind === 'aggregate') return { aggregate: plan, column }
  if (plan.kind === 'filter') return sourceOf(plan.input, column)
  if (plan.kind !== 'project') return null
  const expression = plan.expressions[column]!
  return expression.kind === 'column' ? sourceOf(plan.input, expression.index) : null
}

function windowOf(plan: PhysicalPlan): Of<'window'> | null {
  if (plan.kind === 'window') return plan
  return plan.kind === 'filter' || plan.kind === 'project' ? windowOf(plan.input) : null
}

interface Reach {
  time: number
  low: bigint
  high: bigint
}

/** Windows that are equal on both sides. */
function equalWindow({ bucket }: Of<'join'>, side: 'left' | 'right'): Reach | null {
  if (bucket === null) return null
  const after = bucket.role === 'start' ? BigInt(bucket.sizeMicros) : 0n
  return { time: bucket[side], low: after, high: after }
}

/** Windows that comparisons let a row meet. */
function boundsOf(
  join: Of<'join'>,
  side: 'left' | 'right',
  { size, start, end }: Extreme,
  conjuncts: readonly Expression[],
): Reach | null {
  const width = join.left.output.length
  const found = new Map<number, { low: bigint | null; high: bigint | null }>()
  for (const part of conjuncts) {
    const one = differenceOf(part, width)
    if (one === null) continue
    const [left, right] = [one.left, one.right - width]
    const [time, bound] = side === 'left' ? [left, right] : [right, left]
    const plus = end.includes(bound) ? 0n : start.includes(bound) ? size : null
    if (plus === null) continue
    const isLow = (one.side === 'low') === (side === 'left')
    const micros = (side === 'left' ? one.micros : -one.micros) + plus
    const reach = found.get(time) ?? { low: null, high: null }
    found.set(time, reach)
    if (isLow && (reach.low === null || micros > reach.low)) reach.low = micros
    if (!isLow && (reach.high === null || micros < reach.high)) reach.high = micros
  }
  for (const [time, { low, high }] of found) {
    if (low !== null && high !== null && low <= high) return { time, low, high }
  }
  return null
}

/** Where the columns of a join's input come from, as low as rows may be left out. */
function lowest(
  plan: PhysicalPlan,
  value: number,
  time: number,
): Pick<Candidates, 'filter' | 'value' | 'time'> {
  const here = { filter: null, value, time }
  if (plan.kind === 'filter' && plan.input.kind === 'scan') return { ...here, filter: plan.id }
  if (plan.kind !== 'project') return here
  const { expressions } = plan
  if (expressions.some((one) => isFallible(one) || volatileIn(one) !== null)) return here
  const [from, at] = [expressions[value]!, expressions[time]!]
  if (from.kind !== 'column' || at.kind !== 'column') return here
  const below = lowest(plan.input, from.index, at.index)
  return below.filter === null ? here : below
}
