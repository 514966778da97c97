/**
 * Cell key kernels: normal form and hashes of key columns, keys of new rows, and comparison of keys with those of the
 *          rows found.
 *
 * How      1. Keys are i64 or views: booleans widen, doubles become their bits with one zero and one NaN.
 *          2. `cell_hash_*` chain the columns of a key into one u32 per row, four rows at a time.
 *          3. `place` packs the offset of the key in the row and its bit in the words of the null mask: offset | bit
 *             << 16.
 * Contract 1 (trusted) a NULL slot holds zeros, in the row too; the hash in a long string's view is that of its bytes.
 *          2 (checked by twins) no hash is 0.
 * Cost     about 1 ns per row and column, the row being in cache.
 */
import type { Arena } from '../arena.ts'
import {
  type Assembly,
  assemble,
  type I32,
  i32,
  i32x4,
  i64,
  i64x2,
  type V128,
} from '../assembler.ts'
import { hashCode, hashLanes, hashWord, seedLanes } from '../hash.ts'
import { defineKernel } from '../kernels.ts'
import { bitAt, eachRow } from '../rows.ts'
import { equalViews, equalViewsCode, inlineMax } from '../view.ts'
import { cellBlocks, keySeed, nullWord } from './blocks.ts'

const nullsAt = cellBlocks.row.nulls
const nulls = nullsAt >>> 2
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

/** Odd factors that fold the second half of a view into the first. */
const mixLow = 0x85ebca6b | 0
const mixHigh = 0xc2b2ae35 | 0
const nullKey = i64((BigInt(nullWord.high) << 32n) | BigInt(nullWord.low))

/** 0 marks empty slots and is no hash. */
const entered = (hash: number) => (hash === 0 ? 1 : hash)

interface KeyLoop {
  values: I32
  /** Bytes of a value. */
  bytes: number
  validity: I32
  rows: I32
  hashes: I32
  fresh: I32
  /** Hash of the value at `values`. */
  one: (there: I32 | null, seed: I32) => I32
  /** The two words to hash of the four values at `values`; that of NULLs does not matter. */
  four: () => { low: V128; high: V128 }
}

/** Code: stores a hash per row, one loop for columns without NULLs and one with them. */
function eachKey(a: Assembly, loop: KeyLoop): void {
  const { validity, rows, hashes, fresh, values, bytes } = loop
  const seed = () => a.let(i32(keySeed).when(fresh, hashes.i32()))
  const store = (hashed: I32) => a.store(hashes, hashed.add(hashed.isZero()))
  const moving: [I32, number][] = [
    [values, bytes],
    [hashes, 4],
  ]
  a.if(
    validity.isZero(),
    () => {
      eachFour(a, loop, () => loop.four())
      eachRow(a, rows, moving, () => store(loop.one(null, seed())))
    },
    () => {
      const row = a.let(i32(0))
      const bits = a.let(i32x4(1, 2, 4, 8))
      const nullLow = a.let(i32(nullWord.low).splat())
      const nullHigh = a.let(i32(nullWord.high).splat())
      eachFour(a, loop, () => {
        const four = validity.add(row.shr(3)).u8().shr(row.and(4))
        const there = a.let(four.splat().and(bits).op('i32x4.eq', bits))
        const { low, high } = loop.four()
        a.set(row, row.add(4))
        return { low: low.blend(nullLow, there), high: high.blend(nullHigh, there) }
      })
      eachRow(a, rows, [...moving, [row, 1]], () => {
        const there = a.let(validity.add(row.shr(3)).u8().shr(row.and(7)).and(1))
        store(loop.one(there, seed()))
      })
    },
  )
}

/** Code: hashes of whole fours; the pointers and `rows` move on to the rest. */
function eachFour(a: Assembly, loop: KeyLoop, four: KeyLoop['four']): void {
  const { rows, hashes, fresh, values, bytes } = loop
  const nothing = a.let(i64x2(0n, 0n))
  const seed = a.let(seedLanes(i32(keySeed).splat()))
  a.while(rows.ge(4), () => {
    a.if(fresh.isZero(), () => a.set(seed, seedLanes(hashes.v128())))
    const { low, high } = four()
    const hash = hashLanes(a, low, high, seed)
    a.store(hashes, hash.op('i32x4.sub', hash.op('i32x4.eq', nothing)))
    a.set(values, values.add(bytes * 4))
    a.set(hashes, hashes.add(16))
    a.set(rows, rows.sub(4))
  })
}

