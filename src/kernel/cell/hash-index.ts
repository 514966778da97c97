/**
 * Cell index kernels: look-up and insertion by hash, and growth.
 *
 * How      1. `cell_find` takes the row of each hash that is in the group where its search starts, without a branch,
 *             and lists the others. `cell_probe` goes through these: it searches further or takes a new row, and
 *             returns where in the list it needs room, with the reason.
 *          2. A group of the index is 64 bytes: eight hashes, eight rows. A search starts at the group that the hash
 *             names and ends at the first group with an empty slot, so one comparison of eight hashes nearly always
 *             decides.
 *          3. Keys are compared afterwards, column by column: key.ts.
 * Contract 1 (trusted) no hash is 0, which marks empty slots.
 *          2 (trusted) a table is never full: limits are below the number of slots.
 * Cost     one cache miss per row in a large table.
 */
import type { Arena } from '../arena.ts'
import { type Assembly, assemble, type I32, i32, i64x2, type V128 } from '../assembler.ts'
import { defineKernel } from '../kernels.ts'
import { marker, markerCode } from '../mark.ts'
import { eachRow } from '../rows.ts'
import { cellBlocks } from './blocks.ts'

const { probe, stop, part: partFields } = cellBlocks
/** In a group of slots the rows come behind the eight hashes. */
const refsAt = 32
/** The place of a hash: its slot, or the empty one where the search ends. */
function seek(u32: Uint32Array, slots: number, mask: number, hash: number): number {
  for (let group = hash & mask; ; group = (group + 1) & mask) {
    const start = (slots >>> 2) + group * 16
    let empty = 0
    for (let slot = start; slot < start + 8; slot++) {
      if (u32[slot] === hash) return slot
      if (empty === 0 && u32[slot] === 0) empty = slot
    }
    if (empty !== 0) return empty
  }
}

interface Seeker {
  part: I32
  slot: I32
  /** The row of the slot, or 0. */
  found: I32
  seek: (hash: I32) => void
}

/** Code: as `seek`, once per call of the result's `seek`. */
function seekerCode(a: Assembly, directory: I32, directoryMask: I32): Seeker {
  const part = a.let(directory)
  const [groups, mask] = [a.let(part.i32()), a.let(part.i32(partFields.mask))]
  const [group, slot, found, matches] = [a.i32(), a.i32(), a.i32(), a.i32()]
  const [needle, nothing] = [a.v128(), a.let(i64x2(0n, 0n))]
  const seek = (hash: I32) => {
    a.if(directoryMask, () => {
      a.set(part, directory.add(hash.shr(26).and(directoryMask).shl(4)))
      a.set(groups, part.i32())
      a.set(mask, part.i32(partFields.mask))
    })
    a.set(group, hash.and(mask))
    a.set(needle, hash.splat())
    a.repeat((again) => {
      a.set(slot, groups.add(group.shl(6)))
      a.set(matches, eightOf(slot, needle))
      a.if(
        matches,
        () => {
          a.set(slot, slot.add(matches.ctz().shl(2)))
          a.set(found, slot.i32(refsAt))
        },
        () => {
          a.set(matches, eightOf(slot, nothing))
          a.if(matches.isZero(), () => {
            a.set(group, group.add(1).and(mask))
            again()
          })
          a.set(slot, slot.add(matches.ctz().shl(2)))
          a.set(found, i32(0))
        },
      )
    })
  }
  return { part, slot, found, seek }
}

/** Code: one bit per hash of a group that equals the needle. */
function eightOf(group: I32, needle: V128): I32 {
  const four = (offset: number) => group.v128(offset).op('i32x4.eq', needle).bitmask('i32x4')
  return four(0).or(four(16).shl(4))
}

