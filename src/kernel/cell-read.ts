/**
 * Cell read kernels: values of cells, given by their addresses, as vectors.
 *
 * How      Every kernel gathers one field of the rows at `addresses`; sums are rounded or range-checked here, once.
 * Contract 1 (checked) sums of doubles round to nearest even from the exact sum.
 * Cost     1–5 ns per cell and field.
 */
import type { Arena } from './arena.ts'
import { cellBlocks } from './cell-blocks.ts'
import { defineKernel } from './kernels.ts'

/** Addresses of the rows of a chunk that stand for at least one row. */
defineKernel({
  name: 'cell_scan',
  parameters: 4,
  closure: (arena: Arena) => (from, end, rowBytes, out) => {
    const { u32, i64 } = arena.views
    let count = 0
    for (let cell = from!; cell < end!; cell += rowBytes!) {
      if (i64[(cell + cellBlocks.cell.rows) >>> 3]! > 0n) u32[(out! >>> 2) + count++] = cell
    }
    return count
  },
  wasm: null,
})

for (const bytes of [4, 8, 16]) {
  defineKernel({
    name: `cell_read_${bytes}`,
    parameters: 4,
    closure: (arena: Arena) => (addresses, count, offset, to) => {
      const { u32 } = arena.views
      const words = bytes >>> 2
      for (let index = 0; index < count!; index++) {
        const at = (u32[(addresses! >>> 2) + index]! + offset!) >>> 2
        for (let word = 0; word < words; word++) {
          u32[(to! >>> 2) + index * words + word] = u32[at + word]!
        }
      }
      return 0
    },
    wasm: null,
  })
}

/** Bit 0 of a field, as bits. */
defineKernel({
  name: 'cell_read_bits',
  parameters: 4,
  closure: (arena: Arena) => (addresses, count, offset, to) => {
    const { u32, u8 } = arena.views
    u8.fill(0, to!, to! + ((count! + 7) >> 3))
    for (let index = 0; index < count!; index++) {
      const bit = u32[(u32[(addresses! >>> 2) + index]! + offset!) >>> 2]! & 1
      u8[to! + (index >> 3)]! |= bit << (index & 7)
    }
    return 0
  },
  wasm: null,
})

/** Validity from bit `bit` of the word at `offset`, 1 = NULL; returns the number of NULLs. */
defineKernel({
  name: 'cell_read_validity',
  parameters: 5,
  closure: (arena: Arena) => (addresses, count, offset, bit, to) => {
    const { u32, u8 } = arena.views
    u8.fill(0, to!, to! + ((count! + 7) >> 3))
    let nulls = 0
    for (let index = 0; index < count!; index++) {
      const isNull = (u32[(u32[(addresses! >>> 2) + index]! + offset!) >>> 2]! >>> bit!) & 1
      nulls += isNull
      u8[to! + (index >> 3)]! |= (1 - isNull) << (index & 7)
    }
    return nulls
  },
  wasm: null,
})

/** Counter less another counter (none when its offset is 0). */
defineKernel({
  name: 'cell_read_count',
  parameters: 5,
  closure: (arena: Arena) => (addresses, count, offset, less, to) => {
    const { u32, i64 } = arena.views
    for (let index = 0; index < count!; index++) {
      const cell = u32[(addresses! >>> 2) + index]!
      const value = i64[(cell + offset!) >>> 3]!
      i64[(to! >>> 3) + index] = less === 0 ? value : value - i64[(cell + less!) >>> 3]!
    }
    return 0
  },
  wasm: null,
})

/** Validity of values of which there must be more than none; returns the number of NULLs. */
defineKernel({
  name: 'cell_read_some',
  parameters: 3,
  closure: (arena: Arena) => (counts, count, to) => {
    const { i64, u8 } = arena.views
    u8.fill(0, to!, to! + ((count! + 7) >> 3))
    let nulls = 0
    for (let index = 0; index < count!; index++) {
      if (i64[(counts! >>> 3) + index]! > 0n) u8[to! + (index >> 3)]! |= 1 << (index & 7)
      else nulls++
    }
    return nulls
  },
  wasm: null,
})

const decimalMax = 10n ** 18n - 1n

/** Low halves of 128-bit sums; lists those that do not fit into 64 bits or, for decimals, into 18 digits. */
defineKernel({
  name: 'cell_read_sum_i64',
  parameters: 6,
  closure: (arena: Arena) => (addresses, count, offset, decimal, to, out) => {
    const { u32, i64 } = arena.views
    let failed = 0
    for (let index = 0; index < count!; index++) {
      const at = (u32[(addresses! >>> 2) + index]! + offset!) >>> 3
      const low = i64[at]!
      let fits = i64[at + 1] === low >> 63n
      if (decimal !== 0 && (low > decimalMax || low < -decimalMax)) fits = false
      i64[(to! >>> 3) + index] = fits ? low : 0n
      if (!fits) u32[(out! >>> 2) + failed++] = index
    }
    return failed
  },
  wasm: null,
})

/** 128-bit sums as doubles, rounded once. */
defineKernel({
  name: 'cell_read_sum_wide',
  parameters: 4,
  closure: (arena: Arena) => (addresses, count, offset, to) => {
    const { u32, i64, u64, f64 } = arena.views
    for (let index = 0; index < count!; index++) {
      const at = (u32[(addresses! >>> 2) + index]! + offset!) >>> 3
      f64[(to! >>> 3) + index] = Number((i64[at + 1]! << 64n) | u64[at]!)
    }
    return 0
  },
  wasm: null,
})

/** Exact sums of 192 bits as doubles, rounded once; returns how many cells have a full-range part as well. */
defineKernel({
  name: 'cell_read_sum_f64',
  parameters: 4,
  closure: (arena: Arena) => (addresses, count, offset, to) => {
    const { u32, i64, u64, f64 } = arena.views
    let linked = 0
    for (let index = 0; index < count!; index++) {
      const cell = u32[(addresses! >>> 2) + index]! + offset!
      const at = cell >>> 3
      const units = (i64[at + 2]! << 128n) | (u64[at + 1]! << 64n) | u64[at]!
      f64[(to! >>> 3) + index] = Number(units) * 2 ** -96
      if (u32[(cell + 24) >>> 2] !== 0) linked++
    }
    return linked
  },
  wasm: null,
})

/** Divides doubles by counts and by a power of ten given as its exponent; nothing where the count is 0. */
defineKernel({
  name: 'cell_average',
  parameters: 4,
  closure: (arena: Arena) => (values, counts, count, scale) => {
    const { f64, i64 } = arena.views
    const unit = 10 ** scale!
    for (let index = 0; index < count!; index++) {
      const divisor = i64[(counts! >>> 3) + index]!
      const at = (values! >>> 3) + index
      f64[at] = divisor > 0n ? f64[at]! / Number(divisor) / unit : 0
    }
    return 0
  },
  wasm: null,
})

/** Zeros the items of 8 or 16 bytes that are NULL. */
defineKernel({
  name: 'cell_blank',
  parameters: 4,
  closure: (arena: Arena) => (values, count, validity, bytes) => {
    const { u8 } = arena.views
    for (let index = 0; index < count!; index++) {
      if (((u8[validity! + (index >> 3)]! >> (index & 7)) & 1) === 1) continue
      u8.fill(0, values! + index * bytes!, values! + (index + 1) * bytes!)
    }
    return 0
  },
  wasm: null,
})
