/**
 * Cell key kernels: normal form of key columns, keys of new rows, and comparison of keys with those of the rows
 *          found.
 *
 * How      Keys are i64 or views: booleans widen, doubles become their bits with one zero and one NaN. `place` packs
 *          the offset of the key in the row and its bit in the words of the null mask: offset | bit << 16.
 * Contract 1 (trusted) a NULL slot holds zeros, in the row too.
 * Cost     about 1 ns per row and column, the row being in cache.
 */
import type { Arena } from './arena.ts'
import { assemble, i32, i64 } from './assembler.ts'
import { cellBlocks } from './cell-blocks.ts'
import { defineKernel } from './kernels.ts'
import { eachRow } from './rows.ts'
import { equalViews, equalViewsCode } from './view.ts'

const nullsAt = cellBlocks.row.nulls
const nulls = nullsAt >>> 2
/** Templates side by side that are copied at once: they should stay in the first cache. */
const startBytesMax = 4096
const oneNaN = i64(0x7ff80000n << 32n)

/** Bits to i64 0 and 1. */
defineKernel({
  name: 'cell_widen_bits',
  parameters: 3,
  closure: (arena: Arena) => (values, rows, to) => {
    const { u32, u8 } = arena.views
    for (let row = 0; row < rows!; row++) {
      u32[(to! >>> 2) + row * 2] = (u8[values! + (row >> 3)]! >> (row & 7)) & 1
      u32[(to! >>> 2) + row * 2 + 1] = 0
    }
    return 0
  },
  wasm: () =>
    assemble(3, (a, values, rows, to) => {
      const row = a.let(i32(0))
      a.loop(row, rows, () => {
        const bit = values.add(row.shr(3)).u8().shr(row.and(7)).and(1)
        a.store(to.add(row.shl(3)), bit.extendU())
      })
      return i32(0)
    }),
})

/** Doubles with one zero and one NaN. */
defineKernel({
  name: 'cell_normal_f64',
  parameters: 3,
  closure: (arena: Arena) => (values, rows, to) => {
    const { f64, u32 } = arena.views
    for (let row = 0; row < rows!; row++) {
      const value = f64[(values! >>> 3) + row]!
      if (Number.isNaN(value)) {
        u32[(to! >>> 2) + row * 2] = 0
        u32[(to! >>> 2) + row * 2 + 1] = 0x7ff80000
      } else f64[(to! >>> 3) + row] = value + 0
    }
    return 0
  },
  wasm: () =>
    assemble(3, (a, values, rows, to) => {
      eachRow(
        a,
        rows,
        [
          [values, 8],
          [to, 8],
        ],
        () => {
          const value = a.let(values.f64())
          a.store(to, value.add(0).bits().when(value.eq(value), oneNaN))
        },
      )
      return i32(0)
    }),
})

/** Copies a template over all rows from an address up to another. */
defineKernel({
  name: 'cell_start_all',
  parameters: 4,
  closure: (arena: Arena) => (from, end, template, rowBytes) => {
    const { u8 } = arena.views
    for (let at = from!; at < end!; at += rowBytes!) {
      u8.copyWithin(at, template!, template! + rowBytes!)
    }
    return 0
  },
  wasm: () =>
    assemble(4, (a, from, end, template, rowBytes) => {
      a.if(from.below(end), () => {
        a.copy(from, template, rowBytes)
        // What is there is copied behind itself, until it is long enough.
        const [at, done, part] = [a.let(from.add(rowBytes)), a.let(rowBytes), a.i32()]
        a.while(at.below(end), () => {
          a.set(part, end.sub(at))
          a.set(part, done.when(done.below(part), part))
          a.copy(at, from, part)
          a.set(at, at.add(part))
          a.if(done.below(startBytesMax), () => a.set(done, done.add(part)))
        })
      })
      return i32(0)
    }),
})

/** Copies a template over each new row. */
defineKernel({
  name: 'cell_start',
  parameters: 5,
  closure: (arena: Arena) => (refs, newRows, count, template, rowBytes) => {
    const { u32, u8 } = arena.views
    for (let index = 0; index < count!; index++) {
      const at = u32[(refs! >>> 2) + u32[(newRows! >>> 2) + index]!]!
      u8.copyWithin(at, template!, template! + rowBytes!)
    }
    return 0
  },
  wasm: () =>
    assemble(5, (a, refs, newRows, count, template, rowBytes) => {
      const offset = a.i32()
      eachRow(a, count, [[newRows, 4]], () => {
        const at = a.let(refs.add(newRows.i32().shl(2)).i32())
        a.set(offset, i32(0))
        a.loop(offset, rowBytes, () => a.store(at.add(offset), template.add(offset).i64()), 8)
      })
      return i32(0)
    }),
})

