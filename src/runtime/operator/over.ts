/**
 * Over: window functions over the rows of each partition, whose rows may come and go anywhere in their order.
 *
 * How      1. Rows wait for the commit; there those of a partition are added up and put into its list on the host
 *             (over-partition.ts), and the rows whose values changed are told, as they were and as they are.
 *          2. A rank that counts all rows of a partition is one of these calls.
 *          3. Of closed windows the rows of a partition come all at once: they are told in the step that brings them.
 * Contract 1 (checked by the golden scripts) what is told does not depend on the order in which rows were pushed.
 * Cost     some µs per row, and what over-partition.ts says.
 * See      docs/laws.md (where a row stands)
 */
import type { EvaluationError } from '../../base/index.ts'
import { compareValues, type Field, type Row, type Value } from '../../data/index.ts'
import type { Kernels, VectorBatch } from '../../kernel/index.ts'
import type { OverCall, SortKey } from '../../plan/index.ts'
import { loadContributions, soundRows } from '../batch.ts'
import {
  type Contribution,
  cancelAtOnce,
  compareRows,
  compareTriples,
  endOfSlice,
  rowKey,
} from '../changes.ts'
import { exchange } from '../exchange.ts'
import { HeldRows } from '../held.ts'
import { type Environment, type Push, type Stage, stageStats } from '../stage.ts'
import { FailedCell } from './over-fold.ts'
import { aggregates, type Compare, OverPartition } from './over-partition.ts'

/** What says how rows are ordered. */
interface Ordered {
  order: readonly SortKey[]
  input: { output: readonly Field[] }
}

export interface OverPlan extends Ordered {
  id: number
  kind: string
  output: readonly Field[]
  partition: readonly number[]
  ties: 'position' | 'values'
  calls: readonly OverCall[]
  retracts: boolean
  /** The rows of a partition come all at once, and nothing of them is kept. */
  final?: true
}

interface Told extends Contribution {
  failures: Map<number, EvaluationError> | null
}

/** Bytes kept with each row, and of its value for each call. */
const unitBytes = 104
const cellBytes = 32
/** Bytes of a partition without its rows, for each call, and of the fold that most calls have; as measured. */
const partitionBytes = 700
const callBytes = 400
const foldBytes = 800
/** Rows pushed downstream at once. */
const pushRowsMax = 1024

export function overStage(
  plan: OverPlan,
  environment: Environment,
  push: Push,
): Stage & { push: Push } {
  const stats = stageStats(plan.id, plan.kind)
  const fields = plan.input.output
  const partitions = environment.fragments.map(() => new Map<string, OverPartition>())
  const compare = comparison(plan)
  const held = new HeldRows(fields, unitBytes + plan.calls.length * cellBytes)
  const waiting = new HeldRows(fields)
  const folds = plan.calls.filter(({ function: name }) => aggregates.has(name)).length
  const beside = partitionBytes + plan.calls.length * callBytes + folds * foldBytes
  stats.estimated = true
  let pending: Contribution[][] = environment.fragments.map(() => [])

  const commitFragment = (fragment: number) => {
    const rows = plan.retracts ? cancelAtOnce(pending[fragment]!) : pending[fragment]!
    const touched = [...Map.groupBy(rows, ({ row }) => rowKey(row, plan.partition))].map(
      ([key, some]) => ({ key, some, major: least(some) }),
    )
    touched.sort((a, b) => a.major - b.major)
    const out: Told[] = []
    for (const { key, some, major } of touched) {
      let partition = partitions[fragment]!.get(key)
      if (partition === undefined) {
        partition = new OverPartition({ fields, order: plan.order, calls: plan.calls, compare })
        partitions[fragment]!.set(key, partition)
      }
      const changes = plan.retracts ? added(some) : some
      if (!plan.final) for (const { row, weight } of changes) held.change(row, weight)
      partition.change(changes)
      partition.take((row, cells, weight) => {
        const failures = new Map<number, EvaluationError>()
        const values = cells.map((cell, index): Value => {
          if (!(cell instanceof FailedCell)) return cell
          failures.set(fields.length + index, cell.error)
          return null
        })
        const whole = [...row, ...values]
        out.push({
          ...{ row: whole, weight, major, middle: 0, minor: 0 },
          failures: failures.size === 0 ? null : failures,
        })
      })
      if (partition.length === 0 || plan.final) partitions[fragment]!.delete(key)
    }
    stats.rowsOut += out.length
    emit(environment.fragments[fragment]!, out, plan.output, (batch) => push(fragment, batch))
  }

  const keys = plan.partition.map((column) => ({ column, type: fields[column]!.type }))
  const commit = () => {
    environment.fragments.forEach((_, fragment) => {
      commitFragment(fragment)
    })
    pending = environment.fragments.map(() => [])
    stats.cells = partitions.reduce((sum, some) => sum + some.size, 0)
    waiting.clear()
    stats.stateBytes = held.bytes + stats.cells * beside
  }
  return {
    stats,
    push: exchange(environment, keys, (fragment, input) => {
      for (const row of soundRows(environment, fragment, input, fields)) {
        pending[fragment]!.push(row)
        waiting.change(row.row, 1)
      }
      stats.stateBytes = held.bytes + waiting.bytes + stats.cells * beside
    }),
    ...(plan.final ? { stepEnd: commit } : {}),
    commit,
  }
}

