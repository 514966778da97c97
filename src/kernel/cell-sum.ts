/**
 * Cell sum kernels: sums and extremes of cells.
 *
 * How      Integers add up in 128 bits. Doubles add up exactly in 192 bits in units of 2^-96, shifted into place as
 *          integers. Extremes of doubles are those of integers of the same order; strings are compared by their
 *          bytes.
 * Contract 1 (trusted) weights are ±1; address 0 stands for all +1. Rows that do not count were compacted away.
 *          2 (checked) no order of rows and no retraction in between changes a bit.
 * Cost     1 ns per row for integers and extremes, 3 ns for doubles, while the cells are in cache.
 */
import type { Arena } from './arena.ts'
import { type Assembly, assemble, type I32, type I64, i32, i64 } from './assembler.ts'
import { cellBlocks } from './cell-blocks.ts'
import { defineKernel } from './kernels.ts'
import { eachRow } from './rows.ts'
import { belowViewsCode, compareViews } from './view.ts'

const { noView } = cellBlocks

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
  wasm: () =>
    assemble(5, (a, refs, rows, offset, values, weights) => {
      const moving: [I32, number][] = [
        [refs, 4],
        [values, 8],
      ]
      a.if(
        weights.isZero(),
        () =>
          eachRow(a, rows, moving, () => {
            const at = a.let(refs.i32().add(offset))
            const value = a.let(values.i64())
            const sum = a.let(at.i64().add(value))
            a.store(at, sum)
            // Nearly always 0: no carry, or one that meets the sign of a negative value.
            const upper = a.let(value.shrS(63n).add(sum.below(value).extendU()))
            a.if(upper.ne(0n), () => a.store(at, at.i64(8).add(upper), 8))
          }),
        () =>
          eachRow(a, rows, [...moving, [weights, 4]], () => {
            const at = a.let(refs.i32().add(offset))
            // −x = ~x + 1, in 128 bits.
            const flip = a.let(weights.i64From32().shrS(63n))
            const low = a.let(values.i64().xor(flip))
            const high = values.i64().shrS(63n).xor(flip)
            const part = a.let(at.i64().add(low))
            const sum = a.let(part.sub(flip))
            a.store(at, sum)
            const carry = part.below(low).add(sum.below(part)).extendU()
            a.store(at, at.i64(8).add(high).add(carry), 8)
          }),
      )
      return i32(0)
    }),
})

/** Exponent of the unit of exact sums, less the bias and the length of a double's fraction: x = m·2^(e − 979) units. */
const exponentOfUnit = 979
const shiftMax = 106

/**
 * Adds doubles to an exact sum of 192 bits in units of 2^-96; returns the row whose value lies outside 2^-44 ≤ |x|
 *          < 2^63.
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
  wasm: () =>
    assemble(6, (a, refs, from, rows, offset, values, weights) => {
      const each = (signed: (bits: I64) => I64) =>
        a.loop(from, rows, (leave) => {
          const bits = a.let(values.add(from.shl(3)).i64())
          const shift = a.let(bits.shr(52n).wrap().and(0x7ff).sub(exponentOfUnit))
          a.if(
            shift.above(shiftMax),
            () => leave(bits.shl(1n).ne(0n)),
            () => {
              const cell = a.let(refs.add(from.shl(2)).i32().add(offset))
              addExact(a, cell, signed(bits), shift)
            },
          )
        })
      a.if(
        weights.isZero(),
        () => each((bits) => bits),
        () =>
          each((bits) =>
            bits.xor(
              weights
                .add(from.shl(2))
                .i64From32()
                .and(-(2n ** 63n)),
            ),
          ),
      )
      return from
    }),
})

/** Code: adds the double with these bits, shifted by 0–106 units, to the 192 bits at an address. */
function addExact(a: Assembly, cell: I32, double: I64, shift: I32): void {
  const bits = a.let(double)
  const sign = a.let(bits.shrS(63n))
  const mantissa = a.let(bits.and((1n << 52n) - 1n).or(1n << 52n))
  // Shifts count modulo 64. −x = ~x + 1; a shift by 64 would be one by 0.
  const places = a.let(shift.extendU())
  const low = a.let(mantissa.shl(places).xor(sign))
  const high = a.let(mantissa.shr(1n).shr(places.xor(63n)).xor(sign))
  const at = a.let(cell.add(shift.shr(3).and(8)))
  const part = a.let(at.i64().add(low))
  const first = a.let(part.sub(sign))
  const carry = part.below(low).add(first.below(part)).extendU()
  const rest = a.let(at.i64(8).add(high))
  const second = a.let(rest.add(carry))
  a.store(at, first)
  a.store(at, second, 8)
  a.if(shift.below(64), () => {
    const last = a.let(rest.below(high).add(second.below(rest)).extendU().add(sign))
    a.if(last.ne(0n), () => a.store(at, at.i64(16).add(last), 16))
  })
}

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
  wasm: () =>
    assemble(4, (a, values, rows, to, back) => {
      eachRow(
        a,
        rows,
        [
          [values, 8],
          [to, 8],
        ],
        () => {
          const value = values.f64()
          const bits = a.let(values.i64())
          a.set(bits, i64(0x7ff80000n << 32n).when(back.isZero().and(value.ne(value)), bits))
          a.store(to, bits.xor(bits.shrS(63n).shr(1n)))
        },
      )
      return i32(0)
    }),
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
    wasm: () =>
      assemble(4, (a, refs, rows, offset, values) => {
        eachRow(
          a,
          rows,
          [
            [refs, 4],
            [values, 8],
          ],
          () => {
            const at = a.let(refs.i32().add(offset))
            const value = a.let(values.i64())
            a.if(sign < 0 ? value.lt(at.i64()) : value.gt(at.i64()), () => a.store(at, value))
          },
        )
        return i32(0)
      }),
  })
}

/**
 * Keeps the least (sign −1) or greatest (1) string. Returns the row whose string must be copied or replaces one
 *          that was:
 * the heap is not the kernel's.
 */
defineKernel({
  name: 'cell_extreme_view',
  parameters: 6,
  closure: (arena: Arena) => (refs, from, rows, offset, values, sign) => {
    const { u32 } = arena.views
    for (let row = from!; row < rows!; row++) {
      const at = u32[(refs! >>> 2) + row]! + offset!
      const value = values! + row * 16
      const present = u32[at >>> 2]!
      if (present !== noView && compareViews(arena, value, at) * (sign! | 0) <= 0) continue
      if (u32[value >>> 2]! > 12 || (present > 12 && present !== noView)) return row
      for (let word = 0; word < 4; word++) u32[(at >>> 2) + word] = u32[(value >>> 2) + word]!
    }
    return rows!
  },
  wasm: () =>
    assemble(6, (a, refs, from, rows, offset, values, sign) => {
      const better = a.i32()
      a.loop(from, rows, (leave) => {
        const at = a.let(refs.add(from.shl(2)).i32().add(offset))
        const value = a.let(values.add(from.shl(4)))
        const present = a.let(at.i32())
        a.set(better, i32(1))
        a.if(present.ne(noView), () =>
          a.if(
            sign.lt(0),
            () => a.set(better, belowViewsCode(a, value, at)),
            () => a.set(better, belowViewsCode(a, at, value)),
          ),
        )
        a.if(better, () => {
          leave(
            value
              .i32()
              .above(12)
              .or(present.above(12).and(present.ne(noView))),
          )
          a.store(at, value.v128())
        })
      })
      return from
    }),
})
