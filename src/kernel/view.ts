/**
 * View kernels: strings as 16-byte views; made from offsets, compared, searched, gathered.
 *
 * How      Up to 12 bytes lie in the view, zero padded; of longer strings it keeps the first 4, a hash of all and
 *          their address. Equal strings have equal first 8 bytes (length and prefix); most unequal ones are told
 *          apart there.
 * Contract 1 (checked by twins) equality and order are those of the UTF-8 bytes.
 *          2 (trusted) 16 readable bytes follow the bytes that `views_from_offsets` reads.
 * Cost     about 2 ns per row for views, 1 ns for comparing short strings.
 */
import type { Arena } from './arena.ts'
import {
  type Assembly,
  assemble,
  type I32,
  i32,
  i64,
  i64x2,
  type Jump,
  type V128,
} from './assembler.ts'
import { hashBytes, hashBytesCode } from './hash.ts'
import { defineKernel } from './kernels.ts'
import { bitAt, eachRow, storeRows, writeBits } from './rows.ts'

export const inlineMax = 12

/** Where the bytes of a view lie, and how many. */
export function bytesOf(arena: Arena, view: number): { at: number; length: number } {
  const { u32 } = arena.views
  const length = u32[view >>> 2]!
  return { at: length <= inlineMax ? view + 4 : u32[(view >>> 2) + 3]!, length }
}

/** Writes the view of `length` bytes at `from`. */
export function writeView(arena: Arena, view: number, from: number, length: number): void {
  const { u8, u32, i32 } = arena.views
  u32[view >>> 2] = length
  if (length <= inlineMax) {
    u8.fill(0, view + 4, view + 16)
    u8.copyWithin(view + 4, from, from + length)
    return
  }
  u8.copyWithin(view + 4, from, from + 4)
  i32[(view >>> 2) + 2] = hashBytes(u8, from, length)
  u32[(view >>> 2) + 3] = from
}

/** Offsets (i32, rows + 1) from `bytes` and validity (or 0) to views. */
defineKernel({
  name: 'views_from_offsets',
  parameters: 5,
  closure: (arena) => (offsets, bytes, validity, out, rows) => {
    const { i32, u8, u64 } = arena.views
    for (let row = 0; row < rows!; row++) {
      const view = out! + row * 16
      if (validity !== 0 && bitAt(u8, validity!, row) === 0) {
        u64.fill(0n, view >>> 3, (view >>> 3) + 2)
        continue
      }
      const from = i32[(offsets! >>> 2) + row]!
      writeView(arena, view, (bytes! + from) >>> 0, i32[(offsets! >>> 2) + row + 1]! - from)
    }
    return 0
  },
  wasm: () =>
    assemble(5, (a, offsets, bytes, validity, out, rows) => {
      const row = a.i32()
      const numbers = a.let(byteNumbers)
      a.loop(row, rows, () => {
        const from = a.let(offsets.i32())
        const length = a.let(offsets.i32(4).sub(from))
        a.set(from, from.add(bytes))
        // A NULL is stored as the empty string is: as zeros.
        a.if(validity, () => {
          const valid = validity.add(row.shr(3)).u8().shr(row.and(7)).and(1)
          a.set(length, length.when(valid, 0))
        })
        storeView(a, out, from, length, numbers)
        a.set(offsets, offsets.add(4))
        a.set(out, out.add(16))
      })
      return i32(0)
    }),
})

export const byteNumbers = i64x2(0x0706050403020100n, 0x0f0e0d0c0b0a0908n)

/** Code: writes the view of `length` bytes at `from`. */
export function storeView(a: Assembly, view: I32, from: I32, length: I32, numbers: V128): void {
  a.if(
    length.below(inlineMax + 1),
    () => {
      const lengths = length.mul(0x01010101).splat()
      const text = from.v128().and(lengths.op('i8x16.gt_s', numbers))
      // The length comes before the first twelve bytes.
      a.store(view, length.splat().shuffle(text, lengthThenText))
    },
    () => {
      a.store(view, length)
      a.store(view, from.i32(), 4)
      a.store(view, hashBytesCode(a, from, length), 8)
      a.store(view, from, 12)
    },
  )
}

