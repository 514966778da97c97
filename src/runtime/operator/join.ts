/**
 * Join: equi-join of two inputs with an optional residual predicate; the tables of both sides lie in cells.
 *
 *   Δ(A ⋈ B) = ΔA ⋈ B + A′ ⋈ ΔB        A′ = A + ΔA
 *
 * How      Streaming form (inner, both inputs append-only): rows are stored as they come. Many new rows of both sides
 *          are brought together at once (src/cuboid/join-pairs.ts): when there are enough of them, when a window
 *          closes, at the commit. An output row stands where the later of its two rows stands. A side whose partner
 *          has ended probes at once and is not stored. Updating form (left joins, retractions):
 *          src/runtime/operator/join-updating.ts.
 *          With equated window columns the tables are bucketed by window and dropped when the watermark has passed it.
 * Contract 1 (checked) every pair is emitted once, whatever the order in which batches come.
 *          2 (checked) rows with a NULL key match nothing.
 *          3 (checked by the golden scripts) pairs are handed over before a stage above hears of a watermark that has
 *            passed them.
 * Cost     one probe per row and input, one insert per stored row; state is the stored rows.
 * See      docs/laws.md (order of joins)
 */
import {
  type JoinKeys,
  type JoinMatches,
  JoinTable,
  joinFresh,
  joinKeys,
  type RowPairs,
} from '../../cuboid/index.ts'
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
import { inputsOf, type PhysicalPlan } from '../../plan/index.ts'
import { type BucketColumn, partitionBuckets } from '../bucket.ts'
import { exchange } from '../exchange.ts'
import { compileExpressions, type Evaluator } from '../expression.ts'
import { withoutFailed } from '../failure.ts'
import { type Environment, type Push, type Stage, stageStats, type Upstream } from '../stage.ts'
import type { Candidacy } from './candidate.ts'
import { mayComeLate, outlivesWatermark } from './gate.ts'
import { updatingJoin } from './join-updating.ts'

export type JoinPlan = PhysicalPlan & { kind: 'join' }

const sideNames = ['left', 'right'] as const
/** Pairs handed over at once. */
const matchesMax = 4096
/** New rows that wait to be brought together, at most: bringing them together takes some milliseconds. */
const waitingMax = 1 << 17
/** Pairs beyond which fewer rows wait the next time. */
const pairsMax = 1 << 16

/** One input of a join: which of its columns are keys and what is stored of its rows. */
export interface Side {
  /** Key columns; those that are the same in all rows of a bucket are not among them. */
  keys: number[]
  bucket: BucketColumn | null
  /** For each column the one of the other input that has the same value, bit for bit, in every pair; or null. */
  twins: (number | null)[]
  /** What to add to the end of a row's bucket to get a column that its bucket tells. */
  told: ReadonlyMap<number, bigint>
  /** The columns that are stored: all but those that their bucket tells. */
  stored: number[]
  /** Types of the stored columns and, where rows come from closed windows, of their middle and minor order. */
  types: Type[]
  /** The stored row carries middle and minor behind its columns. */
  ordered: boolean
}

/** One side with its table. */
interface Stored {
  side: Side
  table: JoinTable
}

export interface JoinInputs {
  left: Upstream
  right: Upstream
  /** Do rows of the join come into windows above it? */
  intoWindows: boolean
  /** Which rows are needed, where they are chosen here; else null. */
  candidacy: Candidacy | null
}

export interface JoinStage extends Stage {
  pushLeft: Push
  pushRight: Push
  /** Are there rows that wait to be told? */
  holds(): boolean
}

