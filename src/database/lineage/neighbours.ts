/**
 * Neighbours: the rows of a partition by which ranks, window functions, patterns and counts come to their rows.
 *
 * How      The rows of the input are numbered in their partition, and each row that is looked for says from which
 *          number to which the rows reach that it depends on:
 *          rank      the rows before it, where its number is told; a row that is merely among the first stands alone
 *          over      from the first to the last row of its frames, or as far as LAG and LEAD look
 *          match     the rows of its match, with those that PREV and NEXT look at beyond its ends
 *          number    the rows before it
 *          sort      with OFFSET, the rows before it
 * Contract 1 (checked) the node over these rows alone gives the rows that are looked for.
 * Cost     the rows of the numbered input on the host.
 */
import type { Row, Value } from '../../data/index.ts'
import { followed, type OverCall, type Plan } from '../../plan/index.ts'
import { rowKey } from '../../runtime/index.ts'
import type { Work } from '../query.ts'

type Ordered = Plan & { kind: 'rank' | 'over' | 'match' | 'number' | 'sort' }
type Run = (plan: Plan) => Work<Row[]>

/** The rows of one partition from one number to another. */
interface Reach {
  partition: string
  first: number
  last: number
}

/** The rows of the input that gave the rows `wanted` of the node. */
export function* neighbours(plan: Ordered, wanted: readonly Row[], run: Run): Work<Row[]> {
  switch (plan.kind) {
    case 'rank':
      return plan.numbered ? yield* ranked(plan, wanted, run) : [...wanted]
    case 'over':
      return yield* inFrames(plan, wanted, run)
    case 'match':
      return yield* inMatches(plan, wanted, run)
    case 'number': {
      const rows = yield* run(plan)
      return upTo(rows, new Set(wanted.map((row) => rowKey(row))), plan)
    }
    case 'sort': {
      if (plan.offset === 0) return [...wanted]
      const rows = yield* run(followed.placedInOrder(plan))
      const keys = new Set(wanted.map((row) => rowKey(row)))
      const last = rows.findLast((row) => keys.has(rowKey(row.slice(0, -1))))
      return last === undefined
        ? []
        : reached(rows, plan, [{ partition: '', first: 1, last: numberOf(last) }])
    }
  }
}

/** Rows with their numbers behind them: those up to the ones that are wanted, with their numbers. */
function upTo(
  rows: readonly Row[],
  keys: ReadonlySet<string>,
  plan: { input: Plan; partition?: number[] },
): Row[] {
  const found = rows.filter((row) => keys.has(rowKey(row)))
  return reached(
    rows,
    plan,
    found.map((row) => ({
      partition: partitionOf(plan, row),
      first: Number.NEGATIVE_INFINITY,
      last: numberOf(row),
    })),
  )
}

/** A row with its number, and those whose numbers are less: others of the same number do not count. */
function* ranked(plan: Plan & { kind: 'rank' }, wanted: readonly Row[], run: Run): Work<Row[]> {
  const rows = yield* run(followed.numbered(plan))
  const { length } = plan.input.output
  const before = wanted.map((row) => ({
    partition: partitionOf(plan, row),
    first: Number.NEGATIVE_INFINITY,
    last: Number(row[length]) - 1,
  }))
  return [...wanted.map((row) => row.slice(0, length)), ...reached(rows, plan, before)]
}

function* inFrames(plan: Plan & { kind: 'over' }, wanted: readonly Row[], run: Run): Work<Row[]> {
  const { length } = plan.input.output
  const asked = plan.calls.filter((call) => reachOf(call) === null)
  const reaches = plan.calls.flatMap((call) => reachOf(call) ?? [])
  const rows = yield* run(followed.framed(plan, asked))
  const keys = new Set(wanted.map((row) => rowKey(row.slice(0, length))))
  const found = rows.filter((row) => keys.has(rowKey(row.slice(0, length))))
  const all = found.map((row): Reach => {
    const own = Number(row[length])
    const ends = row.slice(length + 1).map((end) => (end === null ? own : Number(end)))
    const others = reaches.flatMap(({ back, ahead }) => [own - back, own + ahead])
    const numbers = [own, ...ends, ...others]
    return {
      partition: partitionOf(plan, row),
      first: Math.min(...numbers),
      last: Math.max(...numbers),
    }
  })
  return reached(rows, plan, all)
}

/** How many rows a call looks back and ahead; null where the rows must say. */
function reachOf(call: OverCall): { back: number; ahead: number } | null {
  const all = Number.POSITIVE_INFINITY
  const { function: name, frame, count, ignoreNulls } = call
  switch (name) {
    case 'row_number':
    case 'rank':
    case 'dense_rank':
      return { back: all, ahead: 0 }
    case 'percent_rank':
    case 'cume_dist':
    case 'ntile':
      return { back: all, ahead: all }
    case 'lag': {
      const far = ignoreNulls ? all : Math.abs(count)
      return count >= 0 ? { back: far, ahead: 0 } : { back: 0, ahead: far }
    }
    default: {
      if (frame.unit !== 'rows') return null
      const far = ({ offset, following }: OverCall['frame']['start'], isAhead: boolean) => {
        const rows = offset === null ? all : Number(offset)
        return following === isAhead ? rows : 0
      }
      return {
        back: Math.max(far(frame.start, false), far(frame.end, false)),
        ahead: Math.max(far(frame.start, true), far(frame.end, true)),
      }
    }
  }
}

function* inMatches(plan: Plan & { kind: 'match' }, wanted: readonly Row[], run: Run): Work<Row[]> {
  const { kept, shown, cells } = plan
  const { length } = plan.input.output
  const rows = yield* run(followed.matched(plan))
  const keys = new Set(wanted.map((row) => rowKey(row)))
  const own = (row: Row): Row => [
    ...kept.map((column) => row[column]!),
    ...row.slice(length + 1, length + 1 + shown.length),
  ]
  // A row without a match is told by itself.
  const matchOf = (row: Row) => {
    const number: Value = row.at(-1)!
    return rowKey([partitionOf(plan, row), number, number === null ? row[length]! : null])
  }
  const found = new Set(rows.filter((row) => keys.has(rowKey(own(row)))).map(matchOf))
  const shifts = cells.map((cell) => (cell.kind === 'value' ? cell.shift : 0))
  // The number of a match counts those before it.
  const isCounted = shown.some((index) => cells[index]!.kind === 'number')
  const before = isCounted ? Number.POSITIVE_INFINITY : -Math.min(0, ...shifts)
  const behind = Math.max(0, ...shifts)
  const reaches = rows
    .filter((row) => found.has(matchOf(row)))
    .map((row): Reach => {
      const number = Number(row[length])
      return { partition: partitionOf(plan, row), first: number - before, last: number + behind }
    })
  return reached(yield* run(followed.numbered(plan)), plan, reaches)
}

/** The rows, without what stands behind the columns of the input, whose numbers are reached. */
function reached(
  rows: readonly Row[],
  plan: { input: Plan; partition?: number[] },
  reaches: readonly Reach[],
): Row[] {
  const { length } = plan.input.output
  const byPartition = Map.groupBy(reaches, ({ partition }) => partition)
  return rows
    .filter((row) => {
      const number = Number(row[length])
      const among = byPartition.get(partitionOf(plan, row)) ?? []
      return among.some(({ first, last }) => first <= number && number <= last)
    })
    .map((row) => row.slice(0, length))
}

const partitionOf = ({ partition = [] }: { partition?: number[] }, row: Row): string =>
  rowKey(partition.map((column) => row[column]!))

/** The last column. */
const numberOf = (row: Row): number => Number(row.at(-1))