const isThere = (u8: Uint8Array, validity: number, row: number) =>
  validity === 0 || ((u8[validity + (row >> 3)]! >> (row & 7)) & 1) === 1

defineKernel({
  name: 'cell_put_i64',
  parameters: 6,
  closure: (arena: Arena) => (refs, newRows, count, place, values, validity) => {
    const { u32, u8 } = arena.views
    const offset = (place! & 0xffff) >>> 2
    const mask = nulls + (place! >>> 21)
    const bit = 1 << (place! >>> 16)
    for (let index = 0; index < count!; index++) {
      const row = u32[(newRows! >>> 2) + index]!
      const cell = u32[(refs! >>> 2) + row]! >>> 2
      u32[cell + offset] = u32[(values! >>> 2) + row * 2]!
      u32[cell + offset + 1] = u32[(values! >>> 2) + row * 2 + 1]!
      if (!isThere(u8, validity!, row)) u32[cell + mask]! |= bit
    }
    return 0
  },
  wasm: () =>
    assemble(6, (a, refs, newRows, count, place, values, validity) => {
      const offset = a.let(place.and(0xffff))
      const mask = a.let(place.shr(21).shl(2))
      const bit = a.let(i32(1).shl(place.shr(16)))

      eachRow(a, count, [[newRows, 4]], () => {
        const row = a.let(newRows.i32())
        const cell = a.let(refs.add(row.shl(2)).i32())
        a.store(cell.add(offset), values.add(row.shl(3)).i64())
        a.if(validity, () =>
          a.if(validity.add(row.shr(3)).u8().shr(row.and(7)).and(1).isZero(), () => {
            const word = a.let(cell.add(mask))
            a.store(word, word.i32(nullsAt).or(bit), nullsAt)
          }),
        )
      })
      return i32(0)
    }),
})

/** Returns how many of the views are long: their bytes still belong to the batch. */
defineKernel({
  name: 'cell_put_view',
  parameters: 6,
  closure: (arena: Arena) => (refs, newRows, count, place, values, validity) => {
    const { u32, u8 } = arena.views
    const offset = (place! & 0xffff) >>> 2
    const mask = nulls + (place! >>> 21)
    const bit = 1 << (place! >>> 16)
    let long = 0
    for (let index = 0; index < count!; index++) {
      const row = u32[(newRows! >>> 2) + index]!
      const cell = u32[(refs! >>> 2) + row]! >>> 2
      const from = (values! >>> 2) + row * 4
      for (let word = 0; word < 4; word++) u32[cell + offset + word] = u32[from + word]!
      if (u32[from]! > 12) long++
      if (!isThere(u8, validity!, row)) u32[cell + mask]! |= bit
    }
    return long
  },
  wasm: () =>
    assemble(6, (a, refs, newRows, count, place, values, validity) => {
      const offset = a.let(place.and(0xffff))
      const mask = a.let(place.shr(21).shl(2))
      const bit = a.let(i32(1).shl(place.shr(16)))
      const long = a.i32()
      eachRow(a, count, [[newRows, 4]], () => {
        const row = a.let(newRows.i32())
        const cell = a.let(refs.add(row.shl(2)).i32())
        const from = a.let(values.add(row.shl(4)))
        a.store(cell.add(offset), from.v128())
        a.set(long, long.add(from.i32().above(12)))
        a.if(validity, () =>
          a.if(validity.add(row.shr(3)).u8().shr(row.and(7)).and(1).isZero(), () => {
            const word = a.let(cell.add(mask))
            a.store(word, word.i32(nullsAt).or(bit), nullsAt)
          }),
        )
      })
      return long
    }),
})