const lengthThenText = Array.from({ length: 16 }, (_, byte) => byte + 12)

/** Ones for the first `length` bytes of eight. */
function lengthMask(a: Assembly, length: I32) {
  const bytes = a.let(length)
  return i64(-1n).when(bytes.ge(8), i64(1n).shl(bytes.shl(3).extendU()).sub(1n))
}

/** Code: the address of a view's bytes. */
function bytesCode(view: I32, length: I32): I32 {
  return view.add(4).when(length.below(inlineMax + 1), view.i32(12))
}

function sameBytes(arena: Arena, x: number, y: number, length: number): boolean {
  const { u8 } = arena.views
  for (let index = 0; index < length; index++) if (u8[x + index] !== u8[y + index]) return false
  return true
}

/** Code: are `length` bytes equal? In words of 8 as far as they go. */
function sameBytesCode(a: Assembly, x: I32, y: I32, length: I32): I32 {
  const same = a.let(i32(1))
  const [p, q, left] = [a.let(x), a.let(y), a.let(length)]
  a.block((leave) => {
    const compare = (bytes: number, load: (p: I32) => I32) => {
      a.while(left.atLeast(bytes), () => {
        a.if(load(i32(0)), () => {
          a.set(same, i32(0))
          leave()
        })
        a.set(p, p.add(bytes))
        a.set(q, q.add(bytes))
        a.set(left, left.sub(bytes))
      })
    }
    compare(8, () => p.i64().ne(q.i64()))
    compare(1, () => p.u8().ne(q.u8()))
  })
  return same
}

/** Code: are the bytes of two strings equal, of 8 bytes or more, that nearly always are? The last word overlaps. */
function sameLongCode(a: Assembly, x: I32, y: I32, length: I32): I32 {
  const [p, q] = [a.let(x), a.let(y)]
  const last = a.let(p.add(length).sub(8))
  const differ = a.i64()
  a.set(differ, last.i64().xor(q.add(length).sub(8).i64()))
  a.while(p.below(last), () => {
    a.set(differ, differ.or(p.i64().xor(q.i64())))
    a.set(p, p.add(8))
    a.set(q, q.add(8))
  })
  return differ.isZero()
}

/** Are two views equal? */
export function equalViews(arena: Arena, x: number, y: number): boolean {
  const { u64, u32 } = arena.views
  if (u64[x >>> 3] !== u64[y >>> 3]) return false
  if (u32[x >>> 2]! <= inlineMax) return u64[(x >>> 3) + 1] === u64[(y >>> 3) + 1]
  if (u32[(x >>> 2) + 2] !== u32[(y >>> 2) + 2]) return false
  return sameBytes(arena, bytesOf(arena, x).at, bytesOf(arena, y).at, u32[x >>> 2]!)
}

/** Code: are two views equal? */
export function equalViewsCode(a: Assembly, x: I32, y: I32): I32 {
  const words = a.let(x.v128().op('i32x4.eq', y.v128()).bitmask('i32x4'))
  const equal = a.let(words.eq(15))
  // Only the last words differ, which are addresses: long strings with one hash are compared byte by byte.
  a.if(words.eq(7).and(x.i32().above(inlineMax)), () =>
    a.set(equal, sameLongCode(a, x.i32(12), y.i32(12), x.i32())),
  )
  return equal
}

defineKernel({
  name: 'eq_view',
  parameters: 4,
  operands: ['view', 'view', 'to bits', 'rows'],
  closure: (arena) => (a, b, out, rows) => {
    writeBits(arena, out!, rows!, (row) => equalViews(arena, a! + row * 16, b! + row * 16))
    return 0
  },
  wasm: () =>
    assemble(4, (a, left, right, out, rows) => {
      storeRows(
        a,
        out,
        rows,
        [
          [left, 16],
          [right, 16],
        ],
        () => equalViewsCode(a, left, right),
      )
      return i32(0)
    }),
})

/** Order of two views: below 0, 0 or above 0. */
export function compareViews(arena: Arena, x: number, y: number): number {
  const { u8 } = arena.views
  const [left, right] = [bytesOf(arena, x), bytesOf(arena, y)]
  const shared = Math.min(left.length, right.length)
  for (let index = 0; index < shared; index++) {
    const difference = u8[left.at + index]! - u8[right.at + index]!
    if (difference !== 0) return difference
  }
  return left.length - right.length
}

