/**
 * AsofRows: the rows of both sides of an ASOF join, by key, and which right row a left one has as its partner.
 *
 * How      Per key two sorted lists lie on the host: left rows by time; right rows by time, then by place or by values.
 *          `<=` and `<` are `>=` and `>` over times in the opposite order. The partner of a left row is the last right
 *          row that its time reaches; where the first of equal times counts, these stand in the opposite order.
 * Cost     O(log n) comparisons and a shift to insert.
 */
import { assert } from '../../base/index.ts'
import { compareValues, type Row } from '../../data/index.ts'
import type { PhysicalPlan } from '../../plan/index.ts'
import { type Contribution, compareRows, compareTriples, rowKey } from '../changes.ts'
import { HeldRows } from '../held.ts'

export type AsofPlan = PhysicalPlan & { kind: 'asof' }

/** The rows of one key, each list in its order. */
interface Group {
  lefts: Contribution[]
  rights: Contribution[]
}

/** Bytes of what a row carries beside a contribution, and of a key without its rows; as measured. */
const portBytes = 28
const groupBytes = 310

type Compare = (a: Contribution, b: Contribution) => number

export class AsofRows {
  readonly #plan: AsofPlan
  readonly #groups = new Map<string, Group>()
  readonly #compareLeft: Compare
  readonly #compareRight: Compare
  /** A right row's time and a left row's: not above 0 when the left row may have it as its partner. */
  readonly #reach: Compare
  size = 0
  readonly #held: readonly [HeldRows, HeldRows]

  constructor(plan: AsofPlan) {
    this.#plan = plan
    const { left, right } = plan
    this.#held = [new HeldRows(left.output, portBytes), new HeldRows(right.output, portBytes)]
    const { leftTime, rightTime, compare } = plan
    const { type } = plan.left.output[leftTime]!
    const sign = compare === 'ge' || compare === 'gt' ? 1 : -1
    const strict = compare === 'gt' || compare === 'lt'
    const times = (a: Contribution, b: Contribution, of: number, to: number) =>
      sign * compareValues(a.row[of]!, b.row[to]!, type)
    this.#reach = (right, left) => times(right, left, rightTime, leftTime) || (strict ? 1 : 0)
    this.#compareLeft = (a, b) =>
      times(a, b, leftTime, leftTime) || compareRows(a.row, b.row, plan.left.output)
    const byPlace = plan.ties === 'position'
    const last = plan.tie === 'last' ? 1 : -1
    this.#compareRight = (a, b) =>
      times(a, b, rightTime, rightTime) ||
      last * ((byPlace ? compareTriples(a, b) : 0) || compareRows(a.row, b.row, plan.right.output))
  }

  /** An estimate of the bytes of all rows. */
  get bytes(): number {
    return this.#held[0].bytes + this.#held[1].bytes + this.#groups.size * groupBytes
  }

  /** A left row comes or goes; returns its partner. */
  changeLeft(left: Contribution): Contribution | null {
    const key = this.#keyOf(left)
    if (key === null) return null
    const group = this.#group(key)
    this.#change(group.lefts, left, this.#compareLeft, this.#held[0])
    this.#forgetEmpty(key, group)
    return this.#partnerIn(group, left)
  }

  /** The partner of a left row that is not kept. */
  partnerOf(left: Contribution): Contribution | null {
    const group = this.#groups.get(this.#keyOf(left) ?? '')
    return group === undefined ? null : this.#partnerIn(group, left)
  }

  /** No left row comes any more whose partner would be a right row before the last one up to this time. */
  forgetBefore(right: Row, time: bigint): void {
    const rights = this.#groups.get(rowKey(right, this.#plan.rightKeys))?.rights ?? []
    const reached = placeOf(rights, ({ row }) => (row[this.#plan.rightTime] as bigint) <= time)
    if (reached < 2) return
    for (const { row } of rights.splice(0, reached - 1)) this.#held[1].change(row, -1)
    this.size -= reached - 1
  }

  /** A right row comes or goes; tells of each left row whose partner is another one. */
  changeRight(
    right: Contribution,
    tell: (left: Contribution, old: Contribution | null, next: Contribution | null) => void,
  ): void {
    const key = rowKey(right.row, this.#plan.rightKeys)
    const group = this.#group(key)
    const { lefts, rights } = group
    const at = this.#change(rights, right, this.#compareRight, this.#held[1])
    if (at !== null) {
      const comes = right.weight > 0
      const before = rights[at - 1] ?? null
      const after = rights[comes ? at + 1 : at]
      // Left rows reach the right ones below a place in their list that rises with these.
      const reached = (by: Contribution) => placeOf(lefts, (left) => this.#reach(by, left) > 0)
      const to = after === undefined ? lefts.length : reached(after)
      for (let place = reached(right); place < to; place++) {
        const left = lefts[place]!
        if (comes) tell(left, before, right)
        else tell(left, right, before)
      }
    }
    this.#forgetEmpty(key, group)
  }

  /** A row without a key or a time never has a partner. */
  #keyOf({ row }: Contribution): string | null {
    const { leftKeys, leftTime } = this.#plan
    if ([...leftKeys, leftTime].some((column) => row[column] === null)) return null
    return rowKey(row, leftKeys)
  }

  #partnerIn({ rights }: Group, left: Contribution): Contribution | null {
    return rights[placeOf(rights, (right) => this.#reach(right, left) <= 0) - 1] ?? null
  }

  #group(key: string): Group {
    let group = this.#groups.get(key)
    if (group === undefined) {
      group = { lefts: [], rights: [] }
      this.#groups.set(key, group)
    }
    return group
  }

  #forgetEmpty(key: string, { lefts, rights }: Group): void {
    if (lefts.length === 0 && rights.length === 0) this.#groups.delete(key)
  }

  /** Adds a row to a list; its place when it is new there or gone from there, null when only its weight is another. */
  #change(
    list: Contribution[],
    row: Contribution,
    compare: Compare,
    held: HeldRows,
  ): number | null {
    const at = placeOf(list, (other) => compare(other, row) < 0)
    const same = list[at]
    if (same === undefined || compare(same, row) !== 0) {
      assert(row.weight > 0, 'a row goes after it came')
      list.splice(at, 0, { ...row })
      held.change(row.row, 1)
      this.size++
      return at
    }
    same.weight += row.weight
    if (same.weight > 0) return null
    list.splice(at, 1)
    held.change(row.row, -1)
    this.size--
    return at
  }
}

/** How many rows at the front of the list are so. */
function placeOf(rows: readonly Contribution[], isSo: (row: Contribution) => boolean): number {
  let low = 0
  let high = rows.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (isSo(rows[middle]!)) low = middle + 1
    else high = middle
  }
  return low
}
