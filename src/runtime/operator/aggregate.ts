/**
 * Aggregate: keeps one cell per group in a cuboid and emits the change of its value, or its final value when its
 * window closes.
 *
 * How      1. Rows are split by bucket (the window end when a window column is a key) and folded into the bucket's
 *             cells.
 *          2. EMIT CHANGES: at a commit, −old +new of every touched cell whose value changed.
 *             EMIT ON WINDOW CLOSE: at the step in which the watermark passes end − unit, the value of every cell of
 *             the window, ordered by closing position, window end and creation of the cell.
 *             One-shot: all cells at the one commit.
 *          3. Buckets that take no more rows are dropped whole.
 * Contract 1 (checked) a closed window is never emitted again.
 *          2 (trusted) the cuboid's values do not depend on the order of folds.
 * Cost     O(rows) fold, O(closed or touched cells) emission; the state lives in the cuboid.
 * See      src/cuboid, docs/laws.md
 */
import { Cuboid } from '../../cuboid/index.ts'
import { type Field, type Row, valueAt, valueText } from '../../data/index.ts'
import {
  type Kernels,
  noWatermark,
  unloadColumn,
  type Vector,
  type VectorBatch,
} from '../../kernel/index.ts'
import type { PhysicalPlan } from '../../plan/index.ts'
import { contributionsOf, dropCancelled, pushContributions } from '../batch.ts'
import { bucketColumn, partitionBuckets } from '../bucket.ts'
import { type Contribution, compareTriples } from '../changes.ts'
import { exchange } from '../exchange.ts'
import { withoutFailedInputs } from '../failure.ts'
import { HeldRows } from '../held.ts'
import { type Environment, type Push, type Stage, stageStats, type Upstream } from '../stage.ts'
import type { Candidacy } from './candidate.ts'
import { type Gate, gate, mayComeLate, outlivesWatermark } from './gate.ts'

type AggregatePlan = PhysicalPlan & { kind: 'aggregate' }

/** Rows of one emission; bounds the scratch memory that everything downstream takes. */
const emitRowsMax = 4096