/** Code: is the string at view x below the one at view y? */
export function belowViewsCode(a: Assembly, x: I32, y: I32): I32 {
  const below = a.i32()
  const [prefixX, prefixY] = [a.let(x.i32(4)), a.let(y.i32(4))]
  const differ = a.let(prefixX.xor(prefixY))
  a.if(
    differ,
    () => {
      // The first byte that differs; padding is 0 and so below every other byte.
      const shift = a.let(differ.ctz().and(24))
      a.set(below, prefixX.shr(shift).and(255).below(prefixY.shr(shift).and(255)))
    },
    () => {
      const [lengthX, lengthY] = [a.let(x.i32()), a.let(y.i32())]
      const [p, q] = [a.let(bytesCode(x, lengthX)), a.let(bytesCode(y, lengthY))]
      const end = a.let(p.add(lengthX.when(lengthX.below(lengthY), lengthY)))
      a.set(below, lengthX.below(lengthY))
      a.while(p.below(end), (leave: Jump) => {
        const [byteX, byteY] = [a.let(p.u8()), a.let(q.u8())]
        a.if(byteX.ne(byteY), () => {
          a.set(below, byteX.below(byteY))
          leave()
        })
        a.set(p, p.add(1))
        a.set(q, q.add(1))
      })
    },
  )
  return below
}

defineKernel({
  name: 'lt_view',
  parameters: 4,
  operands: ['view', 'view', 'to bits', 'rows'],
  closure: (arena) => (a, b, out, rows) => {
    writeBits(arena, out!, rows!, (row) => compareViews(arena, a! + row * 16, b! + row * 16) < 0)
    return 0
  },
  wasm: () =>
    assemble(4, (a, left, right, out, rows) => {
      storeRows(
        a,
        out,
        rows,
        [
          [left, 16],
          [right, 16],
        ],
        () => belowViewsCode(a, left, right),
      )
      return i32(0)
    }),
})

/** The three simple forms of LIKE, (views, needle view, out, rows); the needle is one view. */
function search(
  name: string,
  reference: (arena: Arena, at: number, length: number, needle: number, size: number) => boolean,
  code: (a: Assembly, at: I32, length: I32, needle: I32, size: I32) => I32,
) {
  defineKernel({
    name,
    parameters: 4,
    operands: ['view', 'one view', 'to bits', 'rows'],
    closure: (arena) => (views, needle, out, rows) => {
      const { at, length } = bytesOf(arena, needle!)
      writeBits(arena, out!, rows!, (row) => {
        const text = bytesOf(arena, views! + row * 16)
        return text.length >= length && reference(arena, text.at, text.length, at, length)
      })
      return 0
    },
    wasm: () =>
      assemble(4, (a, views, needle, out, rows) => {
        const size = a.let(needle.i32())
        const at = a.let(bytesCode(needle, size))
        const found = a.i32()
        storeRows(a, out, rows, [[views, 16]], () => {
          const length = a.let(views.i32())
          a.set(found, i32(0))
          a.if(length.atLeast(size), () =>
            a.set(found, code(a, a.let(bytesCode(views, length)), length, at, size)),
          )
          return found
        })
        return i32(0)
      }),
  })
}

search(
  'starts_view',
  (arena, at, _, needle, size) => sameBytes(arena, at, needle, size),
  (a, at, _, needle, size) => {
    const found = a.i32()
    a.if(
      size.below(9),
      // Eight bytes can be read of every view, and of a needle that lies in its view.
      () => a.set(found, at.i64().xor(needle.i64()).and(lengthMask(a, size)).isZero()),
      () => a.set(found, sameBytesCode(a, at, needle, size)),
    )
    return found
  },
)
search(
  'ends_view',
  (arena, at, length, needle, size) => sameBytes(arena, at + length - size, needle, size),
  (a, at, length, needle, size) => sameBytesCode(a, at.add(length).sub(size), needle, size),
)
search(
  'contains_view',
  (arena, at, length, needle, size) => {
    for (let from = 0; from <= length - size; from++) {
      if (sameBytes(arena, at + from, needle, size)) return true
    }
    return false
  },
  (a, at, length, needle, size) => {
    const last = a.let(at.add(length).sub(size))
    const from = a.let(at)
    const found = a.let(i32(0))
    a.block((leave) => {
      a.repeat((again) => {
        const first = from.u8().eq(needle.u8()).or(size.isZero())
        a.if(first, () => a.set(found, sameBytesCode(a, from, needle, size)))
        leave(found)
        a.set(from, from.add(1))
        again(from.below(last.add(1)))
      })
    })
    return found
  },
)

