/**
 * Cell read kernels: values of cells, given by their addresses, as vectors.
 *
 * How      Every kernel gathers one field of the rows at `addresses`; sums are rounded or range-checked here, once.
 * Contract 1 (checked) sums of doubles round to nearest even from the exact sum.
 * Cost     1–5 ns per cell and field.
 */
import type { Arena } from '../arena.ts'
import {
  type Assembly,
  assemble,
  type F64,
  f64,
  type I32,
  type I64,
  i32,
  i64,
} from '../assembler.ts'
import { roundThree, roundThreeCode } from '../expansion.ts'
import { defineKernel } from '../kernels.ts'
import { eachRow } from '../rows.ts'
import { cellBlocks } from './blocks.ts'

const { cell: cellFields, cold, rest: restFields } = cellBlocks

/** Code: writes one bit per cell, in bytes. */
function eachBitOut(
  a: Assembly,
  { addresses, count, to }: { addresses: I32; count: I32; to: I32 },
  bit: (cell: I32) => I32,
): void {
  const row = a.i32()
  a.fill(to, 0, count.add(7).shr(3))
  a.loop(row, count, () => {
    const cell = a.let(addresses.add(row.shl(2)).i32())
    const byte = a.let(to.add(row.shr(3)))
    a.store8(byte, byte.u8().or(bit(cell).shl(row.and(7))))
  })
}

/** Code: 192 bits (lowest word first) times 2^exponent as a double, rounded once to nearest even. */
function roundCode(a: Assembly, words: [I64, I64, I64], exponent: number): F64 {
  const [low, middle, high] = words.map((word) => a.let(word)) as [I64, I64, I64]
  const sign = a.let(high.shrS(63n))
  const [carry, sum] = [a.let(sign.and(1n)), a.i64()]
  for (const word of [low, middle, high]) {
    a.set(word, word.xor(sign))
    a.set(sum, word.add(carry))
    a.set(carry, sum.below(word).extendU())
    a.set(word, sum)
  }
  // The first 64 bits from the highest 1 on, with all further ones joined into the last: converting rounds once.
  const [top, rest, power] = [a.let(low), a.let(i64(0n)), a.let(i32(exponent))]
  const upper = (from: I64, next: I64, beyond: I64 | null, bits: number) => {
    const zeros = a.let(from.clz())
    const fill = next.shr(1n).shr(i64(63n).sub(zeros))
    a.set(top, from.shl(zeros).or(fill))
    a.set(rest, beyond === null ? next.shl(zeros) : next.shl(zeros).or(beyond))
    a.set(power, i32(bits + exponent).sub(zeros.wrap()))
  }
  a.if(
    high.ne(0n),
    () => upper(high, middle, low, 128),
    () => a.if(middle.ne(0n), () => upper(middle, low, null, 64)),
  )
  a.set(top, top.or(rest.ne(0n).extendU()))
  const scale = power.add(1023).extendU().shl(52n).asF64()
  const magnitude = a.let(top.toF64U().mul(scale))
  return magnitude.neg().when(sign.ne(0n), magnitude)
}

/** Number of rows of a cell. */
export function rowsOf(arena: Arena, cell: number): bigint {
  const { i32, u32, i64 } = arena.views
  const rows = BigInt(i32[(cell + cellFields.rows) >>> 2]!)
  const rest = u32[(cell + cellFields.cold) >>> 2]!
  return rest === 0 ? rows : rows + i64[(rest + cold.rows) >>> 3]!
}

/** `rowsOf` as code; `less` is taken from it if there is a cold part. */
function rowsCode(a: Assembly, cell: I32, less?: (rest: I32) => I64): I64 {
  const rows = a.let(cell.i64From32(cellFields.rows))
  const rest = a.let(cell.i32(cellFields.cold))
  a.if(rest, () => {
    a.set(rows, rows.add(rest.i64(cold.rows)))
    if (less !== undefined) a.set(rows, rows.sub(less(rest)))
  })
  return rows
}

/** Addresses of the rows of a chunk that stand for at least one row. */
defineKernel({
  name: 'cell_scan',
  parameters: 4,
  closure: (arena: Arena) => (from, end, rowBytes, out) => {
    const { u32 } = arena.views
    let count = 0
    for (let cell = from!; cell < end!; cell += rowBytes!) {
      if (rowsOf(arena, cell) > 0n) u32[(out! >>> 2) + count++] = cell
    }
    return count
  },
  wasm: () =>
    assemble(4, (a, from, end, rowBytes, out) => {
      const to = a.let(out)
      a.while(from.below(end), () => {
        a.if(rowsCode(a, from).gt(0n), () => {
          a.store(to, from)
          a.set(to, to.add(4))
        })
        a.set(from, from.add(rowBytes))
      })
      return to.sub(out).shr(2)
    }),
})

