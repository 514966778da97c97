/**
 * Cell sum kernels: sums and extremes of cells.
 *
 * How      Integers add up in 64 bits and count overflows. Doubles add up exactly as three doubles (Knuth's TwoSum,
 *          twice, and a third time where the second leaves a remainder). Overflows and third doubles are rare: they
 *          lie in the cold part of a cell, which a kernel asks for by stopping. Extremes of doubles are those of
 *          integers of the same order; strings are compared by their bytes.
 * Contract 1 (trusted) weights are ±1; address 0 stands for all +1. Rows that do not count were compacted away.
 *          2 (checked) no order of rows and no retraction in between changes a value read.
 * Cost     1 ns per row for integers and extremes, 2 ns for doubles, while the cells are in cache.
 */
import type { Arena } from '../arena.ts'
import { assemble, type F64, type I64, i32, i64 } from '../assembler.ts'
import { errorOf, twoSum } from '../expansion.ts'
import { defineKernel } from '../kernels.ts'
import { marker, markerCode } from '../mark.ts'
import { eachRow } from '../rows.ts'
import { belowViewsCode, compareViews } from '../view.ts'
import { cellBlocks } from './blocks.ts'

const { noView, cell: cellFields } = cellBlocks

/** Offset of a sum in the cell and of its rest in the cold part, in one parameter: offset | rest << 16. */
const offsetOf = (place: number) => place & 0xffff
const restOf = (place: number) => place >>> 16

/**
 * Adds integers to sums of 64 bits, whose overflows are counted in the rest; returns the row that overflows a cell
 * without a cold part, nothing of it being added.
 */
defineKernel({
  name: 'cell_sum_i64',
  parameters: 6,
  closure: (arena: Arena) => (refs, from, rows, place, values, weights) => {
    const { u32, i32, i64 } = arena.views
    const mark = marker(arena)
    for (let row = from!; row < rows!; row++) {
      const cell = u32[(refs! >>> 2) + row]!
      const at = (cell + offsetOf(place!)) >>> 3
      const value = i64[(values! >>> 3) + row]!
      const retracted = weights !== 0 && i32[(weights! >>> 2) + row]! < 0
      const exact = i64[at]! + (retracted ? -value : value)
      const sum = BigInt.asIntN(64, exact)
      if (sum !== exact) {
        const cold = u32[(cell + cellFields.cold) >>> 2]!
        if (cold === 0) return row
        const rest = cold + restOf(place!)
        i64[rest >>> 3]! += (exact - sum) >> 64n
        mark(rest)
      }
      i64[at] = sum
    }
    return rows!
  },
  wasm: () =>
    assemble(6, (a, refs, from, rows, place, values, weights) => {
      const [offset, restAt] = [a.let(place.and(0xffff)), a.let(place.shr(16))]
      const [old, value, sum] = [a.i64(), a.i64(), a.i64()]
      const mark = markerCode(a)
      const each = (add: () => void, overflow: () => I64, up: () => I64) =>
        a.loop(from, rows, (leave) => {
          const cell = a.let(refs.add(from.shl(2)).i32())
          const at = a.let(cell.add(offset))
          a.set(value, values.add(from.shl(3)).i64())
          a.set(old, at.i64())
          add()
          a.if(overflow().lt(0n), () => {
            const rest = a.let(cell.i32(cellFields.cold))
            leave(rest.isZero())
            a.set(rest, rest.add(restAt))
            // +1 or −1: the sign of what was added.
            a.store(rest, rest.i64().add(up().shrS(63n).or(1n)))
            mark(rest)
          })
          a.store(at, sum)
        })
      const plain = () =>
        each(
          () => a.set(sum, old.add(value)),
          () => old.xor(sum).and(value.xor(sum)),
          () => value,
        )
      a.if(weights.isZero(), plain, () => {
        const flip = a.i64()
        each(
          () => {
            a.set(flip, weights.add(from.shl(2)).i64From32().shrS(63n))
            a.set(sum, old.add(value.xor(flip)).sub(flip))
          },
          // With x − y as x + ~y + 1, whose operands x and ~y have the signs that count.
          () => old.xor(sum).and(value.xor(flip).xor(sum)),
          () => value.xor(flip),
        )
      })
      return from
    }),
})

/**
 * Adds doubles to an exact sum: three doubles, each taking what the one before had to round away. Returns the row
 *          whose remainder finds no room in the third one, which is in the cold part, or that is not finite; nothing
 *          of it was added.
 */
