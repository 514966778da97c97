/**
 * Partition: the rows of one partition in order, each with what its window functions gave at the last commit.
 *
 * How      1. Few changes are put into the list one by one, many are merged with it. The first and the last place that
 *             changed are noted.
 *          2. A call is made anew for the rows whose frames may reach a changed place: as bounds never go back, those
 *             lie between two places that are searched for.
 *          3. An aggregate keeps its fold over the frame that it looked at last. What comes into that frame or goes out
 *             of it by a change is added or taken away, then the frame is moved.
 * Contract 1 (checked by the golden scripts) the values are those of the rows alone, not of the way they came.
 * Cost     A row at the end of the order costs O(log n) and, per call, what its frame gains and loses; a row in the
 *          middle what every frame that sees it does, a running aggregate O(rows behind it). CUME_DIST, PERCENT_RANK,
 *          NTILE and frames of all rows cost O(n) per commit that touches the partition. IGNORE NULLS, and FIRST_VALUE
 *          and its like with EXCLUDE, walk to the row that they find.
 */
import { assert } from '../../base/index.ts'
import { compareValues, type Field, type Row } from '../../data/index.ts'
import type { OverCall, SortKey } from '../../plan/index.ts'
import { type Contribution, rowKey, valueKey } from '../changes.ts'
import { type Cell, FailedCell, type Fold, makeFold } from './over-fold.ts'
import { type Bound, boundsOf, type Rows } from './over-frame.ts'

export type Compare = (a: Contribution, b: Contribution) => number

export interface PartitionSpec {
  fields: readonly Field[]
  order: readonly SortKey[]
  calls: readonly OverCall[]
  /** The order of rows, the whole of it. */
  compare: Compare
}

interface Unit {
  at: Contribution
  /** What the calls gave at the last commit; null before the first. */
  told: Cell[] | null
  /** What they give now, where it differs. */
  next: Cell[] | null
}

/** The frame that a fold is over. */
interface Cursor {
  start: number
  end: number
  fold: Fold
}

interface Call {
  call: OverCall
  bounds: [Bound, Bound]
  cursor: Cursor | null
}

/** From this many changes on they are merged. */
const mergeMin = 16

/** Functions that have a fold. */
export const aggregates: ReadonlySet<string> = new Set([
  'count_star', 'count', 'sum', 'avg', 'min', 'max', 'collect',
]) // biome-ignore format: one list

export class OverPartition implements Rows {
  readonly starts: number[] = []
  readonly keyAt: Rows['keyAt']
  readonly #spec: PartitionSpec
  readonly #calls: Call[]
  #units: Unit[] = []
  #gone: Unit[] = []
  /** The first changed place, and how many rows stand behind the last one. */
  #first = Number.POSITIVE_INFINITY
  #behind = Number.POSITIVE_INFINITY

