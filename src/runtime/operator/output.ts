/**
 * Output: takes what leaves the plan out of the arenas and gives the canonical changes of a commit.
 *
 * How      Rows are copied to host columns as they come. At the commit the columns of an append-only plan are brought
 *          into canonical order; otherwise the rows go through `finalChanges`.
 * Contract 1 (checked by the golden scripts) both ways give the same changes.
 * Cost     a copy per column; some µs per row where rows must be consolidated.
 */
import { type Batch, type Field, type Row, valueAt } from '../../data/index.ts'
import { majorOf, type VectorBatch } from '../../kernel/index.ts'
import type { PhysicalPlan } from '../../plan/index.ts'
import { hostColumns } from '../batch.ts'
import { type Change, type Contribution, finalChanges } from '../changes.ts'
import { withoutFailed } from '../failure.ts'
import { inOrder, type OrderedColumns } from '../reorder.ts'
import type { Environment, ErrorRow, Push } from '../stage.ts'

interface Part extends OrderedColumns {
  weights: Int32Array | null
}

/** The changes of one commit. */
export interface Delta {
  /** Rows in all. */
  count: number
  /** Columns in canonical order where every change is +I; null otherwise. */
  batches: Batch[] | null
  /** The changes one by one. */
  changes(): Change[]
  errors: ErrorRow[]
}

export interface Output {
  push: Push
  take(errors: ErrorRow[]): Delta
}

export function output(plan: PhysicalPlan, environment: Environment): Output {
  const fields = plan.output
  let parts: Part[] = []
  return {
    push(fragment, input) {
      const kernels = environment.fragments[fragment]!
      const batch = withoutFailed(environment, kernels, input, input.columns)
      if (batch.rows > 0) parts.push(partOf(environment, fragment, batch, fields))
    },
    take(errors) {
      const taken = parts
      parts = []
      return deltaOf(taken, plan, errors, plan.updating && environment.mode === 'continuous')
    },
  }
}

function partOf(
  environment: Environment,
  fragment: number,
  batch: VectorBatch,
  fields: readonly Field[],
): Part {
  const kernels = environment.fragments[fragment]!
  const columns = hostColumns(kernels, batch, fields)
  for (const { data } of columns) if (data.layout === 'f64') unsign(data.values, batch.rows)
  const major = majorOf(kernels, batch)
  const { middle, minor } = batch.order
  const { f64, i32 } = kernels.arena.views
  const copy = (address: number) => f64.slice(address >>> 3, (address >>> 3) + batch.rows)
  return {
    rows: batch.rows,
    columns,
    major: copy(major),
    middle: middle === 0 ? null : copy(middle),
    minor: minor === 0 ? null : copy(minor),
    weights:
      batch.weights === 0
        ? null
        : i32.slice(batch.weights >>> 2, (batch.weights >>> 2) + batch.rows),
  }
}

/** No output holds −0: which of two equal rows were shown would depend on who was added to whom. */
function unsign(values: Float64Array, rows: number): void {
  for (let row = 0; row < rows; row++) values[row]! += 0
}

function deltaOf(parts: Part[], plan: PhysicalPlan, errors: ErrorRow[], updating: boolean): Delta {
  const fields = plan.output
  if (!updating) {
    return insertions(inOrder(parts, fields), fields, errors)
  }
  const changes = finalChanges(contributions(parts), fields, plan.key)
  return { count: changes.length, batches: null, changes: () => changes, errors }
}

/** A commit of +I changes only. */
function insertions(parts: readonly OrderedColumns[], fields: Field[], errors: ErrorRow[]): Delta {
  const batches = parts.map(({ rows, columns }) => ({ schema: { fields }, rows, columns }))
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
    changes: () => (changes ??= contributions(parts).map(inserted)),
    errors,
  }
}

function contributions(
  parts: readonly (OrderedColumns & { weights?: Int32Array | null })[],
): Contribution[] {
  const out: Contribution[] = []
  for (const part of parts) {
    for (let row = 0; row < part.rows; row++) {
      out.push({
        row: part.columns.map((column) => valueAt(column, row)) as Row,
        weight: part.weights?.[row] ?? 1,
        major: part.major[row]!,
        middle: part.middle === null ? 0 : part.middle[row]!,
        minor: part.minor === null ? 0 : part.minor[row]!,
      })
    }
  }
  return out
}
