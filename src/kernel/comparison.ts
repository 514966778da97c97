/**
 * Comparison kernels: equality, order and membership of numbers, as bitmaps.
 *
 * How      Two rows per instruction, eight rows per byte of the bitmap. All other comparisons are made of these two
 *          by swapping the operands and by negating the bitmap.
 * Contract 1 (checked by twins) f64: −0 = 0, NaN = NaN and above everything. NULL slots compare as 0; the caller
 *            masks them.
 * Cost     about 0.3 ns per row.
 */
import { assemble, i32, type V128 } from './assembler.ts'
import { defineKernel } from './kernels.ts'
import { groupByte, storeGroups, storeRows, writeBits } from './rows.ts'

function compareI64(
  name: string,
  reference: (x: bigint, y: bigint) => boolean,
  lanes: 'i64x2.eq' | 'i64x2.lt_s',
) {
  defineKernel({
    name,
    parameters: 4,
    operands: ['i64', 'i64', 'to bits', 'rows'],
    closure: (arena) => (a, b, out, rows) => {
      const { i64 } = arena.views
      const [left, right] = [a! >>> 3, b! >>> 3]
      writeBits(arena, out!, rows!, (row) => reference(i64[left + row]!, i64[right + row]!))
      return 0
    },
    wasm: () =>
      assemble(4, (a, left, right, out, rows) => {
        storeGroups(a, out, rows, [left, right], () =>
          groupByte(a, (offset) => left.v128(offset).op(lanes, right.v128(offset))),
        )
        return i32(0)
      }),
  })
}

compareI64('eq_i64', (x, y) => x === y, 'i64x2.eq')
compareI64('lt_i64', (x, y) => x < y, 'i64x2.lt_s')

function compareF64(
  name: string,
  reference: (x: number, y: number) => boolean,
  lanes: (x: V128, y: V128) => V128,
) {
  defineKernel({
    name,
    parameters: 4,
    operands: ['f64', 'f64', 'to bits', 'rows'],
    closure: (arena) => (a, b, out, rows) => {
      const { f64 } = arena.views
      const [left, right] = [a! >>> 3, b! >>> 3]
      writeBits(arena, out!, rows!, (row) => reference(f64[left + row]!, f64[right + row]!))
      return 0
    },
    wasm: () =>
      assemble(4, (a, left, right, out, rows) => {
        storeGroups(a, out, rows, [left, right], () =>
          groupByte(a, (offset) => lanes(a.let(left.v128(offset)), a.let(right.v128(offset)))),
        )
        return i32(0)
      }),
  })
}

const isNaN2 = (x: V128) => x.op('f64x2.ne', x)

compareF64(
  'eq_f64',
  (x, y) => x === y || (Number.isNaN(x) && Number.isNaN(y)),
  (x, y) => x.op('f64x2.eq', y).or(isNaN2(x).and(isNaN2(y))),
)
compareF64(
  'lt_f64',
  (x, y) => x < y || (Number.isNaN(y) && !Number.isNaN(x)),
  (x, y) => x.op('f64x2.lt', y).or(isNaN2(y).andNot(isNaN2(x))),
)

/** Is the value one of `count` values at `list`? */
defineKernel({
  name: 'in_i64',
  parameters: 5,
  closure: (arena) => (from, list, count, out, rows) => {
    const { i64 } = arena.views
    const members = new Set(i64.subarray(list! >>> 3, (list! >>> 3) + count!))
    writeBits(arena, out!, rows!, (row) => members.has(i64[(from! >>> 3) + row]!))
    return 0
  },
  wasm: () =>
    assemble(5, (a, from, list, count, out, rows) => {
      const end = a.let(list.add(count.shl(3)))
      const at = a.i32()
      const found = a.i32()
      storeRows(a, out, rows, [[from, 8]], () => {
        const value = a.let(from.i64())
        a.set(at, list)
        a.set(found, i32(0))
        a.while(at.below(end), () => {
          a.set(found, found.or(at.i64().eq(value)))
          a.set(at, at.add(8))
        })
        return found
      })
      return i32(0)
    }),
})
