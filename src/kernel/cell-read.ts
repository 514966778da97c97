/**
 * Cell read kernels: values of cells, given by their addresses, as vectors.
 *
 * How      Every kernel gathers one field of the rows at `addresses`; sums are rounded or range-checked here, once.
 * Contract 1 (checked) sums of doubles round to nearest even from the exact sum.
 * Cost     1–5 ns per cell and field.
 */
import type { Arena } from './arena.ts'
import {
  type Assembly,
  assemble,
  type F64,
  f64,
  type I32,
  type I64,
  i32,
  i64,
} from './assembler.ts'
import { cellBlocks } from './cell-blocks.ts'
import { roundThree, roundThreeCode } from './expansion.ts'
import { defineKernel } from './kernels.ts'
import { eachRow } from './rows.ts'

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

/** Addresses of the rows of a chunk that stand for at least one row. */
defineKernel({
  name: 'cell_scan',
  parameters: 4,
  closure: (arena: Arena) => (from, end, rowBytes, out) => {
    const { u32, i64 } = arena.views
    let count = 0
    for (let cell = from!; cell < end!; cell += rowBytes!) {
      if (i64[(cell + cellBlocks.cell.rows) >>> 3]! > 0n) u32[(out! >>> 2) + count++] = cell
    }
    return count
  },
  wasm: () =>
    assemble(4, (a, from, end, rowBytes, out) => {
      const to = a.let(out)
      a.while(from.below(end), () => {
        a.if(from.i64(cellBlocks.cell.rows).gt(0n), () => {
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

/** Counter less another counter (none when its offset is 0). */
defineKernel({
  name: 'cell_read_count',
  parameters: 5,
  closure: (arena: Arena) => (addresses, count, offset, less, to) => {
    const { u32, i64 } = arena.views
    for (let index = 0; index < count!; index++) {
      const cell = u32[(addresses! >>> 2) + index]!
      const value = i64[(cell + offset!) >>> 3]!
      i64[(to! >>> 3) + index] = less === 0 ? value : value - i64[(cell + less!) >>> 3]!
    }
    return 0
  },
  wasm: () =>
    assemble(5, (a, addresses, count, offset, less, to) => {
      eachRow(
        a,
        count,
        [
          [addresses, 4],
          [to, 8],
        ],
        () => {
          const cell = a.let(addresses.i32())
          const value = a.let(cell.add(offset).i64())
          a.if(less, () => a.set(value, value.sub(cell.add(less).i64())))
          a.store(to, value)
        },
      )
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

/** Low halves of 128-bit sums; lists those that do not fit into 64 bits or, for decimals, into 18 digits. */
defineKernel({
  name: 'cell_read_sum_i64',
  parameters: 6,
  closure: (arena: Arena) => (addresses, count, offset, decimal, to, out) => {
    const { u32, i64 } = arena.views
    let failed = 0
    for (let index = 0; index < count!; index++) {
      const at = (u32[(addresses! >>> 2) + index]! + offset!) >>> 3
      const low = i64[at]!
      let fits = i64[at + 1] === low >> 63n
      if (decimal !== 0 && (low > decimalMax || low < -decimalMax)) fits = false
      i64[(to! >>> 3) + index] = fits ? low : 0n
      if (!fits) u32[(out! >>> 2) + failed++] = index
    }
    return failed
  },
  wasm: () =>
    assemble(6, (a, addresses, count, offset, decimal, to, out) => {
      const [row, failed] = [a.i32(), a.i32()]
      a.loop(row, count, () => {
        const at = a.let(addresses.add(row.shl(2)).i32().add(offset))
        const low = a.let(at.i64())
        const fits = a.let(at.i64(8).eq(low.shrS(63n)))
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

/** 128-bit sums as doubles, rounded once. */
defineKernel({
  name: 'cell_read_sum_wide',
  parameters: 4,
  closure: (arena: Arena) => (addresses, count, offset, to) => {
    const { u32, i64, u64, f64 } = arena.views
    for (let index = 0; index < count!; index++) {
      const at = (u32[(addresses! >>> 2) + index]! + offset!) >>> 3
      f64[(to! >>> 3) + index] = Number((i64[at + 1]! << 64n) | u64[at]!)
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
          [to, 8],
        ],
        () => {
          const at = a.let(addresses.i32().add(offset))
          const high = a.let(at.i64(8))
          a.store(to, roundCode(a, [at.i64(), high, high.shrS(63n)], 0))
        },
      )
      return i32(0)
    }),
})

/**
 * Exact sums of three doubles, rounded once. Returns how many have a wide part as well or come out infinite, which
 *          may be due to an operation on the way.
 */
defineKernel({
  name: 'cell_read_sum_f64',
  parameters: 4,
  closure: (arena: Arena) => (addresses, count, offset, to) => {
    const { u32, f64 } = arena.views
    let unsure = 0
    for (let index = 0; index < count!; index++) {
      const cell = u32[(addresses! >>> 2) + index]! + offset!
      const at = cell >>> 3
      const sum = roundThree(f64[at]!, f64[at + 1]!, f64[at + 2]!)
      const isSure = Math.abs(sum) < Number.POSITIVE_INFINITY
      f64[(to! >>> 3) + index] = isSure ? sum : Number.POSITIVE_INFINITY
      if (!isSure || u32[(cell + 24) >>> 2] !== 0) unsure++
    }
    return unsure
  },
  wasm: () =>
    assemble(4, (a, addresses, count, offset, to) => {
      const unsure = a.i32()
      eachRow(
        a,
        count,
        [
          [addresses, 4],
          [to, 8],
        ],
        () => {
          const at = a.let(addresses.i32().add(offset))
          const sum = a.let(roundThreeCode(a, [at.f64(), at.f64(8), at.f64(16)]))
          const isSure = a.let(sum.abs().lt(Number.POSITIVE_INFINITY))
          a.store(to, sum.when(isSure, Number.POSITIVE_INFINITY))
          a.set(unsure, unsure.add(isSure.isZero().or(at.i32(24).ne(0))))
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
