/**
 * Wide kernels: DECIMAL of more than 18 digits, which lies in views as src/data/wide.ts has it, from and to 64 bits.
 *
 * How      A product of two 64-bit integers has 128 bits. Its magnitude is moved to the top, so that its bytes are the
 *          first ones of two words, and these are stored with the greatest byte first. Reading goes the other way, from
 *          the first and the last eight bytes.
 * Contract 1 (checked by twins) mul_wide returns 1 when a product needs more than the 12 bytes that a view holds, and
 *            i64_wide when a number has more than 64 bits; such a row holds zeros, or the low 64 bits.
 * Cost     about 5 ns per row.
 */
import { readWide, writeWide } from '../data/index.ts'
import type { Arena } from './arena.ts'
import { type Assembly, assemble, type I32, type I64, i32, i64 } from './assembler.ts'
import { defineKernel } from './kernels.ts'
import { eachRow } from './rows.ts'
import { bytesOf, inlineMax } from './view.ts'

/** Magnitudes below this fit into a view. */
const inlineEnd = 2n ** 88n
const low32 = 0xffff_ffffn
const ZERO = 0x80

defineKernel({
  name: 'mul_wide',
  parameters: 4,
  operands: ['i64', 'i64', 'to view', 'rows'],
  closure: (arena) => (a, b, out, rows) => {
    const { i64, u8, u32 } = arena.views
    let flag = 0
    for (let row = 0; row < rows!; row++) {
      const view = out! + row * 16
      const product = i64[(a! >>> 3) + row]! * i64[(b! >>> 3) + row]!
      const fits = product < inlineEnd && product > -inlineEnd
      if (!fits) flag = 1
      u8.fill(0, view, view + 16)
      if (fits) u32[view >>> 2] = writeWide(product, u8, view + 4)
    }
    return flag
  },
  wasm: () =>
    assemble(4, (a, left, right, out, rows) => {
      const flag = a.let(i32(0))
      const pointers: [I32, number][] = [
        [left, 8],
        [right, 8],
        [out, 16],
      ]
      eachRow(a, rows, pointers, () => {
        const [x, y] = [a.let(left.i64()), a.let(right.i64())]
        const sign = a.let(x.xor(y).shrS(63n))
        const { high, low } = product(a, magnitude(a, x), magnitude(a, y))
        storeWide(a, out, { high, low, sign }, flag)
      })
      return flag
    }),
})

/** Code: |x| as an unsigned number. */
function magnitude(a: Assembly, x: I64): I64 {
  const sign = a.let(x.shrS(63n))
  return a.let(x.xor(sign).sub(sign))
}

/** Code: the 128 bits of an unsigned product. */
function product(a: Assembly, x: I64, y: I64): { high: I64; low: I64 } {
  const low = a.let(x.mul(y))
  const high = a.let(i64(0n))
  a.if(x.clz().add(y.clz()).lt(64n), () => {
    const [x0, x1] = [a.let(x.and(low32)), a.let(x.shr(32n))]
    const [y0, y1] = [a.let(y.and(low32)), a.let(y.shr(32n))]
    const [cross, other] = [a.let(x0.mul(y1)), a.let(x1.mul(y0))]
    const middle = a.let(x0.mul(y0).shr(32n).add(cross.and(low32)).add(other.and(low32)))
    const carried = cross.shr(32n).add(other.shr(32n)).add(middle.shr(32n))
    a.set(high, x1.mul(y1).add(carried))
  })
  return { high, low }
}

/** Code: writes the view of ±(high, low); `sign` is all ones for negative numbers. */
function storeWide(
  a: Assembly,
  view: I32,
  { high, low, sign }: { high: I64; low: I64; sign: I64 },
  flag: I32,
): void {
  const long = i64(16n).sub(high.clz().shr(3n))
  const short = i64(8n).sub(low.clz().shr(3n))
  const bytes = a.let(short.when(high.isZero(), long))
  a.if(
    bytes.gt(11n),
    () => {
      a.set(flag, i32(1))
      a.store(view, i64(0n))
      a.store(view, i64(0n), 8)
    },
    () => {
      const [first, last] = [a.i64(), a.i64()]
      const bits = a.let(bytes.shl(3n))
      a.if(
        bytes.le(8n),
        () => {
          // Of no bytes at all nothing is shifted, and nothing is there.
          a.set(first, low.shl(i64(64n).sub(bits)).xor(sign.shl(i64(64n).sub(bits))))
          a.set(last, i64(0n))
        },
        () => {
          const shift = a.let(i64(128n).sub(bits))
          a.set(
            first,
            high
              .shl(shift)
              .or(low.shr(i64(64n).sub(shift)))
              .xor(sign),
          )
          a.set(last, low.shl(shift).xor(sign.shl(shift)))
        },
      )
      a.if(bytes.isZero(), () => a.set(first, i64(0n)))
      const reversed = a.let(byteSwap(first))
      const tag = i64(BigInt(ZERO)).add(bytes.xor(sign).sub(sign))
      a.store(view, bytes.add(1n).or(tag.shl(32n)))
      a.store(view, reversed, 5)
      const tail = reversed.shr(56n).or(byteSwap(last).shl(8n))
      a.store(view, tail.wrap(), 12)
    },
  )
}