/** Fields of 8 and 16 bytes. */
for (const bytes of [8, 16]) {
  defineKernel({
    name: `cell_read_${bytes}`,
    parameters: 4,
    closure: (arena: Arena) => (addresses, count, offset, to) => {
      const { u32 } = arena.views
      const words = bytes >>> 2
      for (let index = 0; index < count!; index++) {
        const at = (u32[(addresses! >>> 2) + index]! + offset!) >>> 2
        for (let word = 0; word < words; word++) {
          u32[(to! >>> 2) + index * words + word] = u32[at + word]!
        }
      }
      return 0
    },
    wasm: () =>
      assemble(4, (a, addresses, count, offset, to) => {
        eachRow(
          a,
          count,
          [
            [addresses, 4],
            [to, bytes],
          ],
          () => {
            const at = a.let(addresses.i32().add(offset))
            a.store(to, bytes === 8 ? at.i64() : at.v128())
          },
        )
        return i32(0)
      }),
  })
}

/** Bit 0 of a field, as bits. */
defineKernel({
  name: 'cell_read_bits',
  parameters: 4,
  closure: (arena: Arena) => (addresses, count, offset, to) => {
    const { u32, u8 } = arena.views
    u8.fill(0, to!, to! + ((count! + 7) >> 3))
    for (let index = 0; index < count!; index++) {
      const bit = u32[(u32[(addresses! >>> 2) + index]! + offset!) >>> 2]! & 1
      u8[to! + (index >> 3)]! |= bit << (index & 7)
    }
    return 0
  },
  wasm: () =>
    assemble(4, (a, addresses, count, offset, to) => {
      eachBitOut(a, { addresses, count, to }, (cell) => cell.add(offset).i32().and(1))
      return i32(0)
    }),
})

/** Validity from bit `bit` of the word at `offset`, 1 = NULL; returns the number of NULLs. */
defineKernel({
  name: 'cell_read_validity',
  parameters: 5,
  closure: (arena: Arena) => (addresses, count, offset, bit, to) => {
    const { u32, u8 } = arena.views
    u8.fill(0, to!, to! + ((count! + 7) >> 3))
    let nulls = 0
    for (let index = 0; index < count!; index++) {
      const isNull = (u32[(u32[(addresses! >>> 2) + index]! + offset!) >>> 2]! >>> bit!) & 1
      nulls += isNull
      u8[to! + (index >> 3)]! |= (1 - isNull) << (index & 7)
    }
    return nulls
  },
  wasm: () =>
    assemble(5, (a, addresses, count, offset, bit, to) => {
      const nulls = a.i32()
      eachBitOut(a, { addresses, count, to }, (cell) => {
        const isNull = a.let(cell.add(offset).i32().shr(bit).and(1))
        a.set(nulls, nulls.add(isNull))
        return isNull.xor(1)
      })
      return nulls
    }),
})

/** Numbers of rows less the counter at `excluded` in the cold part; 0 = nothing is taken off. */
defineKernel({
  name: 'cell_read_count',
  parameters: 4,
  closure: (arena: Arena) => (addresses, count, excluded, to) => {
    const { u32, i64 } = arena.views
    for (let index = 0; index < count!; index++) {
      const cell = u32[(addresses! >>> 2) + index]!
      const rest = u32[(cell + cellFields.cold) >>> 2]!
      const less = rest === 0 || excluded === 0 ? 0n : i64[(rest + excluded!) >>> 3]!
      i64[(to! >>> 3) + index] = rowsOf(arena, cell) - less
    }
    return 0
  },
  wasm: () =>
    assemble(4, (a, addresses, count, excluded, to) => {
      const moving: [I32, number][] = [
        [addresses, 4],
        [to, 8],
      ]
      eachRow(a, count, moving, () => {
        const cell = a.let(addresses.i32())
        a.store(
          to,
          rowsCode(a, cell, (rest) => rest.add(excluded).i64().when(excluded, 0n)),
        )
      })
      return i32(0)
    }),
})

