/**
 * Rank: ROW_NUMBER, RANK or DENSE_RANK of the rows of each partition, of which those pass that a limit counts.
 *
 * How      1. A partition is a sorted list of its rows on the host: by the order's keys, then by place or by all
 *             values. Where rows never go, what lies beyond the limit is forgotten at once; otherwise the list holds
 *             every row.
 *          2. At a commit each touched partition tells how what it shows differs from what it showed at the last.
 *          3. Without a limit every row is told with its number: over.ts does that.
 *          4. Where rows never go and the limit is small, the lists lie in the arena instead
 *             (src/cuboid/top-table.ts).
 * Contract 1 (checked by the golden scripts) the list does not depend on the order in which rows were pushed.
 * Cost     some µs per row and O(log n) comparisons; at a commit O(limit) per touched partition.
 *          In the arena some 0.1 µs per row that is not among the first, and 0.5 µs per row that is.
 * See      docs/laws.md (where a row stands)
 */
import { isRanked, type TopSpec, TopTable } from '../../cuboid/index.ts'
import type { Field, Row } from '../../data/index.ts'
import type { OverCall, PhysicalPlan } from '../../plan/index.ts'
import { loadContributions, soundRows } from '../batch.ts'
import { type Contribution, cancelAtOnce, compareRows, rowKey } from '../changes.ts'
import { exchange } from '../exchange.ts'
import { withoutFailed } from '../failure.ts'
import { HeldRows } from '../held.ts'
import { SortedRows } from '../sorted-rows.ts'
import { type Environment, type Push, type Stage, stageStats } from '../stage.ts'
import { compareKeys, comparison, type OverPlan, overStage } from './over.ts'

export type RankPlan = PhysicalPlan & { kind: 'rank' }

/** Rows of one partition: in order, and as they were shown at the last commit. */
interface Partition {
  key: string
  /** Weights are above 0 once a commit has begun. */
  rows: SortedRows
  shown: Row[]
  /** Least major among the rows that came in this cycle. */
  touched: number
}

/** Bytes of a partition without its rows, as measured. */
const partitionBytes = 590
/** Rows pushed downstream at once. */
const pushRowsMax = 1024

export function rankStage(
  plan: RankPlan,
  environment: Environment,
  push: Push,
): Stage & { push: Push } {
  const top = topSpecOf(plan)
  if (top !== null) return topStage(plan, top, environment, push)
  const { limit, retracts } = plan
  if (limit === null) return overStage(countingOf(plan), environment, push)
  const stats = { ...stageStats(plan.id, 'rank'), estimated: true }
  // Of RANK and DENSE_RANK the commit says what is beyond the limit.
  const forgets = !retracts && plan.function === 'row_number'
  const fields = plan.input.output
  const compare = comparison(plan)
  const held = new HeldRows(fields)
  const waiting = new HeldRows(fields)
  const partitions = environment.fragments.map(() => new Map<string, Partition>())
  const touched = environment.fragments.map(() => new Set<Partition>())
  // Where rows go again, one may go before it came: all wait for the commit.
  const pending: Contribution[][] = environment.fragments.map(() => [])

  const add = (fragment: number, row: Contribution) => {
    const key = rowKey(row.row, plan.partition)
    let partition = partitions[fragment]!.get(key)
    if (partition === undefined) {
      partition = { key, rows: new SortedRows(compare), shown: [], touched: row.major }
      partitions[fragment]!.set(key, partition)
    }
    if (!touched[fragment]!.has(partition)) partition.touched = row.major
    else if (row.major < partition.touched) partition.touched = row.major
    touched[fragment]!.add(partition)
    const { rows } = partition
    const isFull = forgets && rows.size >= limit
    if (isFull && compare(row, rows.last!) > 0) return
    held.change(row.row, rows.change(row))
    if (forgets && rows.size > limit) held.change(rows.pop()!.row, -1)
  }

  const commitFragment = (fragment: number) => {
    const changes = cancelAtOnce(pending[fragment]!)
    pending[fragment] = []
    for (const row of changes) add(fragment, row)
    const out: Contribution[] = []
    for (const partition of touched[fragment]!) {
      const next = shownRows(partition.rows, plan)
      if (!retracts) forgetRest(partition, next.length, held)
      const place = { major: partition.touched, middle: 0, minor: 0 }
      for (const [row, weight] of differences(partition.shown, next, plan)) {
        out.push({ row, weight, ...place })
      }
      partition.shown = next
      if (partition.rows.size === 0) partitions[fragment]!.delete(partition.key)
    }
    touched[fragment]!.clear()
    stats.cells = partitions.reduce((sum, some) => sum + some.size, 0)
    waiting.clear()
    stats.stateBytes = held.bytes + stats.cells * partitionBytes
    emit(fragment, out)
  }

  const emit = (fragment: number, rows: readonly Contribution[]) => {
    const kernels = environment.fragments[fragment]!
    for (let from = 0; from < rows.length; from += pushRowsMax) {
      const part = rows.slice(from, from + pushRowsMax)
      const mark = kernels.arena.markScratch()
      stats.rowsOut += part.length
      push(fragment, loadContributions(kernels, part, plan.output))
      kernels.arena.releaseScratch(mark)
    }
  }

  const keys = plan.partition.map((column) => ({ column, type: fields[column]!.type }))
  return {
    stats,
    push: exchange(environment, keys, (fragment, input) => {
      for (const row of soundRows(environment, fragment, input, fields)) {
        if (!retracts) add(fragment, row)
        else {
          pending[fragment]!.push(row)
          waiting.change(row.row, 1)
        }
      }
      stats.stateBytes = held.bytes + waiting.bytes + stats.cells * partitionBytes
    }),
    commit() {
      environment.fragments.forEach((_, fragment) => {
        commitFragment(fragment)
      })
    },
    retells: () => true,
    retell() {
      const place = { weight: 1, major: 0, middle: 0, minor: 0 }
      partitions.forEach((some, fragment) => {
        const shown = [...some.values()].flatMap((partition) => partition.shown)
        emit(
          fragment,
          shown.map((row) => ({ row, ...place })),
        )
      })
    },
  }
}