/** refs[row] = row of the slot with the hash in its first group, else 0; lists the rows without one, counts them. */
defineKernel({
  name: 'cell_find',
  parameters: 2,
  closure: (arena: Arena) => (control, rows) => {
    const { u32 } = arena.views
    const field = (offset: number) => u32[(control! + offset) >>> 2]!
    const directory = field(probe.directory) >>> 2
    const refs = field(probe.refs) >>> 2
    const hashes = field(probe.hashes) >>> 2
    const list = field(probe.newRows) >>> 2
    let count = 0
    for (let row = 0; row < rows!; row++) {
      const hash = u32[hashes + row]!
      const part = directory + ((hash >>> 26) & field(probe.directoryMask)) * 4
      const slots = (u32[part]! >>> 2) + (hash & u32[part + 1]!) * 16
      const place = u32.subarray(slots, slots + 8).indexOf(hash)
      u32[refs + row] = place < 0 ? 0 : u32[slots + 8 + place]!
      if (place < 0) u32[list + count++] = row
    }
    return count
  },
  wasm: () =>
    assemble(2, (a, control, rows) => {
      const field = (offset: number) => a.let(control.i32(offset))
      const [directory, directoryMask] = [field(probe.directory), field(probe.directoryMask)]
      const [refs, hashes, list] = [field(probe.refs), field(probe.hashes), field(probe.newRows)]
      const [row, to] = [a.i32(), a.let(list)]
      const [groups, mask] = [a.let(directory.i32()), a.let(directory.i32(partFields.mask))]
      const findRow = (group: (hash: I32) => I32) => {
        const hash = a.let(hashes.add(row.shl(2)).i32())
        const slots = a.let(group(hash))
        const matches = a.let(eightOf(slots, a.let(hash.splat())))
        // With one bit too many, so that the slot is one of the group in any case.
        const found = a.let(slots.add(matches.or(128).ctz().shl(2)).i32(refsAt))
        a.store(refs.add(row.shl(2)), found.when(matches, 0))
        a.store(to, row)
        a.set(to, to.add(matches.isZero().shl(2)))
      }
      const inOne = (hash: I32) => groups.add(hash.and(mask).shl(6))
      const inParts = (hash: I32) => {
        const part = a.let(directory.add(hash.shr(26).and(directoryMask).shl(4)))
        return part.i32().add(hash.and(part.i32(partFields.mask)).shl(6))
      }
      a.if(
        directoryMask.isZero(),
        () => a.loop(row, rows, () => findRow(inOne)),
        () => a.loop(row, rows, () => findRow(inParts)),
      )
      return to.sub(list).shr(2)
    }),
})

/**
 * Goes on with the list of `cell_find` at number `from`. `newRows` is the list itself: those that made a new row come
 * to stand at its start. Rows are taken from the freed ones first, then one after the other.
 */