export function aggregateStage(
  plan: AggregatePlan,
  environment: Environment,
  upstream: Upstream,
  push: Push,
  candidacy: Candidacy | null = null,
): Stage & { push: Push } {
  const stats = stageStats(plan.id, 'aggregate')
  const input = plan.input.output
  const { bucket } = plan
  const closes = plan.emit === 'on-window-close' && environment.mode === 'continuous'
  const oneShot = environment.mode === 'one-shot'
  const frees = !oneShot && letsGo(plan)
  const unit = BigInt(plan.input.window?.unitMicros ?? '1')
  // Window columns are not part of a cell's key: they are the bucket.
  const cellKeys = plan.keys.filter((_, place) => place !== bucket?.start && place !== bucket?.end)
  const bucketIn = bucketColumn(bucket, plan.keys)
  const owningKeys = cellKeys.length > 0 || bucketIn === null ? cellKeys : [bucketIn.column]
  const cuboids: Cuboid[] = environment.fragments
    .slice(0, plan.keys.length === 0 ? 1 : undefined)
    .map(
      (kernels) =>
        new Cuboid(kernels, {
          keys: cellKeys.map((column) => input[column]!.type),
          measures: plan.calls.map((call) => ({
            function: call.function,
            argument: call.argument === null ? null : input[call.argument]!.type,
            distinct: call.distinct,
            result: call.type,
            span: call.span,
            everyRow:
              call.filter === null && (call.argument === null || !input[call.argument]!.nullable),
          })),
          retracts: plan.retracts && !oneShot,
          changes: !closes && !oneShot,
          single: plan.keys.length === 0,
        }),
    )

  /** The plan's output from a cell's columns; `windowColumn` makes the column that is so much less than the end. */
  const complete = (cells: VectorBatch, windowColumn: (less: bigint) => Vector): VectorBatch => {
    if (bucket === null) return cells
    let cell = 0
    const keys = plan.keys.map((_, place) => {
      if (place === bucket.start) return windowColumn(BigInt(bucket.sizeMicros))
      return place === bucket.end ? windowColumn(0n) : cells.columns[cell++]!
    })
    return { ...cells, columns: [...keys, ...cells.columns.slice(cell)] }
  }

  const emit = (
    fragment: number,
    kernels: Kernels,
    cells: VectorBatch,
    windowColumn: (less: bigint) => Vector,
  ) => {
    const output = complete(cells, windowColumn)
    if (output.columns.some((column) => column.errors !== null)) nameFailed(kernels, output, plan)
    stats.rowsOut += output.rows
    push(fragment, output)
  }

  const emitBucket = (fragment: number, end: bigint, closedAt: number | null) => {
    const kernels = environment.fragments[fragment]!
    const { arena } = kernels
    const outer = arena.markScratch()
    // One-shot: the cell was first touched by the row that created it.
    const major = closedAt === null ? 0 : arena.scratch(emitRowsMax * 8)
    if (closedAt !== null) arena.views.f64.fill(closedAt, major >>> 3, (major >>> 3) + emitRowsMax)
    cuboids[fragment]!.emit(end, emitRowsMax, (cells) => {
      const mark = arena.markScratch()
      const { middle, minor } = cells.order
      const order =
        closedAt === null ? { major: minor, middle, minor: 0 } : { major, middle, minor }
      emit(fragment, kernels, { ...cells, order }, (less) =>
        constantColumn(kernels, end - less, cells.rows),
      )
      arena.releaseScratch(mark)
    })
    arena.releaseScratch(outer)
  }

  const emitChanges = (fragment: number) => {
    const kernels = environment.fragments[fragment]!
    const { arena } = kernels
    // The order's middle names the bucket as a double; the bucket itself is exact.
    const ends = new Map(cuboids[fragment]!.buckets().map((end) => [Number(end), end]))
    cuboids[fragment]!.emitChanges(emitRowsMax, (cells) => {
      const mark = arena.markScratch()
      const place = cells.order.middle >>> 3
      emit(fragment, kernels, cells, (less) => {
        const data = arena.scratch(cells.rows * 8)
        const { i64, f64 } = arena.views
        for (let row = 0; row < cells.rows; row++) {
          i64[(data >>> 3) + row] = ends.get(f64[place + row]!)! - less
        }
        return { physical: 'i64', data, validity: 0, errors: null }
      })
      arena.releaseScratch(mark)
    })
  }

  /** Are there rows that stand, but whose cells are kept no more? */
  let hasForgotten = false
  let watermarkSeen = noWatermark
  const closable = (watermark: bigint) => {
    const ends = new Set<bigint>()
    for (const cuboid of cuboids) {
      for (const end of cuboid.buckets()) if (end - unit <= watermark) ends.add(end)
    }
    return [...ends].sort((a, b) => (a < b ? -1 : 1))
  }
  const dropClosed = () => {
    const watermark = upstream.watermark()
    if (!frees || watermark === watermarkSeen || !upstream.settled()) return
    watermarkSeen = watermark
    for (const end of closable(watermark)) {
      hasForgotten = true
      for (const cuboid of cuboids) cuboid.drop(end)
    }
  }

  // Windows that the watermark has passed and whose finals are still to be emitted, with the closing positions.
  const closing = new Map<bigint, number>()
  const emitClosing = () => {
    const ends = [...closing.keys()].sort((a, b) => (a < b ? -1 : 1))
    for (const end of ends) {
      cuboids.forEach((cuboid, fragment) => {
        if (!cuboid.buckets().includes(end)) return
        emitBucket(fragment, end, closing.get(end)!)
        cuboid.drop(end)
      })
    }
    closing.clear()
  }
  const fold: Push = (fragment, batch) => {
    const kernels = environment.fragments[fragment]!
    const cuboid = cuboids[fragment]!
    partitionBuckets(kernels, batch, bucketIn, (end, rows) => {
      candidacy?.note(kernels, end, rows)
      cuboid.fold(end, {
        rows: rows.rows,
        keys: cellKeys.map((column) => rows.columns[column]!),
        arguments: plan.calls.map((call) =>
          call.argument === null
            ? null
            : known(rows.columns[call.argument]!, input[call.argument]!),
        ),
        filters: plan.calls.map((call) =>
          call.filter === null ? null : rows.columns[call.filter]!,
        ),
        order: rows.order,
        weights: rows.weights,
      })
    })
  }

  const endOf = (row: Row) => (row[bucketIn!.column] as bigint) + bucketIn!.plus
  const waiting =
    closes && mayComeLate(plan.input) ? gate({ plan, environment, upstream, endOf, fold }) : null
  const reads = [...columnsRead(plan)]
  // Neighbours that are equal in all columns were dropped where they were made.
  const cancels =
    plan.retracts && (reads.length < input.length || mayCancel(plan.input, environment.isView))
  const receive: Push = (fragment, batch) => {
    const kernels = environment.fragments[fragment]!
    const well = withoutFailedInputs(environment, kernels, batch, plan.keys, plan.calls)
    ;(gathered?.push ?? take)(fragment, well)
  }
  const take: Push = (fragment, batch) => {
    const dropsSome = cancels && batch.weights !== 0
    const kernels = environment.fragments[fragment]!
    const seen = dropsSome ? dropCancelled(kernels, batch, input, reads) : batch
    if (seen.rows > 0) (waiting?.push ?? fold)(fragment, seen)
  }
  const gathers = cancels && (!closes || waiting !== null)
  const gathered = gathers ? gather(environment, input, take) : null
  /** Closes what a gate held back until now. */
  const closeWaiting = (held: Gate) => {
    held.release()
    for (const end of closable(upstream.watermark())) closing.set(end, held.closedAt(end) ?? -1)
    emitClosing()
    held.endCycle()
  }

  const owners = owningKeys.map((column) => ({ column, type: input[column]!.type }))
  return {
    get stats() {
      const held = heldBy(cuboids)
      const waits = (gathered?.bytes ?? 0) + (waiting?.bytes ?? 0)
      return Object.assign(stats, held, { stateBytes: held.stateBytes + waits })
    },
    push: exchange(environment, owners, receive),
    stepEnd() {
      if (waiting !== null) return waiting.stepEnd()
      const watermark = upstream.watermark()
      if (!closes || watermark === watermarkSeen) return
      watermarkSeen = watermark
      for (const end of closable(watermark)) {
        if (!closing.has(end)) closing.set(end, environment.positionOf(end - unit))
      }
      emitClosing()
    },
    commit() {
      gathered?.release()
      if (waiting !== null) return closeWaiting(waiting)
      if (closes) return
      cuboids.forEach((cuboid, fragment) => {
        if (!oneShot) emitChanges(fragment)
        else for (const end of cuboid.buckets()) emitBucket(fragment, end, null)
      })
      dropClosed()
    },
    retells: () => !closes && !hasForgotten,
    retell() {
      cuboids.forEach((cuboid, fragment) => {
        for (const end of cuboid.buckets()) emitBucket(fragment, end, 0)
      })
    },
  }
}

