/**
 * Mark: which blocks of 256 bytes were written since the maps were swapped, in kernels; and the way to read a map.
 *
 * How      1. A kernel that writes state takes `markerCode` once per call and marks each address that it writes.
 *          2. `mark_rows` marks whole rows whose addresses are listed, for all kernels that then write them.
 *          3. A frozen map is collected into a list of block numbers, and cleared on the way; the blocks of a list
 *             are gathered side by side.
 * Contract 1 (trusted) maps hold 0 and 1; ranges are multiples of 64 blocks.
 * Cost     mark_rows 0.2–0.5 ns per row while its part of the map is in cache; a map of 4 MB (1 GB of memory) is read
 *          in some 0.2 ms.
 */
import { type Arena, activeMapAt, blockBytes } from './arena.ts'
import { type Assembly, assemble, type I32, i32, i64x2, type V128 } from './assembler.ts'
import { defineKernel } from './kernels.ts'
import { eachRow } from './rows.ts'

/** Code: reads the address of the active map; the result marks the block of an address. */
export function markerCode(a: Assembly): (address: I32) => void {
  const map = a.let(i32(activeMapAt).i32())
  return (address) => a.store8(map.add(address.shr(8)), i32(1))
}

/** Closure: marks the block of an address. */
export function marker(arena: Arena): (address: number) => void {
  const { u8 } = arena.views
  const map = arena.activeMap
  return (address) => {
    u8[map + (address >>> 8)] = 1
  }
}

/** Code: marks whole fours of rows that end `last` bytes behind their address; `refs` and `rows` go on to the rest. */
function markFours(a: Assembly, refs: I32, rows: I32, last: I32): void {
  const one = a.let(i32(1))
  const map = a.let(i32(activeMapAt).i32().splat())
  const further = a.let(last.splat())
  a.while(rows.ge(4), () => {
    const first = a.let(refs.v128())
    const second = first.op('i32x4.add', further)
    for (const end of [first, second]) {
      const marks = a.let(end.shift('i32x4.shr_u', 8).op('i32x4.add', map))
      for (let lane = 0; lane < 4; lane++) a.store8(marks.laneI32(lane), one)
    }
    a.set(refs, refs.add(16))
    a.set(rows, rows.sub(4))
  })
}

/** Marks rows of `bytes` by their addresses. */
defineKernel({
  name: 'mark_rows',
  parameters: 3,
  closure: (arena: Arena) => (refs, rows, bytes) => {
    const { u32 } = arena.views
    const mark = marker(arena)
    for (let row = 0; row < rows!; row++) {
      const address = u32[(refs! >>> 2) + row]!
      for (let offset = 0; offset < bytes!; offset += blockBytes) mark(address + offset)
      mark(address + bytes! - 1)
    }
    return 0
  },
  wasm: () =>
    assemble(3, (a, refs, rows, bytes) => {
      const mark = markerCode(a)
      const last = a.let(bytes.sub(1))
      a.if(last.below(blockBytes), () => markFours(a, refs, rows, last))
      const ends = () => {
        const address = a.let(refs.i32())
        mark(address)
        mark(address.add(last))
        return address
      }
      a.if(
        last.below(blockBytes),
        () => eachRow(a, rows, [[refs, 4]], ends),
        () =>
          eachRow(a, rows, [[refs, 4]], () => {
            const address = ends()
            const offset = a.let(i32(blockBytes))
            a.loop(offset, bytes, () => mark(address.add(offset)), blockBytes)
          }),
      )
      return i32(0)
    }),
})

/**
 * Lists the marked blocks of `map` from the number at `cursor` up to `end` and clears their marks; stops before 64
 * more might not have room. The cursor goes to where it stopped.
 */
defineKernel({
  name: 'mark_collect',
  parameters: 5,
  closure: (arena: Arena) => (map, cursor, end, out, most) => {
    const { u8, u32 } = arena.views
    let count = 0
    let block = u32[cursor! >>> 2]!
    for (; block < end! && count + 64 <= most!; block += 64) {
      for (let at = block; at < block + 64; at++) {
        if (u8[map! + at] === 0) continue
        u8[map! + at] = 0
        u32[(out! >>> 2) + count++] = at
      }
    }
    u32[cursor! >>> 2] = block
    return count
  },
  wasm: () =>
    assemble(5, (a, map, cursor, end, out, most) => {
      const block = a.let(cursor.i32())
      const [at, to, last] = [a.i32(), a.let(out), a.let(out.add(most.shl(2)).sub(256))]
      const nothing = a.let(i64x2(0n, 0n))
      const bits = a.i32()
      a.while(block.below(end).and(to.above(last).isZero()), () => {
        a.set(at, map.add(block))
        const lanes = [0, 16, 32, 48].map((offset) => at.v128(offset))
        a.if(lanes.reduce((all, lane) => all.or(lane)).anyTrue(), () => {
          for (const [index, lane] of lanes.entries()) {
            a.set(bits, lane.op('i8x16.eq', nothing).bitmask('i8x16').xor(0xffff))
            a.while(bits, () => {
              a.store(to, block.add(index * 16).add(bits.ctz()))
              a.set(to, to.add(4))
              a.set(bits, bits.and(bits.sub(1)))
            })
            a.store(at, nothing, index * 16)
          }
        })
        a.set(block, block.add(64))
      })
      a.store(cursor, block)
      return to.sub(out).shr(2)
    }),
})

/** Number of marks in 64 bytes of a map out of every `stride`. */
defineKernel({
  name: 'mark_count',
  parameters: 4,
  closure: (arena: Arena) => (map, from, end, stride) => {
    const { u8 } = arena.views
    let count = 0
    for (let line = from!; line < end!; line += stride!) {
      for (let at = line; at < line + 64; at++) count += u8[map! + at]!
    }
    return count
  },
  wasm: () =>
    assemble(4, (a, map, from, end, stride) => {
      const [at, count] = [a.i32(), a.i64()]
      a.while(from.below(end), () => {
        a.set(at, map.add(from))
        // Marks take one bit of their byte, so those of four lanes fit into one.
        const lanes = [0, 16, 32, 48].map(
          (offset, index): V128 => at.v128(offset).shift('i64x2.shl', index),
        )
        const all = a.let(lanes.reduce((sum, lane) => sum.or(lane)))
        const marks = all.laneI64(0).popcount().add(all.laneI64(1).popcount())
        a.set(count, count.add(marks))
        a.set(from, from.add(stride))
      })
      return count.wrap()
    }),
})

/** Copies the listed blocks side by side. */
defineKernel({
  name: 'mark_gather',
  parameters: 3,
  closure: (arena: Arena) => (list, count, to) => {
    const { u8, u32 } = arena.views
    for (let index = 0; index < count!; index++) {
      const from = u32[(list! >>> 2) + index]! * blockBytes
      u8.copyWithin(to! + index * blockBytes, from, from + blockBytes)
    }
    return 0
  },
  wasm: () =>
    assemble(3, (a, list, count, to) => {
      const moving: [I32, number][] = [
        [list, 4],
        [to, blockBytes],
      ]
      eachRow(a, count, moving, () => {
        const from = a.let(list.i32().shl(8))
        for (let offset = 0; offset < blockBytes; offset += 16) {
          a.store(to, from.v128(offset), offset)
        }
      })
      return i32(0)
    }),
})