defineKernel({
  name: 'cell_probe',
  parameters: 3,
  closure: (arena: Arena) => (control, from, count) => {
    const { u32 } = arena.views
    const block = control! >>> 2
    const field = (offset: number) => u32[block + (offset >>> 2)]!
    const directory = field(probe.directory) >>> 2
    const directoryMask = field(probe.directoryMask)
    const end = field(probe.end)
    const rowBytes = field(probe.rowBytes)
    const list = field(probe.newRows) >>> 2
    const refs = field(probe.refs) >>> 2
    const hashes = field(probe.hashes) >>> 2
    let next = field(probe.next)
    let free = field(probe.free)
    let newCount = field(probe.newCount)
    let reason: number = stop.done
    let index = from!
    const mark = marker(arena)
    for (; index < count!; index++) {
      const row = u32[list + index]!
      const hash = u32[hashes + row]!
      const number = (hash >>> 26) & directoryMask
      const part = directory + number * 4
      const slot = seek(u32, u32[part]!, u32[part + 1]!, hash)
      let address = u32[slot + 8]!
      if (address === 0) {
        address = free
        if (u32[part + 2]! >= u32[part + 3]!) reason = stop.part
        else if (free !== 0) free = u32[free >>> 2]!
        else if (end - next < rowBytes) reason = stop.rows
        else {
          address = next
          next += rowBytes
        }
        if (reason !== stop.done) {
          u32[block + (probe.part >>> 2)] = number
          break
        }
        u32[slot] = hash
        u32[slot + 8] = address
        u32[part + 2]!++
        mark(slot * 4)
        mark(part * 4)
        u32[list + newCount++] = row
      }
      u32[refs + row] = address
    }
    u32[block + (probe.next >>> 2)] = next
    u32[block + (probe.free >>> 2)] = free
    u32[block + (probe.newCount >>> 2)] = newCount
    u32[block + (probe.reason >>> 2)] = reason
    return index
  },
  wasm: () =>
    assemble(3, (a, control, from, count) => {
      const field = (offset: number) => a.let(control.i32(offset))
      const [directory, directoryMask] = [field(probe.directory), field(probe.directoryMask)]
      const [refs, hashes] = [field(probe.refs), field(probe.hashes)]
      const [list, rowBytes] = [field(probe.newRows), field(probe.rowBytes)]
      const [next, end] = [field(probe.next), field(probe.end)]
      const [free, newCount] = [field(probe.free), field(probe.newCount)]
      const mark = markerCode(a)
      const { part, slot, found, seek } = seekerCode(a, directory, directoryMask)
      const stopFor = (reason: number) => a.store(control, i32(reason), probe.reason)
      stopFor(stop.done)
      a.while(from.lt(count), (leave) => {
        const row = a.let(list.add(from.shl(2)).i32())
        const hash = a.let(hashes.add(row.shl(2)).i32())
        seek(hash)
        a.if(found.isZero(), () => {
          const isFull = part.i32(partFields.used).atLeast(part.i32(partFields.limit))
          a.if(isFull, () => {
            stopFor(stop.part)
            a.store(control, hash.shr(26).and(directoryMask), probe.part)
            leave()
          })
          a.set(found, free)
          a.if(
            free,
            () => a.set(free, free.i32()),
            () => {
              a.if(end.sub(next).below(rowBytes), () => {
                stopFor(stop.rows)
                leave()
              })
              a.set(found, next)
              a.set(next, next.add(rowBytes))
            },
          )
          a.store(slot, hash)
          a.store(slot, found, refsAt)
          a.store(part, part.i32(partFields.used).add(1), partFields.used)
          mark(slot)
          mark(part)
          a.store(list.add(newCount.shl(2)), row)
          a.set(newCount, newCount.add(1))
        })
        a.store(refs.add(row.shl(2)), found)
        a.set(from, from.add(1))
      })
      a.store(control, next, probe.next)
      a.store(control, free, probe.free)
      a.store(control, newCount, probe.newCount)
      return from
    }),
})

/** Bits of the used slots of a group that do not begin at it: they had to go further. */
function straysCode(group: I32, number: V128, mask: V128, nothing: V128): I32 {
  const four = (offset: number) => {
    const away = group.v128(offset).and(mask).op('i32x4.ne', number)
    return away.andNot(group.v128(offset).op('i32x4.eq', nothing)).bitmask('i32x4')
  }
  return four(0).or(four(16).shl(4))
}

/**
 * Spreads the slots of `groups` groups over twice as many at `to`, whose content is arbitrary: those of a group go to
 * the group of its number or to the one `groups` further. Those that had to go further are entered afterwards.
 */
