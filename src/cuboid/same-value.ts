/**
 * Same value: whether two rows of a vector hold the same value, as the laws compare them.
 */
import { equalViews, type Kernels, type Vector } from '../kernel/index.ts'

/** NULLs are the same, NaNs too, and the two zeros; a failed value is the same as a failed one. */
export function sameValue(kernels: Kernels, vector: Vector, a: number, b: number): boolean {
  if (vector.errors !== null && vector.errors.has(a) !== vector.errors.has(b)) return false
  const { u8, u32, f64 } = kernels.arena.views
  const bit = (address: number, row: number) => (u8[address + (row >> 3)]! >> (row & 7)) & 1
  const { validity, data } = vector
  if (validity !== 0 && bit(validity, a) !== bit(validity, b)) return false
  switch (vector.physical) {
    case 'bits':
      return bit(data, a) === bit(data, b)
    case 'f64': {
      const x = f64[(data >>> 3) + a]!
      const y = f64[(data >>> 3) + b]!
      return x === y || (Number.isNaN(x) && Number.isNaN(y))
    }
    case 'i64': {
      const at = data >>> 2
      return u32[at + a * 2] === u32[at + b * 2] && u32[at + a * 2 + 1] === u32[at + b * 2 + 1]
    }
    case 'view':
      return equalViews(kernels.arena, data + a * 16, data + b * 16)
  }
}
