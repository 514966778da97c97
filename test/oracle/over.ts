/**
 * Window functions: every partition is sorted and every frame looked through anew whenever one of its rows comes or
 * goes.
 *
 * How      A frame is the list of the rows of the partition that a sentence of SQL lets in, one asked after the other.
 * See      docs/laws.md (where a row stands), fold.ts for aggregates
 */
import { addUp, atOnce, type Contribution, compareTriples, type Triple } from './contribution.ts'
import { resultOf } from './fold.ts'
import { type CommitInput, type Context, type Node, type Of, sound } from './node.ts'
import { compareBy } from './relation.ts'
import { moveMonths } from './time.ts'
import { type Cell, type CellRow, compareKnown, compareRows, keyOf } from './value.ts'

type Call = Of<'over'>['calls'][number]
type Bound = Call['frame']['start']

const dayMicros = 86_400_000_000n

export class Over {
  #plan: Of<'over'>
  #input: Node
  #context: Context
  #partitions = new Map<string, Contribution[]>()

  constructor(plan: Of<'over'>, input: Node, context: Context) {
    this.#plan = plan
    this.#input = input
    this.#context = context
  }

  pull(commit: CommitInput): Contribution[] {
    const come = atOnce(sound(this.#context, this.#input(commit)))
    const touched = Map.groupBy(come, ({ row }) => keyOf(row, this.#plan.partition))
    return [...touched].flatMap(([key, some]) => {
      const old = this.#partitions.get(key) ?? []
      const all = [...old, ...some]
      const kept = this.#plan.ties === 'position' ? all : addUp(all, ({ row }) => keyOf(row))
      this.#partitions.set(key, kept)
      const triple: Triple = [Math.min(...some.map((one) => one.triple[0])), 0, 0]
      const told = (rows: CellRow[], weight: number) =>
        rows.map((row): Contribution => ({ row, weight, triple }))
      return atOnce([...told(this.#shown(old), -1), ...told(this.#shown(kept), 1)])
    })
  }

  #shown(rows: readonly Contribution[]): CellRow[] {
    const { order, ties, calls } = this.#plan
    const byPlace = (a: Contribution, b: Contribution) =>
      ties === 'position' ? compareTriples(a.triple, b.triple) : 0
    const all = rows
      .toSorted(
        (a, b) => compareBy(order, a.row, b.row) || byPlace(a, b) || compareRows(a.row, b.row),
      )
      .flatMap(({ row, weight }) => Array.from({ length: weight }, () => row))
    return all.map((row, at) => [...row, ...calls.map((call) => this.#valueOf(call, all, at))])
  }

  #valueOf(call: Call, all: readonly CellRow[], at: number): Cell {
    const { order, input } = this.#plan
    const peers = all.filter((row) => compareBy(order, row, all[at]!) === 0)
    const before = all.filter((row) => compareBy(order, row, all[at]!) < 0)
    const { argument, count } = call
    switch (call.function) {
      case 'row_number':
        return BigInt(at + 1)
      case 'rank':
        return BigInt(before.length + 1)
      case 'dense_rank':
        return BigInt(this.#groups(before).length + 1)
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
    const frame = all.filter((_, other) => this.#sees(call, all, at, other))
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

  /** Groups of equal keys, one row of each. */
  #groups(rows: readonly CellRow[]): CellRow[] {
    const { order } = this.#plan
    return rows.filter((row, at) => at === 0 || compareBy(order, rows[at - 1]!, row) !== 0)
  }

  #sees({ frame }: Call, all: readonly CellRow[], at: number, other: number): boolean {
    const isPeer = compareBy(this.#plan.order, all[at]!, all[other]!) === 0
    if (frame.exclude === 'row' && at === other) return false
    if (frame.exclude === 'group' && isPeer) return false
    if (frame.exclude === 'ties' && isPeer && at !== other) return false
    const from = this.#distance(frame.unit, frame.start, all, at, other)
    const to = this.#distance(frame.unit, frame.end, all, at, other)
    return from >= 0 && to <= 0
  }

  /** Is the other row behind the bound (1), at it (0) or before it (-1)? */
  #distance(
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
    const { order, input } = this.#plan
    const rows = [all[at]!, all[other]!] as const
    const group = (place: number) => this.#groups(all.slice(0, place + 1)).length
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
}

/** A value of the key, moved by the offset. */
function shifted(value: Cell, { offset, months }: Bound, up: boolean): number | bigint {
  if (months) return moveMonths(value as bigint, Number(offset) * (up ? 1 : -1))
  if (typeof value === 'bigint') return value + BigInt(offset!) * (up ? 1n : -1n)
  return (value as number) + Number(offset) * (up ? 1 : -1)
}
