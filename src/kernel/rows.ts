/**
 * Rows: the loops that kernel bodies share, for closures and as code.
 *
 * How      Code goes through rows in groups of eight (64 bytes of an 8-byte column), so a group is one byte of a
 *          bitmap; what lies behind the last row belongs to the same block of memory and is read, but never counts.
 */
import type { Arena } from './arena.ts'
import { type Assembly, type I32, i32, i64, type V128 } from './assembler.ts'

/** Closure: writes a bitmap, zero up to the end of its last word. */
export function writeBits(arena: Arena, to: number, rows: number, test: (row: number) => boolean) {
  const { u8 } = arena.views
  u8.fill(0, to, to + ((rows + 63) >>> 6) * 8)
  for (let row = 0; row < rows; row++) {
    if (test(row)) u8[to + (row >>> 3)]! |= 1 << (row & 7)
  }
}

export function bitAt(u8: Uint8Array, bitmap: number, row: number): number {
  return (u8[bitmap + (row >>> 3)]! >> (row & 7)) & 1
}

/** Code: once per group of eight rows; moves the pointers on by 64 bytes after each. */
export function eachGroup(a: Assembly, rows: I32, pointers: I32[], body: () => void): void {
  const left = a.let(rows)
  a.while(left.gt(0), () => {
    body()
    for (const pointer of pointers) a.set(pointer, pointer.add(64))
    a.set(left, left.sub(8))
  })
}

/** Code: once per whole group of eight rows, then once per row that is left; pointers move by 8 bytes per row. */
export function eachGroupThenRow(
  a: Assembly,
  rows: I32,
  pointers: I32[],
  group: () => void,
  row: () => void,
): void {
  const left = a.let(rows)
  a.while(left.ge(8), () => {
    group()
    for (const pointer of pointers) a.set(pointer, pointer.add(64))
    a.set(left, left.sub(8))
  })
  a.while(left.gt(0), () => {
    row()
    for (const pointer of pointers) a.set(pointer, pointer.add(8))
    a.set(left, left.sub(1))
  })
}

/** Code: once per row; `pointers` move on by the bytes given with each. */
export function eachRow(a: Assembly, rows: I32, pointers: [I32, number][], body: () => void): void {
  const left = a.let(rows)
  a.while(left.gt(0), () => {
    body()
    for (const [pointer, bytes] of pointers) a.set(pointer, pointer.add(bytes))
    a.set(left, left.sub(1))
  })
}

/** Code: writes a bitmap from one byte per group of eight rows. */
export function storeGroups(
  a: Assembly,
  to: I32,
  rows: I32,
  pointers: I32[],
  group: () => I32,
): void {
  a.if(rows.gt(0), () => {
    a.store(to.add(rows.sub(1).shr(6).shl(3)), i64(0n))
    const left = a.let(rows)
    a.while(left.gt(0), () => {
      a.store8(to, group().and(i32(255).when(left.ge(8), i32(1).shl(left).sub(1))))
      a.set(to, to.add(1))
      for (const pointer of pointers) a.set(pointer, pointer.add(64))
      a.set(left, left.sub(8))
    })
  })
}

/** Code: the byte of eight rows from one comparison of two lanes each. */
export function groupByte(a: Assembly, lanes: (offset: number) => V128): I32 {
  const byte = a.let(lanes(0).bitmask('i64x2'))
  for (const [index, offset] of [16, 32, 48].entries()) {
    a.set(
      byte,
      byte.or(
        lanes(offset)
          .bitmask('i64x2')
          .shl((index + 1) * 2),
      ),
    )
  }
  return byte
}

/** Code: writes a bitmap row by row; `test` sees the row at the pointers. */
export function storeRows(
  a: Assembly,
  to: I32,
  rows: I32,
  pointers: [I32, number][],
  test: () => I32,
): void {
  const left = a.let(rows)
  const place = a.i32()
  const word = a.i64()
  a.while(left.gt(0), () => {
    a.set(word, i64(0n))
    a.set(place, i32(0))
    const count = a.let(left.when(left.lt(64), 64))
    a.loop(place, count, () => {
      // Bits enter at the top, so that no shift depends on the row.
      a.set(word, word.shr(1n).or(test().extendU().shl(63n)))
      for (const [pointer, bytes] of pointers) a.set(pointer, pointer.add(bytes))
    })
    a.store(to, word.shr(i32(64).sub(count).extendU()))
    a.set(to, to.add(8))
    a.set(left, left.sub(64))
  })
}

/** Code: once per row whose bit in the word is 1, ascending; the word is used up. */
export function eachBit(a: Assembly, word: ReturnType<Assembly['i64']>, body: (bit: I32) => void) {
  const bit = a.i32()
  a.while(word.ne(0n), () => {
    a.set(bit, word.ctz().wrap())
    body(bit)
    a.set(word, word.and(word.sub(1n)))
  })
}

/** Code: all ones below bit `rows` of a word, for 0 ≤ rows ≤ 64 taken at its 64. */
export function lowBits(rows: I32) {
  return i64(-1n).when(rows.ge(64), i64(1n).shl(rows.extendU()).sub(1n))
}