defineKernel({
  name: 'cell_double',
  parameters: 3,
  closure: (arena: Arena) => (old, groups, to) => {
    const { u32 } = arena.views
    u32.fill(0, to! >>> 2, (to! >>> 2) + groups! * 32)
    for (const strays of [false, true]) {
      for (let group = 0; group < groups!; group++) {
        const from = (old! >>> 2) + group * 16
        for (let slot = from; slot < from + 8; slot++) {
          const hash = u32[slot]!
          if (hash === 0 || ((hash & (groups! - 1)) !== group) !== strays) continue
          const place = seekEmpty(u32, to!, groups! * 2 - 1, hash)
          u32[place] = hash
          u32[place + 8] = u32[slot + 8]!
        }
      }
    }
    return 0
  },
  wasm: () =>
    assemble(3, (a, old, groups, to) => {
      const nothing = a.let(i64x2(0n, 0n))
      const mask = a.let(groups.sub(1))
      const distance = a.let(groups.shl(6))
      const number = a.i32()
      const [from, low] = [a.let(old), a.let(to)]
      a.loop(number, groups, () => {
        const high = a.let(low.add(distance))
        for (const group of [low, high]) {
          for (let offset = 0; offset < 64; offset += 16) a.store(group, nothing, offset)
        }
        const [lowEnd, highEnd] = [a.let(low), a.let(high)]
        for (let slot = 0; slot < 32; slot += 4) {
          // Stored in any case; what does not belong there is overwritten by the next or taken away at the end.
          const hash = a.let(from.i32(slot))
          const isHigh = a.let(hash.and(groups).ne(0))
          const place = a.let(highEnd.when(isHigh, lowEnd))
          a.store(place, hash)
          a.store(place, from.i32(slot + refsAt), refsAt)
          const stays = a.let(hash.and(mask).eq(number).and(hash.ne(0)))
          a.set(highEnd, highEnd.add(stays.and(isHigh).shl(2)))
          a.set(lowEnd, lowEnd.add(stays.and(isHigh.isZero()).shl(2)))
        }
        for (const [group, end] of [
          [low, lowEnd],
          [high, highEnd],
        ] as const) {
          a.if(end.ne(group.add(32)), () => {
            a.store(end, i32(0))
            a.store(end, i32(0), refsAt)
          })
        }
        a.set(from, from.add(64))
        a.set(low, low.add(64))
      })
      const newMask = a.let(groups.shl(1).sub(1))
      const [bits, slot] = [a.i32(), a.i32()]
      const lanes = a.let(mask.splat())
      a.set(from, old)
      a.set(number, i32(0))
      a.loop(number, groups, () => {
        a.set(bits, straysCode(from, a.let(number.splat()), lanes, nothing))
        a.while(bits, () => {
          a.set(slot, from.add(bits.ctz().shl(2)))
          const hash = a.let(slot.i32())
          const place = seekEmptyCode(a, to, newMask, hash)
          a.store(place, hash)
          a.store(place, slot.i32(refsAt), refsAt)
          a.set(bits, bits.and(bits.sub(1)))
        })
        a.set(from, from.add(64))
      })
      return i32(0)
    }),
})

/** Code: the first empty slot on the way of a hash. */
function seekEmptyCode(a: Assembly, groups: I32, mask: I32, hash: I32): I32 {
  const nothing = a.let(i64x2(0n, 0n))
  const group = a.let(hash.and(mask))
  const [slot, empty] = [a.i32(), a.i32()]
  a.repeat((again) => {
    a.set(slot, groups.add(group.shl(6)))
    a.set(empty, eightOf(slot, nothing))
    a.set(group, group.add(1).and(mask))
    again(empty.isZero())
  })
  return slot.add(empty.ctz().shl(2))
}

/** Enters the used slots of `groups` old groups into a directory; counts them in. */
defineKernel({
  name: 'cell_rehash',
  parameters: 4,
  closure: (arena: Arena) => (old, groups, directory, directoryMask) => {
    const { u32 } = arena.views
    for (let group = old! >>> 2; group < (old! >>> 2) + groups! * 16; group += 16) {
      for (let from = group; from < group + 8; from++) {
        const hash = u32[from]!
        if (hash === 0) continue
        const part = (directory! >>> 2) + ((hash >>> 26) & directoryMask!) * 4
        const to = seekEmpty(u32, u32[part]!, u32[part + 1]!, hash)
        u32[to] = hash
        u32[to + 8] = u32[from + 8]!
        u32[part + 2]!++
      }
    }
    return 0
  },
  wasm: () =>
    assemble(4, (a, old, groups, directory, directoryMask) => {
      const index = a.i32()
      eachRow(a, groups, [[old, 64]], () => {
        a.set(index, i32(0))
        a.loop(
          index,
          32,
          () => {
            const hash = a.let(old.add(index).i32())
            a.if(hash, () => {
              const part = a.let(directory.add(hash.shr(26).and(directoryMask).shl(4)))
              const [slots, mask] = [a.let(part.i32()), a.let(part.i32(partFields.mask))]
              const slot = a.let(seekEmptyCode(a, slots, mask, hash))
              a.store(slot, hash)
              a.store(slot, old.add(index).i32(refsAt), refsAt)
              a.store(part, part.i32(partFields.used).add(1), partFields.used)
            })
          },
          4,
        )
      })
      return i32(0)
    }),
})