/** Validity of values of which there must be more than none; returns the number of NULLs. */
defineKernel({
  name: 'cell_read_some',
  parameters: 3,
  closure: (arena: Arena) => (counts, count, to) => {
    const { i64, u8 } = arena.views
    u8.fill(0, to!, to! + ((count! + 7) >> 3))
    let nulls = 0
    for (let index = 0; index < count!; index++) {
      if (i64[(counts! >>> 3) + index]! > 0n) u8[to! + (index >> 3)]! |= 1 << (index & 7)
      else nulls++
    }
    return nulls
  },
  wasm: () =>
    assemble(3, (a, counts, count, to) => {
      const nulls = a.i32()
      const row = a.i32()
      a.fill(to, 0, count.add(7).shr(3))
      a.loop(row, count, () => {
        const some = a.let(counts.add(row.shl(3)).i64().gt(0n))
        a.set(nulls, nulls.add(some.xor(1)))
        const byte = a.let(to.add(row.shr(3)))
        a.store8(byte, byte.u8().or(some.shl(row.and(7))))
      })
      return nulls
    }),
})

const decimalMax = 10n ** 18n - 1n

/** What the rest of a sum of integers counts: its overflows. `place` is offset | rest << 16. */
function overflowsOf(arena: Arena, cell: number, place: number): bigint {
  const { u32, i64 } = arena.views
  const rest = u32[(cell + cellFields.cold) >>> 2]!
  return rest === 0 ? 0n : i64[(rest + (place >>> 16)) >>> 3]!
}

/** `overflowsOf` as code, to a local. */
function overflowsCode(a: Assembly, cell: I32, restAt: I32, to: I64): void {
  const rest = a.let(cell.i32(cellFields.cold))
  a.set(to, i64(0n))
  a.if(rest, () => a.set(to, rest.add(restAt).i64()))
}

/** Sums of integers; lists those that do not fit into 64 bits or, for decimals, into 18 digits. */
defineKernel({
  name: 'cell_read_sum_i64',
  parameters: 6,
  closure: (arena: Arena) => (addresses, count, place, decimal, to, out) => {
    const { u32, i64 } = arena.views
    let failed = 0
    for (let index = 0; index < count!; index++) {
      const cell = u32[(addresses! >>> 2) + index]!
      const low = i64[(cell + (place! & 0xffff)) >>> 3]!
      let fits = overflowsOf(arena, cell, place!) === 0n
      if (decimal !== 0 && (low > decimalMax || low < -decimalMax)) fits = false
      i64[(to! >>> 3) + index] = fits ? low : 0n
      if (!fits) u32[(out! >>> 2) + failed++] = index
    }
    return failed
  },
  wasm: () =>
    assemble(6, (a, addresses, count, place, decimal, to, out) => {
      const [row, failed, overflows] = [a.i32(), a.i32(), a.i64()]
      const [offset, restAt] = [a.let(place.and(0xffff)), a.let(place.shr(16))]
      a.loop(row, count, () => {
        const cell = a.let(addresses.add(row.shl(2)).i32())
        const low = a.let(cell.add(offset).i64())
        overflowsCode(a, cell, restAt, overflows)
        const fits = a.let(overflows.isZero())
        a.if(decimal, () => a.set(fits, fits.and(low.le(decimalMax)).and(low.ge(-decimalMax))))
        a.store(to.add(row.shl(3)), low.when(fits, 0n))
        a.if(fits.isZero(), () => {
          a.store(out.add(failed.shl(2)), row)
          a.set(failed, failed.add(1))
        })
      })
      return failed
    }),
})

/** Sums of integers as doubles, rounded once. */
defineKernel({
  name: 'cell_read_sum_wide',
  parameters: 4,
  closure: (arena: Arena) => (addresses, count, place, to) => {
    const { u32, f64 } = arena.views
    for (let index = 0; index < count!; index++) {
      f64[(to! >>> 3) + index] = Number(sumOf(arena, u32[(addresses! >>> 2) + index]!, place!))
    }
    return 0
  },
  wasm: () =>
    assemble(4, (a, addresses, count, place, to) => {
      const [offset, restAt, high] = [a.let(place.and(0xffff)), a.let(place.shr(16)), a.i64()]
      eachRow(
        a,
        count,
        [
          [addresses, 4],
          [to, 8],
        ],
        () => {
          const cell = a.let(addresses.i32())
          const low = a.let(cell.add(offset).i64())
          overflowsCode(a, cell, restAt, high)
          a.set(high, high.add(low.shrS(63n)))
          a.store(to, roundCode(a, [low, high, high.shrS(63n)], 0))
        },
      )
      return i32(0)
    }),
})

/** A sum of integers, whole; `place` is offset | rest << 16. */
export function sumOf(arena: Arena, cell: number, place: number): bigint {
  const low = arena.views.i64[(cell + (place & 0xffff)) >>> 3]!
  return (overflowsOf(arena, cell, place) << 64n) + low
}

