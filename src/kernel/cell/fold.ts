/**
 * Cell fold kernels: bring a batch into the cells that its rows were found in.
 *
 * How      One loop per accumulator over the row addresses; filters, NULLs and DISTINCT were compacted away before.
 *          `cell_touch` lists each cell at its first touch in a cycle with a copy of the row as it was.
 * Contract 1 (trusted) weights are ±1; address 0 stands for all +1.
 * Cost     0.5–2 ns per row and accumulator while the cells are in cache.
 */
import type { Arena } from '../arena.ts'
import { type Assembly, assemble, type I32, type I64, i32, i64, type Jump } from '../assembler.ts'
import { defineKernel } from '../kernels.ts'
import { marker, markerCode } from '../mark.ts'
import { eachBit, eachRow, lowBits } from '../rows.ts'
import { cellBlocks, rowsLimit } from './blocks.ts'

const { touch, give, cell: cellFields, touched } = cellBlocks

/** Code: whether a number of rows is so great, or so far below 0, that it must go to the cold part. */
function isManyCode(rows: I32): I32 {
  return rows.add(rowsLimit - 1).atLeast(2 * rowsLimit - 1)
}

/** Code: once per row with its weight, in one loop for weights of all +1 and one for others. */
function eachWeighted(
  a: Assembly,
  loop: { from: I32; rows: I32; weights: I32 },
  body: (weight: I64, leave: Jump) => void,
): void {
  const { from, rows, weights } = loop
  a.if(
    weights.isZero(),
    () => a.loop(from, rows, (leave) => body(i64(1n), leave)),
    () => a.loop(from, rows, (leave) => body(weights.add(from.shl(2)).i64From32(), leave)),
  )
}

/**
 * Least position and number of rows of each cell; returns the row whose cell has so many that they must be counted
 * elsewhere. The second form marks the cells, which end `last` < 256 bytes behind their address: that costs less here
 * than in a loop of its own.
 */
for (const [name, marks] of [
  ['cell_count', false],
  ['cell_count_marked', true],
] as const) {
  defineKernel({
    name,
    parameters: 6,
    closure: (arena: Arena) => (refs, from, rows, major, weights, last) => {
      const { u32, i32, f64 } = arena.views
      const mark = marker(arena)
      for (let row = from!; row < rows!; row++) {
        const cell = u32[(refs! >>> 2) + row]!
        const position = f64[(major! >>> 3) + row]!
        const created = (cell + cellFields.created) >>> 3
        const count = (cell + cellFields.rows) >>> 2
        if (Math.abs(i32[count]!) >= rowsLimit) return row
        if (position < f64[created]!) f64[created] = position
        i32[count]! += weights === 0 ? 1 : i32[(weights! >>> 2) + row]!
        if (!marks) continue
        mark(cell)
        mark(cell + last!)
      }
      return rows!
    },
    wasm: () =>
      assemble(6, (a, refs, from, rows, major, weights, last) => {
        const mark = marks ? markerCode(a) : () => {}
        eachWeighted(a, { from, rows, weights }, (weight, leave) => {
          const cell = a.let(refs.add(from.shl(2)).i32())
          const position = a.let(major.add(from.shl(3)).f64())
          const count = a.let(cell.i32(cellFields.rows))
          leave(isManyCode(count))
          a.if(position.lt(cell.f64(cellFields.created)), () =>
            a.store(cell, position, cellFields.created),
          )
          a.store(cell, count.add(weight.wrap()), cellFields.rows)
          mark(cell)
          mark(cell.add(last))
        })
        return from
      }),
  })
}

/** Gives each cell that has no cold part one of zeros; returns the row at which the memory ends. */
defineKernel({
  name: 'cell_give_cold',
  parameters: 4,
  closure: (arena: Arena) => (control, refs, from, rows) => {
    const { u32 } = arena.views
    const mark = marker(arena)
    const block = control! >>> 2
    const [end, coldBytes] = [u32[block + (give.end >>> 2)]!, u32[block + (give.coldBytes >>> 2)]!]
    let row = from!
    for (; row < rows!; row++) {
      const at = (u32[(refs! >>> 2) + row]! + cellFields.cold) >>> 2
      if (u32[at] !== 0) continue
      const free = u32[block + (give.free >>> 2)]!
      const next = u32[block + (give.next >>> 2)]!
      if (free !== 0) {
        u32[block + (give.free >>> 2)] = u32[free >>> 2]!
        u32[free >>> 2] = 0
        mark(free)
        u32[at] = free
      } else {
        if (end - next < coldBytes) break
        u32[block + (give.next >>> 2)] = next + coldBytes
        u32[at] = next
      }
    }
    return row
  },
  wasm: () =>
    assemble(4, (a, control, refs, from, rows) => {
      const [next, end] = [a.let(control.i32(give.next)), a.let(control.i32(give.end))]
      const [free, coldBytes] = [a.let(control.i32(give.free)), a.let(control.i32(give.coldBytes))]
      const mark = markerCode(a)
      a.loop(from, rows, (leave) => {
        const cell = a.let(refs.add(from.shl(2)).i32())
        a.if(cell.i32(cellFields.cold).isZero(), () =>
          a.if(
            free,
            () => {
              a.store(cell, free, cellFields.cold)
              const taken = a.let(free)
              a.set(free, taken.i32())
              a.store(taken, i32(0))
              mark(taken)
            },
            () => {
              leave(end.sub(next).below(coldBytes))
              a.store(cell, next, cellFields.cold)
              a.set(next, next.add(coldBytes))
            },
          ),
        )
      })
      a.store(control, next, give.next)
      a.store(control, free, give.free)
      return from
    }),
})

