/**
 * Cell own kernels: the bytes of long strings are copied to where the row keeps them.
 *
 * How      Room for a string has one of some sizes, whose freed pieces are a list each: the first four bytes of a piece
 *          are the address of the next one. A piece of the string's size is taken again, or room is cut from the end
 *          of a block.
 * Contract 1 (checked by test/cuboid/heap.test.ts) both bodies write the same bytes.
 *          2 (trusted) 8 readable bytes follow the bytes of a string.
 * Cost     some 10 ns per string of 100 bytes in cache.
 */
import type { Arena } from '../arena.ts'
import { assemble, i32 } from '../assembler.ts'
import { defineKernel } from '../kernels.ts'
import { marker, markerCode } from '../mark.ts'
import { inlineMax } from '../view.ts'
import { cellBlocks } from './blocks.ts'

const { fineMax, coarseMax, roomFor } = cellBlocks.strings

/**
 * Copies the bytes of long views in the rows at `refs[list[…]]` and has the views point there. `room` is three words:
 * where the next string goes, the end of that block, the heads of the lists of freed pieces or 0. Returns the number
 * of the first that is longer than 4 KB or for which there is no room, 16 bytes behind it included.
 */
defineKernel({
  name: 'cell_own_view',
  parameters: 6,
  closure: (arena: Arena) => (refs, list, from, count, offset, room) => {
    const { u32, u8 } = arena.views
    const mark = marker(arena)
    let next = u32[room! >>> 2]!
    const [end, heads] = [u32[(room! >>> 2) + 1]!, u32[(room! >>> 2) + 2]!]
    let index = from!
    for (; index < count!; index++) {
      const at = (u32[(refs! >>> 2) + u32[(list! >>> 2) + index]!]! + offset!) >>> 2
      const length = u32[at]!
      if (length <= inlineMax) continue
      if (length > coarseMax) break
      const { size, list: place } = roomFor(length)
      let to = heads === 0 ? 0 : u32[(heads + place) >>> 2]!
      if (to !== 0) u32[(heads + place) >>> 2] = u32[to >>> 2]!
      else {
        if (end - next < size + 16) break
        to = next
        next += size
      }
      const written = (length + 7) & ~7
      u8.copyWithin(to, u32[at + 3]!, u32[at + 3]! + written)
      for (let offset = 0; offset < written; offset += 256) mark(to + offset)
      mark(to + written - 1)
      u32[at + 3] = to
    }
    u32[room! >>> 2] = next
    return index
  },
  wasm: () =>
    assemble(6, (a, refs, list, from, count, offset, room) => {
      const [next, end] = [a.let(room.i32()), a.let(room.i32(4))]
      const heads = a.let(room.i32(8))
      const mark = markerCode(a)
      const [bytes, to, last, place] = [a.i32(), a.i32(), a.i32(), a.i32()]
      a.while(from.lt(count), (leave) => {
        const row = list.add(from.shl(2)).i32()
        const at = a.let(refs.add(row.shl(2)).i32().add(offset))
        const length = a.let(at.i32())
        a.if(length.above(inlineMax), () => {
          leave(length.above(coarseMax))
          const isFine = a.let(length.below(fineMax + 1))
          const size = a.let(length.add(7).and(-8).when(isFine, length.add(63).and(-64)))
          a.set(to, i32(0))
          a.if(heads, () => {
            a.set(place, heads.add(size.shr(1).when(isFine, size.shr(4).add(112))))
            a.set(to, place.i32())
            a.if(to, () => a.store(place, to.i32()))
          })
          a.if(to.isZero(), () => {
            leave(end.sub(next).below(size.add(16)))
            a.set(to, next)
            a.set(next, next.add(size))
          })
          a.set(bytes, at.i32(12))
          a.store(at, to, 12)
          a.set(last, to.add(length.add(7).and(-8)))
          a.set(place, to)
          a.while(place.below(last), () => {
            mark(place)
            a.set(place, place.add(256))
          })
          mark(last.sub(1))
          a.set(place, last.sub(15))
          a.while(to.below(place), () => {
            a.store(to, bytes.v128())
            a.set(to, to.add(16))
            a.set(bytes, bytes.add(16))
          })
          // What lies behind the string is another one's.
          a.if(to.below(last), () => a.store(to, bytes.i64()))
        })
        a.set(from, from.add(1))
      })
      a.store(room, next)
      return from
    }),
})