  constructor(spec: PartitionSpec) {
    this.#spec = spec
    const order = spec.order[0]
    const column = order?.column ?? 0
    const key = order === undefined ? null : { type: spec.fields[column]!.type, order }
    this.keyAt = (place) => this.#units[place]!.at.row[column]!
    this.#calls = spec.calls.map((call) => {
      const isAggregate = aggregates.has(call.function)
      const cursor = isAggregate ? { start: 0, end: 0, fold: makeFold(call, spec.fields) } : null
      return { call, bounds: seenBy(call) ?? boundsOf(call.frame, key), cursor }
    })
  }

  get length(): number {
    return this.#units.length
  }

  /** Rows that come, by weights above 0, and go; what goes is there. */
  change(rows: readonly Contribution[]): void {
    const count = rows.reduce((sum, { weight }) => sum + Math.abs(weight), 0)
    if (count >= mergeMin) this.#merge(rows)
    else for (const row of rows) this.#put(row)
  }

  /** The rows with what the calls give, as they change by this commit. */
  take(tell: (row: Row, cells: readonly Cell[], weight: number) => void): void {
    this.#group()
    const changed = new Set<Unit>()
    for (const unit of this.#units.slice(this.#first, this.length - this.#behind)) {
      unit.next =
        unit.told === null ? new Array<Cell>(this.#calls.length).fill(null) : [...unit.told]
      changed.add(unit)
    }
    this.#calls.forEach((call, index) => {
      this.#evaluate(call, index, changed)
    })
    const out = new Net(tell)
    for (const { at, told } of this.#gone) if (told !== null) out.add(at.row, told, -1)
    for (const unit of changed) {
      const { at, told, next } = unit
      if (told !== null) out.add(at.row, told, -1)
      out.add(at.row, next!, 1)
      unit.told = next
      unit.next = null
    }
    out.end()
    this.#gone = []
    this.#first = Number.POSITIVE_INFINITY
    this.#behind = Number.POSITIVE_INFINITY
  }

  // -------------------------------------------------------------- the list

  #placeOf(row: Contribution): number {
    const { compare } = this.#spec
    let low = 0
    let high = this.length
    // Most rows come at the end.
    if (high > 0 && compare(this.#units[high - 1]!.at, row) < 0) return high
    while (low < high) {
      const middle = (low + high) >>> 1
      if (compare(this.#units[middle]!.at, row) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  #put(row: Contribution): void {
    const place = this.#placeOf(row)
    for (let copy = row.weight; copy > 0; copy--) {
      this.#units.splice(place, 0, { at: row, told: null, next: null })
      this.#note(place, 1, row.row)
    }
    for (let copy = row.weight; copy < 0; copy++) {
      const [unit] = this.#units.splice(place, 1)
      assert(
        unit !== undefined && this.#spec.compare(unit.at, row) === 0,
        'a retracted row is there',
      )
      this.#gone.push(unit)
      this.#note(place, -1, row.row)
    }
  }

  /** A row has come to a place, or has gone from it. */
  #note(place: number, weight: number, row: Row): void {
    this.#first = Math.min(this.#first, place)
    this.#behind = Math.min(this.#behind, this.length - place - (weight > 0 ? 1 : 0))
    for (const { cursor } of this.#calls) {
      if (cursor === null || place >= cursor.end) continue
      // A row that comes to the first place of a frame stands before it.
      const before = weight > 0 ? place <= cursor.start : place < cursor.start
      if (before) cursor.start += weight
      else cursor.fold.change(row, weight)
      cursor.end += weight
    }
  }

  #merge(rows: readonly Contribution[]): void {
    const { compare } = this.#spec
    const sorted = [...rows].sort(compare)
    const first = this.#placeOf(sorted[0]!)
    const old = this.#units.splice(first)
    let last = first
    let taken = 0
    for (const row of sorted) {
      while (taken < old.length && compare(old[taken]!.at, row) < 0) this.#units.push(old[taken++]!)
      for (let copy = row.weight; copy > 0; copy--) {
        this.#units.push({ at: row, told: null, next: null })
      }
      for (let copy = row.weight; copy < 0; copy++) {
        const unit = old[taken++]
        assert(unit !== undefined && compare(unit.at, row) === 0, 'a retracted row is there')
        this.#gone.push(unit)
      }
      last = this.#units.length
    }
    while (taken < old.length) this.#units.push(old[taken++]!)
    this.#first = Math.min(this.#first, first)
    this.#behind = Math.min(this.#behind, this.length - last)
    for (const { cursor } of this.#calls) {
      if (cursor === null || cursor.end <= first) continue
      cursor.fold.clear()
      cursor.start = 0
      cursor.end = 0
    }
  }

  // -------------------------------------------------------------- groups

  /** Finds the groups anew from the first changed place on. */
  #group(): void {
    const { starts } = this
    while (starts.length > 0 && starts.at(-1)! >= this.#first) starts.pop()
    for (let place = this.#first; place < this.length; place++) {
      if (place === 0 || !this.#arePeers(place - 1, place)) starts.push(place)
    }
  }

  #arePeers(a: number, b: number): boolean {
    const { fields, order } = this.#spec
    const [left, right] = [this.#units[a]!.at.row, this.#units[b]!.at.row]
    return order.every(
      ({ column }) => compareValues(left[column]!, right[column]!, fields[column]!.type) === 0,
    )
  }

  /** Number of the group of the row at a place. */
  #groupAt(place: number): number {
    let low = 0
    let high = this.starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if (this.starts[middle]! <= place) low = middle
      else high = middle - 1
    }
    return low
  }

  // -------------------------------------------------------------- calls

  #evaluate(one: Call, index: number, changed: Set<Unit>): void {
    const { bounds } = one
    const last = this.length - this.#behind
    // The first row whose frame ends behind the first change, and the first one whose frame begins behind the last.
    const from = Math.min(this.#first, this.#search(bounds[1], this.#first - 1))
    const to = Math.max(last, this.#search(bounds[0], last))
    let group = from < to ? this.#groupAt(from) : 0
    for (let place = from; place < to; place++) {
      while (group + 1 < this.starts.length && this.starts[group + 1]! <= place) group++
      const cell = this.#value(one, place, group)
      const unit = this.#units[place]!
      if (unit.next === null) {
        if (sameCell(unit.told![index]!, cell)) continue
        unit.next = [...unit.told!]
        changed.add(unit)
      }
      unit.next[index] = cell
    }
  }

  /** The first place whose bound is beyond `limit`. */
  #search(bound: Bound, limit: number): number {
    let low = 0
    let high = this.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (bound(this, middle, this.#groupAt(middle)) > limit) high = middle
      else low = middle + 1
    }
    return low
  }

  #value({ call, bounds, cursor }: Call, place: number, group: number): Cell {
    const first = this.starts[group]!
    const end = this.starts[group + 1] ?? this.length
    switch (call.function) {
      case 'row_number':
        return BigInt(place + 1)
      case 'rank':
        return BigInt(first + 1)
      case 'dense_rank':
        return BigInt(group + 1)
      case 'percent_rank':
        return this.length === 1 ? 0 : first / (this.length - 1)
      case 'cume_dist':
        return end / this.length
      case 'ntile':
        return this.#tile(call.count, place)
      case 'lag':
        return this.#lag(call, place)
      default: {
        const from = bounds[0](this, place, group)
        const to = Math.max(from, bounds[1](this, place, group))
        const out = this.#excluded(call, place, first, end)
        if (cursor !== null) return this.#folded(cursor, from, to, out)
        return this.#found(call, from, to, out)
      }
    }
  }

  /** The first tiles have one row more where the rows cannot be shared evenly. */
  #tile(count: number, place: number): bigint {
    const size = Math.floor(this.length / count)
    const more = this.length % count
    const large = more * (size + 1)
    if (place < large) return BigInt(Math.floor(place / (size + 1)) + 1)
    return BigInt(more + Math.floor((place - large) / size) + 1)
  }

  #lag({ argument, count, ignoreNulls, otherwise }: OverCall, place: number): Cell {
    const step = count > 0 ? -1 : 1
    let at = ignoreNulls ? place : place - count
    if (ignoreNulls) {
      for (let left = Math.abs(count); left > 0; left--) {
        do at += step
        while (at >= 0 && at < this.length && this.#units[at]!.at.row[argument!] === null)
      }
    }
    if (at >= 0 && at < this.length) return this.#units[at]!.at.row[argument!]!
    return otherwise === null ? null : this.#units[place]!.at.row[otherwise]!
  }

  /** Places that EXCLUDE leaves out: from the first of two on to the other, but for a third. */
  #excluded({ frame }: OverCall, place: number, first: number, end: number): Excluded {
    switch (frame.exclude) {
      case 'none':
        return nothing
      case 'row':
        return { from: place, to: place + 1, but: -1 }
      case 'group':
        return { from: first, to: end, but: -1 }
      case 'ties':
        return { from: first, to: end, but: place }
    }
  }

  #folded(cursor: Cursor, from: number, to: number, out: Excluded): Cell {
    this.#move(cursor, from, to)
    const { fold } = cursor
    if (out === nothing) return fold.read()
    this.#change(cursor, from, to, out, -1)
    const cell = fold.read()
    this.#change(cursor, from, to, out, 1)
    return cell
  }

  #change({ fold }: Cursor, from: number, to: number, out: Excluded, weight: number): void {
    for (let at = Math.max(from, out.from); at < Math.min(to, out.to); at++) {
      if (at !== out.but) fold.change(this.#units[at]!.at.row, weight)
    }
  }

  /** Moves a fold to another frame, or begins anew where that is less. */
  #move(cursor: Cursor, from: number, to: number): void {
    const { fold } = cursor
    const moves = Math.abs(cursor.start - from) + Math.abs(cursor.end - to)
    if (moves > to - from) {
      if (cursor.end > cursor.start) fold.clear()
      cursor.start = from
      cursor.end = from
    }
    const change = (start: number, end: number, weight: number) => {
      for (let at = start; at < end; at++) fold.change(this.#units[at]!.at.row, weight)
    }
    change(cursor.end, to, 1)
    change(to, cursor.end, -1)
    change(from, cursor.start, 1)
    change(cursor.start, from, -1)
    cursor.start = from
    cursor.end = to
  }

  /** FIRST_VALUE, LAST_VALUE and NTH_VALUE. */
  #found(call: OverCall, from: number, to: number, out: Excluded): Cell {
    const { argument, ignoreNulls } = call
    const isLast = call.function === 'last_value'
    let left = call.function === 'nth_value' ? call.count : 1
    if (!ignoreNulls && out === nothing) {
      const at = isLast ? to - 1 : from + left - 1
      return at >= from && at < to ? this.#units[at]!.at.row[argument!]! : null
    }
    const step = isLast ? -1 : 1
    for (let at = isLast ? to - 1 : from; at >= from && at < to; at += step) {
      if (at >= out.from && at < out.to && at !== out.but) continue
      const value = this.#units[at]!.at.row[argument!]!
      if (ignoreNulls && value === null) continue
      if (--left === 0) return value
    }
    return null
  }
}