/** Enters each row's cell into the touched list; returns the row at which the list has no room. */
defineKernel({
  name: 'cell_touch',
  parameters: 3,
  closure: (arena: Arena) => (control, from, rows) => {
    const { u32, f64, u8 } = arena.views
    const field = (offset: number) => u32[(control! + offset) >>> 2]!
    const refs = field(touch.refs) >>> 2
    const major = field(touch.major) >>> 3
    const rowBytes = field(touch.rowBytes)
    const end = field(touch.end)
    const bucket = field(touch.bucket)
    const coldBytes = field(touch.coldBytes)
    const entryBytes = touched.image + rowBytes + coldBytes
    let next = field(touch.next)
    let row = from!
    const mark = marker(arena)
    for (; row < rows!; row++) {
      const cell = u32[refs + row]!
      const position = f64[major + row]!
      const present = u32[cell >>> 2]!
      if (present !== 0) {
        if (position < f64[present >>> 3]!) {
          f64[present >>> 3] = position
          mark(present)
        }
        continue
      }
      if (end - next < entryBytes) break
      f64[next >>> 3] = position
      u32[(next + touched.cell) >>> 2] = cell
      u32[(next + touched.bucket) >>> 2] = bucket
      const image = next + touched.image
      u8.copyWithin(image, cell, cell + rowBytes)
      const cold = u32[(cell + cellFields.cold) >>> 2]!
      if (cold !== 0) {
        u8.copyWithin(image + rowBytes, cold, cold + coldBytes)
        u32[(image + cellFields.cold) >>> 2] = image + rowBytes
      }
      u32[cell >>> 2] = next
      next += entryBytes
    }
    u32[(control! + touch.next) >>> 2] = next
    return row
  },
  wasm: () =>
    assemble(3, (a, control, from, rows) => {
      const field = (offset: number) => a.let(control.i32(offset))
      const [refs, major, rowBytes] = [field(touch.refs), field(touch.major), field(touch.rowBytes)]
      const [next, end, bucket] = [field(touch.next), field(touch.end), field(touch.bucket)]
      const coldBytes = field(touch.coldBytes)
      const entryBytes = a.let(rowBytes.add(coldBytes).add(touched.image))
      const mark = markerCode(a)
      const offset = a.i32()
      const copy = (to: I32, source: I32, bytes: I32) => {
        a.set(offset, i32(0))
        a.loop(offset, bytes, () => a.store(to.add(offset), source.add(offset).i64()), 8)
      }
      a.while(from.lt(rows), (leave) => {
        const cell = a.let(refs.add(from.shl(2)).i32())
        const position = a.let(major.add(from.shl(3)).f64())
        const present = a.let(cell.i32())
        a.if(
          present,
          () =>
            a.if(position.lt(present.f64()), () => {
              a.store(present, position)
              mark(present)
            }),
          () => {
            leave(end.sub(next).below(entryBytes))
            a.store(next, position)
            a.store(next, cell, touched.cell)
            a.store(next, bucket, touched.bucket)
            const image = a.let(next.add(touched.image))
            copy(image, cell, rowBytes)
            const cold = a.let(cell.i32(cellFields.cold))
            a.if(cold, () => {
              const place = a.let(image.add(rowBytes))
              copy(place, cold, coldBytes)
              a.store(image, place, cellFields.cold)
            })
            a.store(cell, next)
            a.set(next, next.add(entryBytes))
          },
        )
        a.set(from, from.add(1))
      })
      a.store(control, next, touch.next)
      return from
    }),
})

