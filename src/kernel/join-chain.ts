/**
 * Join chain kernels: hash chains of stored rows, and the pairs of a probe.
 *
 * Format   part {heads, mask, rows, limit}: heads are u32 pointers, one per slot; a stored row starts with the u32
 *          pointer to the next row of its slot. Rows lie at multiples of 16: the low four bits of a pointer say which
 *          tags, each one of four by its hash, occur from the row on. 0 ends a chain.
 * How      1. The hash names a part by its top bits and a slot by its low ones. New rows come to the front of a chain,
 *             so that no other row is touched.
 *          2. A probe reads all heads in a loop without branches and keeps those that have its tag; then it walks the
 *             chains, as long as the tag occurs; then pairs of different keys are dropped, column by column.
 * Contract 1 (checked by test/cuboid/join-table.test.ts) of the rows of one slot the newest comes first, always.
 * Cost     one cache miss per row to insert and to look up, many at a time; one per candidate.
 */
import type { Arena } from './arena.ts'
import { type Assembly, assemble, type I32, i32 } from './assembler.ts'
import { cellBlocks } from './cell-blocks.ts'
import { defineKernel } from './kernels.ts'
import { marker, markerCode } from './mark.ts'
import { eachRow } from './rows.ts'
import { equalViews, equalViewsCode } from './view.ts'

const { part: partFields, joinProbe } = cellBlocks
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

/** Code: puts a row before the others of its slot; gives the pointer to those. */
function chainCode(
  a: Assembly,
  mark: (address: I32) => void,
  [parts, partMask]: [I32, I32],
  hash: I32,
  row: I32,
): I32 {
  const part = a.let(partCode(parts, partMask, hash))
  const slot = a.let(slotCode(part, hash))
  const next = a.let(slot.i32())
  a.store(slot, row.or(next.and(tagBits)).or(tagCode(hash)))
  a.store(part, part.i32(partFields.used).add(1), partFields.used)
  mark(slot)
  return next
}

/**
 * Chains `count` new rows that lie side by side, and clears the first word of their null masks. Slots are marked as
 * changed; rows and parts are left to the caller.
 */
defineKernel({
  name: 'join_link',
  parameters: 6,
  closure: (arena: Arena) => (parts, partMask, hashes, first, count, rowBytes) => {
    const { u32 } = arena.views
    const mark = marker(arena)
    for (let index = 0; index < count!; index++) {
      const row = first! + index * rowBytes!
      const hash = u32[(hashes! >>> 2) + index]!
      const { part, slot } = slotOf(u32, parts!, partMask!, hash)
      const next = u32[slot]!
      u32[slot] = row | (next & tagBits) | tagOf(hash)
      u32[part + 2]!++
      u32[row >>> 2] = next
      u32[(row >>> 2) + 1] = 0
      mark(slot * 4)
    }
    return 0
  },
  wasm: () =>
    assemble(6, (a, parts, partMask, hashes, first, count, rowBytes) => {
      const mark = markerCode(a)
      const left = a.let(count)
      a.while(left.gt(0), () => {
        const hash = a.let(hashes.i32())
        a.store(first, chainCode(a, mark, [parts, partMask], hash, first).extendU())
        a.set(hashes, hashes.add(4))
        a.set(first, first.add(rowBytes))
        a.set(left, left.sub(1))
      })
      return i32(0)
    }),
})

/** Chains listed rows anew; marks them, and the slots. */
defineKernel({
  name: 'join_relink',
  parameters: 5,
  closure: (arena: Arena) => (parts, partMask, hashes, list, count) => {
    const { u32 } = arena.views
    const mark = marker(arena)
    for (let index = 0; index < count!; index++) {
      const row = u32[(list! >>> 2) + index]!
      const hash = u32[(hashes! >>> 2) + index]!
      const { part, slot } = slotOf(u32, parts!, partMask!, hash)
      const next = u32[slot]!
      u32[slot] = row | (next & tagBits) | tagOf(hash)
      u32[part + 2]!++
      u32[row >>> 2] = next
      mark(slot * 4)
      mark(row)
    }
    return 0
  },
  wasm: () =>
    assemble(5, (a, parts, partMask, hashes, list, count) => {
      const mark = markerCode(a)
      const moving: [I32, number][] = [
        [hashes, 4],
        [list, 4],
      ]
      eachRow(a, count, moving, () => {
        const hash = a.let(hashes.i32())
        const row = a.let(list.i32())
        a.store(row, chainCode(a, mark, [parts, partMask], hash, row))
        mark(row)
      })
      return i32(0)
    }),
})

/** Code: reads the first two rows of each chain, so that the misses of many overlap. */
function warmChains(a: Assembly, heads: I32, slots: I32): void {
  const [at, end, sum] = [a.let(heads), a.let(heads.add(slots.shl(2))), a.i32()]
  a.while(at.below(end), () => {
    const first = a.let(at.i32().and(~tagBits))
    // Of an empty slot, the slot itself is read again, which gives 0.
    const second = a.let(first.when(first, at).i32().and(~tagBits))
    a.set(sum, sum.or(second.when(second, at).i32()))
    a.set(at, at.add(4))
  })
  // What is read must seem to be of use.
  a.if(sum.eq(tagBits), () => a.set(sum, i32(0)))
}