const bytesFrom = (...words: number[]) =>
  words.flatMap((word) => [0, 1, 2, 3].map((byte) => word * 4 + byte))
/** Words of two vectors (0–3, 4–7), for `shuffle`. */
const evenWords = bytesFrom(0, 2, 4, 6)
const oddWords = bytesFrom(1, 3, 5, 7)
const firstWords = bytesFrom(0, 4, 1, 5)
const lastWords = bytesFrom(2, 6, 3, 7)
const firstPairs = bytesFrom(0, 1, 4, 5)
const lastPairs = bytesFrom(2, 3, 6, 7)

/** hashes[row] = hash of values[row], seeded by hashes[row] unless `fresh`. */
defineKernel({
  name: 'cell_hash_i64',
  parameters: 5,
  closure: (arena: Arena) => (values, validity, rows, hashes, fresh) => {
    const { u32, i32, u8 } = arena.views
    const from = values! >>> 2
    const to = hashes! >>> 2
    for (let row = 0; row < rows!; row++) {
      const seed = fresh! === 0 ? i32[to + row]! : keySeed
      const there = validity === 0 || bitAt(u8, validity!, row) === 1
      const low = there ? i32[from + row * 2]! : nullWord.low
      const high = there ? i32[from + row * 2 + 1]! : nullWord.high
      u32[to + row] = entered(hashWord(low, high, seed))
    }
    return 0
  },
  wasm: () =>
    assemble(5, (a, values, validity, rows, hashes, fresh) => {
      eachKey(a, {
        ...{ values, bytes: 8, validity, rows, hashes, fresh },
        one: (there, seed) =>
          hashCode(a, there === null ? values.i64() : values.i64().when(there, nullKey), seed),
        four: () => {
          const [first, second] = [a.let(values.v128()), a.let(values.v128(16))]
          return { low: first.shuffle(second, evenWords), high: first.shuffle(second, oddWords) }
        },
      })
      return i32(0)
    }),
})

/** The last word of a long string is its address, which says nothing; the one before is the hash of its bytes. */
defineKernel({
  name: 'cell_hash_view',
  parameters: 5,
  closure: (arena: Arena) => (values, validity, rows, hashes, fresh) => {
    const { u32, i32, u8 } = arena.views
    const to = hashes! >>> 2
    for (let row = 0; row < rows!; row++) {
      const seed = fresh! === 0 ? i32[to + row]! : keySeed
      const at = (values! >>> 2) + row * 4
      const there = validity === 0 || bitAt(u8, validity!, row) === 1
      const last = u32[at]! > inlineMax ? 0 : i32[at + 3]!
      const low = there ? i32[at]! ^ Math.imul(i32[at + 2]!, mixLow) : nullWord.low
      const high = there ? i32[at + 1]! ^ Math.imul(last, mixHigh) : nullWord.high
      u32[to + row] = entered(hashWord(low, high, seed))
    }
    return 0
  },
  wasm: () =>
    assemble(5, (a, values, validity, rows, hashes, fresh) => {
      const longest = a.let(i32(inlineMax).splat())
      const [factorLow, factorHigh] = [a.let(i32(mixLow).splat()), a.let(i32(mixHigh).splat())]
      eachKey(a, {
        ...{ values, bytes: 16, validity, rows, hashes, fresh },
        one: (there, seed) => {
          const last = values.i32(12).when(values.i32().below(inlineMax + 1), 0)
          const low = values.i32(8).mul(mixLow).extendU()
          const word = a.let(values.i64().xor(low).xor(last.mul(mixHigh).extendU().shl(32n)))
          return hashCode(a, there === null ? word : word.when(there, nullKey), seed)
        },
        four: () => {
          // Rows to columns: by pairs of rows, then by pairs of words.
          const rowOf = (row: number) => a.let(values.v128(row * 16))
          const [row0, row1, row2, row3] = [rowOf(0), rowOf(1), rowOf(2), rowOf(3)]
          const starts = a.let(row0.shuffle(row1, firstWords))
          const laterStarts = a.let(row2.shuffle(row3, firstWords))
          const ends = a.let(row0.shuffle(row1, lastWords))
          const laterEnds = a.let(row2.shuffle(row3, lastWords))
          const lengths = a.let(starts.shuffle(laterStarts, firstPairs))
          const last = ends.shuffle(laterEnds, lastPairs).andNot(lengths.op('i32x4.gt_s', longest))
          return {
            low: lengths.xor(ends.shuffle(laterEnds, firstPairs).op('i32x4.mul', factorLow)),
            high: starts.shuffle(laterStarts, lastPairs).xor(last.op('i32x4.mul', factorHigh)),
          }
        },
      })
      return i32(0)
    }),
})

