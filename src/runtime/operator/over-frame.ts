/**
 * Frame: where the frames of the rows of a partition begin and end.
 *
 * How      Rows stand in order, those of equal keys in groups. A bound of ROWS counts places, of GROUPS groups; one of
 *          RANGE is searched among the values of the one key; rows whose key is NULL see each other only.
 * Contract 1 (trusted) neither bound ever goes back from one row to the next.
 * Cost     O(1) per bound, O(log n) of RANGE with an offset.
 */
import { monthsLater, type Type, type Value } from '../../data/index.ts'
import type { Frame, FrameBound, SortKey } from '../../plan/index.ts'

const dayMicros = 86_400_000_000n

/** Rows of a partition as frames see them. */
export interface Rows {
  readonly length: number
  /** The one key of the row at a place. */
  keyAt(place: number): Value
  /** Places at which groups of equal keys begin. */
  readonly starts: readonly number[]
}

/** The first place of a frame, or the place behind its last, for the row at `place` in group number `group`. */
export type Bound = (rows: Rows, place: number, group: number) => number

export function boundsOf(frame: Frame, key: { type: Type; order: SortKey } | null): [Bound, Bound] {
  return [boundOf(frame.unit, frame.start, false, key), boundOf(frame.unit, frame.end, true, key)]
}

function boundOf(
  unit: Frame['unit'],
  { offset, following, months }: FrameBound,
  isEnd: boolean,
  key: { type: Type; order: SortKey } | null,
): Bound {
  if (offset === null) return following ? (rows) => rows.length : () => 0
  const signed = following ? Number(offset) : -Number(offset)
  const past = isEnd ? 1 : 0
  if (unit === 'rows') {
    return (rows, place) => Math.min(Math.max(place + signed + past, 0), rows.length)
  }
  const ofGroup: Bound = (rows, _, group) => {
    const wanted = group + (unit === 'groups' ? signed : 0) + past
    return wanted < 0 ? 0 : (rows.starts[wanted] ?? rows.length)
  }
  if (unit === 'groups' || offset === '0') return ofGroup
  const { type, order } = key!
  const shift = shifter(type, offset, following !== order.descending, months === true)
  return (rows, place, group) => {
    const value = rows.keyAt(place)
    if (value === null) return ofGroup(rows, place, group)
    const wanted = shift(value)
    const [from, to] = known(rows, order.nullsFirst)
    let low = from
    let high = to
    while (low < high) {
      const middle = (low + high) >>> 1
      const sign = compare(comparable(rows.keyAt(middle)!, type), wanted)
      const before = order.descending ? -sign : sign
      if (before < 0 || (isEnd && before === 0)) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** Where the rows stand whose key is not NULL. */
function known({ length, keyAt, starts }: Rows, nullsFirst: boolean): [number, number] {
  if (nullsFirst) return [keyAt(0) === null ? (starts[1] ?? length) : 0, length]
  return [0, keyAt(length - 1) === null ? starts.at(-1)! : length]
}

function compare(a: number | bigint, b: number | bigint): number {
  if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : 1
  if (Number.isNaN(b)) return -1
  return a < b ? -1 : a > b ? 1 : 0
}

/** A key in the unit of its offsets. */
function comparable(value: Value, type: Type): number | bigint {
  return type.kind === 'date' ? BigInt(value as number) * dayMicros : (value as number | bigint)
}

function shifter(
  type: Type,
  offset: string,
  up: boolean,
  months: boolean,
): (value: Value) => number | bigint {
  if (months) {
    const count = up ? Number(offset) : -Number(offset)
    return (value) => addMonths(comparable(value, type) as bigint, count)
  }
  if (['tinyint', 'smallint', 'integer', 'real', 'double'].includes(type.kind)) {
    const count = up ? Number(offset) : -Number(offset)
    return (value) => (value as number) + count
  }
  const count = up ? BigInt(offset) : -BigInt(offset)
  return (value) => (comparable(value, type) as bigint) + count
}

function addMonths(micros: bigint, count: number): bigint {
  const time = ((micros % dayMicros) + dayMicros) % dayMicros
  return BigInt(monthsLater(Number((micros - time) / dayMicros), count)) * dayMicros + time
}