/** How rows of both sides become rows of the join. */
export interface JoinCore {
  push(fragment: number, port: 0 | 1, batch: VectorBatch): void
  /** What must be told in this step is told. */
  stepEnd(): void
  /** All that waits is told. */
  flush(): void
  /** Does anything wait? */
  holds(): boolean
  /** An estimate of the bytes of what waits as rows on the host. */
  readonly waitingBytes: number
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
  const units = [plan.left, plan.right].map((side) => BigInt(side.window?.unitMicros ?? '1'))
  const unit = units[0]! < units[1]! ? units[0]! : units[1]!
  let watermarkSeen = noWatermark
  const atCommit = plan.retracts || plan.lookup
  const isUpdating = plan.join !== 'inner' || (atCommit && environment.mode === 'continuous')
  const hand = (fragment: number, batch: VectorBatch) => {
    stats.rowsOut += batch.rows
    if (!isUpdating) environment.emitted(batch.rows)
    push(fragment, batch)
  }
  const core: JoinCore = isUpdating
    ? updatingJoin(plan, environment, sides, tables, hand)
    : streamingJoin(plan, environment, sides, tables, inputs, hand)
  const frees = plan.bucket !== null && environment.mode !== 'one-shot' && !outlivesWatermark(plan)
  /** Do rows of windows that the watermark has passed still come at the commit? */
  const atCommitBelow = mayComeLate(plan.left) || mayComeLate(plan.right)
  /** Frees the windows that neither side adds to any more. */
  const dropClosed = () => {
    const closed = watermark()
    if (!frees || closed === watermarkSeen) return
    if (!inputs.left.settled() || !inputs.right.settled()) return
    watermarkSeen = closed
    const isClosed = (end: bigint) => end - unit <= closed
    if (!tables.flat().some((table) => table.buckets().some(isClosed))) return
    core.flush()
    for (const table of tables.flat())
      for (const end of table.buckets().filter(isClosed)) table.drop(end)
  }
  const entry = (port: 0 | 1): Push => {
    const input = port === 0 ? plan.left : plan.right
    const keys = port === 0 ? plan.leftKeys : plan.rightKeys
    const partition = exchange(
      environment,
      keys.map((column) => ({ column, type: input.output[column]!.type })),
      (fragment, batch) => core.push(fragment, port, batch),
    )
    const candidacy = inputs.candidacy?.of.side === sideNames[port] ? inputs.candidacy : null
    return (fragment, batch) => {
      const kernels = environment.fragments[fragment]!
      const whole = withoutFailed(environment, kernels, batch, batch.columns)
      const well = candidacy === null ? whole : chosenRows(kernels, candidacy, whole)
      if (well.rows === 0) return
      partition(fragment, { ...well, order: { ...well.order, major: majorOf(kernels, well) } })
    }
  }
  return {
    get stats() {
      const sums = tables.flat().map((table) => table.stats())
      stats.cells = sums.reduce((sum, { rows }) => sum + rows, 0)
      stats.stateBytes = sums.reduce((sum, { bytes }) => sum + bytes, core.waitingBytes)
      return stats
    },
    pushLeft: entry(0),
    pushRight: entry(1),
    holds: () => core.holds(),
    stepEnd: () => {
      if (isUpdating) return
      core.stepEnd()
      if (!atCommitBelow) dropClosed()
    },
    commit: () => {
      core.flush()
      dropClosed()
    },
  }
}

