/**
 * Join chain kernels: hash chains of entries that stand for stored rows, and the pairs of a probe.
 *
 * Format   part {heads, mask, used, limit}: heads are u32 pointers, one per slot, to the newest entry of a slot.
 *          entry, 16 B: u32 pointer to the next entry of the slot | u32 hash | u32 stored row | u32 entry before it, in
 *          tables whose rows can be removed; then the row starts with the address of its entry. The low four bits of a
 *          pointer say which tags, each one of four by its hash, occur from the entry on. 0 ends a chain.
 * How      1. The hash names a part by its top bits and a slot by its low ones. New entries come to the front of a
 *             chain, side by side in memory in the order in which they are linked.
 *          2. A probe reads all heads in a loop without branches and keeps those that have its tag. Then all chains
 *             are walked at once, one entry of each after the other, as long as the tag occurs: again without branches,
 *             so that the misses of many overlap. Pairs of different keys are dropped column by column.
 * Contract 1 (checked by test/cuboid/join-table.test.ts) of the entries of one hash the newest comes first, always.
 * Cost     one cache miss per row to insert and to look up, many at a time; one per candidate.
 */
import type { Arena } from '../arena.ts'
import { type Assembly, assemble, type I32, i32 } from '../assembler.ts'
import { cellBlocks } from '../cell/blocks.ts'
import { defineKernel } from '../kernels.ts'
import { marker, markerCode } from '../mark.ts'
import { eachRow } from '../rows.ts'

const { part: partFields, joinEntry, joinLink, joinProbe } = cellBlocks
const entryFields = joinEntry
const tagBits = 15
const partShift = 26

const tagOf = (hash: number) => 1 << ((hash >>> 24) & 3)
const tagCode = (hash: I32) => i32(1).shl(hash.shr(24).and(3))

/** Index of the slot of a hash in u32, and of its part. */
function slotOf(u32: Uint32Array, parts: number, partMask: number, hash: number) {
  const part = (parts >>> 2) + ((hash >>> partShift) & partMask) * 4
  return { part, slot: (u32[part]! >>> 2) + (hash & u32[part + 1]!) }
}

/** Code: address of the part of a hash. */
function partCode(parts: I32, partMask: I32, hash: I32): I32 {
  return parts.add(hash.shr(partShift).and(partMask).shl(4))
}

/** Code: address of the slot of a hash in its part. */
function slotCode(part: I32, hash: I32): I32 {
  return part.i32().add(hash.and(part.i32(partFields.mask)).shl(2))
}

/** Closure: puts an entry before the others of its slot. */
function chain(arena: Arena, [parts, partMask, back]: [number, number, number], entry: number) {
  const { u32 } = arena.views
  const mark = marker(arena)
  const at = entry >>> 2
  const hash = u32[at + 1]!
  const { part, slot } = slotOf(u32, parts, partMask, hash)
  const next = u32[slot]!
  u32[slot] = entry | (next & tagBits) | tagOf(hash)
  u32[part + 2]!++
  u32[at] = next
  mark(slot * 4)
  if (back === 0) return
  u32[at + 3] = 0
  if (next === 0) return
  u32[((next & ~tagBits) >>> 2) + 3] = entry
  mark(next)
}

/** Code: as `chain`. */
function chainCode(
  a: Assembly,
  mark: (address: I32) => void,
  [parts, partMask, back]: [I32, I32, I32],
  entry: I32,
  hash: I32,
): void {
  const part = a.let(partCode(parts, partMask, hash))
  const slot = a.let(slotCode(part, hash))
  const next = a.let(slot.i32())
  a.store(slot, entry.or(next.and(tagBits)).or(tagCode(hash)))
  a.store(part, part.i32(partFields.used).add(1), partFields.used)
  a.store(entry, next)
  mark(slot)
  a.if(back, () => {
    a.store(entry, i32(0), entryFields.previous)
    a.if(next, () => {
      a.store(next.and(~tagBits), entry, entryFields.previous)
      mark(next)
    })
  })
}

/** Code: reads the slots of some hashes, so that the misses of many overlap. */
function readSlots(a: Assembly, parts: I32, partMask: I32, hashes: I32, count: I32): void {
  const [at, sum] = [a.let(hashes), a.i32()]
  eachRow(a, count, [[at, 4]], () => {
    const hash = a.let(at.i32())
    a.set(sum, sum.or(slotCode(a.let(partCode(parts, partMask, hash)), hash).i32()))
  })
  // What is read must seem to be of use.
  a.if(sum.eq(tagBits), () => a.set(sum, i32(0)))
}