/**
 * Exact sums of three doubles, rounded once. Returns how many have a wide part as well or come out infinite, which
 *          may be due to an operation on the way.
 */
defineKernel({
  name: 'cell_read_sum_f64',
  parameters: 4,
  closure: (arena: Arena) => (addresses, count, place, to) => {
    const { u32, f64 } = arena.views
    let unsure = 0
    for (let index = 0; index < count!; index++) {
      const cell = u32[(addresses! >>> 2) + index]!
      const at = (cell + (place! & 0xffff)) >>> 3
      const part = u32[(cell + cellFields.cold) >>> 2]!
      const rest = part === 0 ? 0 : part + (place! >>> 16)
      const third = rest === 0 ? 0 : f64[(rest + restFields.third) >>> 3]!
      const sum = roundThree(f64[at]!, f64[at + 1]!, third)
      const isSure = Math.abs(sum) < Number.POSITIVE_INFINITY
      f64[(to! >>> 3) + index] = isSure ? sum : Number.POSITIVE_INFINITY
      if (!isSure || (rest !== 0 && u32[(rest + restFields.link) >>> 2] !== 0)) unsure++
    }
    return unsure
  },
  wasm: () =>
    assemble(4, (a, addresses, count, place, to) => {
      const [offset, restAt, unsure] = [a.let(place.and(0xffff)), a.let(place.shr(16)), a.i32()]
      const [third, link] = [a.f64(), a.i32()]
      eachRow(
        a,
        count,
        [
          [addresses, 4],
          [to, 8],
        ],
        () => {
          const cell = a.let(addresses.i32())
          const at = a.let(cell.add(offset))
          const rest = a.let(cell.i32(cellFields.cold))
          a.set(third, f64(0))
          a.set(link, i32(0))
          a.if(rest, () => {
            a.set(rest, rest.add(restAt))
            a.set(third, rest.f64(restFields.third))
            a.set(link, rest.i32(restFields.link))
          })
          const sum = a.let(roundThreeCode(a, [at.f64(), at.f64(8), third]))
          const isSure = a.let(sum.abs().lt(Number.POSITIVE_INFINITY))
          a.store(to, sum.when(isSure, Number.POSITIVE_INFINITY))
          a.set(unsure, unsure.add(isSure.isZero().or(link.ne(0))))
        },
      )
      return unsure
    }),
})

/** Divides doubles by counts and by a power of ten given as its exponent; nothing where the count is 0. */
defineKernel({
  name: 'cell_average',
  parameters: 4,
  closure: (arena: Arena) => (values, counts, count, scale) => {
    const { f64, i64 } = arena.views
    const unit = 10 ** scale!
    for (let index = 0; index < count!; index++) {
      const divisor = i64[(counts! >>> 3) + index]!
      const at = (values! >>> 3) + index
      f64[at] = divisor > 0n ? f64[at]! / Number(divisor) / unit : 0
    }
    return 0
  },
  wasm: () =>
    assemble(4, (a, values, counts, count, scale) => {
      const unit = a.let(f64(1))
      a.while(scale.gt(0), () => {
        a.set(unit, unit.mul(10))
        a.set(scale, scale.sub(1))
      })
      eachRow(
        a,
        count,
        [
          [values, 8],
          [counts, 8],
        ],
        () => {
          const divisor = a.let(counts.i64())
          const average = values.f64().div(divisor.toF64S()).div(unit)
          a.store(values, average.when(divisor.gt(0n), 0))
        },
      )
      return i32(0)
    }),
})

/** Zeros the items of 8 or 16 bytes that are NULL. */
defineKernel({
  name: 'cell_blank',
  parameters: 4,
  closure: (arena: Arena) => (values, count, validity, bytes) => {
    const { u8 } = arena.views
    for (let index = 0; index < count!; index++) {
      if (((u8[validity! + (index >> 3)]! >> (index & 7)) & 1) === 1) continue
      u8.fill(0, values! + index * bytes!, values! + (index + 1) * bytes!)
    }
    return 0
  },
  wasm: () =>
    assemble(4, (a, values, count, validity, bytes) => {
      const row = a.i32()
      a.loop(row, count, () => {
        a.if(validity.add(row.shr(3)).u8().shr(row.and(7)).and(1).isZero(), () => {
          a.store(values, i64(0n))
          a.if(bytes.gt(8), () => a.store(values, i64(0n), 8))
        })
        a.set(values, values.add(bytes))
      })
      return i32(0)
    }),
})