/** Number of code points. */
defineKernel({
  name: 'length_view',
  parameters: 3,
  operands: ['view', 'to i64', 'rows'],
  closure: (arena) => (views, out, rows) => {
    const { u8, i64 } = arena.views
    for (let row = 0; row < rows!; row++) {
      const { at, length } = bytesOf(arena, views! + row * 16)
      let points = 0
      for (let index = 0; index < length; index++) if ((u8[at + index]! & 0xc0) !== 0x80) points++
      i64[(out! >>> 3) + row] = BigInt(points)
    }
    return 0
  },
  wasm: () =>
    assemble(3, (a, views, out, rows) => {
      const [at, end, points] = [a.i32(), a.i32(), a.i32()]
      eachRow(
        a,
        rows,
        [
          [views, 16],
          [out, 8],
        ],
        () => {
          const length = a.let(views.i32())
          a.set(at, bytesCode(views, length))
          a.set(end, at.add(length))
          a.set(points, i32(0))
          a.while(at.below(end), () => {
            a.set(points, points.add(at.u8().and(0xc0).ne(0x80)))
            a.set(at, at.add(1))
          })
          a.store(out, points.extendU())
        },
      )
      return i32(0)
    }),
})

/** Running sums of the lengths, from the offset that stands first on: rows + 1 offsets; returns the last. */
defineKernel({
  name: 'offsets_view',
  parameters: 3,
  operands: ['view', 'to i32', 'rows'],
  closure: (arena) => (views, out, rows) => {
    const { u32 } = arena.views
    let sum = u32[out! >>> 2]!
    for (let row = 0; row < rows!; row++) {
      u32[(out! >>> 2) + row] = sum
      sum += u32[(views! >>> 2) + row * 4]!
    }
    u32[(out! >>> 2) + rows!] = sum
    return sum
  },
  wasm: () =>
    assemble(3, (a, views, out, rows) => {
      const sum = a.let(out.i32())
      eachRow(
        a,
        rows,
        [
          [views, 16],
          [out, 4],
        ],
        () => {
          a.store(out, sum)
          a.set(sum, sum.add(views.i32()))
        },
      )
      a.store(out, sum)
      return sum
    }),
})

/** The bytes of all strings, one behind the other; 12 bytes behind the last may be overwritten. */
defineKernel({
  name: 'gather_view',
  parameters: 3,
  closure: (arena) => (views, out, rows) => {
    const { u8 } = arena.views
    let to = out!
    for (let row = 0; row < rows!; row++) {
      const { at, length } = bytesOf(arena, views! + row * 16)
      u8.copyWithin(to, at, at + length)
      to += length
    }
    return 0
  },
  wasm: () =>
    assemble(3, (a, views, out, rows) => {
      const done = a.i32()
      eachRow(a, rows, [[views, 16]], () => {
        const length = a.let(views.i32())
        a.if(
          length.below(inlineMax + 1),
          () => {
            a.store(out, views.i64(4))
            a.store(out, views.i32(12), 8)
          },
          () => {
            // `memory.copy` goes byte by byte in shared memory. The last bytes are copied from the end backwards.
            const from = a.let(views.i32(12))
            const last = a.let(length.sub(16))
            a.set(done, i32(0))
            a.while(done.lt(last), () => {
              a.store(out.add(done), from.add(done).v128())
              a.set(done, done.add(16))
            })
            a.if(
              last.ge(0),
              () => a.store(out.add(last), from.add(last).v128()),
              () => {
                a.store(out, from.i64())
                a.store(out.add(last), from.add(last).i64(8), 8)
              },
            )
          },
        )
        a.set(out, out.add(length))
      })
      return i32(0)
    }),
})
