/**
 * Join pair kernels: pairs of rows that share a hash, made into pairs that share a key, with their positions; and rows
 * put into groups beforehand, so that what a group needs stays in the cache.
 *
 * How      A pair is an entry of two lists. The one side is a stored row, by its address; the other is a row of a
 *          batch, by its number, or a stored row too.
 * Contract 1 (checked by test/cuboid/join-table.test.ts) both bodies write the same bytes.
 *          2 (trusted) positions are whole numbers.
 * Cost     one or two cache misses per pair, many at a time; 2 ns per row and group.
 */
import type { Arena } from '../arena.ts'
import { type Assembly, assemble, type I32, type I64, i32, i64 } from '../assembler.ts'
import { cellBlocks } from '../cell/blocks.ts'
import { defineKernel } from '../kernels.ts'
import { eachRow } from '../rows.ts'
import { equalViews, equalViewsCode } from '../view.ts'

const { joinGroup } = cellBlocks

/** Lists `count` new rows that lie side by side, with their hashes, behind others. */
defineKernel({
  name: 'join_note',
  parameters: 6,
  closure: (arena: Arena) => (hashes, first, rowBytes, count, toHashes, toRows) => {
    const { u32 } = arena.views
    for (let index = 0; index < count!; index++) {
      u32[(toHashes! >>> 2) + index] = u32[(hashes! >>> 2) + index]!
      u32[(toRows! >>> 2) + index] = first! + index * rowBytes!
    }
    return 0
  },
  wasm: () =>
    assemble(6, (a, hashes, first, rowBytes, count, toHashes, toRows) => {
      a.copy(toHashes, hashes, count.shl(2))
      eachRow(a, count, [[toRows, 4]], () => {
        a.store(toRows, first)
        a.set(first, first.add(rowBytes))
      })
      return i32(0)
    }),
})