/** Rows whose bits in three bitmaps (address 0 = all set) are all set, and the other rows. */
for (const [name, wanted] of [
  ['cell_select', 1],
  ['cell_reject', 0],
] as const) {
  defineKernel({
    name,
    parameters: 5,
    closure: (arena: Arena) => (rows, first, second, third, out) => {
      const { u32, u8 } = arena.views
      let count = 0
      for (let row = 0; row < rows!; row++) {
        const byte = row >> 3
        let bits = 0xff
        if (first !== 0) bits &= u8[first! + byte]!
        if (second !== 0) bits &= u8[second! + byte]!
        if (third !== 0) bits &= u8[third! + byte]!
        if (((bits >> (row & 7)) & 1) === wanted) u32[(out! >>> 2) + count++] = row
      }
      return count
    },
    wasm: () =>
      assemble(5, (a, rows, first, second, third, out) => {
        const [at, count] = [a.i32(), a.i32()]
        const word = a.i64()
        const start = out
        const to = a.let(out)
        a.loop(
          at,
          rows,
          () => {
            a.set(word, i64(-1n))
            for (const bitmap of [first, second, third]) {
              a.if(bitmap, () => a.set(word, word.and(bitmap.add(at.shr(3)).i64())))
            }
            if (wanted === 0) a.set(word, word.xor(-1n))
            a.set(word, word.and(lowBits(a.let(rows.sub(at)))))
            eachBit(a, word, (bit) => {
              a.store(to, at.add(bit))
              a.set(to, to.add(4))
            })
          },
          64,
        )
        a.set(count, to.sub(start).shr(2))
        return count
      }),
  })
}

/** Takes u32 items by row number. */
defineKernel({
  name: 'cell_take_4',
  parameters: 4,
  closure: (arena: Arena) => (from, selection, count, to) => {
    const { u32 } = arena.views
    for (let index = 0; index < count!; index++) {
      u32[(to! >>> 2) + index] = u32[(from! >>> 2) + u32[(selection! >>> 2) + index]!]!
    }
    return 0
  },
  wasm: () =>
    assemble(4, (a, from, selection, count, to) => {
      eachRow(
        a,
        count,
        [
          [selection, 4],
          [to, 4],
        ],
        () => a.store(to, from.add(selection.i32().shl(2)).i32()),
      )
      return i32(0)
    }),
})

/** Adds the weights to a 64-bit counter of the cell; the second form to one of its cold part, which must be there. */
for (const [name, isCold] of [
  ['cell_add', false],
  ['cell_add_cold', true],
] as const) {
  defineKernel({
    name,
    parameters: 4,
    closure: (arena: Arena) => (refs, rows, offset, weights) => {
      const { u32, i32, i64 } = arena.views
      const mark = marker(arena)
      for (let row = 0; row < rows!; row++) {
        const weight = weights === 0 ? 1 : i32[(weights! >>> 2) + row]!
        const cell = u32[(refs! >>> 2) + row]!
        const at = (isCold ? u32[(cell + cellFields.cold) >>> 2]! : cell) + offset!
        i64[at >>> 3]! += BigInt(weight)
        if (isCold) mark(at)
      }
      return 0
    },
    wasm: () =>
      assemble(4, (a, refs, rows, offset, weights) => {
        const from = a.i32()
        const mark = isCold ? markerCode(a) : () => {}
        eachWeighted(a, { from, rows, weights }, (weight) => {
          const cell = refs.add(from.shl(2)).i32()
          const at = a.let((isCold ? cell.i32(cellFields.cold) : cell).add(offset))
          a.store(at, at.i64().add(weight))
          mark(at)
        })
        return i32(0)
      }),
  })
}

/** Adds weights to counters and lists the rows that took one from 0 or back to 0, with +1 and −1. */
defineKernel({
  name: 'cell_transitions',
  parameters: 6,
  closure: (arena: Arena) => (refs, rows, offset, weights, outRows, outWeights) => {
    const { u32, i32, i64 } = arena.views
    let count = 0
    for (let row = 0; row < rows!; row++) {
      const weight = weights === 0 ? 1 : i32[(weights! >>> 2) + row]!
      const at = (u32[(refs! >>> 2) + row]! + offset!) >>> 3
      const old = i64[at]!
      const next = old + BigInt(weight)
      i64[at] = next
      if (old !== 0n && next !== 0n) continue
      u32[(outRows! >>> 2) + count] = row
      i32[(outWeights! >>> 2) + count++] = weight
    }
    return count
  },
  wasm: () =>
    assemble(6, (a, refs, rows, offset, weights, outRows, outWeights) => {
      const [row, count] = [a.i32(), a.i32()]
      const weight = a.let(i32(1))
      const [old, next] = [a.i64(), a.i64()]
      a.loop(row, rows, () => {
        a.if(weights, () => a.set(weight, weights.add(row.shl(2)).i32()))
        const at = a.let(refs.add(row.shl(2)).i32().add(offset))
        a.set(old, at.i64())
        a.set(next, old.add(weight.extendS()))
        a.store(at, next)
        a.if(old.isZero().or(next.isZero()), () => {
          a.store(outRows.add(count.shl(2)), row)
          a.store(outWeights.add(count.shl(2)), weight)
          a.set(count, count.add(1))
        })
      })
      return count
    }),
})