function least(rows: readonly Contribution[]): number {
  let least = Number.POSITIVE_INFINITY
  for (const { major } of rows) if (major < least) least = major
  return least
}

/** Equal rows as one; where rows go again, their place does not tell them apart. */
function added(rows: readonly Contribution[]): Contribution[] {
  const net = new Map<string, Contribution>()
  for (const one of rows) {
    const key = rowKey(one.row)
    const found = net.get(key)
    if (found === undefined) net.set(key, { ...one })
    else found.weight += one.weight
  }
  return [...net.values()].filter(({ weight }) => weight !== 0)
}

function emit(
  kernels: Kernels,
  rows: readonly Told[],
  fields: readonly Field[],
  push: (batch: VectorBatch) => void,
): void {
  for (let from = 0; from < rows.length; ) {
    const to = endOfSlice(rows, from + pushRowsMax)
    const part = rows.slice(from, to)
    const mark = kernels.arena.markScratch()
    push(withFailures(loadContributions(kernels, part, fields), part))
    kernels.arena.releaseScratch(mark)
    from = to
  }
}

function withFailures(batch: VectorBatch, rows: readonly Told[]): VectorBatch {
  if (rows.every(({ failures }) => failures === null)) return batch
  const columns = batch.columns.map((vector, column) => {
    const errors = new Map<number, EvaluationError>()
    rows.forEach(({ failures }, row) => {
      const failed = failures?.get(column)
      if (failed !== undefined) errors.set(row, failed)
    })
    return errors.size === 0 ? vector : { ...vector, errors }
  })
  return { ...batch, columns }
}

/** The order of the rows of a partition. */
export function comparison(plan: Ordered & { ties: 'position' | 'values' }): Compare {
  const fields = plan.input.output
  const byPosition = plan.ties === 'position'
  return (a, b) =>
    compareKeys(a.row, b.row, plan) ||
    (byPosition ? compareTriples(a, b) : 0) ||
    compareRows(a.row, b.row, fields)
}

export function compareKeys(a: Row, b: Row, { order, input }: Ordered): number {
  for (const { column, descending, nullsFirst } of order) {
    const [left, right] = [a[column]!, b[column]!]
    if ((left === null) !== (right === null)) return (left === null) === nullsFirst ? -1 : 1
    const sign = compareValues(left, right, input.output[column]!.type)
    if (sign !== 0) return descending ? -sign : sign
  }
  return 0
}
