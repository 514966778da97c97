/**
 * Output: takes what leaves the plan and gives the canonical changes of a commit.
 *
 * How      1. Rows are appended to segments in the arena they come from: a commit has a few large parts, whatever the
 *             size of the batches. A continuous query lends their columns to its consumers; the memory is taken again
 *             by the rows after the commit. A one-shot query, whose arena does not outlive it, copies each full
 *             segment to the host, and so does a cycle with very many rows.
 *          2. The columns of a commit are brought into canonical order when somebody reads them: as they lie if rows
 *             only came.
 * Contract 1 (checked by the golden scripts) both ways give the same changes.
 *          2 (trusted) a delta's batches and `changes()` are read before the query takes its next step.
 * Cost     0.2 ns per number and row; some 50 ns per row where rows also go.
 */
import { assert } from '../../base/index.ts'
import {
  type Batch,
  type Column,
  type ColumnValues,
  type Field,
  type Row,
  type Type,
  valueAt,
} from '../../data/index.ts'
import type { Kernels, VectorBatch } from '../../kernel/index.ts'
import type { PhysicalPlan } from '../../plan/index.ts'
import { changedColumns } from '../changed.ts'
import type { Change, ChangedBatch, Contribution } from '../changes.ts'
import { withoutFailed } from '../failure.ts'
import { inOrder, type LatePart, type OrderedColumns, type PlacedColumns } from '../reorder.ts'
import { Segment } from '../segment.ts'
import type { Environment, ErrorRow, Push } from '../stage.ts'

/** Rows of the first segment; each is twice as long as the one before, up to the most. */
const segmentRowsMin = 1024
const segmentRowsMax = 65_536
/** Full segments that stay in the arena. */
const segmentsMax = 32

interface Part extends OrderedColumns {
  weights: Int32Array | null
}

/** The changes of one commit; to be read before the query takes its next step. */
export interface Delta {
  /** Rows in all. */
  count: number
  /** Columns in canonical order where every change is +I; null otherwise. */
  batches: Batch[] | null
  /** Columns in canonical order where rows also go; null otherwise, and where the changes are rows on the host. */
  changed: ChangedBatch | null
  /** The changes one by one. */
  changes(): Change[]
  errors: ErrorRow[]
}

export interface Output {
  push: Push
  /** Rows of the commit so far. */
  readonly rows: number
  take(errors: ErrorRow[]): Delta
  /** Gives back its memory, also that of the rows that it has lent. */
  close(): void
}

export function output(plan: PhysicalPlan, environment: Environment): Output {
  const types = plan.output.map(({ type }) => type)
  const lends = environment.mode === 'continuous'
  const collectors = environment.fragments.map((kernels) => new Collector(kernels, types, lends))
  let rows = 0
  return {
    get rows() {
      return rows
    },
    push(fragment, input) {
      const kernels = environment.fragments[fragment]!
      const batch = withoutFailed(environment, kernels, input, input.columns)
      if (batch.rows === 0) return
      collectors[fragment]!.append(batch)
      rows += batch.rows
    },
    take(errors) {
      rows = 0
      const parts = collectors.flatMap((collector) => collector.take())
      return deltaOf(parts, plan, errors, plan.updating && environment.mode === 'continuous')
    },
    close() {
      for (const collector of collectors) collector.close()
    },
  }
}

/** The rows of a commit that come from one fragment. */
class Collector {
  readonly #kernels: Kernels
  readonly #types: readonly Type[]
  readonly #lends: boolean
  #full: (Segment | Part)[] = []
  #last: Segment | null = null
  /** Segments of the commit before, whose rows are nobody's any more. */
  #lent: Segment[] = []

  constructor(kernels: Kernels, types: readonly Type[], lends: boolean) {
    this.#kernels = kernels
    this.#types = types
    this.#lends = lends
  }