/** How a top table keeps the rows; null when it cannot. */
function topSpecOf(plan: RankPlan): TopSpec | null {
  const { limit, partition, numbered } = plan
  if (plan.retracts || limit === null || plan.function !== 'row_number') return null
  const fields = plan.input.output
  const columns = fields.map(({ type }) => type)
  const order = plan.order.map((key) => ({ ...key, nullable: fields[key.column]!.nullable }))
  const byPosition = plan.ties === 'position'
  const spec = { columns, partition, order, limit, byPosition, numbered }
  return isRanked(spec) ? spec : null
}

function topStage(
  plan: RankPlan,
  spec: TopSpec,
  environment: Environment,
  push: Push,
): Stage & { push: Push } {
  const stats = stageStats(plan.id, 'rank')
  const tables = environment.fragments.map((kernels) => new TopTable(kernels, spec))
  const keys = plan.partition.map((column) => ({ column, type: spec.columns[column]! }))
  return {
    stats,
    push: exchange(environment, keys, (fragment, input) => {
      const kernels = environment.fragments[fragment]!
      const batch = withoutFailed(environment, kernels, input, input.columns)
      if (batch.rows > 0) tables[fragment]!.insert(batch)
    }),
    commit() {
      tables.forEach((table, fragment) => {
        table.emitChanges(pushRowsMax, (rows) => {
          stats.rowsOut += rows.rows
          push(fragment, rows)
        })
      })
      stats.cells = tables.reduce((sum, table) => sum + table.partitions, 0)
      stats.stateBytes = tables.reduce((sum, table) => sum + table.bytes, 0)
    },
  }
}

/** A rank without a limit, as a window function. */
function countingOf(plan: RankPlan): OverPlan {
  const call: OverCall = {
    ...{ function: plan.function, argument: null, otherwise: null, filter: null, count: 0 },
    ...{ ignoreNulls: false, distinct: false, nullable: false, type: { kind: 'bigint' } },
    frame: {
      ...{ unit: 'rows', exclude: 'none' },
      ...{ start: { offset: null, following: false }, end: { offset: '0', following: false } },
    },
  }
  return { ...plan, calls: plan.numbered ? [call] : [] }
}

/** The rows that the limit counts, with their numbers if these are asked for. */
function shownRows(rows: SortedRows, plan: RankPlan): Row[] {
  const { limit, numbered } = plan
  const shown: Row[] = []
  let number = 0
  let before: Row | null = null
  for (const { row, weight } of rows) {
    const isPeer = before !== null && compareKeys(before, row, plan) === 0
    before = row
    for (let copy = 0; copy < weight; copy++) {
      if (plan.function === 'row_number') number = shown.length + 1
      else if (copy === 0 && !isPeer)
        number = plan.function === 'rank' ? shown.length + 1 : number + 1
      if (limit !== null && number > limit) return shown
      shown.push(numbered ? [...row, BigInt(number)] : row)
    }
  }
  return shown
}

/** Leaves out the rows behind those that are shown. */
function forgetRest({ rows }: Partition, shown: number, held: HeldRows): void {
  let count = 0
  let kept = 0
  for (const { weight } of rows) {
    if (count >= shown) break
    count += weight
    kept++
  }
  while (rows.size > kept) held.change(rows.pop()!.row, -1)
}

function differences(old: readonly Row[], next: readonly Row[], plan: RankPlan): [Row, number][] {
  const out: [Row, number][] = []
  if (plan.numbered && plan.function === 'row_number') {
    for (let at = 0; at < Math.max(old.length, next.length); at++) {
      const [gone, come] = [old[at], next[at]]
      if (gone !== undefined && come !== undefined && sameRow(gone, come, plan.output)) continue
      if (gone !== undefined) out.push([gone, -1])
      if (come !== undefined) out.push([come, 1])
    }
    return out
  }
  const net = new Map<string, [Row, number]>()
  const count = (row: Row, weight: number) => {
    const key = rowKey(row)
    const present = net.get(key)
    if (present === undefined) net.set(key, [row, weight])
    else present[1] += weight
  }
  for (const row of old) count(row, -1)
  for (const row of next) count(row, 1)
  for (const [row, weight] of net.values()) {
    for (let copy = Math.abs(weight); copy > 0; copy--) out.push([row, Math.sign(weight)])
  }
  return out
}

function sameRow(a: Row, b: Row, fields: readonly Field[]): boolean {
  return compareRows(a, b, fields) === 0
}