/** Lists all rows of `slots` chains from the back of a list on, so that older rows of a chain come first. */
defineKernel({
  name: 'join_unchain',
  parameters: 3,
  closure: (arena: Arena) => (heads, slots, end) => {
    const { u32 } = arena.views
    let at = end! >>> 2
    for (let slot = heads! >>> 2; slot < (heads! >>> 2) + slots!; slot++) {
      for (let row = u32[slot]! & ~tagBits; row !== 0; row = u32[row >>> 2]! & ~tagBits) {
        u32[--at] = row
      }
    }
    return at * 4
  },
  wasm: () =>
    assemble(3, (a, heads, slots, end) => {
      const row = a.i32()
      warmChains(a, heads, slots)
      eachRow(a, slots, [[heads, 4]], () => {
        a.set(row, heads.i32().and(~tagBits))
        a.while(row, () => {
          a.set(end, end.sub(4))
          a.store(end, row)
          a.set(row, row.i32().and(~tagBits))
        })
      })
      return end
    }),
})

/** Row numbers and first stored rows of the hashes whose slot has their tag; returns how many. */
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
      const [row, at] = [a.i32(), a.i32()]
      a.loop(row, rows, () => {
        const hash = a.let(hashes.add(row.shl(2)).i32())
        const part = a.let(partCode(parts, partMask, hash))
        const pointer = a.let(slotCode(part, hash).i32())
        a.store(numbers.add(at), row)
        a.store(heads.add(at), pointer.and(~tagBits))
        a.set(at, at.add(pointer.and(tagCode(hash)).ne(0).shl(2)))
      })
      return at.shr(2)
    }),
})

/** Code: appends the row behind `row`, with the tag in its low bits, if the tag occurs there. */
function advanceCode(a: Assembly, to: I32, row: I32, tag: I32): void {
  const next = a.let(row.i32())
  a.store(to, next.and(~tagBits).or(tag))
  a.set(to, to.add(next.and(tag).ne(0).shl(2)))
}

/** Reads the first row of each chain, so that the misses of many rows overlap; lists the second ones, with tags. */
defineKernel({
  name: 'join_warm',
  parameters: 5,
  closure: () => () => 0,
  wasm: () =>
    assemble(5, (a, numbers, heads, hashes, entries, to) => {
      const start = a.let(to)
      const moving: [I32, number][] = [
        [numbers, 4],
        [heads, 4],
      ]
      eachRow(a, entries, moving, () => {
        const tag = a.let(tagCode(a.let(hashes.add(numbers.i32().shl(2)).i32())))
        advanceCode(a, to, a.let(heads.i32()), tag)
      })
      return to.sub(start).shr(2)
    }),
})

/** Reads the listed rows, likewise, and lists those behind them in their place. */
defineKernel({
  name: 'join_warm_next',
  parameters: 2,
  closure: () => () => 0,
  wasm: () =>
    assemble(2, (a, list, count) => {
      const to = a.let(list)
      const start = a.let(list)
      eachRow(a, count, [[list, 4]], () => {
        const row = a.let(list.i32())
        advanceCode(a, to, a.let(row.and(~tagBits)), a.let(row.and(tagBits)))
      })
      return to.sub(start).shr(2)
    }),
})