const reversedBytes = [7, 6, 5, 4, 3, 2, 1, 0, 7, 6, 5, 4, 3, 2, 1, 0]

/** Code: the bytes of a word the other way round. */
function byteSwap(x: I64): I64 {
  return x.splat().shuffle(x.splat(), reversedBytes).laneI64(0)
}

/** The number of a view. */
function wideAt(arena: Arena, view: number): bigint {
  const { at, length } = bytesOf(arena, view)
  return readWide(arena.views.u8, at, at + length)
}

/** Code: the number of a view in two's complement; 0 for the empty view of NULL. */
function loadWide(a: Assembly, view: I32): { high: I64; low: I64 } {
  const [high, low] = [a.let(i64(0n)), a.let(i64(0n))]
  const length = a.let(view.i32())
  a.if(length.above(1), () => {
    const at = a.let(view.add(4).when(length.below(inlineMax + 1), view.i32(12)))
    const negative = a.let(at.u8().below(ZERO))
    const sign = a.let(i64(0n).sub(negative.extendU()))
    const from = a.let(at.add(1))
    const bits = a.let(length.sub(1).shl(3).extendU())
    const head = a.let(byteSwap(from.i64()).xor(sign))
    a.if(
      bits.le(64n),
      () => a.set(low, head.shr(i64(64n).sub(bits))),
      () => {
        a.set(high, head.shr(i64(128n).sub(bits)))
        a.set(low, byteSwap(at.add(length).sub(8).i64()).xor(sign))
      },
    )
    const isRound = low.isZero().extendU()
    a.set(high, high.xor(sign).add(sign.and(isRound)))
    a.set(low, low.xor(sign).sub(sign))
  })
  return { high, low }
}

/** Views to i64. */
defineKernel({
  name: 'i64_wide',
  parameters: 3,
  operands: ['wide', 'to i64', 'rows'],
  closure: (arena) => (from, out, rows) => {
    const { i64 } = arena.views
    let flag = 0
    for (let row = 0; row < rows!; row++) {
      const value = wideAt(arena, from! + row * 16)
      const narrow = BigInt.asIntN(64, value)
      if (narrow !== value) flag = 1
      i64[(out! >>> 3) + row] = narrow
    }
    return flag
  },
  wasm: () =>
    assemble(3, (a, from, out, rows) => {
      const flag = a.let(i32(0))
      const pointers: [I32, number][] = [
        [from, 16],
        [out, 8],
      ]
      eachRow(a, rows, pointers, () => {
        const { high, low } = loadWide(a, from)
        a.set(flag, flag.or(high.ne(low.shrS(63n))))
        a.store(out, low)
      })
      return flag
    }),
})

/** 32 bits of each number, from bit 32 · control[0] on; the last of four has the sign. */
defineKernel({
  name: 'limb_wide',
  parameters: 4,
  operands: ['wide', 'part', 'to i64', 'rows'],
  closure: (arena) => (from, control, out, rows) => {
    const { i64 } = arena.views
    const limb = i64[control! >>> 3]!
    for (let row = 0; row < rows!; row++) {
      const moved = wideAt(arena, from! + row * 16) >> (32n * limb)
      i64[(out! >>> 3) + row] = limb < 3n ? moved & low32 : BigInt.asIntN(64, moved)
    }
    return 0
  },
  wasm: () =>
    assemble(4, (a, from, control, out, rows) => {
      const limb = a.let(control.i64())
      const pointers: [I32, number][] = [
        [from, 16],
        [out, 8],
      ]
      eachRow(a, rows, pointers, () => {
        const { high, low } = loadWide(a, from)
        const word = a.let(low.when(limb.lt(2n), high))
        a.if(
          limb.ge(3n),
          () => a.store(out, high.shrS(32n).when(limb.eq(3n), high.shrS(63n))),
          () => a.store(out, word.shr(limb.and(1n).shl(5n)).and(low32)),
        )
      })
      return i32(0)
    }),
})
