/**
 * Join: equi-join of two inputs with an optional residual predicate; the tables of both sides lie in cells.
 *
 *   Δ(A ⋈ B) = ΔA ⋈ B + A′ ⋈ ΔB        A′ = A + ΔA
 *
 * How      Streaming form (inner, both inputs append-only): each batch probes the other side's table and is inserted
 *          into its own; an output row stands where the later of its two rows stands. A side whose partner has ended
 *          is not stored. Updating form (left joins, retractions): src/runtime/operator/join-updating.ts.
 *          With equated window columns the tables are bucketed by window and dropped when the watermark has passed it.
 * Contract 1 (checked) every pair is emitted once, whatever the order in which batches come.
 *          2 (checked) rows with a NULL key match nothing.
 * Cost     one probe per row and input, one insert per stored row; state is the stored rows.
 * See      docs/laws.md (order of joins)
 */
import { type JoinKeys, type JoinMatches, JoinTable, joinKeys } from '../../cuboid/index.ts'
import { physicalOf, type Type } from '../../data/index.ts'
import {
  type Kernels,
  majorOf,
  noWatermark,
  type Order,
  selectTrue,
  takeRows,
  takeVector,
  type Vector,
  type VectorBatch,
} from '../../kernel/index.ts'
import type { PhysicalPlan } from '../../plan/index.ts'
import { type BucketColumn, partitionBuckets } from '../bucket.ts'
import { exchange } from '../exchange.ts'
import { compileExpressions, type Evaluator } from '../expression.ts'
import { withoutFailed } from '../failure.ts'
import { type Environment, type Push, type Stage, stageStats, type Upstream } from '../stage.ts'
import { updatingJoin } from './join-updating.ts'

export type JoinPlan = PhysicalPlan & { kind: 'join' }

/** Pairs handed over by one call of a probe's sink. */
const matchesMax = 1024

/** One input of a join: which of its columns are keys and what is stored of its rows. */
export interface Side {
  /** Key columns; those that are the same in all rows of a bucket are not among them. */
  keys: number[]
  bucket: BucketColumn | null
  /** For each column the one of the other input that has the same value, bit for bit, in every pair; or null. */
  twins: (number | null)[]
  /** The columns that are stored: all but those that their bucket tells. */
  stored: number[]
  /** Types of the stored columns and, where rows come from closed windows, of their middle and minor order. */
  types: Type[]
  /** The stored row carries middle and minor behind its columns. */
  ordered: boolean
}

export interface JoinInputs {
  left: Upstream
  right: Upstream
}

export interface JoinStage extends Stage {
  pushLeft: Push
  pushRight: Push
}

export function joinStage(
  plan: JoinPlan,
  environment: Environment,
  inputs: JoinInputs,
  push: Push,
): JoinStage {
  const { isView } = environment
  const sides = [sideOf(plan, 'left', isView), sideOf(plan, 'right', isView)] as const
  const tables = environment.fragments.map((kernels) =>
    sides.map(
      (side) =>
        new JoinTable(kernels, {
          keys: side.keys.map((column) => side.stored.indexOf(column)),
          columns: side.types,
          identity: side.stored.length,
          removable: plan.retracts && environment.mode === 'continuous',
        }),
    ),
  )
  const watermark = () => {
    const left = inputs.left.watermark()
    const right = inputs.right.watermark()
    return left < right ? left : right
  }
  const stats = stageStats(plan.id, 'join')
  const unit = BigInt(plan.left.window?.unitMicros ?? '1')
  let watermarkSeen = noWatermark
  /** Frees the windows that neither side adds to any more. */
  const dropClosed = () => {
    const closed = watermark()
    if (plan.bucket === null || closed === watermarkSeen || environment.mode === 'one-shot') return
    if (!inputs.left.settled() || !inputs.right.settled()) return
    watermarkSeen = closed
    for (const table of tables.flat()) {
      for (const end of table.buckets()) if (end - unit <= closed) table.drop(end)
    }
  }
  const core =
    plan.join === 'inner' && !(plan.retracts && environment.mode === 'continuous')
      ? streamingJoin(plan, environment, sides, tables, inputs, (fragment, batch) => {
          stats.rowsOut += batch.rows
          environment.emitted(batch.rows)
          push(fragment, batch)
        })
      : updatingJoin(plan, environment, sides, tables, (fragment, batch) => {
          stats.rowsOut += batch.rows
          push(fragment, batch)
        })
  const entry = (port: 0 | 1): Push => {
    const input = port === 0 ? plan.left : plan.right
    const keys = port === 0 ? plan.leftKeys : plan.rightKeys
    const partition = exchange(
      environment,
      keys.map((column) => ({ column, type: input.output[column]!.type })),
      (fragment, batch) => core.push(fragment, port, batch),
    )
    return (fragment, batch) => {
      const kernels = environment.fragments[fragment]!
      const well = withoutFailed(environment, kernels, batch, batch.columns)
      if (well.rows === 0) return
      partition(fragment, { ...well, order: { ...well.order, major: majorOf(kernels, well) } })
    }
  }
  return {
    get stats() {
      const sums = tables.flat().map((table) => table.stats())
      stats.cells = sums.reduce((sum, { rows }) => sum + rows, 0)
      stats.stateBytes = sums.reduce((sum, { bytes }) => sum + bytes, 0)
      return stats
    },
    pushLeft: entry(0),
    pushRight: entry(1),
    stepEnd: () => {
      if (core.commit === undefined) dropClosed()
    },
    commit: () => {
      core.commit?.()
      dropClosed()
    },
  }
}