  append(batch: VectorBatch): void {
    this.#takeBack()
    if (this.#last?.append(batch) === true) return
    this.#next(batch.rows)
    assert(this.#last!.append(batch), 'an empty segment has room')
  }

  take(): Part[] {
    this.#takeBack()
    if (this.#last !== null && this.#last.rows > 0) {
      this.#full.push(this.#last)
      this.#last = null
    }
    const full = this.#full
    this.#full = []
    this.#lent = full.filter((one) => one instanceof Segment)
    return full.map((one) => {
      if (!(one instanceof Segment)) return one
      return this.#lends ? partOf(one) : owned(partOf(one))
    })
  }

  close(): void {
    this.#takeBack()
    this.#last?.free()
    this.#last = null
  }

  /** An empty segment for `rows` rows in the place of the last. */
  #next(rows: number): void {
    const last = this.#last
    let capacity = segmentRowsMin
    if (last !== null && last.rows > 0) {
      capacity = Math.min(segmentRowsMax, last.capacity * 2)
      if (this.#lends && this.#full.length < segmentsMax) this.#full.push(last)
      else {
        this.#full.push(owned(partOf(last)))
        last.clear()
        if (last.capacity >= Math.max(capacity, rows)) return
        last.free()
      }
    } else last?.free()
    while (capacity < rows) capacity *= 2
    this.#last = new Segment(this.#kernels, this.#types, capacity)
  }

  /** Keeps the greatest segment of the last commit and frees the others. */
  #takeBack(): void {
    if (this.#lent.length === 0) return
    const segments = this.#last === null ? this.#lent : [this.#last, ...this.#lent]
    const greatest = segments.reduce((a, b) => (b.capacity > a.capacity ? b : a))
    for (const segment of segments) if (segment !== greatest) segment.free()
    greatest.clear()
    this.#last = greatest
    this.#lent = []
  }
}

function partOf(segment: Segment): Part {
  return {
    rows: segment.rows,
    columns: segment.columns(),
    ...segment.order(),
    weights: segment.weights(),
    ties: segment.ties(),
  }
}

/** The part in memory of its own. */
function owned(part: Part): Part {
  const { major, middle, minor, weights } = part
  return {
    ...part,
    columns: part.columns.map(ownedColumn),
    major: new Float64Array(major),
    middle: middle === null ? null : new Float64Array(middle),
    minor: minor === null ? null : new Float64Array(minor),
    weights: weights === null ? null : new Int32Array(weights),
  }
}

function ownedColumn({ type, data, validity }: Column): Column {
  return {
    type,
    data: ownedValues(data),
    validity: validity === null ? null : new Uint8Array(validity),
  }
}

function ownedValues(data: ColumnValues): ColumnValues {
  const { layout } = data
  switch (layout) {
    case 'i32':
      return { layout, values: new Int32Array(data.values) }
    case 'i64':
      return { layout, values: new BigInt64Array(data.values) }
    case 'f64':
      return { layout, values: new Float64Array(data.values) }
    case 'bits':
      return { layout, values: new Uint8Array(data.values) }
    case 'utf8':
      return {
        layout,
        offsets: new Int32Array(data.offsets),
        bytes: new Uint8Array(data.bytes),
      }
  }
}

function deltaOf(parts: Part[], plan: PhysicalPlan, errors: ErrorRow[], updating: boolean): Delta {
  const fields = plan.output
  if (!updating || parts.every(onlyInserts)) {
    return insertions(inOrder(parts, fields, updating ? (plan.key ?? []) : []), fields, errors)
  }
  const { count, ops, columns, changes } = changedColumns(parts, fields, plan.key)
  const batch = {
    schema: { fields },
    rows: count,
    get columns() {
      return columns()
    },
  }
  return { count, batches: null, changed: { batch, ops }, changes, errors }
}

/** Is every row of the part there once more? */
function onlyInserts({ weights }: Part): boolean {
  return weights === null || weights.every((weight) => weight === 1)
}

/** A commit of +I changes only. */
function insertions(parts: readonly LatePart[], fields: Field[], errors: ErrorRow[]): Delta {
  const batches = parts.map(({ rows, placed }) => ({
    schema: { fields },
    rows,
    // A sink that only counts does not look.
    get columns() {
      return placed().columns
    },
  }))
  const count = batches.reduce((sum, { rows }) => sum + rows, 0)
  let changes: Change[] | null = null
  const inserted = ({ row, major, middle, minor }: Contribution): Change => ({
    row,
    op: '+I',
    major,
    middle,
    minor,
  })
  return {
    count,
    batches,
    changed: null,
    changes: () => (changes ??= contributions(parts.map(({ placed }) => placed())).map(inserted)),
    errors,
  }
}

function contributions(parts: readonly PlacedColumns[]): Contribution[] {
  const out: Contribution[] = []
  for (const part of parts) {
    for (let row = 0; row < part.rows; row++) {
      out.push({
        row: part.columns.map((column) => valueAt(column, row)) as Row,
        weight: 1,
        major: part.major[row]!,
        middle: part.middle === null ? 0 : part.middle[row]!,
        minor: part.minor === null ? 0 : part.minor[row]!,
      })
    }
  }
  return out
}