/** Pairs of probe rows with the stored rows of their chain, as many as there is room for; goes on where it stopped. */
defineKernel({
  name: 'join_walk',
  parameters: 2,
  closure: (arena: Arena) => (control, entries) => {
    const { u32 } = arena.views
    const field = (offset: number) => u32[(control! + offset) >>> 2]!
    const [numbers, heads] = [field(joinProbe.numbers) >>> 2, field(joinProbe.heads) >>> 2]
    const [probe, build] = [field(joinProbe.probe) >>> 2, field(joinProbe.build) >>> 2]
    const [hashes, most] = [field(joinProbe.hashes) >>> 2, field(joinProbe.most)]
    let entry = field(joinProbe.entry)
    let at = field(joinProbe.at)
    let count = 0
    while (entry < entries! && count < most) {
      const row = u32[numbers + entry]!
      const tag = tagOf(u32[hashes + row]!)
      if (at === 0) at = u32[heads + entry]!
      while (at !== 0 && count < most) {
        u32[probe + count] = row
        u32[build + count++] = at
        const next = u32[at >>> 2]!
        at = (next & tag) === 0 ? 0 : next & ~tagBits
      }
      if (at === 0) entry++
    }
    u32[(control! + joinProbe.entry) >>> 2] = entry
    u32[(control! + joinProbe.at) >>> 2] = at
    return count
  },
  wasm: () =>
    assemble(2, (a, control, entries) => {
      const field = (offset: number) => a.let(control.i32(offset))
      const [numbers, heads] = [field(joinProbe.numbers), field(joinProbe.heads)]
      const [probe, build] = [field(joinProbe.probe), field(joinProbe.build)]
      const [hashes, most] = [field(joinProbe.hashes), field(joinProbe.most)]
      const [entry, at] = [field(joinProbe.entry), field(joinProbe.at)]
      const [count, tag, next] = [a.i32(), a.i32(), a.i32()]
      a.while(entry.lt(entries).and(count.lt(most)), () => {
        const row = a.let(numbers.add(entry.shl(2)).i32())
        a.set(tag, tagCode(a.let(hashes.add(row.shl(2)).i32())))
        a.if(at.isZero(), () => a.set(at, heads.add(entry.shl(2)).i32()))
        a.while(at.ne(0).and(count.lt(most)), () => {
          a.store(probe.add(count.shl(2)), row)
          a.store(build.add(count.shl(2)), at)
          a.set(count, count.add(1))
          a.set(next, at.i32())
          a.set(at, next.and(~tagBits).when(next.and(tag), 0))
        })
        a.set(entry, entry.add(at.isZero()))
      })
      a.store(control, entry, joinProbe.entry)
      a.store(control, at, joinProbe.at)
      return count
    }),
})

/** Code: keeps the pairs for which a test of (stored row, probe row) gives 1; returns how many. */
function keepCode(
  a: Assembly,
  probe: I32,
  build: I32,
  count: I32,
  test: (at: I32, row: I32) => I32,
) {
  const [from, kept] = [a.i32(), a.i32()]
  a.loop(from, count, () => {
    const [row, at] = [a.let(probe.add(from.shl(2)).i32()), a.let(build.add(from.shl(2)).i32())]
    a.store(probe.add(kept.shl(2)), row)
    a.store(build.add(kept.shl(2)), at)
    a.set(kept, kept.add(test(at, row)))
  })
  return kept
}

function keep(
  u32: Uint32Array,
  probe: number,
  build: number,
  count: number,
  test: (at: number, row: number) => boolean,
): number {
  let kept = 0
  for (let from = 0; from < count; from++) {
    const [row, at] = [u32[(probe >>> 2) + from]!, u32[(build >>> 2) + from]!]
    u32[(probe >>> 2) + kept] = row
    u32[(build >>> 2) + kept] = at
    if (test(at, row)) kept++
  }
  return kept
}

/** Drops the pairs whose stored key, at `offset`, is not that of the probe row. */
defineKernel({
  name: 'join_keep_i64',
  parameters: 5,
  closure: (arena: Arena) => (probe, build, count, offset, values) => {
    const { u32 } = arena.views
    return keep(u32, probe!, build!, count!, (at, row) => {
      const [stored, value] = [(at + offset!) >>> 2, (values! >>> 2) + row * 2]
      return u32[stored] === u32[value] && u32[stored + 1] === u32[value + 1]
    })
  },
  wasm: () =>
    assemble(5, (a, probe, build, count, offset, values) =>
      keepCode(a, probe, build, count, (at, row) =>
        at
          .add(offset)
          .i64()
          .eq(values.add(row.shl(3)).i64()),
      ),
    ),
})

defineKernel({
  name: 'join_keep_view',
  parameters: 5,
  closure: (arena: Arena) => (probe, build, count, offset, values) => {
    const { u32 } = arena.views
    return keep(u32, probe!, build!, count!, (at, row) =>
      equalViews(arena, at + offset!, values! + row * 16),
    )
  },
  wasm: () =>
    assemble(5, (a, probe, build, count, offset, values) =>
      keepCode(a, probe, build, count, (at, row) =>
        equalViewsCode(a, a.let(at.add(offset)), a.let(values.add(row.shl(4)))),
      ),
    ),
})

/** Positions of pairs: the greater of the probe row's and of the stored row's, which lies at `offset`. */
defineKernel({
  name: 'join_later',
  parameters: 6,
  closure: (arena: Arena) => (probe, build, count, offset, majors, to) => {
    const { u32, f64 } = arena.views
    for (let index = 0; index < count!; index++) {
      const own = f64[(majors! >>> 3) + u32[(probe! >>> 2) + index]!]!
      const other = f64[(u32[(build! >>> 2) + index]! + offset!) >>> 3]!
      f64[(to! >>> 3) + index] = Math.max(own, other)
    }
    return 0
  },
  wasm: () =>
    assemble(6, (a, probe, build, count, offset, majors, to) => {
      const moving: [I32, number][] = [
        [probe, 4],
        [build, 4],
        [to, 8],
      ]
      eachRow(a, count, moving, () => {
        const own = majors.add(probe.i32().shl(3)).f64()
        a.store(to, own.max(build.i32().add(offset).f64()))
      })
      return i32(0)
    }),
})
