/**
 * Layout: where the keys of a table's rows lie.
 *
 * How      Keys are in one of two forms: 8-byte integers (numbers, times, doubles as bits, booleans as 0 and 1) and
 *          16-byte views. Each has a bit in the row's null mask.
 */
import { mistake } from '../base/index.ts'
import { physicalOf, type Type } from '../data/index.ts'
import type { Kernels, Vector } from '../kernel/index.ts'

export type KeyForm = 'i64' | 'view'

export interface KeyField {
  form: KeyForm
  offset: number
  bit: number
}

/** Keys one after the other from `start`; `end` is the byte after the last. */
export function keyFields(
  forms: readonly KeyForm[],
  start: number,
): { fields: KeyField[]; end: number } {
  if (forms.length > 32) {
    mistake({ code: 'unsupported', message: 'not supported yet: more than 32 key columns' })
  }
  let end = start
  const fields = forms.map((form, bit) => {
    const field = { form, offset: end, bit }
    end += bytesOf(form)
    return field
  })
  return { fields, end }
}

export function bytesOf(form: KeyForm): number {
  return form === 'view' ? 16 : 8
}

export function formOf(type: Type): KeyForm {
  return physicalOf(type) === 'view' ? 'view' : 'i64'
}

/** A key column in its form: equal values have equal bytes. */
export function keyVector(kernels: Kernels, vector: Vector, rows: number): Vector {
  if (vector.physical === 'view' || vector.physical === 'i64') return vector
  const data = kernels.arena.scratch(rows * 8)
  const name = vector.physical === 'bits' ? 'cell_widen_bits' : 'cell_normal_f64'
  kernels.get(name)(vector.data, rows, data)
  return { physical: 'i64', data, validity: vector.validity, errors: null }
}
