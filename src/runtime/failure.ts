/**
 * Failure of rows: takes rows on which an expression failed out of the flow and reports them.
 *
 * Contract 1 (checked by the golden scripts) a row is reported once per operator that uses its failed value, with
 *            the error of the first vector that failed on it.
 */
import type { EvaluationError } from '../base/index.ts'
import {
  type Kernels,
  positionOf,
  takeRows,
  type Vector,
  type VectorBatch,
} from '../kernel/index.ts'
import type { Environment } from './stage.ts'

/** The first error of each row among `vectors`, or null when none failed. */
export function firstErrors(
  vectors: readonly (Vector | null)[],
): Map<number, EvaluationError> | null {
  let errors: Map<number, EvaluationError> | null = null
  for (const vector of vectors) {
    if (vector === null || vector.errors === null) continue
    for (const [row, error] of vector.errors) {
      errors ??= new Map()
      if (!errors.has(row)) errors.set(row, error)
    }
  }
  return errors
}

/** Reports the failed rows of a batch; the caller leaves them out. */
export function reportRows(
  environment: Environment,
  kernels: Kernels,
  batch: VectorBatch,
  errors: ReadonlyMap<number, EvaluationError>,
): void {
  const { i32 } = kernels.arena.views
  for (const [row, error] of errors) {
    environment.fail({
      offset: positionOf(kernels, batch.order, row),
      code: error.code,
      message: error.message,
      row: error.row ?? null,
      weight: batch.weights === 0 ? 1 : i32[(batch.weights >>> 2) + row]!,
      error,
    })
  }
}

/** The batch without the rows on which one of `vectors` failed; these are reported. */
export function withoutFailed(
  environment: Environment,
  kernels: Kernels,
  batch: VectorBatch,
  vectors: readonly (Vector | null)[],
): VectorBatch {
  const errors = firstErrors(vectors)
  if (errors === null) return batch
  reportRows(environment, kernels, batch, errors)
  return withoutRows(kernels, batch, errors)
}

/** The rows on which something failed, with their failures. */
export function failedRows(
  kernels: Kernels,
  batch: VectorBatch,
  failed: ReadonlyMap<number, unknown>,
): VectorBatch {
  const all = Array.from({ length: batch.rows }, (_, row) => row)
  return withoutRows(
    kernels,
    batch,
    new Map(all.filter((row) => !failed.has(row)).map((row) => [row, null])),
  )
}

/** The batch without the rows whose numbers are keys of `out`. */
export function withoutRows(
  kernels: Kernels,
  batch: VectorBatch,
  out: ReadonlyMap<number, unknown>,
): VectorBatch {
  const { arena } = kernels
  const selection = arena.scratch(batch.rows * 4)
  const { u32 } = arena.views
  let count = 0
  for (let row = 0; row < batch.rows; row++) {
    if (!out.has(row)) u32[(selection >>> 2) + count++] = row
  }
  return takeRows(kernels, batch, selection, count)
}

/**
 * The rows of an aggregate's input on which no key, no filter and no argument that its filter lets through failed; the
 * others are reported with the first error in that order.
 */
export function withoutFailedInputs(
  environment: Environment,
  kernels: Kernels,
  batch: VectorBatch,
  keys: readonly number[],
  calls: readonly { argument: number | null; filter: number | null }[],
): VectorBatch {
  if (batch.columns.every((column) => column.errors === null)) return batch
  const errors = new Map(firstErrors(keys.map((column) => batch.columns[column]!)) ?? [])
  const add = (vector: Vector, counts: (row: number) => boolean) => {
    for (const [row, error] of vector.errors ?? []) {
      if (!errors.has(row) && counts(row)) errors.set(row, error)
    }
  }
  for (const call of calls) {
    const filter = call.filter === null ? null : batch.columns[call.filter]!
    if (filter !== null) add(filter, () => true)
    if (call.argument === null) continue
    add(batch.columns[call.argument]!, (row) => filter === null || isTrue(kernels, filter, row))
  }
  if (errors.size === 0) return batch
  reportRows(environment, kernels, batch, errors)
  return withoutRows(kernels, batch, errors)
}

function isTrue(kernels: Kernels, bits: Vector, row: number): boolean {
  const { u8 } = kernels.arena.views
  const bit = (address: number) => (u8[address + (row >> 3)]! >> (row & 7)) & 1
  return bit(bits.data) === 1 && (bits.validity === 0 || bit(bits.validity) === 1)
}
