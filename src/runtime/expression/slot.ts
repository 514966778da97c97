/**
 * Slot: the place of one expression's value in an evaluator, and what all steps do with vectors.
 */
import type { EvaluationError } from '../../base/index.ts'
import {
  type Column,
  columnOf,
  physicalOf,
  type Type,
  type Value,
  valueAt,
} from '../../data/index.ts'
import {
  type Kernels,
  loadColumn,
  type RowErrors,
  unloadColumn,
  type Vector,
} from '../../kernel/index.ts'
import type { Registers } from './register.ts'

/** The value of an expression over the batch at hand. */
export interface Slot {
  readonly type: Type
  vector: Vector
}

/** Computes a slot once those it reads are computed. */
export type Step = (rows: number) => void

export function wordsOf(rows: number): number {
  return (rows + 63) >>> 6
}

export function vectorOf(type: Type, data: number, validity: number): Vector {
  return { physical: physicalOf(type), data, validity, errors: null }
}

/** ANDs the validities of vectors; takes a register only when there are two to join. */
export function joinValidity(
  registers: Registers,
): (vectors: readonly Slot[], rows: number) => number {
  const { kernels } = registers
  const and = kernels.get('and_bits')
  let joined: { address: number } | null = null
  return (slots, rows) => {
    let validity = 0
    for (const { vector } of slots) {
      if (vector.validity === 0 || vector.validity === validity) continue
      if (validity === 0) {
        validity = vector.validity
        continue
      }
      joined ??= registers.result('bits')
      and(validity, vector.validity, joined.address, wordsOf(rows))
      validity = joined.address
    }
    return validity
  }
}

/** Errors of strict arguments: the first argument's counts. Rows ascend. */
export function joinErrors(slots: readonly Slot[]): RowErrors | null {
  const failed = slots.filter(({ vector }) => vector.errors !== null)
  if (failed.length === 0) return null
  if (failed.length === 1) return failed[0]!.vector.errors
  const errors: RowErrors = new Map()
  for (const { vector } of failed) {
    for (const [row, error] of vector.errors!) if (!errors.has(row)) errors.set(row, error)
  }
  return ascending(errors)
}

export function ascending(errors: RowErrors): RowErrors {
  return new Map([...errors].sort(([a], [b]) => a - b))
}

export function hostColumn(kernels: Kernels, slot: Slot, rows: number): Column {
  return unloadColumn(kernels, slot.vector, slot.type, rows)
}

/** Reads a host column; strings of a column that is all ASCII are cut from one text. */
export function readerOf(column: Column): (row: number) => Value {
  const { data } = column
  if (data.layout !== 'utf8' || data.bytes.some((byte) => byte > 0x7f)) {
    return (row) => valueAt(column, row)
  }
  const text = new TextDecoder().decode(data.bytes)
  const { offsets } = data
  const { validity } = column
  return (row) => {
    if (validity !== null && ((validity[row >> 3]! >> (row & 7)) & 1) === 0) return null
    return text.slice(offsets[row], offsets[row + 1])
  }
}

/** A vector from host values and failures; a failed row is NULL. */
export function vectorFrom(
  kernels: Kernels,
  type: Type,
  values: readonly Value[],
  errors: Map<number, EvaluationError> | null,
): Vector {
  const vector = loadColumn(kernels, columnOf(type, values), 0, values.length)
  return errors === null ? vector : { ...vector, errors }
}
