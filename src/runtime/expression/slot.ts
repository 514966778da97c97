/**
 * Slot: the place of one expression's value in an evaluator, and what all steps do with vectors.
 */
import type { EvaluationError } from '../../base/index.ts'
import {
  type Column,
  columnOf,
  formOf,
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
  const { data, validity } = column
  if (
    data.layout === 'bits' ||
    (data.layout === 'utf8' &&
      (formOf(column.type) !== 'string' || data.bytes.some((byte) => byte > 0x7f)))
  ) {
    return (row) => valueAt(column, row)
  }
  const isNull = (row: number) => ((validity![row >> 3]! >> (row & 7)) & 1) === 0
  if (data.layout === 'utf8') {
    const text = new TextDecoder().decode(data.bytes)
    const { offsets } = data
    const cut = (row: number) => text.slice(offsets[row], offsets[row + 1])
    return validity === null ? cut : (row) => (isNull(row) ? null : cut(row))
  }
  const values: { readonly [row: number]: number | bigint } = data.values
  if (validity === null) return (row) => values[row]!
  return (row) => (isNull(row) ? null : values[row]!)
}

/** A vector from host values and failures; a failed row is NULL. */
export function vectorFrom(
  kernels: Kernels,
  type: Type,
  values: readonly Value[],
  errors: Map<number, EvaluationError> | null,
): Vector {
  const column = type.kind === 'varchar' ? textColumn(type, values) : columnOf(type, values)
  const vector = loadColumn(kernels, column, 0, values.length)
  return errors === null ? vector : { ...vector, errors }
}

/** As `columnOf`, with all strings encoded at once. */
function textColumn(type: Type, values: readonly Value[]): Column {
  const bytes = new TextEncoder().encode(values.join(''))
  const offsets = new Int32Array(values.length + 1)
  let validity: Uint8Array | null = null
  let at = 0
  for (let row = 0; row < values.length; row++) {
    const value = values[row] as string | null
    if (value === null) {
      validity ??= new Uint8Array((values.length + 7) >> 3).fill(0xff)
      validity[row >> 3]! &= ~(1 << (row & 7))
    } else at += value.length
    offsets[row + 1] = at
  }
  // More bytes than units: some string is not ASCII.
  if (at !== bytes.length) return columnOf(type, values)
  return { type, data: { layout: 'utf8', offsets, bytes }, validity }
}