function chosenRows(kernels: Kernels, candidacy: Candidacy, batch: VectorBatch): VectorBatch {
  const { selection, count } = candidacy.choose(kernels, batch, { selection: 0, count: batch.rows })
  return count === batch.rows ? batch : takeRows(kernels, batch, selection, count)
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
  const told = new Map<number, bigint>()
  for (const [place, column] of all.entries()) {
    if (!inBucket[place] || keys.includes(column)) continue
    told.set(column, input.window?.end === column ? 0n : -BigInt(bucket!.sizeMicros))
  }
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
    told,
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
  if (['aggregate', 'sort', 'unnest', 'match', 'changelog'].includes(plan.kind)) return true
  if (plan.kind === 'asof' && plan.waits) return true
  if (plan.kind === 'scan') return isView(plan.relation)
  return inputsOf(plan).some((input) => hasTriples(input, isView))
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
  stored: Stored,
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
  stored: Stored,
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

/** Keeps the pairs for which the residual predicate is TRUE; reports those on which it fails, unless asked not to. */
export function residualFilter(plan: JoinPlan, environment: Environment) {
  const { residual } = plan
  const evaluators: Evaluator[] = []
  return (fragment: number, batch: VectorBatch, isTold = true): VectorBatch => {
    if (residual === null) return batch
    const kernels = environment.fragments[fragment]!
    const evaluator = (evaluators[fragment] ??= compileExpressions(
      kernels,
      [residual],
      environment,
    ))
    const verdict = evaluator.run(batch.columns, batch.rows)[0]!
    const well = isTold ? withoutFailed(environment, kernels, batch, [verdict]) : batch
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
): JoinCore {
  const residual = residualFilter(plan, environment)
  const upstream = [inputs.left, inputs.right] as const
  const waiting = environment.fragments.map(() => 0)
  /** Rows that may wait in a fragment. */
  let waitingMost = 1
  let watermarkSeen = noWatermark

  const flush = (fragment: number) => {
    if (waiting[fragment] === 0) return
    const fresh = waiting[fragment]!
    waiting[fragment] = 0
    const kernels = environment.fragments[fragment]!
    const [left, right] = tables[fragment] as [JoinTable, JoinTable]
    const stored = [
      { side: sides[0], table: left },
      { side: sides[1], table: right },
    ] as const
    let pairs = 0
    for (const end of new Set([...left.buckets(), ...right.buckets()])) {
      joinFresh(kernels, [left, right], end, (found) => {
        pairs += found.count
        for (let from = 0; from < found.count; from += matchesMax) {
          const mark = kernels.arena.markScratch()
          const rows = residual(fragment, pairRows(kernels, stored, end, partOf(found, from)))
          if (rows.rows > 0) push(fragment, rows)
          kernels.arena.releaseScratch(mark)
        }
      })
    }
    const next = pairs > pairsMax ? (fresh * pairsMax) / pairs : fresh * 2
    waitingMost = Math.min(
      waitingMax,
      Math.max(1, next > fresh ? Math.max(next, waitingMost) : next),
    )
  }

  /** May a stage above close windows for which pairs wait, without this join closing them too? */
  const isHeard = () =>
    plan.bucket === null || inputs.intoWindows || !upstream.every((input) => input.settled())

  return {
    push(fragment, port, batch) {
      const kernels = environment.fragments[fragment]!
      const other = (1 - port) as 0 | 1
      const side = sides[port]
      const stored = { side: sides[other], table: tables[fragment]![other]! }
      const isLast = upstream[other].ended()
      if (isLast) flush(fragment)
      partitionBuckets(kernels, batch, side.bucket, (end, rows) => {
        const keys = keysOf(kernels, side, rows)
        if (!isLast) {
          tables[fragment]![port]!.insert(end, keys, storedRows(kernels, side, rows))
          waiting[fragment]! += keys.count
          return
        }
        stored.table.probe(end, keys, matchesMax, (matches) => {
          const mark = kernels.arena.markScratch()
          const pairs = residual(fragment, matchedRows(kernels, port, rows, stored, matches))
          if (pairs.rows > 0) push(fragment, pairs)
          kernels.arena.releaseScratch(mark)
        })
      })
    },
    stepEnd() {
      const left = upstream[0].watermark()
      const right = upstream[1].watermark()
      const watermark = left < right ? left : right
      const isDue = watermark !== watermarkSeen && isHeard()
      watermarkSeen = watermark
      for (const [fragment, rows] of waiting.entries()) {
        // When all scans have taken the same rows, what is told stands behind what was told before.
        if (isDue || (rows >= waitingMost && !environment.goesOn())) flush(fragment)
      }
    },
    flush() {
      for (const fragment of waiting.keys()) flush(fragment)
    },
    holds: () => waiting.some((rows) => rows > 0),
    waitingBytes: 0,
  }
}

/** Pairs from number `from` on, as many as are handed over at once. */
function partOf({ left, right, major, count }: RowPairs, from: number): RowPairs {
  return {
    left: left + from * 4,
    right: right + from * 4,
    major: major + from * 8,
    count: Math.min(matchesMax, count - from),
  }
}

/** Output rows of pairs of stored rows of one bucket. */
function pairRows(
  kernels: Kernels,
  [left, right]: readonly [Stored, Stored],
  end: bigint,
  pairs: RowPairs,
): VectorBatch {
  const { count } = pairs
  const splats = new Map<bigint, Vector>()
  const splat = (value: bigint): Vector => {
    let vector = splats.get(value)
    if (vector === undefined) {
      const data = kernels.arena.scratch(count * 8)
      kernels.arena.views.i64.fill(value, data >>> 3, (data >>> 3) + count)
      vector = { physical: 'i64', data, validity: 0, errors: null, constant: true }
      splats.set(value, vector)
    }
    return vector
  }
  const columnOf = ({ side, table }: Stored, column: number, list: number): Vector => {
    const told = side.told.get(column)
    return told === undefined
      ? table.gather(side.stored.indexOf(column), list, count)
      : splat(end + told)
  }
  const lefts = left.side.twins.map((_, column) => columnOf(left, column, pairs.left))
  const rights = right.side.twins.map(
    (twin, column) => lefts[twin ?? -1] ?? columnOf(right, column, pairs.right),
  )
  return {
    rows: count,
    columns: [...lefts, ...rights],
    order: pairOrder(kernels, [left, right], pairs),
    weights: 0,
    watermarks: 0,
  }
}

function pairOrder(
  kernels: Kernels,
  [left, right]: readonly [Stored, Stored],
  { left: lefts, right: rights, major, count }: RowPairs,
): Order {
  if (!left.side.ordered && !right.side.ordered) return { major, middle: 0, minor: 0 }
  const { arena } = kernels
  const read = ({ side, table }: Stored, list: number) => ({
    major: table.gatherMajor(list, count),
    middle: side.ordered ? table.gather(side.stored.length, list, count).data : 0,
    minor: side.ordered ? table.gather(side.stored.length + 1, list, count).data : 0,
  })
  const [own, other] = [read(left, lefts), read(right, rights)]
  const middle = arena.scratch(count * 8)
  const minor = arena.scratch(count * 8)
  const { f64 } = arena.views
  const at = (address: number, row: number) => (address === 0 ? 0 : f64[(address >>> 3) + row]!)
  for (let pair = 0; pair < count; pair++) {
    const later = at(own.major, pair) >= at(other.major, pair) ? own : other
    f64[(middle >>> 3) + pair] = at(later.middle, pair)
    f64[(minor >>> 3) + pair] = at(later.minor, pair)
  }
  return { major, middle, minor }
}
