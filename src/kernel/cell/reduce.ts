/**
 * Cell reduce kernels: bring all rows of a batch into the one cell of an aggregate without keys.
 *
 * How      The accumulator stays in registers for the whole batch and is written once. Integers add up as halves of
 *          32 bits, two rows at a time, which cannot overflow; with the sign bit flipped they are not negative.
 * Contract 1 (trusted) every row counts with weight +1; a batch has at most 65,536 rows.
 *          2 (checked) the cell holds what the kernels for many cells would leave in it.
 * Cost     0.3 ns per row for integers, 1 ns for doubles.
 * See      sum.ts
 */
import type { Arena } from '../arena.ts'
import { assemble, type I32, i32, i64x2 } from '../assembler.ts'
import { errorOf, twoSum } from '../expansion.ts'
import { defineKernel } from '../kernels.ts'
import { eachRow } from '../rows.ts'

const signBit = 1n << 63n
const lowHalf = 0xffffffffn

/** Adds integers to the sum at an address, whose overflows are counted at `rest`. */
defineKernel({
  name: 'cell_reduce_i64',
  parameters: 4,
  closure: (arena: Arena) => (at, rest, rows, values) => {
    const { i64 } = arena.views
    let sum = i64[at! >>> 3]!
    for (let row = 0; row < rows!; row++) sum += i64[(values! >>> 3) + row]!
    const low = BigInt.asIntN(64, sum)
    i64[at! >>> 3] = low
    i64[rest! >>> 3]! += (sum - low) >> 64n
    return 0
  },
  wasm: () =>
    assemble(4, (a, at, rest, rows, values) => {
      const [flip, mask] = [a.let(i64x2(signBit, signBit)), a.let(i64x2(lowHalf, lowHalf))]
      const [lows, highs] = [a.v128(), a.v128()]
      const left = a.let(rows)
      a.while(left.ge(2), () => {
        const pair = a.let(values.v128())
        a.set(lows, lows.op('i64x2.add', pair.and(mask)))
        a.set(highs, highs.op('i64x2.add', pair.xor(flip).shift('i64x2.shr_u', 32)))
        a.set(values, values.add(16))
        a.set(left, left.sub(2))
      })
      const low = a.let(lows.laneI64(0).add(lows.laneI64(1)))
      const high = a.let(highs.laneI64(0).add(highs.laneI64(1)))
      a.if(left, () => {
        const last = a.let(values.i64())
        a.set(low, low.add(last.and(lowHalf)))
        a.set(high, high.add(last.xor(signBit).shr(32n)))
      })
      // In 128 bits: low + high·2^32 − rows·2^63.
      const shifted = a.let(high.shl(32n))
      const sum = a.let(low.add(shifted))
      const upper = a.let(high.shr(32n).add(sum.below(shifted).extendU()))
      const flips = a.let(rows.extendU())
      const less = a.let(flips.shl(63n))
      a.set(upper, upper.sub(flips.shr(1n)).sub(sum.below(less).extendU()))
      a.set(sum, sum.sub(less))
      // In 128 bits again; what the signs do not say are overflows.
      const old = a.let(at.i64())
      const total = a.let(old.add(sum))
      a.store(at, total)
      const carry = total.below(sum).extendU()
      const top = a.let(old.shrS(63n).add(upper).add(carry))
      a.store(rest, rest.i64().add(top.sub(total.shrS(63n))))
      return i32(0)
    }),
})

/**
 * Adds doubles to the exact sum at an address, whose third double is at `rest`; returns the row for which it has no
 * room, as `cell_sum_f64`.
 */
defineKernel({
  name: 'cell_reduce_f64',
  parameters: 5,
  closure: (arena: Arena) => (at, rest, from, rows, values) => {
    const { f64 } = arena.views
    const cell = at! >>> 3
    let [first, second, third] = [f64[cell]!, f64[cell + 1]!, f64[rest! >>> 3]!]
    let row = from!
    for (; row < rows!; row++) {
      const value = f64[(values! >>> 3) + row]!
      const sum = first + value
      const low = errorOf(first, value, sum)
      const middle = second + low
      const lowest = errorOf(second, low, middle)
      // NaN is not 0 either.
      if (lowest !== 0) {
        const last = third + lowest
        if (errorOf(third, lowest, last) !== 0) break
        third = last
      }
      first = sum
      second = middle
    }
    f64[cell] = first
    f64[cell + 1] = second
    f64[rest! >>> 3] = third
    return row
  },
  wasm: () =>
    assemble(5, (a, at, rest, from, rows, values) => {
      const [first, second, third] = [a.let(at.f64()), a.let(at.f64(8)), a.let(rest.f64())]
      const [value, low, lowest, lost] = [a.f64(), a.f64(), a.f64(), a.f64()]
      const pointer = a.let(values.add(from.shl(3)))
      a.loop(from, rows, (leave) => {
        a.set(value, pointer.f64())
        const sum = twoSum(a, first, value, low)
        const middle = twoSum(a, second, low, lowest)
        a.if(lowest.ne(0), () => {
          const last = twoSum(a, third, lowest, lost)
          leave(lost.ne(0))
          a.set(third, last)
        })
        a.set(first, sum)
        a.set(second, middle)
        a.set(pointer, pointer.add(8))
      })
      a.store(at, first)
      a.store(at, second, 8)
      a.store(rest, third)
      return from
    }),
})

/** Keeps the least or greatest integer at an address. */
for (const [name, sign] of [
  ['cell_reduce_min', -1],
  ['cell_reduce_max', 1],
] as const) {
  defineKernel({
    name,
    parameters: 3,
    closure: (arena: Arena) => (at, rows, values) => {
      const { i64 } = arena.views
      let best = i64[at! >>> 3]!
      for (let row = 0; row < rows!; row++) {
        const value = i64[(values! >>> 3) + row]!
        if (sign < 0 ? value < best : value > best) best = value
      }
      i64[at! >>> 3] = best
      return 0
    },
    wasm: () =>
      assemble(3, (a, at, rows, values) => {
        const best = a.let(at.i64())
        const moving: [I32, number][] = [[values, 8]]
        eachRow(a, rows, moving, () => {
          const value = a.let(values.i64())
          a.set(best, value.when(sign < 0 ? value.lt(best) : value.gt(best), best))
        })
        a.store(at, best)
        return i32(0)
      }),
  })
}

/** Writes the least of some doubles, none of them NaN, to an address. */
defineKernel({
  name: 'cell_least_f64',
  parameters: 3,
  closure: (arena: Arena) => (values, rows, to) => {
    const { f64 } = arena.views
    let least = Number.POSITIVE_INFINITY
    for (let row = 0; row < rows!; row++) least = Math.min(least, f64[(values! >>> 3) + row]!)
    f64[to! >>> 3] = least
    return 0
  },
  wasm: () =>
    assemble(3, (a, values, rows, to) => {
      const least = a.f64()
      a.set(least, values.f64())
      eachRow(a, rows, [[values, 8]], () => a.set(least, least.min(values.f64())))
      a.store(to, least)
      return i32(0)
    }),
})
