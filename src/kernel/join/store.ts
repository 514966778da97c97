/**
 * Join store kernels: columns of a batch into rows that lie side by side.
 *
 * Contract 1 (checked by test/cuboid/join-table.test.ts) both bodies write the same bytes.
 * Cost     about 0.7 ns per value; the rows of a batch are written column by column and stay in the cache meanwhile.
 */
import type { Arena } from '../arena.ts'
import { assemble, type I32, i32, i64 } from '../assembler.ts'
import { defineKernel } from '../kernels.ts'
import { bitAt, eachRow } from '../rows.ts'

const inlineMax = 12

/** Clears what stands before the position of each row, and stores the position. */
defineKernel({
  name: 'join_start',
  parameters: 5,
  closure: (arena: Arena) => (to, rowBytes, count, positions, positionAt) => {
    const { u8, f64 } = arena.views
    for (let index = 0; index < count!; index++) {
      const row = to! + index * rowBytes!
      u8.fill(0, row, row + positionAt!)
      f64[(row + positionAt!) >>> 3] = f64[(positions! >>> 3) + index]!
    }
    return 0
  },
  wasm: () =>
    assemble(5, (a, to, rowBytes, count, positions, positionAt) => {
      const [offset, left] = [a.i32(), a.let(count)]
      a.while(left.gt(0), () => {
        a.set(offset, i32(0))
        a.while(offset.below(positionAt), () => {
          a.store(to.add(offset), i64(0n))
          a.set(offset, offset.add(8))
        })
        a.store(to.add(offset), positions.i64())
        a.set(positions, positions.add(8))
        a.set(to, to.add(rowBytes))
        a.set(left, left.sub(1))
      })
      return i32(0)
    }),
})

defineKernel({
  name: 'join_put_i64',
  parameters: 4,
  closure: (arena: Arena) => (to, rowBytes, count, values) => {
    const { u32 } = arena.views
    for (let index = 0; index < count!; index++) {
      const at = (to! + index * rowBytes!) >>> 2
      u32[at] = u32[(values! >>> 2) + index * 2]!
      u32[at + 1] = u32[(values! >>> 2) + index * 2 + 1]!
    }
    return 0
  },
  wasm: () =>
    assemble(4, (a, to, rowBytes, count, values) => {
      const left = a.let(count)
      const two = a.let(rowBytes.shl(1))
      a.while(left.ge(4), () => {
        a.store(to, values.i64())
        a.store(to.add(rowBytes), values.i64(8))
        a.set(to, to.add(two))
        a.store(to, values.i64(16))
        a.store(to.add(rowBytes), values.i64(24))
        a.set(to, to.add(two))
        a.set(values, values.add(32))
        a.set(left, left.sub(4))
      })
      a.while(left.gt(0), () => {
        a.store(to, values.i64())
        a.set(to, to.add(rowBytes))
        a.set(values, values.add(8))
        a.set(left, left.sub(1))
      })
      return i32(0)
    }),
})

/** Returns the number of strings that do not fit into their views. */
defineKernel({
  name: 'join_put_view',
  parameters: 4,
  closure: (arena: Arena) => (to, rowBytes, count, values) => {
    const { u32 } = arena.views
    let long = 0
    for (let index = 0; index < count!; index++) {
      const from = (values! >>> 2) + index * 4
      u32.copyWithin((to! + index * rowBytes!) >>> 2, from, from + 4)
      if (u32[from]! > inlineMax) long++
    }
    return long
  },
  wasm: () =>
    assemble(4, (a, to, rowBytes, count, values) => {
      const [left, long] = [a.let(count), a.i32()]
      a.while(left.gt(0), () => {
        a.store(to, values.v128())
        a.set(long, long.add(values.i32().above(inlineMax)))
        a.set(to, to.add(rowBytes))
        a.set(values, values.add(16))
        a.set(left, left.sub(1))
      })
      return long
    }),
})

/** Sets a bit of the null mask where bit `from + i` of a validity is 0. */
defineKernel({
  name: 'join_put_nulls',
  parameters: 6,
  closure: (arena: Arena) => (to, rowBytes, count, validity, from, bit) => {
    const { u8, u32 } = arena.views
    for (let index = 0; index < count!; index++) {
      if (bitAt(u8, validity!, from! + index) === 1) continue
      u32[(to! + index * rowBytes!) >>> 2]! |= 1 << bit!
    }
    return 0
  },
  wasm: () =>
    assemble(6, (a, to, rowBytes, count, validity, from, bit) => {
      const moving: [I32, number][] = [[from, 1]]
      eachRow(a, count, moving, () => {
        const isNull = validity.add(from.shr(3)).u8().shr(from.and(7)).and(1).xor(1)
        a.store(to, to.i32().or(isNull.shl(bit)))
        a.set(to, to.add(rowBytes))
      })
      return i32(0)
    }),
})
