/**
 * Cell join kernels: chains of rows that share a key, and the pairs of a probe.
 *
 * Format   row of the key's table: … | u32 first row | u32 last row | u32 rows | …, at an offset
 *          stored row: u32 next row of the key or 0 | …
 * How      Rows are chained in order of insertion, so a probe meets them in that order.
 *          Chains are walked by their length, so that the last row of a chain need not be read.
 * Cost     a cache miss per stored row that is met.
 */
import type { Arena } from './arena.ts'
import { assemble, i32 } from './assembler.ts'
import { cellBlocks } from './cell-blocks.ts'
import { defineKernel } from './kernels.ts'
import { eachRow } from './rows.ts'

const { pairs } = cellBlocks

/** Appends rows[list[i]] to the chain of the key row refs[i]; the key row is noted at `owner` of the stored row. */
defineKernel({
  name: 'cell_link',
  parameters: 6,
  closure: (arena: Arena) => (refs, list, count, offset, rows, owner) => {
    const { u32 } = arena.views
    for (let index = 0; index < count!; index++) {
      const key = u32[(refs! >>> 2) + index]!
      const chain = (key + offset!) >>> 2
      const row = u32[(rows! >>> 2) + u32[(list! >>> 2) + index]!]!
      const last = u32[chain + 1]!
      if (last === 0) u32[chain] = row
      else u32[last >>> 2] = row
      u32[(row + owner!) >>> 2] = key
      u32[(row + owner! + 4) >>> 2] = last
      u32[chain + 1] = row
      u32[chain + 2]!++
    }
    return 0
  },
  wasm: () =>
    assemble(6, (a, refs, list, count, offset, rows, owner) => {
      eachRow(
        a,
        count,
        [
          [refs, 4],
          [list, 4],
        ],
        () => {
          const key = a.let(refs.i32())
          const chain = a.let(key.add(offset))
          const row = a.let(rows.add(list.i32().shl(2)).i32())
          const last = a.let(chain.i32(4))
          a.store(chain.when(last.isZero(), last), row)
          a.store(row.add(owner), key)
          a.store(row.add(owner), last, 4)
          a.store(chain, row, 4)
          a.store(chain, chain.i32(8).add(1), 8)
        },
      )
      return i32(0)
    }),
})

/** Pairs of probe rows with the stored rows of their key, as many as there is room for; goes on where it stopped. */
defineKernel({
  name: 'cell_pairs',
  parameters: 3,
  closure: (arena: Arena) => (control, offset, rows) => {
    const { u32 } = arena.views
    const block = control! >>> 2
    const refs = u32[block + (pairs.refs >>> 2)]! >>> 2
    const probe = u32[block + (pairs.probe >>> 2)]! >>> 2
    const build = u32[block + (pairs.build >>> 2)]! >>> 2
    const most = u32[block + (pairs.most >>> 2)]!
    let row = u32[block + (pairs.row >>> 2)]!
    let at = u32[block + (pairs.at >>> 2)]!
    let left = u32[block + (pairs.left >>> 2)]!
    let count = 0
    while (row < rows!) {
      if (left === 0) {
        const key = u32[refs + row]!
        if (key !== 0) {
          at = u32[(key + offset!) >>> 2]!
          left = u32[(key + offset! + 8) >>> 2]!
        }
      }
      while (left > 0 && count < most) {
        u32[probe + count] = row
        u32[build + count++] = at
        left--
        if (left > 0) at = u32[at >>> 2]!
      }
      if (left > 0) break
      row++
    }
    u32[block + (pairs.row >>> 2)] = row
    u32[block + (pairs.at >>> 2)] = at
    u32[block + (pairs.left >>> 2)] = left
    return count
  },
  wasm: () =>
    assemble(3, (a, control, offset, rows) => {
      const field = (at: number) => a.let(control.i32(at))
      const [refs, probe, build] = [field(pairs.refs), field(pairs.probe), field(pairs.build)]
      const [most, row] = [field(pairs.most), field(pairs.row)]
      const [at, remaining] = [field(pairs.at), field(pairs.left)]
      const count = a.i32()
      a.while(row.lt(rows), (leave) => {
        a.if(remaining.isZero(), () => {
          const key = a.let(refs.add(row.shl(2)).i32())
          a.if(key, () => {
            a.set(at, key.add(offset).i32())
            a.set(remaining, key.add(offset).i32(8))
          })
        })
        a.while(remaining.ne(0).and(count.lt(most)), () => {
          a.store(probe.add(count.shl(2)), row)
          a.store(build.add(count.shl(2)), at)
          a.set(count, count.add(1))
          a.set(remaining, remaining.sub(1))
          a.if(remaining, () => a.set(at, at.i32()))
        })
        leave(remaining)
        a.set(row, row.add(1))
      })
      a.store(control, row, pairs.row)
      a.store(control, at, pairs.at)
      a.store(control, remaining, pairs.left)
      return count
    }),
})

/** Rows stored for each key row found; 0 where none was. */
defineKernel({
  name: 'cell_matches',
  parameters: 4,
  closure: (arena: Arena) => (refs, rows, offset, to) => {
    const { u32 } = arena.views
    for (let row = 0; row < rows!; row++) {
      const key = u32[(refs! >>> 2) + row]!
      u32[(to! >>> 2) + row] = key === 0 ? 0 : u32[(key + offset! + 8) >>> 2]!
    }
    return 0
  },
  wasm: () =>
    assemble(4, (a, refs, rows, offset, to) => {
      const matches = a.i32()
      eachRow(
        a,
        rows,
        [
          [refs, 4],
          [to, 4],
        ],
        () => {
          const key = a.let(refs.i32())
          a.set(matches, i32(0))
          a.if(key, () => a.set(matches, key.add(offset).i32(8)))
          a.store(to, matches)
        },
      )
      return i32(0)
    }),
})