function sideOf(plan: JoinPlan, name: 'left' | 'right', isView: (name: string) => boolean): Side {
  const input = plan[name]
  const [all, partners] =
    name === 'left' ? [plan.leftKeys, plan.rightKeys] : [plan.rightKeys, plan.leftKeys]
  const { bucket } = plan
  const inBucket = plan.leftKeys.map((_, place) => bucket !== null && isWindowPair(plan, place))
  const others = all.filter((_, place) => !inBucket[place])
  const keys = others.length === 0 ? [...all] : others
  const twins = input.output.map(({ type }, column) => {
    const place = all.indexOf(column)
    // Of doubles, the two zeros are equal.
    return place < 0 || physicalOf(type) === 'f64' ? null : partners[place]!
  })
  const told = new Set(all.filter((column, place) => inBucket[place] && !keys.includes(column)))
  const stored = [...input.output.keys()].filter((column) => !told.has(column))
  const ordered = hasTriples(input, isView)
  const types = stored.map((column) => input.output[column]!.type)
  return {
    keys,
    bucket:
      bucket === null
        ? null
        : { column: bucket[name], plus: bucket.role === 'start' ? BigInt(bucket.sizeMicros) : 0n },
    twins,
    stored,
    types: ordered ? [...types, { kind: 'double' }, { kind: 'double' }] : types,
    ordered,
  }
}

/** Does a pair of keys equate the starts, or the ends, of windows that lie in one bucket? */
function isWindowPair({ left, right, leftKeys, rightKeys }: JoinPlan, place: number): boolean {
  return (['start', 'end'] as const).some(
    (role) => leftKeys[place] === left.window?.[role] && rightKeys[place] === right.window?.[role],
  )
}

/** Do rows of the input stand at more than a position? */
function hasTriples(plan: PhysicalPlan, isView: (name: string) => boolean): boolean {
  if (plan.kind === 'aggregate') return true
  if (plan.kind === 'scan') return isView(plan.relation)
  if (plan.kind === 'join') return hasTriples(plan.left, isView) || hasTriples(plan.right, isView)
  return 'input' in plan && hasTriples(plan.input, isView)
}

/** The keys of a batch, for both tables. */
export function keysOf(kernels: Kernels, side: Side, batch: VectorBatch): JoinKeys {
  const columns = side.keys.map((column) => batch.columns[column]!)
  return joinKeys(kernels, columns, batch.rows)
}

/** The batch as it is stored: with its order's middle and minor as columns where the side keeps them. */
export function storedRows(kernels: Kernels, side: Side, batch: VectorBatch): VectorBatch {
  const columns = side.stored.map((column) => batch.columns[column]!)
  if (!side.ordered) return { ...batch, columns }
  const column = (data: number): Vector => ({
    physical: 'f64',
    data: data === 0 ? zeros(kernels, batch.rows) : data,
    validity: 0,
    errors: null,
  })
  return {
    ...batch,
    columns: [...columns, column(batch.order.middle), column(batch.order.minor)],
  }
}

function zeros(kernels: Kernels, rows: number): number {
  const address = kernels.arena.scratch(rows * 8)
  kernels.arena.views.f64.fill(0, address >>> 3, (address >>> 3) + rows)
  return address
}

/**
 * Output rows of matches: left columns, right columns, at the triple of the later row; weights are left to the caller.
 */