/** Puts rows into groups by the top bits of their hashes, in their order within a group; tells where groups end. */
defineKernel({
  name: 'join_group',
  parameters: 2,
  closure: (arena: Arena) => (control, count) => {
    const { u32 } = arena.views
    const field = (offset: number) => u32[(control! + offset) >>> 2]!
    const [hashes, rows] = [field(joinGroup.hashes) >>> 2, field(joinGroup.rows) >>> 2]
    const [toHashes, toRows] = [field(joinGroup.toHashes) >>> 2, field(joinGroup.toRows) >>> 2]
    const [ends, shift] = [field(joinGroup.ends) >>> 2, 32 - field(joinGroup.bits)]
    const groups = 2 ** (32 - shift)
    u32.fill(0, ends, ends + groups)
    for (let index = 0; index < count!; index++) u32[ends + (u32[hashes + index]! >>> shift)]!++
    let start = 0
    for (let group = 0; group < groups; group++) {
      start += u32[ends + group]!
      u32[ends + group] = start - u32[ends + group]!
    }
    for (let index = 0; index < count!; index++) {
      const hash = u32[hashes + index]!
      const to = u32[ends + (hash >>> shift)]!++
      u32[toHashes + to] = hash
      u32[toRows + to] = u32[rows + index]!
    }
    return 0
  },
  wasm: () =>
    assemble(2, (a, control, count) => {
      const field = (offset: number) => a.let(control.i32(offset))
      const [hashes, rows] = [field(joinGroup.hashes), field(joinGroup.rows)]
      const [toHashes, toRows] = [field(joinGroup.toHashes), field(joinGroup.toRows)]
      const [ends, bits] = [field(joinGroup.ends), field(joinGroup.bits)]
      const endOf = (hash: I32) => a.let(ends.add(hash.shr(i32(32).sub(bits)).shl(2)))
      const groupBytes = a.let(i32(4).shl(bits))
      const at = a.let(hashes)
      a.fill(ends, 0, groupBytes)
      eachRow(a, count, [[at, 4]], () => {
        const end = endOf(at.i32())
        a.store(end, end.i32().add(1))
      })
      const [start, next] = [a.i32(), a.let(ends)]
      const last = a.let(ends.add(groupBytes))
      a.while(next.below(last), () => {
        const size = a.let(next.i32())
        a.store(next, start)
        a.set(start, start.add(size))
        a.set(next, next.add(4))
      })
      const moving: [I32, number][] = [
        [hashes, 4],
        [rows, 4],
      ]
      eachRow(a, count, moving, () => {
        const hash = a.let(hashes.i32())
        const end = endOf(hash)
        const place = a.let(end.i32())
        a.store(end, place.add(1))
        a.store(toHashes.add(place.shl(2)), hash)
        a.store(toRows.add(place.shl(2)), rows.i32())
      })
      return i32(0)
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

/** Reads the words at addresses, so that the misses of many overlap. */
defineKernel({
  name: 'join_read',
  parameters: 2,
  closure: () => () => 0,
  wasm: () =>
    assemble(2, (a, list, count) => {
      const sum = a.i32()
      eachRow(a, count, [[list, 4]], () => a.set(sum, sum.or(list.i32().i32())))
      // What is read must seem to be of use.
      a.if(sum.eq(1), () => a.set(sum, i32(0)))
      return i32(0)
    }),
})

/** Drops the pairs of stored rows whose keys, at an offset in each, differ. */
defineKernel({
  name: 'join_same_i64',
  parameters: 5,
  closure: (arena: Arena) => (left, right, count, leftOffset, rightOffset) => {
    const { u32 } = arena.views
    return keep(u32, left!, right!, count!, (at, row) => {
      const [a, b] = [(row + leftOffset!) >>> 2, (at + rightOffset!) >>> 2]
      return u32[a] === u32[b] && u32[a + 1] === u32[b + 1]
    })
  },
  wasm: () =>
    assemble(5, (a, left, right, count, leftOffset, rightOffset) =>
      keepCode(a, left, right, count, (at, row) =>
        at.add(rightOffset).i64().eq(row.add(leftOffset).i64()),
      ),
    ),
})

defineKernel({
  name: 'join_same_view',
  parameters: 5,
  closure: (arena: Arena) => (left, right, count, leftOffset, rightOffset) =>
    keep(arena.views.u32, left!, right!, count!, (at, row) =>
      equalViews(arena, row + leftOffset!, at + rightOffset!),
    ),
  wasm: () =>
    assemble(5, (a, left, right, count, leftOffset, rightOffset) =>
      keepCode(a, left, right, count, (at, row) =>
        equalViewsCode(a, a.let(row.add(leftOffset)), a.let(at.add(rightOffset))),
      ),
    ),
})

/** Positions of pairs of stored rows: the greater of both, which lie at an offset in each. */
defineKernel({
  name: 'join_later_rows',
  parameters: 6,
  closure: (arena: Arena) => (left, right, count, leftOffset, rightOffset, to) => {
    const { u32, f64 } = arena.views
    for (let index = 0; index < count!; index++) {
      const one = f64[(u32[(left! >>> 2) + index]! + leftOffset!) >>> 3]!
      const other = f64[(u32[(right! >>> 2) + index]! + rightOffset!) >>> 3]!
      f64[(to! >>> 3) + index] = Math.max(one, other)
    }
    return 0
  },
  wasm: () =>
    assemble(6, (a, left, right, count, leftOffset, rightOffset, to) => {
      const moving: [I32, number][] = [
        [left, 4],
        [right, 4],
        [to, 8],
      ]
      eachRow(a, count, moving, () => {
        const one = left.i32().add(leftOffset).f64()
        a.store(to, one.max(right.i32().add(rightOffset).f64()))
      })
      return i32(0)
    }),
})

/** Bits of a digit, and digits, by which positions are sorted. */
const digitBits = 11
const digits = 2 ** digitBits

/**
 * Lists the numbers of rows in the order of their positions, equal ones in the order in which they stand. `work` has
 * room for two i64 per row and 8 KB. Returns 0, and lists nothing, where they are in order or lie 2^32 apart.
 */
defineKernel({
  name: 'join_order',
  parameters: 4,
  closure: (arena: Arena) => (positions, count, list, _work) => {
    const { u32, f64 } = arena.views
    const values = f64.slice(positions! >>> 3, (positions! >>> 3) + count!)
    const order = Array.from(values.keys()).sort((a, b) => values[a]! - values[b]! || a - b)
    const range = values[order.at(-1)!]! - values[order[0]!]!
    if (range >= 2 ** 32 || order.every((row, at) => row === at)) return 0
    u32.set(order, list! >>> 2)
    return 1
  },
  wasm: () =>
    assemble(4, (a, positions, count, list, work) => {
      const [least, greatest] = [a.let(positions.f64()), a.let(positions.f64())]
      const [before, falls] = [a.let(positions.f64()), a.i32()]
      const at = a.let(positions)
      eachRow(a, count, [[at, 8]], () => {
        const value = a.let(at.f64())
        a.set(falls, falls.or(value.lt(before)))
        a.set(before, value)
        a.set(least, least.min(value))
        a.set(greatest, greatest.max(value))
      })
      const range = a.let(greatest.sub(least))
      a.if(falls.isZero().or(range.ge(2 ** 32)), () => a.return(i32(0)))
      const counts = a.let(work)
      const from = a.let(work.add(digits * 4))
      const to = a.let(from.add(count.shl(3)))
      const number = a.i32()
      // An item is the distance from the least position, and the number of the row below it.
      a.loop(number, count, () => {
        const distance = positions.add(number.shl(3)).f64().sub(least).toI64()
        a.store(from.add(number.shl(3)), distance.shl(32n).or(number.extendU()))
      })
      const [shift, left] = [a.let(i64(32n)), a.let(range.toI64())]
      a.while(left.ne(0n), () => {
        sortByDigit(a, { from, to, count, counts }, shift)
        const other = a.let(from)
        a.set(from, to)
        a.set(to, other)
        a.set(shift, shift.add(BigInt(digitBits)))
        a.set(left, left.shr(BigInt(digitBits)))
      })
      eachRow(
        a,
        count,
        [
          [from, 8],
          [list, 4],
        ],
        () => a.store(list, from.i32()),
      )
      return i32(1)
    }),
})

/** Code: a stable pass over items by one digit. */
function sortByDigit(
  a: Assembly,
  { from, to, count, counts }: { from: I32; to: I32; count: I32; counts: I32 },
  shift: I64,
): void {
  const placeOf = (item: I64) =>
    a.let(
      counts.add(
        item
          .shr(shift)
          .wrap()
          .and(digits - 1)
          .shl(2),
      ),
    )
  a.fill(counts, 0, digits * 4)
  const at = a.let(from)
  eachRow(a, count, [[at, 8]], () => {
    const place = placeOf(at.i64())
    a.store(place, place.i32().add(1))
  })
  const [start, digit] = [a.let(i32(0)), a.let(counts)]
  const last = a.let(counts.add(digits * 4))
  a.while(digit.below(last), () => {
    const size = a.let(digit.i32())
    a.store(digit, start)
    a.set(start, start.add(size))
    a.set(digit, digit.add(4))
  })
  a.set(at, from)
  eachRow(a, count, [[at, 8]], () => {
    const item = a.let(at.i64())
    const place = placeOf(item)
    const index = a.let(place.i32())
    a.store(place, index.add(1))
    a.store(to.add(index.shl(3)), item)
  })
}
