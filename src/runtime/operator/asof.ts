/**
 * Asof: each left row with the right row of equal keys whose time is nearest on the side that the comparison says.
 *
 * How      1. Per key two sorted lists lie on the host: left rows by time; right rows by time, then by place or by
 *             values. `<=` and `<` are `>=` and `>` over times in the opposite order. The partner of a left row is the
 *             last right row that its time reaches.
 *          2. At the commit the changes of both sides are taken in the order of their triples. A left row that comes
 *             or goes says itself beside its partner; a right row changes the partner of those left rows between its
 *             time and that of the next right row: these go with the old partner and come with the new one.
 *          3. One-shot statements know all right rows before the first left one.
 * Contract 1 (checked by the golden scripts) the output is that of row-at-a-time processing.
 * Cost     some µs per change, O(log n) comparisons and a shift to insert, and one row out per partner that changes.
 *          The state is all rows of both sides.
 * See      docs/laws.md (ASOF joins)
 */
import { assert } from '../../base/index.ts'
import { compareValues } from '../../data/index.ts'
import type { PhysicalPlan } from '../../plan/index.ts'
import { contributionsOf, pushContributions } from '../batch.ts'
import { type Contribution, cancelAtOnce, compareRows, compareTriples, rowKey } from '../changes.ts'
import { exchange } from '../exchange.ts'
import { withoutFailed } from '../failure.ts'
import { type Environment, type Push, type Stage, stageStats } from '../stage.ts'

type AsofPlan = PhysicalPlan & { kind: 'asof' }

/** The rows of one key, each list in its order. */
interface Group {
  lefts: Contribution[]
  rights: Contribution[]
}

interface Pending extends Contribution {
  port: 0 | 1
}

type Compare = (a: Contribution, b: Contribution) => number

export function asofStage(
  plan: AsofPlan,
  environment: Environment,
  push: Push,
): Stage & { pushLeft: Push; pushRight: Push } {
  const stats = stageStats(plan.id, 'asof')
  const sides = [
    { fields: plan.left.output, keys: plan.leftKeys, time: plan.leftTime },
    { fields: plan.right.output, keys: plan.rightKeys, time: plan.rightTime },
  ] as const
  const cells = environment.fragments.map(() => new Cells(plan))
  const pending: Pending[][] = environment.fragments.map(() => [])
  const nothing = plan.right.output.map(() => null)

  const receive = (port: 0 | 1) => {
    const { fields, keys, time } = sides[port]
    const owners = keys.map((column) => ({ column, type: fields[column]!.type }))
    return exchange(environment, owners, (fragment, input) => {
      const kernels = environment.fragments[fragment]!
      const batch = withoutFailed(environment, kernels, input, input.columns)
      for (const row of contributionsOf(kernels, batch, fields)) {
        const isMatchable = [...keys, time].every((column) => row.row[column] !== null)
        if (isMatchable || (port === 0 && plan.join === 'left')) {
          pending[fragment]!.push({ ...row, port })
        }
      }
    })
  }

  const commitFragment = (fragment: number) => {
    const given = pending[fragment]!
    if (given.length === 0) return
    pending[fragment] = []
    const [lefts, rights] = [0, 1].map((port) =>
      cancelAtOnce(given.filter((one) => one.port === port)).map((one): Pending => {
        return { ...one, port: port as 0 | 1 }
      }),
    )
    const isOneShot = environment.mode === 'one-shot'
    const changes = isOneShot
      ? [...rights!.sort(compareTriples), ...lefts!]
      : [...lefts!, ...rights!].sort(compareTriples)
    const own = cells[fragment]!
    const out: Contribution[] = []
    const tell = (
      left: Contribution,
      right: Contribution | null,
      weight: number,
      at: Contribution,
    ) => {
      if (right === null && plan.join === 'inner') return
      const { major, middle, minor } = at
      const row = [...left.row, ...(right?.row ?? nothing)]
      out.push({ row, weight: left.weight * weight, major, middle, minor })
    }
    for (const change of changes) {
      if (change.port === 1) {
        own.changeRight(change, (left, old, next) => {
          tell(left, old, -1, change)
          tell(left, next, 1, change)
        })
        continue
      }
      const partner = own.changeLeft(change)
      const isLater = isOneShot && partner !== null && compareTriples(partner, change) > 0
      tell(change, partner, 1, isLater ? partner : change)
    }
    const rows = cancelAtOnce(out).sort(compareTriples)
    pushContributions(environment.fragments[fragment]!, rows, plan.output, (batch) => {
      stats.rowsOut += batch.rows
      push(fragment, batch)
    })
  }

  return {
    stats,
    pushLeft: receive(0),
    pushRight: receive(1),
    commit() {
      environment.fragments.forEach((_, fragment) => {
        commitFragment(fragment)
      })
      stats.cells = cells.reduce((sum, { size }) => sum + size, 0)
    },
  }
}

/** The rows of both sides by key. */
class Cells {
  readonly #plan: AsofPlan
  readonly #groups = new Map<string, Group>()
  readonly #compareLeft: Compare
  readonly #compareRight: Compare
  /** A right row's time and a left row's: not above 0 when the left row may have it as its partner. */
  readonly #reach: Compare
  size = 0

  constructor(plan: AsofPlan) {
    this.#plan = plan
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
    this.#compareRight = (a, b) =>
      times(a, b, rightTime, rightTime) ||
      (byPlace ? compareTriples(a, b) : 0) ||
      compareRows(a.row, b.row, plan.right.output)
  }

  /** A left row comes or goes; returns its partner. */
  changeLeft(left: Contribution): Contribution | null {
    const { leftKeys, leftTime } = this.#plan
    // A row without a key or a time never has a partner.
    if ([...leftKeys, leftTime].some((column) => left.row[column] === null)) return null
    const key = rowKey(left.row, leftKeys)
    const group = this.#group(key)
    this.#change(group.lefts, left, this.#compareLeft)
    this.#forgetEmpty(key, group)
    return group.rights[placeOf(group.rights, (right) => this.#reach(right, left) <= 0) - 1] ?? null
  }

  /** A right row comes or goes; tells of each left row whose partner is another one. */
  changeRight(
    right: Contribution,
    tell: (left: Contribution, old: Contribution | null, next: Contribution | null) => void,
  ): void {
    const key = rowKey(right.row, this.#plan.rightKeys)
    const group = this.#group(key)
    const { lefts, rights } = group
    const at = this.#change(rights, right, this.#compareRight)
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
  #change(list: Contribution[], row: Contribution, compare: Compare): number | null {
    const at = placeOf(list, (other) => compare(other, row) < 0)
    const same = list[at]
    if (same === undefined || compare(same, row) !== 0) {
      assert(row.weight > 0, 'a row goes after it came')
      list.splice(at, 0, { ...row })
      this.size++
      return at
    }
    same.weight += row.weight
    if (same.weight > 0) return null
    list.splice(at, 1)
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
