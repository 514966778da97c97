/**
 * Cell fold kernels: bring a batch into the cells that its rows were found in.
 *
 * How      One loop per accumulator over the row addresses; filters, NULLs and DISTINCT were compacted away before.
 *          `cell_touch` lists each cell at its first touch in a cycle with a copy of the row as it was.
 * Contract 1 (trusted) weights are ±1; address 0 stands for all +1.
 * Cost     0.5–2 ns per row and accumulator while the cells are in cache.
 */
import type { Arena } from './arena.ts'
import { cellBlocks } from './cell-blocks.ts'
import { compareViews } from './cell-key.ts'
import { defineKernel } from './kernels.ts'

const { touch, cell: cellFields, touched, noView } = cellBlocks

/** Least position and number of rows of each cell. */
defineKernel({
  name: 'cell_count',
  parameters: 4,
  closure: (arena: Arena) => (refs, rows, major, weights) => {
    const { u32, i32, f64, i64 } = arena.views
    for (let row = 0; row < rows!; row++) {
      const cell = u32[(refs! >>> 2) + row]!
      const position = f64[(major! >>> 3) + row]!
      const created = (cell + cellFields.created) >>> 3
      if (position < f64[created]!) f64[created] = position
      const weight = weights === 0 ? 1 : i32[(weights! >>> 2) + row]!
      i64[(cell + cellFields.rows) >>> 3]! += BigInt(weight)
    }
    return 0
  },
  wasm: null,
})

/** Enters each row's cell into the touched list; returns the row at which the list has no room. */
defineKernel({
  name: 'cell_touch',
  parameters: 3,
  closure: (arena: Arena) => (control, from, rows) => {
    const { u32, f64, u8 } = arena.views
    const field = (offset: number) => u32[(control! + offset) >>> 2]!
    const refs = field(touch.refs) >>> 2
    const major = field(touch.major) >>> 3
    const rowBytes = field(touch.rowBytes)
    const end = field(touch.end)
    const bucket = field(touch.bucket)
    let next = field(touch.next)
    let row = from!
    for (; row < rows!; row++) {
      const cell = u32[refs + row]!
      const position = f64[major + row]!
      const present = u32[cell >>> 2]!
      if (present !== 0) {
        if (position < f64[present >>> 3]!) f64[present >>> 3] = position
        continue
      }
      if (end - next < rowBytes + touched.image) break
      f64[next >>> 3] = position
      u32[(next + touched.cell) >>> 2] = cell
      u32[(next + touched.bucket) >>> 2] = bucket
      u8.copyWithin(next + touched.image, cell, cell + rowBytes)
      u32[cell >>> 2] = next
      next += rowBytes + touched.image
    }
    u32[(control! + touch.next) >>> 2] = next
    return row
  },
  wasm: null,
})

/** Rows whose bits in three bitmaps (address 0 = all set) are all set, and the other rows. */
for (const [name, wanted] of [
  ['cell_select', 1],
  ['cell_reject', 0],
] as const) {
  defineKernel({
    name,
    parameters: 5,
    closure: (arena: Arena) => (rows, first, second, third, out) => {
      const { u32, u8 } = arena.views
      let count = 0
      for (let row = 0; row < rows!; row++) {
        const byte = row >> 3
        let bits = 0xff
        if (first !== 0) bits &= u8[first! + byte]!
        if (second !== 0) bits &= u8[second! + byte]!
        if (third !== 0) bits &= u8[third! + byte]!
        if (((bits >> (row & 7)) & 1) === wanted) u32[(out! >>> 2) + count++] = row
      }
      return count
    },
    wasm: null,
  })
}

/** Takes items of 4, 8 and 16 bytes by row number. */
for (const bytes of [4, 8, 16]) {
  defineKernel({
    name: `cell_take_${bytes}`,
    parameters: 4,
    closure: (arena: Arena) => (from, selection, count, to) => {
      const { u32 } = arena.views
      const words = bytes >>> 2
      for (let index = 0; index < count!; index++) {
        const row = u32[(selection! >>> 2) + index]!
        for (let word = 0; word < words; word++) {
          u32[(to! >>> 2) + index * words + word] = u32[(from! >>> 2) + row * words + word]!
        }
      }
      return 0
    },
    wasm: null,
  })
}

/** Adds the weights to a 64-bit counter. */
defineKernel({
  name: 'cell_add',
  parameters: 4,
  closure: (arena: Arena) => (refs, rows, offset, weights) => {
    const { u32, i32, i64 } = arena.views
    for (let row = 0; row < rows!; row++) {
      const weight = weights === 0 ? 1 : i32[(weights! >>> 2) + row]!
      i64[(u32[(refs! >>> 2) + row]! + offset!) >>> 3]! += BigInt(weight)
    }
    return 0
  },
  wasm: null,
})

/** Adds integers to a 128-bit sum. */
defineKernel({
  name: 'cell_sum_i64',
  parameters: 5,
  closure: (arena: Arena) => (refs, rows, offset, values, weights) => {
    const { u32, i32 } = arena.views
    for (let row = 0; row < rows!; row++) {
      const at = (values! >>> 2) + row * 2
      const sign = i32[at + 1]! >> 31
      const flip = weights !== 0 && i32[(weights! >>> 2) + row]! < 0 ? -1 : 0
      // −x = ~x + 1, in 128 bits.
      let carry = -flip
      const cell = (u32[(refs! >>> 2) + row]! + offset!) >>> 2
      for (let word = 0; word < 4; word++) {
        const added = ((word < 2 ? i32[at + word]! : sign) ^ flip) >>> 0
        const sum = u32[cell + word]! + added + carry
        u32[cell + word] = sum
        carry = sum > 0xffffffff ? 1 : 0
      }
    }
    return 0
  },
  wasm: null,
})

