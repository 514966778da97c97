/**
 * Waiting ASOF join: each left row is told once, with the version that is valid at its time, when no other can come.
 *
 * How      Left rows wait in the order of their times until the watermark has reached them, and then ask for their
 *          partner. Right rows stand in the lists of an ASOF join (src/runtime/operator/asof-rows.ts); of those that
 *          the watermark has reached the last one of each key stays. Rows that came too late were left out below, by
 *          windows of one moment.
 * Contract 1 (checked by the golden scripts) what is told, and where, does not depend on steps.
 * Cost     some µs per row. The state is the rows ahead of the watermark and one version per key.
 * See      docs/laws.md (temporal joins)
 */
import { noWatermark } from '../../kernel/index.ts'
import { contributionsOf, pushContributions } from '../batch.ts'
import { type Contribution, compareTriples } from '../changes.ts'
import { exchange } from '../exchange.ts'
import { withoutFailed } from '../failure.ts'
import { HeldRows } from '../held.ts'
import { Heap } from '../match/heap.ts'
import { type Environment, type Push, type Stage, stageStats, type Upstream } from '../stage.ts'
import { type AsofPlan, AsofRows } from './asof-rows.ts'

/** A fragment at work. */
interface Work {
  rows: AsofRows
  lefts: Heap<Contribution>
  /** The right rows that the watermark has not reached. */
  rights: Heap<Contribution>
}

export function waitingAsofStage(
  plan: AsofPlan,
  environment: Environment,
  upstream: Upstream,
  push: Push,
): Stage & { pushLeft: Push; pushRight: Push; holds(): boolean } {
  const stats = { ...stageStats(plan.id, 'asof'), estimated: true }
  const waiting = new HeldRows(plan.left.output)
  const count = () => {
    stats.stateBytes = work.reduce((sum, { rows }) => sum + rows.bytes, waiting.bytes)
  }
  const byTime = (column: number) => (a: Contribution, b: Contribution) => {
    const [one, other] = [a.row[column] as bigint, b.row[column] as bigint]
    return one < other ? -1 : one > other ? 1 : compareTriples(a, b)
  }
  const work = environment.fragments.map(
    (): Work => ({
      rows: new AsofRows(plan),
      lefts: new Heap(byTime(plan.leftTime)),
      rights: new Heap(byTime(plan.rightTime)),
    }),
  )
  const nothing = plan.right.output.map(() => null)
  const sides = [
    { fields: plan.left.output, keys: plan.leftKeys },
    { fields: plan.right.output, keys: plan.rightKeys },
  ] as const

  const receive = (port: 0 | 1) => {
    const { fields, keys } = sides[port]
    const owners = keys.map((column) => ({ column, type: fields[column]!.type }))
    return exchange(environment, owners, (fragment, input) => {
      const kernels = environment.fragments[fragment]!
      const batch = withoutFailed(environment, kernels, input, input.columns)
      const { rows, lefts, rights } = work[fragment]!
      for (const one of contributionsOf(kernels, batch, fields)) {
        if (port === 0) {
          lefts.put(one)
          waiting.change(one.row, 1)
        } else if (keys.every((column) => one.row[column] !== null)) {
          rows.changeRight(one, () => {})
          rights.put(one)
        }
      }
      count()
    })
  }

  const release = ({ rows, lefts, rights }: Work, watermark: bigint): Contribution[] => {
    const out: Contribution[] = []
    const isReached = (one: Contribution | undefined, column: number): one is Contribution =>
      one !== undefined && (one.row[column] as bigint) <= watermark
    while (isReached(lefts.least, plan.leftTime)) {
      const left = lefts.take()!
      waiting.change(left.row, -1)
      const partner = rows.partnerOf(left)
      if (partner === null && plan.join === 'inner') continue
      out.push({
        row: [...left.row, ...(partner?.row ?? nothing)],
        weight: left.weight,
        major: environment.positionOf(left.row[plan.leftTime] as bigint),
        middle: left.major,
        minor: left.middle,
      })
    }
    while (isReached(rights.least, plan.rightTime)) rows.forgetBefore(rights.take()!.row, watermark)
    return out
  }

  let seen = noWatermark
  return {
    stats,
    pushLeft: receive(0),
    pushRight: receive(1),
    stepEnd() {
      const watermark = upstream.watermark()
      if (watermark === seen) return
      seen = watermark
      for (const [fragment, one] of work.entries()) {
        const out = release(one, watermark)
        stats.rowsOut += out.length
        const kernels = environment.fragments[fragment]!
        pushContributions(kernels, out, plan.output, (batch) => push(fragment, batch))
      }
      count()
    },
    commit() {
      stats.cells = work.reduce((sum, { rows, lefts }) => sum + rows.size + lefts.size, 0)
      const times = work.flatMap(({ lefts }) => (lefts.least?.row[plan.leftTime] as bigint) ?? [])
      stats.firstOpen = times.length === 0 ? null : times.reduce((a, b) => (b < a ? b : a))
    },
    holds: () => work.some(({ lefts }) => lefts.size > 0),
  }
}
