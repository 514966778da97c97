/**
 * Vectors of tests: host values into an arena and back, without the loaders of the product.
 */
import { physicalOf, type Type, type Value } from '../../src/data/index.ts'
import { hashBytes } from '../../src/kernel/hash.ts'
import { Arena, type Backend, Kernels, type Vector } from '../../src/kernel/index.ts'

/** Kernels whose arena can be checked for changes without a mark, by `MarkCheck`. */
export function makeKernels(backend: Backend): Kernels {
  return new Kernels(new Arena({ marks: true, lists: true }), backend)
}

/** A key whose hash is that of all the others: the low half undoes what the high half does. */
export function collidingKey(high: number): bigint {
  const low = (0x1234567 ^ Math.imul(high ^ (high >>> 16), 0x9e3779b1)) >>> 0
  return BigInt.asIntN(64, (BigInt(high >>> 0) << 32n) | BigInt(low))
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Values in scratch memory. */
export function vectorOf({ arena }: Kernels, type: Type, values: readonly Value[]): Vector {
  const physical = physicalOf(type)
  const rows = values.length
  const data = arena.scratch(rows * (physical === 'view' ? 16 : 8) + 8)
  const validity = arena.scratch((rows + 63) >> 3)
  const texts = values.map((value) => encoder.encode(typeof value === 'string' ? value : ''))
  const heap = arena.scratch(texts.reduce((sum, text) => sum + text.length, 8))
  const { u8, u32, i64, f64 } = arena.views
  u8.fill(0, data, data + rows * (physical === 'view' ? 16 : 8))
  u8.fill(0, validity, validity + ((rows + 7) >> 3))
  let at = heap
  let nulls = 0
  values.forEach((value, row) => {
    if (value === null) {
      nulls++
      return
    }
    u8[validity + (row >> 3)]! |= 1 << (row & 7)
    if (physical === 'bits') u8[data + (row >> 3)]! |= Number(value) << (row & 7)
    else if (physical === 'i64') i64[(data >>> 3) + row] = BigInt(value)
    else if (physical === 'f64') f64[(data >>> 3) + row] = value as number
    else {
      const text = texts[row]!
      const view = data + row * 16
      u32[view >>> 2] = text.length
      if (text.length <= 12) {
        u8.set(text, view + 4)
        return
      }
      u8.set(text.subarray(0, 4), view + 4)
      u8.set(text, at)
      u32[(view >>> 2) + 2] = hashBytes(u8, at, text.length)
      u32[(view >>> 2) + 3] = at
      at += text.length
    }
  })
  return { physical, data, validity: nulls === 0 ? 0 : validity, errors: null }
}

/** Host values of a vector; failed ones as text. */
export function valuesOf({ arena }: Kernels, vector: Vector, type: Type, rows: number): Value[] {
  const { u8, u32, i64, f64 } = arena.views
  const { data, validity } = vector
  return Array.from({ length: rows }, (_, row): Value => {
    const error = vector.errors?.get(row)
    if (error !== undefined) return `failed: ${error.message}`
    if (validity !== 0 && ((u8[validity + (row >> 3)]! >> (row & 7)) & 1) === 0) return null
    switch (vector.physical) {
      case 'bits':
        return ((u8[data + (row >> 3)]! >> (row & 7)) & 1) === 1
      case 'f64':
        return f64[(data >>> 3) + row]!
      case 'view': {
        const view = data + row * 16
        const length = u32[view >>> 2]!
        const from = length > 12 ? u32[(view >>> 2) + 3]! : view + 4
        return decoder.decode(u8.slice(from, from + length))
      }
      default: {
        const value = i64[(data >>> 3) + row]!
        return type.kind === 'integer' || type.kind === 'date' ? Number(value) : value
      }
    }
  })
}

/** Doubles (positions) in scratch memory. */
export function doublesOf({ arena }: Kernels, values: readonly number[]): number {
  const address = arena.scratch(values.length * 8)
  arena.views.f64.set(values, address >>> 3)
  return address
}

/** Weights in scratch memory. */
export function weightsOf({ arena }: Kernels, values: readonly number[]): number {
  const address = arena.scratch(values.length * 4)
  arena.views.i32.set(values, address >>> 2)
  return address
}
