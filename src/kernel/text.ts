/**
 * Text kernels: parts of strings, characters counted, the case of ASCII.
 *
 * How      Sixteen bytes are compared at once and the ones of the mask gone through. A part of a string is a view of
 *          the same bytes: nothing is copied.
 * Contract 1 (trusted) 16 readable bytes follow those of a long string; a view of a part lives as long as the string.
 * Cost     some 10 ns per row of 50 bytes; 0.1 ns per byte for the case.
 */
import { type Assembly, assemble, type I32, i32, i64, i64x2 } from './assembler.ts'
import { defineKernel } from './kernels.ts'
import { eachRow, storeRows } from './rows.ts'
import { byteNumbers, bytesOf, inlineMax, storeView, writeView } from './view.ts'

/** Code: goes through the places of a byte in the string at a view; `found` may leave. */
function eachPlace(
  a: Assembly,
  view: I32,
  byte: ReturnType<Assembly['v128']>,
  found: (place: I32) => void,
  count?: (mask: I32) => void,
): void {
  const [block, mask, shift] = [a.i32(), a.i32(), a.i32()]
  const length = a.let(view.i32())
  const isShort = a.let(length.below(inlineMax + 1))
  // A short string lies 4 bytes behind the beginning of the block that is looked at.
  a.set(shift, i32(4).when(isShort, 0))
  a.set(block, view.when(isShort, view.i32(12)))
  const left = a.let(length)
  a.while(left.gt(0), () => {
    a.set(mask, block.v128().op('i8x16.eq', byte).bitmask('i8x16').shr(shift))
    a.set(mask, mask.and(i32(0xffff).when(left.ge(16), i32(1).shl(left).sub(1))))
    if (count !== undefined) count(mask)
    else {
      a.while(mask, () => {
        found(block.add(shift).add(mask.ctz()))
        a.set(mask, mask.and(mask.sub(1)))
      })
    }
    a.set(block, block.add(16))
    a.set(left, left.sub(16))
  })
}

/**
 * Part number n (i64, from 0) of each string between the first byte of a separator; a bitmap tells which have one, the
 * views of others are zeros.
 */
defineKernel({
  name: 'split_view',
  parameters: 6,
  operands: ['view', 'one view', 'part', 'to view', 'to bits', 'rows'],
  closure: (arena) => (views, separator, number, out, found, rows) => {
    const { u8, u64, i64 } = arena.views
    const byte = u8[bytesOf(arena, separator!).at]!
    const wanted = Number(i64[number! >>> 3])
    u8.fill(0, found!, found! + ((rows! + 63) >>> 6) * 8)
    for (let row = 0; row < rows!; row++) {
      const { at, length } = bytesOf(arena, views! + row * 16)
      let [from, to, left] = [at, at, wanted]
      for (; to < at + length; to++) {
        if (u8[to] !== byte) continue
        if (left === 0) break
        left--
        from = to + 1
      }
      const view = out! + row * 16
      u64.fill(0n, view >>> 3, (view >>> 3) + 2)
      if (left > 0) continue
      u8[found! + (row >>> 3)]! |= 1 << (row & 7)
      writeView(arena, view, from, to - from)
    }
    return 0
  },
  wasm: () =>
    assemble(6, (a, views, separator, number, out, found, rows) => {
      const numbers = a.let(byteNumbers)
      const size = a.let(separator.i32())
      const first = separator.add(4).when(size.below(inlineMax + 1), separator.i32(12))
      const byte = a.let(first.u8().mul(0x01010101).splat())
      const wanted = a.let(number.i64().wrap())
      const [left, from, to] = [a.i32(), a.i32(), a.i32()]
      const pointers: [I32, number][] = [
        [views, 16],
        [out, 16],
      ]
      storeRows(a, found, rows, pointers, () => {
        const length = a.let(views.i32())
        a.set(left, wanted)
        a.set(from, views.add(4).when(length.below(inlineMax + 1), views.i32(12)))
        a.set(to, from.add(length))
        a.block((leave) => {
          eachPlace(a, views, byte, (place) => {
            a.if(left.isZero(), () => {
              a.set(to, place)
              leave()
            })
            a.set(left, left.sub(1))
            a.set(from, place.add(1))
          })
        })
        a.if(
          left.isZero(),
          () => storeView(a, out, from, a.let(to.sub(from)), numbers),
          () => a.store(out, i64x2(0n, 0n)),
        )
        return left.isZero()
      })
      return i32(0)
    }),
})

/** How often the first byte of a needle stands in each string. */
defineKernel({
  name: 'count_byte_view',
  parameters: 4,
  operands: ['view', 'one view', 'to i64', 'rows'],
  closure: (arena) => (views, needle, out, rows) => {
    const { u8, i64 } = arena.views
    const byte = u8[bytesOf(arena, needle!).at]!
    for (let row = 0; row < rows!; row++) {
      const { at, length } = bytesOf(arena, views! + row * 16)
      let count = 0
      for (let index = 0; index < length; index++) if (u8[at + index] === byte) count++
      i64[(out! >>> 3) + row] = BigInt(count)
    }
    return 0
  },
  wasm: () =>
    assemble(4, (a, views, needle, out, rows) => {
      const size = a.let(needle.i32())
      const first = needle.add(4).when(size.below(inlineMax + 1), needle.i32(12))
      const byte = a.let(first.u8().mul(0x01010101).splat())
      const count = a.i32()
      const pointers: [I32, number][] = [
        [views, 16],
        [out, 8],
      ]
      eachRow(a, rows, pointers, () => {
        a.set(count, i32(0))
        eachPlace(
          a,
          views,
          byte,
          () => {},
          (mask) => a.set(count, count.add(mask.popcount())),
        )
        a.store(out, count.extendU())
      })
      return i32(0)
    }),
})

const each = (byte: number) => 0x0101010101010101n * BigInt(byte)

/** Eight bytes at a time with ASCII letters in the other case; returns 1 if a byte is not ASCII. */
function changeCase(name: string, from: number, to: number): void {
  defineKernel({
    name,
    parameters: 3,
    operands: ['i64', 'to i64', 'rows'],
    closure: (arena) => (source, out, words) => {
      const { u8 } = arena.views
      let all = 0
      for (let at = 0; at < words! * 8; at++) {
        const byte = u8[source! + at]!
        all |= byte
        u8[out! + at] = byte >= from && byte <= to ? byte ^ 0x20 : byte
      }
      return all >>> 7
    },
    wasm: () =>
      assemble(3, (a, source, out, words) => {
        const all = a.let(i64(0n))
        const pointers: [I32, number][] = [
          [source, 8],
          [out, 8],
        ]
        eachRow(a, words, pointers, () => {
          const word = a.let(source.i64())
          a.set(all, all.or(word))
          const low = a.let(word.and(each(0x7f)))
          const beyond = low.add(each(0x7f - to))
          const reached = low.add(each(0x80 - from))
          const ascii = word.xor(each(0xff)).and(each(0x80))
          const letters = reached.and(beyond.xor(each(0xff))).and(ascii)
          a.store(out, word.xor(letters.shr(2n)))
        })
        return all.and(each(0x80)).ne(0n)
      }),
  })
}

changeCase('lower_ascii', 65, 90)
changeCase('upper_ascii', 97, 122)