interface Excluded {
  from: number
  to: number
  but: number
}

const nothing: Excluded = { from: 0, to: 0, but: -1 }

/** The rows that a function without a frame looks at; null where it has one. */
function seenBy({ function: name, count, ignoreNulls }: OverCall): [Bound, Bound] | null {
  const whole: Bound = (rows) => rows.length
  const zero: Bound = () => 0
  switch (name) {
    case 'row_number':
    case 'rank':
    case 'dense_rank':
      return [zero, (_, place) => place + 1]
    case 'percent_rank':
    case 'cume_dist':
    case 'ntile':
      return [zero, whole]
    case 'lag': {
      if (ignoreNulls && count > 0) return [zero, (_, place) => place + 1]
      if (ignoreNulls && count < 0) return [(_, place) => place, whole]
      const clamped = (rows: Rows, place: number) => Math.min(Math.max(place, 0), rows.length)
      return [
        (rows, place) => clamped(rows, place - Math.max(count, 0)),
        (rows, place) => clamped(rows, place - Math.min(count, 0) + 1),
      ]
    }
    default:
      return null
  }
}

function sameCell(a: Cell | undefined, b: Cell): boolean {
  if (a === b) return true
  if (a === undefined || typeof a !== typeof b) return false
  return cellKey(a) === cellKey(b)
}

const cellKey = (cell: Cell) =>
  cell instanceof FailedCell ? `!${cell.error.message}` : valueKey(cell)

/** Adds up rows that are equal: what comes and goes at once was never there. */
class Net {
  readonly #tell: (row: Row, cells: readonly Cell[], weight: number) => void
  readonly #rows = new Map<string, { row: Row; cells: readonly Cell[]; weight: number }>()

  constructor(tell: (row: Row, cells: readonly Cell[], weight: number) => void) {
    this.#tell = tell
  }

  add(row: Row, cells: readonly Cell[], weight: number): void {
    const key = `${rowKey(row)}${cells.map(cellKey).join()}`
    const found = this.#rows.get(key)
    if (found === undefined) this.#rows.set(key, { row, cells, weight })
    else found.weight += weight
  }

  end(): void {
    for (const { row, cells, weight } of this.#rows.values()) {
      for (let copy = Math.abs(weight); copy > 0; copy--) this.#tell(row, cells, Math.sign(weight))
    }
  }
}
