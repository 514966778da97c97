/**
 * Logic: AND, OR, CASE, COALESCE and the functions that look at NULL, on whole vectors.
 *
 * How      A boolean vector is two bitmaps, `true` (0 where NULL) and `known`; Kleene's tables are operations on
 *          words. CASE and COALESCE evaluate all their parts and blend them by bitmap, last part first.
 * Contract 1 (checked) a failure beside a deciding value, and one in a part that was not chosen, is dropped.
 */
import type { Type } from '../../data/index.ts'
import type { Vector } from '../../kernel/index.ts'
import type { Register, Registers } from './register.ts'
import { ascending, joinErrors, type Slot, type Step, vectorOf, wordsOf } from './slot.ts'

/** AND or OR of two slots. */
export function connective(
  registers: Registers,
  kind: 'and' | 'or',
  [left, right]: [Slot, Slot],
  into: Slot,
): Step {
  const { kernels } = registers
  const combine = kernels.get(kind === 'and' ? 'and_bits' : 'or_bits')
  const joinKnown = kernels.get(kind === 'and' ? 'known_and' : 'known_or')
  const data = registers.result('bits')
  const known = registers.result('bits')
  return (rows) => {
    const [a, b] = [left.vector, right.vector]
    const words = wordsOf(rows)
    combine(a.data, b.data, data.address, words)
    let validity = 0
    if (a.validity !== 0 || b.validity !== 0) {
      joinKnown(a.data, a.validity, b.data, b.validity, known.address, words)
      validity = known.address
    }
    into.vector = vectorOf(into.type, data.address, validity)
    into.vector.errors = undecided(registers, [left, right], validity)
  }
}

/** Errors of the rows that nothing decided: those are NULL now. */
function undecided(registers: Registers, slots: readonly Slot[], validity: number) {
  const errors = joinErrors(slots)
  if (errors === null) return null
  const { u8 } = registers.kernels.arena.views
  const left = new Map([...errors].filter(([row]) => !bit(u8, validity, row)))
  return left.size === 0 ? null : left
}

function bit(u8: Uint8Array, bitmap: number, row: number): boolean {
  return bitmap === 0 || ((u8[bitmap + (row >>> 3)]! >> (row & 7)) & 1) === 1
}

/** Bit by bit or value by value: mask ? a : b. */
function blender(registers: Registers, type: Type) {
  const { kernels } = registers
  const { physical } = vectorOf(type, 0, 0)
  const data = registers.result(physical)
  const validity = registers.result('bits')
  const bits = kernels.get('blend_bits')
  const values = kernels.get(physical === 'view' ? 'blend_view' : 'blend_i64')
  return (mask: number, a: Vector, b: Vector, rows: number): Vector => {
    const words = wordsOf(rows)
    if (physical === 'bits') bits(mask, a.data, b.data, data.address, words)
    else values(mask, a.data, b.data, data.address, rows)
    if (a.validity === 0 && b.validity === 0) return vectorOf(type, data.address, 0)
    const [x, y] = [a.validity || registers.ones(rows), b.validity || registers.ones(rows)]
    bits(mask, x, y, validity.address, words)
    return vectorOf(type, data.address, validity.address)
  }
}

/** CASE: whens with their values, then the ELSE. */
export function choice(
  registers: Registers,
  whens: readonly { when: Slot; then: Slot }[],
  otherwise: Slot,
  into: Slot,
): Step {
  const blends = whens.map(() => blender(registers, into.type))
  return (rows) => {
    const { u8 } = registers.kernels.arena.views
    let result = otherwise.vector
    let { errors } = result
    for (let index = whens.length - 1; index >= 0; index--) {
      const [{ vector: when }, { vector: then }] = [whens[index]!.when, whens[index]!.then]
      result = blends[index]!(when.data, then, result, rows)
      if (errors !== null || when.errors !== null || then.errors !== null) {
        const merged = new Map([...(errors ?? [])].filter(([row]) => !bit(u8, when.data, row)))
        for (const [row, error] of then.errors ?? [])
          if (bit(u8, when.data, row)) merged.set(row, error)
        for (const [row, error] of when.errors ?? []) merged.set(row, error)
        errors = merged.size === 0 ? null : merged
      }
    }
    into.vector = { ...result, errors: null }
    if (errors !== null) failRows(registers, into, errors, rows)
  }
}