/** Copies a template over all rows, of 16 bytes or more, from an address up to another. */
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
      const [offset, last] = [a.i32(), a.let(rowBytes.sub(16))]
      a.while(from.below(end), () => {
        a.set(offset, i32(0))
        a.loop(offset, last, () => a.store(from.add(offset), template.add(offset).v128()), 16)
        a.store(from.add(last), template.add(last).v128())
        a.set(from, from.add(rowBytes))
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

interface Comparison {
  /** Bytes of a value. */
  width: 8 | 16
  /** Compares the value of a row found with that of a column, by their addresses. */
  closure: (arena: Arena) => (found: number, value: number) => boolean
  wasm: (a: Assembly, found: I32, value: I32) => I32
}

/** Lists the rows whose key differs from that of the row found; rows that found nothing are left out. */
function defineVerify(name: string, { width, closure, wasm }: Comparison): void {
  defineKernel({
    name,
    parameters: 6,
    closure: (arena: Arena) => {
      const differs = closure(arena)
      return (refs, rows, place, values, validity, out) => {
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
            differs(cell + offset, values! + row * width)
          ) {
            u32[(out! >>> 2) + count++] = row
          }
        }
        return count
      }
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
              const found = a.let(cell.add(offset))
              a.set(wrong, wasm(a, found, a.let(values.add(row.mul(width)))))
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
}

defineVerify('cell_verify_i64', {
  width: 8,
  closure: (arena) => (found, value) => {
    const { u32 } = arena.views
    const [a, b] = [found >>> 2, value >>> 2]
    return u32[a] !== u32[b] || u32[a + 1] !== u32[b + 1]
  },
  wasm: (_, found, value) => found.i64().ne(value.i64()),
})

defineVerify('cell_verify_view', {
  width: 16,
  closure: (arena) => (found, value) => !equalViews(arena, found, value),
  wasm: (a, found, value) => equalViewsCode(a, found, value).isZero(),
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

/** As `cell_verify_plain`, for views. */
defineKernel({
  name: 'cell_verify_plain_view',
  parameters: 5,
  closure: (arena: Arena) => (refs, rows, offset, values, out) => {
    const { u32 } = arena.views
    let count = 0
    for (let row = 0; row < rows!; row++) {
      const at = u32[(refs! >>> 2) + row]! + offset!
      if (!equalViews(arena, at, values! + row * 16)) u32[(out! >>> 2) + count++] = row
    }
    return count
  },
  wasm: () =>
    assemble(5, (a, refs, rows, offset, values, out) => {
      const [row, to, equal] = [a.i32(), a.let(out), a.i32()]
      a.loop(row, rows, () => {
        const at = a.let(refs.add(row.shl(2)).i32().add(offset))
        a.if(at.v128().xor(values.v128()).anyTrue(), () => {
          a.set(equal, equalViewsCode(a, at, values))
          a.store(to, row)
          a.set(to, to.add(equal.isZero().shl(2)))
        })
        a.set(values, values.add(16))
      })
      return to.sub(out).shr(2)
    }),
})