/**
 * Makes `count` entries side by side for rows and chains them. With `back` each row learns its entry. Slots, and rows
 * that are written, are marked as changed; entries and parts are left to the caller.
 */
defineKernel({
  name: 'join_link',
  parameters: 2,
  closure: (arena: Arena) => (control, count) => {
    const { u32 } = arena.views
    const mark = marker(arena)
    const field = (offset: number) => u32[(control! + offset) >>> 2]!
    const [hashes, rows] = [field(joinLink.hashes) >>> 2, field(joinLink.rows) >>> 2]
    const [first, back] = [field(joinLink.first), field(joinLink.back)]
    for (let index = 0; index < count!; index++) {
      const entry = first + index * joinEntry.bytes
      const row = u32[rows + index]!
      u32[(entry >>> 2) + 1] = u32[hashes + index]!
      u32[(entry >>> 2) + 2] = row
      chain(arena, [field(joinLink.parts), field(joinLink.mask), back], entry)
      if (back === 0) continue
      u32[row >>> 2] = entry
      mark(row)
    }
    return 0
  },
  wasm: () =>
    assemble(2, (a, control, count) => {
      const mark = markerCode(a)
      const field = (offset: number) => a.let(control.i32(offset))
      const [parts, partMask, back] = [
        field(joinLink.parts),
        field(joinLink.mask),
        field(joinLink.back),
      ]
      const [hashes, rows, entry] = [
        field(joinLink.hashes),
        field(joinLink.rows),
        field(joinLink.first),
      ]
      readSlots(a, parts, partMask, hashes, count)
      const moving: [I32, number][] = [
        [hashes, 4],
        [rows, 4],
        [entry, joinEntry.bytes],
      ]
      eachRow(a, count, moving, () => {
        const [hash, row] = [a.let(hashes.i32()), a.let(rows.i32())]
        a.store(entry, hash, entryFields.hash)
        a.store(entry, row, entryFields.row)
        chainCode(a, mark, [parts, partMask, back], entry, hash)
        a.if(back, () => {
          a.store(row, entry)
          mark(row)
        })
      })
      return i32(0)
    }),
})

/** Chains all entries from one address to another anew, those without a row aside; marks the slots. */
defineKernel({
  name: 'join_relink',
  parameters: 5,
  closure: (arena: Arena) => (parts, partMask, back, first, end) => {
    const { u32 } = arena.views
    for (let entry = first!; entry < end!; entry += joinEntry.bytes) {
      if (u32[(entry + joinEntry.row) >>> 2] !== 0) chain(arena, [parts!, partMask!, back!], entry)
    }
    return 0
  },
  wasm: () =>
    assemble(5, (a, parts, partMask, back, first, end) => {
      const mark = markerCode(a)
      a.while(first.below(end), () => {
        a.if(first.i32(entryFields.row), () => {
          const hash = a.let(first.i32(entryFields.hash))
          chainCode(a, mark, [parts, partMask, back], first, hash)
        })
        a.set(first, first.add(joinEntry.bytes))
      })
      return i32(0)
    }),
})

/** Reads memory from one end to the other, so that it is in the cache. */
defineKernel({
  name: 'join_stream',
  parameters: 2,
  closure: () => () => 0,
  wasm: () =>
    assemble(2, (a, from, bytes) => {
      const [end, sum] = [a.let(from.add(bytes)), a.i32()]
      a.while(from.below(end), () => {
        a.set(sum, sum.or(from.i32()))
        a.set(from, from.add(64))
      })
      // What is read must seem to be of use.
      a.if(sum.eq(tagBits), () => a.set(sum, i32(0)))
      return i32(0)
    }),
})