/** Exponent of the unit of exact sums, less the bias and the length of a double's fraction: x = m·2^(e − 979) units. */
const exponentOfUnit = 979
const shiftMax = 106

/**
 * Adds doubles to an exact sum of 192 bits in units of 2^-96; returns the row whose value lies outside 2^-44 ≤ |x| < 2^63.
 */
defineKernel({
  name: 'cell_sum_f64',
  parameters: 6,
  closure: (arena: Arena) => (refs, from, rows, offset, values, weights) => {
    const { u32, i32 } = arena.views
    for (let row = from!; row < rows!; row++) {
      const at = (values! >>> 2) + row * 2
      const low = u32[at]!
      const high = u32[at + 1]!
      if ((low | (high << 1)) === 0) continue
      const shift = ((high >>> 20) & 0x7ff) - exponentOfUnit
      if (shift < 0 || shift > shiftMax) return row
      const retracted = weights !== 0 && i32[(weights! >>> 2) + row]! < 0
      const negative = (high >>> 31 === 1) !== retracted
      const bits = shift & 31
      const mantissa = (high & 0xfffff) | 0x100000
      const first = (low << bits) >>> 0
      const second = bits === 0 ? mantissa : ((mantissa << bits) | (low >>> (32 - bits))) >>> 0
      const third = bits === 0 ? 0 : mantissa >>> (32 - bits)
      const start = (u32[(refs! >>> 2) + row]! + offset!) >>> 2
      const end = start + 6
      const word = start + (shift >>> 5)
      const sign = negative ? -1 : 1
      let carry = addWord(u32, word, sign * first)
      carry = addWord(u32, word + 1, sign * second + carry)
      carry = addWord(u32, word + 2, sign * third + carry)
      for (let rest = word + 3; carry !== 0 && rest < end; rest++) carry = addWord(u32, rest, carry)
    }
    return rows!
  },
  wasm: null,
})

/** Adds to a word; returns what goes into the next one. */
function addWord(u32: Uint32Array, at: number, value: number): number {
  const sum = u32[at]! + value
  u32[at] = sum
  return Math.floor(sum / 0x1_0000_0000)
}

/** Doubles to integers of the same order, −0 before +0 and NaN last; and `back`. */
defineKernel({
  name: 'cell_order_f64',
  parameters: 4,
  closure: (arena: Arena) => (values, rows, to, back) => {
    const { u32, i32, f64 } = arena.views
    for (let row = 0; row < rows!; row++) {
      const at = (values! >>> 2) + row * 2
      // On the way back the integers of negative numbers read as NaN; they are none.
      const noNumber = back === 0 && Number.isNaN(f64[(values! >>> 3) + row]!)
      const high = noNumber ? 0x7ff80000 : i32[at + 1]!
      const sign = high >> 31
      u32[(to! >>> 2) + row * 2] = noNumber ? 0 : u32[at]! ^ sign
      i32[(to! >>> 2) + row * 2 + 1] = high ^ (sign >>> 1)
    }
    return 0
  },
  wasm: null,
})

for (const [name, sign] of [
  ['cell_min_i64', -1],
  ['cell_max_i64', 1],
] as const) {
  defineKernel({
    name,
    parameters: 4,
    closure: (arena: Arena) => (refs, rows, offset, values) => {
      const { u32, i64 } = arena.views
      for (let row = 0; row < rows!; row++) {
        const at = (u32[(refs! >>> 2) + row]! + offset!) >>> 3
        const value = i64[(values! >>> 3) + row]!
        if (sign < 0 ? value < i64[at]! : value > i64[at]!) i64[at] = value
      }
      return 0
    },
    wasm: null,
  })
}

/**
 * Keeps the least (sign −1) or greatest (1) string. Returns the row whose string must be copied or replaces one that was:
 * the heap is not the kernel's.
 */
defineKernel({
  name: 'cell_extreme_view',
  parameters: 6,
  closure: (arena: Arena) => (refs, from, rows, offset, values, sign) => {
    const { u32, u8 } = arena.views
    for (let row = from!; row < rows!; row++) {
      const at = u32[(refs! >>> 2) + row]! + offset!
      const value = values! + row * 16
      const present = u32[at >>> 2]!
      if (present !== noView && compareViews(u32, u8, value, at) * (sign! | 0) <= 0) continue
      if (u32[value >>> 2]! > 12 || (present > 12 && present !== noView)) return row
      for (let word = 0; word < 4; word++) u32[(at >>> 2) + word] = u32[(value >>> 2) + word]!
    }
    return rows!
  },
  wasm: null,
})

/** Adds weights to counters and lists the rows that took one from 0 or back to 0, with +1 and −1. */
defineKernel({
  name: 'cell_transitions',
  parameters: 6,
  closure: (arena: Arena) => (refs, rows, offset, weights, outRows, outWeights) => {
    const { u32, i32, i64 } = arena.views
    let count = 0
    for (let row = 0; row < rows!; row++) {
      const weight = weights === 0 ? 1 : i32[(weights! >>> 2) + row]!
      const at = (u32[(refs! >>> 2) + row]! + offset!) >>> 3
      const old = i64[at]!
      const next = old + BigInt(weight)
      i64[at] = next
      if (old !== 0n && next !== 0n) continue
      u32[(outRows! >>> 2) + count] = row
      i32[(outWeights! >>> 2) + count++] = weight
    }
    return count
  },
  wasm: null,
})