/** Lists the rows whose key differs from that of the row found; rows that found nothing are left out. */
defineKernel({
  name: 'cell_verify_i64',
  parameters: 6,
  closure: (arena: Arena) => (refs, rows, place, values, validity, out) => {
    const { u32, u8 } = arena.views
    const offset = (place! & 0xffff) >>> 2
    const mask = nulls + (place! >>> 21)
    const bit = (place! >>> 16) & 31
    let count = 0
    for (let row = 0; row < rows!; row++) {
      const cell = u32[(refs! >>> 2) + row]! >>> 2
      if (cell === 0) continue
      const from = (values! >>> 2) + row * 2
      const isNull = (u32[cell + mask]! >>> bit) & 1
      if (
        u32[cell + offset] !== u32[from] ||
        u32[cell + offset + 1] !== u32[from + 1] ||
        isThere(u8, validity!, row) === (isNull === 1)
      ) {
        u32[(out! >>> 2) + count++] = row
      }
    }
    return count
  },
  wasm: () =>
    assemble(6, (a, refs, rows, place, values, validity, out) => {
      const offset = a.let(place.and(0xffff))
      const mask = a.let(place.shr(21).shl(2))
      const bit = a.let(place.shr(16))
      const [row, count, there] = [a.i32(), a.i32(), a.let(i32(1))]
      const wrong = a.i32()
      a.loop(row, rows, () => {
        const cell = a.let(refs.add(row.shl(2)).i32())
        a.if(cell, () => {
          a.if(validity, () => a.set(there, validity.add(row.shr(3)).u8().shr(row.and(7)).and(1)))
          const isNull = cell.add(mask).i32(nullsAt).shr(bit).and(1)
          a.set(wrong, isNull.eq(there))
          const differs = cell
            .add(offset)
            .i64()
            .ne(values.add(row.shl(3)).i64())
          a.set(wrong, wrong.or(differs))
          a.if(wrong, () => {
            a.store(out.add(count.shl(2)), row)
            a.set(count, count.add(1))
          })
        })
      })
      return count
    }),
})

/** As `cell_verify_i64` where neither the column nor the table has a NULL and every row was found. */
defineKernel({
  name: 'cell_verify_plain',
  parameters: 5,
  closure: (arena: Arena) => (refs, rows, offset, values, out) => {
    const { u32 } = arena.views
    let count = 0
    for (let row = 0; row < rows!; row++) {
      const at = (u32[(refs! >>> 2) + row]! + offset!) >>> 2
      const from = (values! >>> 2) + row * 2
      if (u32[at] === u32[from] && u32[at + 1] === u32[from + 1]) continue
      u32[(out! >>> 2) + count++] = row
    }
    return count
  },
  wasm: () =>
    assemble(5, (a, refs, rows, offset, values, out) => {
      const [row, to] = [a.i32(), a.let(out)]
      a.loop(row, rows, () => {
        const at = refs.add(row.shl(2)).i32().add(offset)
        a.if(at.i64().ne(values.add(row.shl(3)).i64()), () => {
          a.store(to, row)
          a.set(to, to.add(4))
        })
      })
      return to.sub(out).shr(2)
    }),
})

defineKernel({
  name: 'cell_verify_view',
  parameters: 6,
  closure: (arena: Arena) => (refs, rows, place, values, validity, out) => {
    const { u32, u8 } = arena.views
    const offset = place! & 0xffff
    const mask = nulls + (place! >>> 21)
    const bit = (place! >>> 16) & 31
    let count = 0
    for (let row = 0; row < rows!; row++) {
      const cell = u32[(refs! >>> 2) + row]!
      if (cell === 0) continue
      const isNull = (u32[(cell >>> 2) + mask]! >>> bit) & 1
      if (
        isThere(u8, validity!, row) === (isNull === 1) ||
        !equalViews(arena, cell + offset, values! + row * 16)
      ) {
        u32[(out! >>> 2) + count++] = row
      }
    }
    return count
  },
  wasm: () =>
    assemble(6, (a, refs, rows, place, values, validity, out) => {
      const offset = a.let(place.and(0xffff))
      const mask = a.let(place.shr(21).shl(2))
      const bit = a.let(place.shr(16))
      const [row, count, there] = [a.i32(), a.i32(), a.let(i32(1))]
      const wrong = a.i32()
      a.loop(row, rows, () => {
        const cell = a.let(refs.add(row.shl(2)).i32())
        a.if(cell, () => {
          a.if(validity, () => a.set(there, validity.add(row.shr(3)).u8().shr(row.and(7)).and(1)))
          const isNull = cell.add(mask).i32(nullsAt).shr(bit).and(1)
          a.set(wrong, isNull.eq(there))
          a.if(wrong.isZero(), () => {
            const [x, y] = [a.let(cell.add(offset)), a.let(values.add(row.shl(4)))]
            a.set(wrong, equalViewsCode(a, x, y).isZero())
          })
          a.if(wrong, () => {
            a.store(out.add(count.shl(2)), row)
            a.set(count, count.add(1))
          })
        })
      })
      return count
    }),
})