/** The first empty slot on the way of a hash. */
function seekEmpty(u32: Uint32Array, slots: number, mask: number, hash: number): number {
  for (let group = hash & mask; ; group = (group + 1) & mask) {
    const start = (slots >>> 2) + group * 16
    for (let slot = start; slot < start + 8; slot++) if (u32[slot] === 0) return slot
  }
}

/**
 * Code: a read per row, four rows per turn: the fewer instructions lie between two reads, the more of their misses
 *          overlap. `read` gives the word of the row at the pointer plus an offset.
 */
function readAhead(a: Assembly, rows: I32, list: I32, read: (offset: number) => I32[]): I32 {
  const sum = a.i32()
  const each = (offset: number) => {
    for (const word of read(offset)) a.set(sum, sum.or(word))
  }
  a.while(rows.ge(4), () => {
    for (let row = 0; row < 4; row++) each(row * 4)
    a.set(list, list.add(16))
    a.set(rows, rows.sub(4))
  })
  eachRow(a, rows, [[list, 4]], () => each(0))
  // Never anything but 0; without it the reads would be left out.
  return sum.and(0)
}

/** Reads the group of each hash; changes nothing. */
defineKernel({
  name: 'cell_warm_index',
  parameters: 2,
  closure: () => () => 0,
  wasm: () =>
    assemble(2, (a, control, rows) => {
      const directory = a.let(control.i32(probe.directory))
      const directoryMask = a.let(control.i32(probe.directoryMask))
      const hashes = a.let(control.i32(probe.hashes))
      return readAhead(a, rows, hashes, (offset) => {
        const hash = a.let(hashes.i32(offset))
        const part = a.let(directory.add(hash.shr(26).and(directoryMask).shl(4)))
        return [
          part
            .i32()
            .add(hash.and(part.i32(partFields.mask)).shl(6))
            .i32(),
        ]
      })
    }),
})

/** Reads the first `bytes` of each row, a word per cache line; changes nothing. */
defineKernel({
  name: 'cell_warm_rows',
  parameters: 3,
  closure: () => () => 0,
  wasm: () =>
    assemble(3, (a, refs, rows, bytes) => {
      const list = a.let(refs)
      // The last line by its last word, as rows need not start at a line.
      const [last, offset, sum] = [a.let(bytes.sub(4)), a.i32(), a.i32()]
      const ahead = (words: (row: I32) => I32[]) => {
        const left = a.let(rows)
        readAhead(a, left, list, (at) => words(a.let(list.i32(at))))
      }
      a.if(
        bytes.le(64),
        () => ahead((row) => [row.i32(), row.add(last).i32()]),
        () =>
          a.if(
            bytes.le(128),
            () => ahead((row) => [row.i32(), row.i32(64)]),
            () =>
              eachRow(a, rows, [[refs, 4]], () => {
                const row = a.let(refs.i32())
                a.set(sum, sum.or(row.add(last).i32()))
                a.set(offset, i32(0))
                a.loop(offset, last, () => a.set(sum, sum.or(row.add(offset).i32())), 64)
              }),
          ),
      )
      return sum.and(0)
    }),
})

/** Reads the first bytes of each row's string at `offset`, likewise. */
defineKernel({
  name: 'cell_warm_view',
  parameters: 3,
  closure: () => () => 0,
  wasm: () =>
    assemble(3, (a, refs, rows, offset) => {
      const sum = a.i32()
      eachRow(a, rows, [[refs, 4]], () => {
        const view = a.let(refs.i32().add(offset))
        const long = view.i32().above(12)
        a.set(sum, sum.or(view.i32(12).when(long, view).i32()))
      })
      return sum.and(0)
    }),
})