/** Makes the rows of `errors` failed ones, whatever was computed for them. */
function failRows(
  registers: Registers,
  into: Slot,
  errors: NonNullable<Vector['errors']>,
  rows: number,
): void {
  const { kernels } = registers
  const { physical, data, validity } = into.vector
  const bytes = wordsOf(rows) * 8
  const bitmap = kernels.arena.scratch(bytes)
  const source = validity || registers.ones(rows)
  const { u8 } = kernels.arena.views
  u8.copyWithin(bitmap, source, source + bytes)
  for (const row of errors.keys()) u8[bitmap + (row >>> 3)]! &= ~(1 << (row & 7))
  // The values may be those of an input: they are cleared in a copy.
  const size = physical === 'bits' ? bytes : rows * (physical === 'view' ? 16 : 8)
  const copy = kernels.arena.scratch(size)
  kernels.arena.views.u8.copyWithin(copy, data, data + size)
  into.vector = { physical, data: copy, validity: bitmap, errors: ascending(errors) }
  clear(registers, into.vector, rows)
}

export function clear(registers: Registers, { physical, data, validity }: Vector, rows: number) {
  const { kernels } = registers
  if (physical === 'bits') kernels.get('and_bits')(data, validity, data, wordsOf(rows))
  else kernels.get(physical === 'view' ? 'clear_view' : 'clear_i64')(data, validity, rows)
}

/** COALESCE of slots none of which failed. */
export function coalesce(registers: Registers, slots: readonly Slot[], into: Slot) {
  const blends = slots.map(() => blender(registers, into.type))
  return (rows: number): Vector => {
    let result = slots.at(-1)!.vector
    for (let index = slots.length - 2; index >= 0; index--) {
      const { vector } = slots[index]!
      // A valid row is 1 in the mask, so that its validity there is 1 whatever stands for NULL.
      result =
        vector.validity === 0 ? vector : blends[index]!(vector.validity, vector, result, rows)
    }
    return result
  }
}

/** Functions that look at NULL, over arguments that did not fail; null for those without vector form. */
export function nullTest(
  registers: Registers,
  name: string,
  [arg]: readonly Slot[],
  type: Type,
): ((rows: number) => Vector) | null {
  const { kernels } = registers
  const register = registers.result('bits')
  const andNot = kernels.get('andnot_bits')
  const not = (address: number, rows: number): Vector => {
    andNot(registers.ones(rows), address, register.address, wordsOf(rows))
    return vectorOf(type, register.address, 0)
  }
  switch (name) {
    case 'is_null':
      return (rows) => not(arg!.vector.validity || registers.ones(rows), rows)
    case 'is_not_null':
      return (rows) => vectorOf(type, arg!.vector.validity || registers.ones(rows), 0)
    case 'is_true':
      return () => vectorOf(type, arg!.vector.data, 0)
    case 'is_false':
      return (rows) => {
        const { data, validity } = arg!.vector
        if (validity === 0) return not(data, rows)
        andNot(validity, data, register.address, wordsOf(rows))
        return vectorOf(type, register.address, 0)
      }
    default:
      return null
  }
}

/** IS [NOT] DISTINCT FROM from the bitmap of equality over slots with 0 where NULL. */
export function distinctness(
  registers: Registers,
  distinct: boolean,
  [left, right]: readonly Slot[],
  equal: Register,
) {
  const { kernels } = registers
  const differs = registers.result('bits')
  const xor = kernels.get('xor_bits')
  const andNot = kernels.get('andnot_bits')
  return (rows: number): void => {
    const words = wordsOf(rows)
    const [x, y] = [left!.vector.validity, right!.vector.validity]
    if (x !== 0 || y !== 0) {
      const ones = registers.ones(rows)
      xor(x || ones, y || ones, differs.address, words)
      andNot(equal.address, differs.address, equal.address, words)
    }
    if (distinct) andNot(registers.ones(rows), equal.address, equal.address, words)
  }
}

/** Membership in a list of literals: the OR of equalities, or one kernel for integers. */
export function membership(
  registers: Registers,
  slot: Slot,
  equalities: ((rows: number, out: number) => void)[],
  hasNull: boolean,
  type: Type,
) {
  const { kernels } = registers
  const data = registers.result('bits')
  const next = registers.result('bits')
  const or = kernels.get('or_bits')
  const and = kernels.get('and_bits')
  return (rows: number): Vector => {
    const words = wordsOf(rows)
    kernels.arena.views.u8.fill(0, data.address, data.address + words * 8)
    for (const equality of equalities) {
      equality(rows, next.address)
      or(data.address, next.address, data.address, words)
    }
    const { validity } = slot.vector
    if (validity !== 0) and(data.address, validity, data.address, words)
    // With NULL in the list nothing is known but what was found.
    return vectorOf(type, data.address, hasNull ? data.address : validity)
  }
}
