/**
 * Cell key kernels: normal form of key columns, keys of new rows, and comparison of keys with those of the rows found.
 *
 * How      Keys are i64 or views: booleans widen, doubles become their bits with one zero and one NaN. `place` packs the
 *          offset of the key in the row and its bit in the words of the null mask: offset | bit << 16.
 * Contract 1 (trusted) a NULL slot holds zeros, in the row too.
 * Cost     about 1 ns per row and column, the row being in cache.
 */
import type { Arena } from './arena.ts'
import { cellBlocks } from './cell-blocks.ts'
import { defineKernel } from './kernels.ts'

const nulls = cellBlocks.row.nulls >>> 2

/** Bits to i64 0 and 1. */
defineKernel({
  name: 'cell_widen_bits',
  parameters: 3,
  closure: (arena: Arena) => (values, rows, to) => {
    const { u32, u8 } = arena.views
    for (let row = 0; row < rows!; row++) {
      u32[(to! >>> 2) + row * 2] = (u8[values! + (row >> 3)]! >> (row & 7)) & 1
      u32[(to! >>> 2) + row * 2 + 1] = 0
    }
    return 0
  },
  wasm: null,
})

/** Doubles with one zero and one NaN. */
defineKernel({
  name: 'cell_normal_f64',
  parameters: 3,
  closure: (arena: Arena) => (values, rows, to) => {
    const { f64, u32 } = arena.views
    for (let row = 0; row < rows!; row++) {
      const value = f64[(values! >>> 3) + row]!
      if (Number.isNaN(value)) {
        u32[(to! >>> 2) + row * 2] = 0
        u32[(to! >>> 2) + row * 2 + 1] = 0x7ff80000
      } else f64[(to! >>> 3) + row] = value + 0
    }
    return 0
  },
  wasm: null,
})

/** Copies a template over each new row. */
defineKernel({
  name: 'cell_start',
  parameters: 5,
  closure: (arena: Arena) => (refs, newRows, count, template, rowBytes) => {
    const { u32, u8 } = arena.views
    for (let index = 0; index < count!; index++) {
      const at = u32[(refs! >>> 2) + u32[(newRows! >>> 2) + index]!]!
      u8.copyWithin(at, template!, template! + rowBytes!)
    }
    return 0
  },
  wasm: null,
})

const isThere = (u8: Uint8Array, validity: number, row: number) =>
  validity === 0 || ((u8[validity + (row >> 3)]! >> (row & 7)) & 1) === 1

defineKernel({
  name: 'cell_put_i64',
  parameters: 6,
  closure: (arena: Arena) => (refs, newRows, count, place, values, validity) => {
    const { u32, u8 } = arena.views
    const offset = (place! & 0xffff) >>> 2
    const mask = nulls + (place! >>> 21)
    const bit = 1 << (place! >>> 16)
    for (let index = 0; index < count!; index++) {
      const row = u32[(newRows! >>> 2) + index]!
      const cell = u32[(refs! >>> 2) + row]! >>> 2
      u32[cell + offset] = u32[(values! >>> 2) + row * 2]!
      u32[cell + offset + 1] = u32[(values! >>> 2) + row * 2 + 1]!
      if (!isThere(u8, validity!, row)) u32[cell + mask]! |= bit
    }
    return 0
  },
  wasm: null,
})

/** Returns how many of the views are long: their bytes still belong to the batch. */
defineKernel({
  name: 'cell_put_view',
  parameters: 6,
  closure: (arena: Arena) => (refs, newRows, count, place, values, validity) => {
    const { u32, u8 } = arena.views
    const offset = (place! & 0xffff) >>> 2
    const mask = nulls + (place! >>> 21)
    const bit = 1 << (place! >>> 16)
    let long = 0
    for (let index = 0; index < count!; index++) {
      const row = u32[(newRows! >>> 2) + index]!
      const cell = u32[(refs! >>> 2) + row]! >>> 2
      const from = (values! >>> 2) + row * 4
      for (let word = 0; word < 4; word++) u32[cell + offset + word] = u32[from + word]!
      if (u32[from]! > 12) long++
      if (!isThere(u8, validity!, row)) u32[cell + mask]! |= bit
    }
    return long
  },
  wasm: null,
})

/** Lists the rows whose key differs from that of the row found; rows that found nothing are left out. */
defineKernel({
  name: 'cell_verify_i64',
  parameters: 6,
  closure: (arena: Arena) => (refs, rows, place, values, validity, out) => {
    const { u32, u8 } = arena.views
    const offset = (place! & 0xffff) >>> 2
    const mask = nulls + (place! >>> 21)
    const bit = (place! >>> 16) & 31
    let count = 0
    for (let row = 0; row < rows!; row++) {
      const cell = u32[(refs! >>> 2) + row]! >>> 2
      if (cell === 0) continue
      const from = (values! >>> 2) + row * 2
      const isNull = (u32[cell + mask]! >>> bit) & 1
      if (
        u32[cell + offset] !== u32[from] ||
        u32[cell + offset + 1] !== u32[from + 1] ||
        isThere(u8, validity!, row) === (isNull === 1)
      ) {
        u32[(out! >>> 2) + count++] = row
      }
    }
    return count
  },
  wasm: null,
})

defineKernel({
  name: 'cell_verify_view',
  parameters: 6,
  closure: (arena: Arena) => (refs, rows, place, values, validity, out) => {
    const { u32, u8 } = arena.views
    const offset = place! & 0xffff
    const mask = nulls + (place! >>> 21)
    const bit = (place! >>> 16) & 31
    let count = 0
    for (let row = 0; row < rows!; row++) {
      const cell = u32[(refs! >>> 2) + row]!
      if (cell === 0) continue
      const isNull = (u32[(cell >>> 2) + mask]! >>> bit) & 1
      if (
        isThere(u8, validity!, row) === (isNull === 1) ||
        !sameView(u32, u8, cell + offset, values! + row * 16)
      ) {
        u32[(out! >>> 2) + count++] = row
      }
    }
    return count
  },
  wasm: null,
})

/** Do the views at two addresses hold the same string? */
export function sameView(u32: Uint32Array, u8: Uint8Array, a: number, b: number): boolean {
  const x = a >>> 2
  const y = b >>> 2
  if (u32[x] !== u32[y] || u32[x + 1] !== u32[y + 1] || u32[x + 2] !== u32[y + 2]) return false
  if (u32[x + 3] === u32[y + 3]) return true
  const length = u32[x]!
  if (length <= 12) return false
  const left = u32[x + 3]!
  const right = u32[y + 3]!
  for (let at = 0; at < length; at++) if (u8[left + at] !== u8[right + at]) return false
  return true
}

/** Order of the strings of the views at two addresses, by their bytes. */
export function compareViews(u32: Uint32Array, u8: Uint8Array, a: number, b: number): number {
  const leftLength = u32[a >>> 2]!
  const rightLength = u32[b >>> 2]!
  const left = leftLength > 12 ? u32[(a >>> 2) + 3]! : a + 4
  const right = rightLength > 12 ? u32[(b >>> 2) + 3]! : b + 4
  const shared = Math.min(leftLength, rightLength)
  for (let at = 0; at < shared; at++) {
    const order = u8[left + at]! - u8[right + at]!
    if (order !== 0) return order
  }
  return leftLength - rightLength
}
