/**
 * Window functions: every frame of every row of a partition is looked through anew.
 *
 * How      A frame is the list of the rows of the partition that a sentence of SQL lets in, one asked after the other.
 * See      partition.ts, fold.ts for aggregates
 */
import { resultOf } from './fold.ts'
import type { Context, Node, Of } from './node.ts'
import { groupsOf, partitioned } from './partition.ts'
import { compareBy } from './relation.ts'
import { dayMicros } from './scalar/exact.ts'
import { moveMonths } from './scalar/time.ts'
import { type Cell, type CellRow, compareKnown } from './value.ts'

type Plan = Of<'over'>
type Call = Plan['calls'][number]
type Bound = Call['frame']['start']

export const over = (plan: Plan, input: Node, context: Context): Node =>
  partitioned(plan, input, context, (rows) =>
    rows.map((row, at) => [...row, ...plan.calls.map((call) => resultAt(plan, call, rows, at))]),
  )

function resultAt(plan: Plan, call: Call, all: readonly CellRow[], at: number): Cell {
  const { order, input } = plan
  const peers = all.filter((row) => compareBy(order, row, all[at]!) === 0)
  const before = all.filter((row) => compareBy(order, row, all[at]!) < 0)
  const { argument, count } = call
  switch (call.function) {
    case 'row_number':
      return BigInt(at + 1)
    case 'rank':
      return BigInt(before.length + 1)
    case 'dense_rank':
      return BigInt(groupsOf(order, before).length + 1)
    case 'percent_rank':
      return all.length === 1 ? 0 : before.length / (all.length - 1)
    case 'cume_dist':
      return (before.length + peers.length) / all.length
    case 'ntile': {
      const sizes = Array.from({ length: count }, (_, tile) =>
        Math.floor((all.length + count - 1 - tile) / count),
      )
      const tiles = sizes.flatMap((size, tile) =>
        Array.from({ length: size }, () => BigInt(tile + 1)),
      )
      return tiles[at]!
    }
    case 'lag': {
      const others = count > 0 ? all.slice(0, at).reverse() : all.slice(at + 1)
      const values = others
        .map((row) => row[argument!]!)
        .filter((value) => !call.ignoreNulls || value !== null)
      const far = Math.abs(count)
      if (far === 0) return all[at]![argument!]!
      if (far <= values.length) return values[far - 1]!
      return call.otherwise === null ? null : all[at]![call.otherwise]!
    }
  }
  const frame = all.filter((_, other) => sees(plan, call, all, at, other))
  const values = frame
    .map((row) => row[argument ?? 0]!)
    .filter((value) => !call.ignoreNulls || value !== null)
  switch (call.function) {
    case 'first_value':
      return values[0] ?? null
    case 'last_value':
      return values.at(-1) ?? null
    case 'nth_value':
      return values[count - 1] ?? null
    default: {
      const type = argument === null ? null : input.output[argument]!.type
      const counted = frame.map((row) => ({ row, weight: 1 }))
      return resultOf({ ...call, function: call.function }, counted, type, null)
    }
  }
}

function sees(
  plan: Plan,
  { frame }: Call,
  all: readonly CellRow[],
  at: number,
  other: number,
): boolean {
  const isPeer = compareBy(plan.order, all[at]!, all[other]!) === 0
  if (frame.exclude === 'row' && at === other) return false
  if (frame.exclude === 'group' && isPeer) return false
  if (frame.exclude === 'ties' && isPeer && at !== other) return false
  const from = distance(plan, frame.unit, frame.start, all, at, other)
  const to = distance(plan, frame.unit, frame.end, all, at, other)
  return from >= 0 && to <= 0
}

/** Is the other row behind the bound (1), at it (0) or before it (-1)? */
function distance(
  plan: Plan,
  unit: string,
  bound: Bound,
  all: readonly CellRow[],
  at: number,
  other: number,
): number {
  const { offset, following } = bound
  if (offset === null) return following ? -1 : 1
  const signed = following ? Number(offset) : -Number(offset)
  if (unit === 'rows') return Math.sign(other - at - signed)
  const { order, input } = plan
  const rows = [all[at]!, all[other]!] as const
  const group = (place: number) => groupsOf(order, all.slice(0, place + 1)).length
  if (unit === 'groups') return Math.sign(group(other) - group(at) - signed)
  if (offset === '0') return Math.sign(compareBy(order, rows[1], rows[0]))
  const { column, descending } = order[0]!
  const [value, there] = rows.map((row) => row[column]!) as [Cell, Cell]
  if (value === null || there === null) return Math.sign(compareBy(order, rows[1], rows[0]))
  const up = following !== descending
  const { kind } = input.output[column]!.type
  const scaled = (cell: Cell) => (kind === 'date' ? BigInt(cell as number) * dayMicros : cell)
  const sign = compareKnown(scaled(there) as number, shifted(scaled(value), bound, up) as number)
  return descending ? -sign : sign
}

/** A value of the key, moved by the offset. */
function shifted(value: Cell, { offset, months }: Bound, up: boolean): number | bigint {
  if (months) return moveMonths(value as bigint, Number(offset) * (up ? 1 : -1))
  if (typeof value === 'bigint') return value + BigInt(offset!) * (up ? 1n : -1n)
  return (value as number) + Number(offset) * (up ? 1 : -1)
}