export function matchedRows(
  kernels: Kernels,
  port: 0 | 1,
  batch: VectorBatch,
  stored: { side: Side; table: JoinTable },
  matches: JoinMatches,
): VectorBatch {
  const { count, probe, build } = matches
  const own = batch.columns.map((vector) => takeVector(kernels, vector, probe, count))
  const other = stored.side.twins.map(
    (twin, column) =>
      own[twin ?? -1] ?? stored.table.gather(stored.side.stored.indexOf(column), build, count),
  )
  return {
    rows: count,
    columns: port === 0 ? [...own, ...other] : [...other, ...own],
    order: laterOrder(kernels, port, batch.order, stored, matches),
    weights: 0,
    watermarks: 0,
  }
}

function laterOrder(
  kernels: Kernels,
  port: 0 | 1,
  order: Order,
  stored: { side: Side; table: JoinTable },
  matches: JoinMatches,
): Order {
  const { table, side } = stored
  const triples = side.ordered || order.middle !== 0 || order.minor !== 0
  if (!triples) return { major: table.laterMajor(matches, order.major), middle: 0, minor: 0 }
  const { count, probe, build } = matches
  const storedMajor = table.gatherMajor(build, count)
  const storedMiddle = side.ordered ? table.gather(side.stored.length, build, count).data : 0
  const storedMinor = side.ordered ? table.gather(side.stored.length + 1, build, count).data : 0
  const { arena } = kernels
  const major = arena.scratch(count * 8)
  const middle = arena.scratch(count * 8)
  const minor = arena.scratch(count * 8)
  const { f64, u32 } = arena.views
  const read = (address: number, row: number) => (address === 0 ? 0 : f64[(address >>> 3) + row]!)
  for (let pair = 0; pair < count; pair++) {
    const row = u32[(probe >>> 2) + pair]!
    const ownMajor = read(order.major, row)
    const otherMajor = read(storedMajor, pair)
    const own = port === 0 ? ownMajor >= otherMajor : ownMajor > otherMajor
    f64[(major >>> 3) + pair] = own ? ownMajor : otherMajor
    f64[(middle >>> 3) + pair] = own ? read(order.middle, row) : read(storedMiddle, pair)
    f64[(minor >>> 3) + pair] = own ? read(order.minor, row) : read(storedMinor, pair)
  }
  return { major, middle, minor }
}

/** Keeps the pairs for which the residual predicate is TRUE. */
export function residualFilter(plan: JoinPlan, environment: Environment) {
  const { residual } = plan
  const evaluators: Evaluator[] = []
  return (fragment: number, batch: VectorBatch): VectorBatch => {
    if (residual === null) return batch
    const kernels = environment.fragments[fragment]!
    const evaluator = (evaluators[fragment] ??= compileExpressions(
      kernels,
      [residual],
      environment,
    ))
    const verdict = evaluator.run(batch.columns, batch.rows)[0]!
    const well = withoutFailed(environment, kernels, batch, [verdict])
    const { selection, count } = selectTrue(kernels, verdict, batch.rows)
    return count === batch.rows ? well : takeRows(kernels, batch, selection, count)
  }
}

function streamingJoin(
  plan: JoinPlan,
  environment: Environment,
  sides: readonly [Side, Side],
  tables: JoinTable[][],
  inputs: JoinInputs,
  push: Push,
): { push: (fragment: number, port: 0 | 1, batch: VectorBatch) => void; commit?: () => void } {
  const residual = residualFilter(plan, environment)
  const upstream = [inputs.left, inputs.right] as const
  return {
    push(fragment, port, batch) {
      const kernels = environment.fragments[fragment]!
      const other = (1 - port) as 0 | 1
      const side = sides[port]
      const stored = { side: sides[other], table: tables[fragment]![other]! }
      partitionBuckets(kernels, batch, side.bucket, (end, rows) => {
        const keys = keysOf(kernels, side, rows)
        stored.table.probe(end, keys, matchesMax, (matches) => {
          const mark = kernels.arena.markScratch()
          const pairs = residual(fragment, matchedRows(kernels, port, rows, stored, matches))
          if (pairs.rows > 0) push(fragment, pairs)
          kernels.arena.releaseScratch(mark)
        })
        if (!upstream[other].ended()) {
          tables[fragment]![port]!.insert(end, keys, storedRows(kernels, side, rows))
        }
      })
    },
  }
}