defineKernel({
  name: 'cell_sum_f64',
  parameters: 6,
  closure: (arena: Arena) => (refs, from, rows, place, values, weights) => {
    const { u32, i32, f64 } = arena.views
    const mark = marker(arena)
    for (let row = from!; row < rows!; row++) {
      const read = f64[(values! >>> 3) + row]!
      const value = weights !== 0 && i32[(weights! >>> 2) + row]! < 0 ? -read : read
      const cell = u32[(refs! >>> 2) + row]!
      const at = (cell + offsetOf(place!)) >>> 3
      const [first, second] = [f64[at]!, f64[at + 1]!]
      const sum = first + value
      const low = errorOf(first, value, sum)
      const middle = second + low
      const lowest = errorOf(second, low, middle)
      // NaN is not 0 either: it marks values that are not finite, and finite ones whose sum is not.
      if (lowest !== 0) {
        const cold = u32[(cell + cellFields.cold) >>> 2]!
        if (cold === 0) return row
        const rest = cold + restOf(place!)
        const third = f64[rest >>> 3]!
        const last = third + lowest
        if (errorOf(third, lowest, last) !== 0) return row
        f64[rest >>> 3] = last
        mark(rest)
      }
      f64[at] = sum
      f64[at + 1] = middle
    }
    return rows!
  },
  wasm: () =>
    assemble(6, (a, refs, from, rows, place, values, weights) => {
      const [offset, restAt] = [a.let(place.and(0xffff)), a.let(place.shr(16))]
      const [value, first, second] = [a.f64(), a.f64(), a.f64()]
      const [low, lowest] = [a.f64(), a.f64()]
      const mark = markerCode(a)
      const each = (load: () => F64) =>
        a.loop(from, rows, (leave) => {
          const cell = a.let(refs.add(from.shl(2)).i32())
          const at = a.let(cell.add(offset))
          a.set(value, load())
          a.set(first, at.f64())
          const sum = twoSum(a, first, value, low)
          a.set(second, at.f64(8))
          const middle = twoSum(a, second, low, lowest)
          a.if(lowest.ne(0), () => {
            const rest = a.let(cell.i32(cellFields.cold))
            leave(rest.isZero())
            a.set(rest, rest.add(restAt))
            a.set(first, rest.f64())
            const last = twoSum(a, first, lowest, low)
            leave(low.ne(0))
            a.store(rest, last)
            mark(rest)
          })
          a.store(at, sum)
          a.store(at, middle, 8)
        })
      const plain = () => values.add(from.shl(3))
      a.if(
        weights.isZero(),
        () => each(() => plain().f64()),
        () =>
          each(() =>
            plain()
              .i64()
              .xor(
                weights
                  .add(from.shl(2))
                  .i64From32()
                  .and(-(2n ** 63n)),
              )
              .asF64(),
          ),
      )
      return from
    }),
})

/** Doubles to integers of the same order, −0 before +0 and NaN last; and `back`. */
defineKernel({
  name: 'cell_order_f64',
  parameters: 4,
  closure: (arena: Arena) => (values, rows, to, back) => {
    const { u32, i32, f64 } = arena.views
    for (let row = 0; row < rows!; row++) {
      const at = (values! >>> 2) + row * 2
      // On the way back the integers of negative numbers read as NaN; they are none.
      const noNumber = back === 0 && Number.isNaN(f64[(values! >>> 3) + row]!)
      const high = noNumber ? 0x7ff80000 : i32[at + 1]!
      const sign = high >> 31
      u32[(to! >>> 2) + row * 2] = noNumber ? 0 : u32[at]! ^ sign
      i32[(to! >>> 2) + row * 2 + 1] = high ^ (sign >>> 1)
    }
    return 0
  },
  wasm: () =>
    assemble(4, (a, values, rows, to, back) => {
      eachRow(
        a,
        rows,
        [
          [values, 8],
          [to, 8],
        ],
        () => {
          const value = values.f64()
          const bits = a.let(values.i64())
          a.set(bits, i64(0x7ff80000n << 32n).when(back.isZero().and(value.ne(value)), bits))
          a.store(to, bits.xor(bits.shrS(63n).shr(1n)))
        },
      )
      return i32(0)
    }),
})

for (const [name, sign] of [
  ['cell_min_i64', -1],
  ['cell_max_i64', 1],
] as const) {
  defineKernel({
    name,
    parameters: 4,
    closure: (arena: Arena) => (refs, rows, offset, values) => {
      const { u32, i64 } = arena.views
      for (let row = 0; row < rows!; row++) {
        const at = (u32[(refs! >>> 2) + row]! + offset!) >>> 3
        const value = i64[(values! >>> 3) + row]!
        if (sign < 0 ? value < i64[at]! : value > i64[at]!) i64[at] = value
      }
      return 0
    },
    wasm: () =>
      assemble(4, (a, refs, rows, offset, values) => {
        eachRow(
          a,
          rows,
          [
            [refs, 4],
            [values, 8],
          ],
          () => {
            const at = a.let(refs.i32().add(offset))
            const value = a.let(values.i64())
            a.if(sign < 0 ? value.lt(at.i64()) : value.gt(at.i64()), () => a.store(at, value))
          },
        )
        return i32(0)
      }),
  })
}

/**
 * Keeps the least (sign −1) or greatest (1) string. Returns the row whose string must be copied or replaces one
 *          that was:
 * the heap is not the kernel's.
 */
defineKernel({
  name: 'cell_extreme_view',
  parameters: 6,
  closure: (arena: Arena) => (refs, from, rows, offset, values, sign) => {
    const { u32 } = arena.views
    for (let row = from!; row < rows!; row++) {
      const at = u32[(refs! >>> 2) + row]! + offset!
      const value = values! + row * 16
      const present = u32[at >>> 2]!
      if (present !== noView && compareViews(arena, value, at) * (sign! | 0) <= 0) continue
      if (u32[value >>> 2]! > 12 || (present > 12 && present !== noView)) return row
      for (let word = 0; word < 4; word++) u32[(at >>> 2) + word] = u32[(value >>> 2) + word]!
    }
    return rows!
  },
  wasm: () =>
    assemble(6, (a, refs, from, rows, offset, values, sign) => {
      const better = a.i32()
      a.loop(from, rows, (leave) => {
        const at = a.let(refs.add(from.shl(2)).i32().add(offset))
        const value = a.let(values.add(from.shl(4)))
        const present = a.let(at.i32())
        a.set(better, i32(1))
        a.if(present.ne(noView), () =>
          a.if(
            sign.lt(0),
            () => a.set(better, belowViewsCode(a, value, at)),
            () => a.set(better, belowViewsCode(a, at, value)),
          ),
        )
        a.if(better, () => {
          leave(
            value
              .i32()
              .above(12)
              .or(present.above(12).and(present.ne(noView))),
          )
          a.store(at, value.v128())
        })
      })
      return from
    }),
})
