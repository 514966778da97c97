/**
 * Match: MATCH_RECOGNIZE: rows wait until it is their turn, then the machine of their partition takes them.
 *
 * How      Continuous: a row waits on the host until the watermark has passed its time; rows that came too late are
 *          left out below, by windows of one moment. Then rows go to their machines in order, and between them go the
 *          moments at which WITHIN ends a match. What a row or a moment decides is told at once, at the position of
 *          the row that raised the watermark so far. One-shot: all rows are sorted and taken at the commit.
 * Contract 1 (checked by the golden scripts) what is told, and where, does not depend on steps.
 * Cost     some µs per row; see src/runtime/match/machine.ts. Rows are kept from the first one on that may still be
 *          part of a match.
 * See      docs/match-recognize.md, docs/laws.md (where a row stands)
 */
import { noWatermark } from '../../kernel/index.ts'
import type { PhysicalPlan } from '../../plan/index.ts'
import { pushContributions, soundRows } from '../batch.ts'
import { type Contribution, rowKey } from '../changes.ts'
import { exchange } from '../exchange.ts'
import { HeldRows } from '../held.ts'
import { Heap } from '../match/heap.ts'
import { Machine, machineryOf, type Told } from '../match/machine.ts'
import {
  type Environment,
  endOfTime,
  type Push,
  type Stage,
  stageStats,
  type Upstream,
} from '../stage.ts'
import { comparison } from './over.ts'

/** Bytes of the ways that lead over a row, and of a machine without its rows; as measured. */
const historyBytes = 100
const machineBytes = 1400

type MatchPlan = PhysicalPlan & { kind: 'match' }

interface Partition {
  key: string
  machine: Machine
  /** The deadline that stands in the calendar. */
  deadline: bigint | null
}

/** A fragment at work. */
interface Work {
  waiting: Heap<Contribution>
  partitions: Map<string, Partition>
  deadlines: Heap<{ at: bigint; partition: Partition }>
  out: Contribution[]
}

export function matchStage(
  plan: MatchPlan,
  environment: Environment,
  upstream: Upstream,
  push: Push,
): Stage & { push: Push } {
  const stats = { ...stageStats(plan.id, 'match'), estimated: true }
  const fields = plan.input.output
  const waiting = new HeldRows(fields)
  const taken = new HeldRows(fields, historyBytes)
  const oneShot = environment.mode === 'one-shot'
  const time = plan.order[0]!.column
  const machinery = machineryOf(
    plan,
    fields.map(({ type }) => type),
    environment.functions,
  )
  // Of partitions without rows nothing is kept, unless matches are counted or the first row is sought.
  const remembers =
    plan.cells.some(({ kind }) => kind === 'number') ||
    machinery.program.some(({ kind }) => kind === 'start')
  const compare = comparison(plan)
  const work = environment.fragments.map(
    (): Work => ({
      waiting: new Heap(compare),
      partitions: new Map(),
      deadlines: new Heap((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)),
      out: [],
    }),
  )
  /** Where what is decided now is decided. */
  let position = 0

  const place = (first: Contribution, at: number) =>
    oneShot
      ? { major: first.major, middle: 0, minor: at }
      : { major: position, middle: first.major, minor: at }

  const open = ({ out }: Work, key: string): Partition => {
    const machine: Machine = new Machine(machinery, {
      tell(first: number, rows: Told[]) {
        const begin = machine.row(first)
        rows.forEach(({ row, values }, at) => {
          const own = machine.row(row).row
          const kept = plan.kept.map((column) => own[column]!)
          out.push({ row: [...kept, ...values], weight: 1, ...place(begin, at) })
        })
      },
      fail(first, message) {
        const { major } = place(machine.row(first), 0)
        const error = { code: 'invalid_argument' as const, message }
        environment.fail({ offset: major, ...error, row: null, weight: 1, error })
      },
      forget(rows) {
        for (const { row } of rows) taken.change(row, -1)
      },
    })
    return { key, machine, deadline: null }
  }

  const take = (one: Work, row: Contribution) => {
    const key = rowKey(row.row, plan.partition)
    let partition = one.partitions.get(key)
    if (partition === undefined) one.partitions.set(key, (partition = open(one, key)))
    waiting.change(row.row, -1)
    taken.change(row.row, row.weight)
    for (let copy = 0; copy < row.weight; copy++) partition.machine.add(row)
    follow(one, partition)
  }

  /** Looks when the partition has to be looked at again. */
  const follow = (one: Work, partition: Partition) => {
    const { machine } = partition
    if (!remembers && machine.idle) {
      one.partitions.delete(partition.key)
      machine.close()
      partition.deadline = null
      return
    }
    if (oneShot || machine.deadline === partition.deadline) return
    partition.deadline = machine.deadline
    if (machine.deadline !== null) one.deadlines.put({ at: machine.deadline, partition })
  }

  /** The next moment at which a match is over; what is no deadline any more goes. */
  const nextDeadline = ({ deadlines }: Work): bigint | null => {
    for (let least = deadlines.least; least !== undefined; least = deadlines.least) {
      if (least.partition.deadline === least.at) return least.at
      deadlines.take()
    }
    return null
  }

  const release = (one: Work, watermark: bigint) => {
    for (;;) {
      const row = one.waiting.least
      const at = row === undefined ? null : (row.row[time] as bigint)
      const due = at !== null && at <= watermark
      const deadline = nextDeadline(one)
      if (deadline !== null && deadline <= watermark && (!due || deadline < at)) {
        position = environment.positionOf(deadline)
        const { partition } = one.deadlines.take()!
        partition.machine.expire()
        follow(one, partition)
      } else if (due) {
        position = environment.positionOf(at)
        take(one, one.waiting.take()!)
      } else break
    }
    if (watermark < endOfTime) return
    position = environment.positionOf(endOfTime)
    for (const { machine } of one.partitions.values()) {
      machine.end()
      machine.close()
    }
    one.partitions.clear()
  }

  const emit = (one: Work, fragment: number) => {
    const out = one.out.splice(0)
    stats.rowsOut += out.length
    const kernels = environment.fragments[fragment]!
    pushContributions(kernels, out, plan.output, (batch) => push(fragment, batch))
  }

  const count = () => {
    stats.cells = work.reduce((sum, one) => sum + one.partitions.size, 0)
    stats.stateBytes = waiting.bytes + taken.bytes + stats.cells * machineBytes
  }

  let seen = noWatermark
  const keys = plan.partition.map((column) => ({ column, type: fields[column]!.type }))
  return {
    stats,
    push: exchange(environment, keys, (fragment, input) => {
      for (const row of soundRows(environment, fragment, input, fields)) {
        waiting.change(row.row, 1)
        work[fragment]!.waiting.put(row)
      }
      count()
    }),
    stepEnd() {
      const watermark = upstream.watermark()
      if (oneShot || watermark === seen) return
      seen = watermark
      work.forEach((one, fragment) => {
        release(one, watermark)
        emit(one, fragment)
      })
      count()
    },
    commit() {
      if (!oneShot) return
      work.forEach((one, fragment) => {
        while (one.waiting.size > 0) take(one, one.waiting.take()!)
        for (const { machine } of one.partitions.values()) machine.end()
        emit(one, fragment)
      })
      count()
    },
  }
}