/** Row numbers and first entries of the hashes whose slot has their tag; returns how many. */
defineKernel({
  name: 'join_heads',
  parameters: 6,
  closure: (arena: Arena) => (parts, partMask, hashes, rows, numbers, heads) => {
    const { u32 } = arena.views
    let count = 0
    for (let row = 0; row < rows!; row++) {
      const hash = u32[(hashes! >>> 2) + row]!
      const pointer = u32[slotOf(u32, parts!, partMask!, hash).slot]!
      u32[(numbers! >>> 2) + count] = row
      u32[(heads! >>> 2) + count] = pointer & ~tagBits
      if ((pointer & tagOf(hash)) !== 0) count++
    }
    return count
  },
  wasm: () =>
    assemble(6, (a, parts, partMask, hashes, rows, numbers, heads) => {
      // Where a store goes must not depend on what is read: else reads would wait for each other.
      const [from, at, row] = [a.let(hashes), a.let(heads), a.i32()]
      const moving: [I32, number][] = [
        [from, 4],
        [at, 4],
      ]
      eachRow(a, rows, moving, () => {
        const hash = a.let(from.i32())
        a.store(at, slotCode(a.let(partCode(parts, partMask, hash)), hash).i32())
      })
      a.set(at, i32(0))
      a.loop(row, rows, () => {
        const hash = a.let(hashes.add(row.shl(2)).i32())
        const pointer = a.let(heads.add(row.shl(2)).i32())
        a.store(numbers.add(at), row)
        a.store(heads.add(at), pointer.and(~tagBits))
        a.set(at, at.add(pointer.and(tagCode(hash)).ne(0).shl(2)))
      })
      return at.shr(2)
    }),
})

/**
 * Walks chains, all of them one entry further at a time, and gives the pairs of a probe row with the stored row of an
 * entry of its hash; stops when all chains are at their end, or when the pairs of one more round might not have room.
 */
defineKernel({
  name: 'join_walk',
  parameters: 1,
  closure: (arena: Arena) => (control) => {
    const { u32 } = arena.views
    const field = (offset: number) => u32[(control! + offset) >>> 2]!
    const [numbers, heads] = [field(joinProbe.numbers) >>> 2, field(joinProbe.heads) >>> 2]
    const [probe, build] = [field(joinProbe.probe) >>> 2, field(joinProbe.build) >>> 2]
    const [hashes, names] = [field(joinProbe.hashes) >>> 2, field(joinProbe.names) >>> 2]
    const most = field(joinProbe.most)
    let active = field(joinProbe.active)
    let count = 0
    while (active > 0 && count + active <= most) {
      let kept = 0
      for (let index = 0; index < active; index++) {
        const number = u32[numbers + index]!
        const entry = u32[heads + index]! >>> 2
        const hash = u32[hashes + number]!
        u32[probe + count] = names === 0 ? number : u32[names + number]!
        u32[build + count] = u32[entry + 2]!
        if (u32[entry + 1] === hash) count++
        const next = u32[entry]!
        u32[numbers + kept] = number
        u32[heads + kept] = next & ~tagBits
        if ((next & tagOf(hash)) !== 0) kept++
      }
      active = kept
    }
    u32[(control! + joinProbe.active) >>> 2] = active
    return count
  },
  wasm: () =>
    assemble(1, (a, control) => {
      const field = (offset: number) => a.let(control.i32(offset))
      const [numbers, heads] = [field(joinProbe.numbers), field(joinProbe.heads)]
      const [probe, build] = [field(joinProbe.probe), field(joinProbe.build)]
      const [hashes, names] = [field(joinProbe.hashes), field(joinProbe.names)]
      const [most, active] = [field(joinProbe.most), field(joinProbe.active)]
      const [work, copy] = [field(joinProbe.work), a.i32()]
      const [count, from, to, end] = [a.i32(), a.i32(), a.i32(), a.i32()]
      a.while(active.ne(0).and(count.add(active).le(most)), () => {
        a.set(copy, work)
        a.set(from, heads)
        const moving: [I32, number][] = [
          [from, 4],
          [copy, joinEntry.bytes],
        ]
        eachRow(a, active, moving, () => a.store(copy, from.i32().v128()))
        a.set(copy, work)
        a.set(from, i32(0))
        a.set(to, i32(0))
        a.set(end, active.shl(2))
        a.while(from.below(end), () => {
          const number = a.let(numbers.add(from).i32())
          const hash = a.let(hashes.add(number.shl(2)).i32())
          const out = a.let(count.shl(2))
          const name = names.add(number.shl(2)).when(names, numbers.add(from))
          a.store(probe.add(out), name.i32())
          a.store(build.add(out), copy.i32(entryFields.row))
          a.set(count, count.add(copy.i32(entryFields.hash).eq(hash)))
          const next = a.let(copy.i32())
          a.store(numbers.add(to), number)
          a.store(heads.add(to), next.and(~tagBits))
          a.set(to, to.add(next.and(tagCode(hash)).ne(0).shl(2)))
          a.set(copy, copy.add(joinEntry.bytes))
          a.set(from, from.add(4))
        })
        a.set(active, to.shr(2))
      })
      a.store(control, active, joinProbe.active)
      return count
    }),
})
