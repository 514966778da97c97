/**
 * Asof: each left row with the right row of equal keys whose time is nearest on the side that the comparison says.
 *
 * How      1. The rows of both sides lie in sorted lists (src/runtime/operator/asof-rows.ts).
 *          2. At the commit the changes of both sides are taken in the order of their triples, right before left
 *             where these are equal. A left row that comes or goes says itself beside its partner; a right row changes
 *             the partner of those left rows between its time and that of the next right row: these go with the old
 *             partner and come with the new one.
 *          3. One-shot statements know all right rows before the first left one.
 * Contract 1 (checked by the golden scripts) the output is that of row-at-a-time processing.
 * Cost     some µs per change, O(log n) comparisons and a shift to insert, and one row out per partner that changes.
 *          The state is all rows of both sides.
 * See      docs/laws.md (ASOF joins)
 */
import { pushContributions, soundRows } from '../batch.ts'
import { type Contribution, cancelAtOnce, compareTriples } from '../changes.ts'
import { exchange } from '../exchange.ts'
import { HeldRows } from '../held.ts'
import { type Environment, type Push, type Stage, stageStats } from '../stage.ts'
import { type AsofPlan, AsofRows } from './asof-rows.ts'

interface Pending extends Contribution {
  port: 0 | 1
}

export function asofStage(
  plan: AsofPlan,
  environment: Environment,
  push: Push,
): Stage & { pushLeft: Push; pushRight: Push } {
  const stats = { ...stageStats(plan.id, 'asof'), estimated: true }
  const sides = [
    { fields: plan.left.output, keys: plan.leftKeys, time: plan.leftTime },
    { fields: plan.right.output, keys: plan.rightKeys, time: plan.rightTime },
  ] as const
  const cells = environment.fragments.map(() => new AsofRows(plan))
  const pending: Pending[][] = environment.fragments.map(() => [])
  const nothing = plan.right.output.map(() => null)
  const waiting = sides.map(({ fields }) => new HeldRows(fields))
  const count = () => {
    const kept = cells.reduce((sum, { bytes }) => sum + bytes, 0)
    stats.stateBytes = waiting.reduce((sum, { bytes }) => sum + bytes, kept)
  }

  const receive = (port: 0 | 1) => {
    const { fields, keys, time } = sides[port]
    const owners = keys.map((column) => ({ column, type: fields[column]!.type }))
    return exchange(environment, owners, (fragment, input) => {
      for (const row of soundRows(environment, fragment, input, fields)) {
        const isMatchable = [...keys, time].every((column) => row.row[column] !== null)
        if (isMatchable || (port === 0 && plan.join === 'left')) {
          pending[fragment]!.push({ ...row, port })
          waiting[port]!.change(row.row, 1)
        }
      }
      count()
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
      : [...lefts!, ...rights!].sort((a, b) => compareTriples(a, b) || b.port - a.port)
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
      const isLater = isOneShot && partner !== null && partner.major > change.major
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
      for (const one of waiting) one.clear()
      count()
    },
  }
}