/** Are windows that the watermark has passed of no use any more? */
function letsGo({ bucket, input }: AggregatePlan): boolean {
  return bucket !== null && (input.window?.watermarked ?? false) && !outlivesWatermark(input)
}

function heldBy(cuboids: readonly Cuboid[]) {
  const sums = cuboids.map((cuboid) => cuboid.stats())
  const ends = cuboids.flatMap((cuboid) => cuboid.buckets())
  return {
    cells: sums.reduce((sum, { cells }) => sum + cells, 0),
    stateBytes: sums.reduce((sum, { bytes }) => sum + bytes, 0),
    firstOpen: ends.length === 0 ? null : ends.reduce((a, b) => (b < a ? b : a)),
  }
}

/** What cannot be NULL may still come with a bitmap, which the cells have no use for. */
function known(vector: Vector, { nullable }: Field): Vector {
  return nullable || vector.validity === 0 ? vector : { ...vector, validity: 0 }
}

/** What cancels may come from several fragments: it is held until the commit, when all of it is there. */
function gather({ fragments }: Environment, fields: readonly Field[], take: Push) {
  if (fragments.length === 1) return null
  let held: Contribution[][] = fragments.map(() => [])
  const waiting = new HeldRows(fields)
  const push: Push = (fragment, batch) => {
    for (const row of contributionsOf(fragments[fragment]!, batch, fields)) {
      held[fragment]!.push(row)
      waiting.change(row.row, 1)
    }
  }
  const release = () => {
    const rows = held
    held = fragments.map(() => [])
    waiting.clear()
    rows.forEach((part, fragment) => {
      const sorted = part.sort(compareTriples)
      pushContributions(fragments[fragment]!, sorted, fields, (batch) => take(fragment, batch))
    })
  }
  return {
    push,
    release,
    get bytes() {
      return waiting.bytes
    },
  }
}

function constantColumn({ arena }: Kernels, value: bigint, rows: number): Vector {
  const data = arena.scratch(rows * 8)
  arena.views.i64.fill(value, data >>> 3, (data >>> 3) + rows)
  return { physical: 'i64', data, validity: 0, errors: null, constant: true }
}

/** May rows of one triple come of which some cancel once a project has taken columns away, without being neighbours? */
function mayCancel(plan: PhysicalPlan, isView: (name: string) => boolean): boolean {
  switch (plan.kind) {
    case 'filter':
    case 'project':
    case 'window':
      return mayCancel(plan.input, isView)
    case 'scan':
      return isView(plan.relation)
    case 'values':
    case 'series':
    case 'aggregate':
      return false
    default:
      return true
  }
}

/** Adds the text of a failed cell's key to its errors. */
function nameFailed(kernels: Kernels, output: VectorBatch, plan: AggregatePlan): void {
  if (plan.keys.length === 0) return
  const keys = plan.keys.map((_, place) => {
    const { type } = plan.output[place]!
    return { type, column: unloadColumn(kernels, output.columns[place]!, type, output.rows) }
  })
  for (const { errors } of output.columns) {
    for (const [row, error] of errors ?? []) {
      const values = keys.map(({ type, column }) => valueText(valueAt(column, row), type))
      errors!.set(row, { ...error, row: values.join(', ') })
    }
  }
}

/** The columns of its input that an aggregate reads: of the window's columns only the one that tells the bucket. */
export function columnsRead(plan: AggregatePlan): Set<number> {
  const { bucket } = plan
  const keys = plan.keys.filter((_, place) => place !== bucket?.start && place !== bucket?.end)
  const bucketIn = bucketColumn(bucket, plan.keys)
  const read = plan.calls.flatMap(({ argument, filter }) => [argument, filter])
  const all = [...keys, bucketIn?.column ?? null, ...read]
  return new Set(all.filter((column) => column !== null))
}
