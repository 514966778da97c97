/**
 * Movement kernels: taking chosen rows, choosing between columns, filling, widening, appending.
 *
 * How      Appending goes 64 bytes at a time: `memory.copy` goes word by word in shared memory.
 * Contract 1 (checked by twins) f64 columns move as i64: bits are kept.
 * Cost     take_i64 about 0.5 ns per row, blend_i64 0.5 ns, copy_i64 0.1–0.2 ns, order_ties 0.5 ns where positions
 *          rise and 1.5 ns where they do not, the others less.
 */
import type { Arena } from './arena.ts'
import { type Assembly, assemble, type I32, i32, i64, i64x2, type V128 } from './assembler.ts'
import { defineKernel } from './kernels.ts'
import { bitAt, eachBit, eachGroup, eachRow, lowBits } from './rows.ts'

/** Closure of a kernel that moves whole values, by the number of their 8-byte words. */
function moveWords(arena: Arena, words: number, from: number, row: number, to: number, at: number) {
  const { u64 } = arena.views
  for (let word = 0; word < words; word++) {
    u64[(to >>> 3) + at * words + word] = u64[(from >>> 3) + row * words + word]!
  }
}

const shiftOf = { i64: 3, view: 4 } as const
const load = { i64: (p: I32) => p.i64(), view: (p: I32) => p.v128() } as const

for (const shape of ['i64', 'view'] as const) {
  const words = shape === 'i64' ? 1 : 2
  const bytes = words * 8
  const value = load[shape]

  defineKernel({
    name: `take_${shape}`,
    parameters: 4,
    operands: [shape, 'selection', `to ${shape}`, 'count'],
    closure: (arena) => (from, selection, out, count) => {
      const { u32 } = arena.views
      for (let at = 0; at < count!; at++) {
        moveWords(arena, words, from!, u32[(selection! >>> 2) + at]!, out!, at)
      }
      return 0
    },
    wasm: () =>
      assemble(4, (a, from, selection, out, count) => {
        const left = a.let(count)
        const take = (step: number) => {
          const row = selection.i32(step * 4)
          a.store(out, value(from.add(row.shl(shiftOf[shape]))), step * bytes)
        }
        a.while(left.ge(4), () => {
          for (const step of [0, 1, 2, 3]) take(step)
          a.set(selection, selection.add(16))
          a.set(out, out.add(bytes * 4))
          a.set(left, left.sub(4))
        })
        eachRow(
          a,
          left,
          [
            [selection, 4],
            [out, bytes],
          ],
          () => take(0),
        )
        return i32(0)
      }),
  })

  /** mask ? a : b, row by row. */
  defineKernel({
    name: `blend_${shape}`,
    parameters: 5,
    operands: ['bits', shape, shape, `to ${shape}`, 'rows'],
    closure: (arena) => (mask, a, b, out, rows) => {
      const { u8 } = arena.views
      for (let row = 0; row < rows!; row++) {
        moveWords(arena, words, bitAt(u8, mask!, row) === 1 ? a! : b!, row, out!, row)
      }
      return 0
    },
    wasm: () =>
      assemble(5, (a, mask, left, right, out, rows) => {
        const rest = a.let(rows)
        const byte = a.i32()
        const pointers = [left, right, out]
        const choose = (bit: number) => {
          const chosen = left.when(byte.and(1 << bit), right)
          a.store(out, value(chosen.add(bit * bytes)), bit * bytes)
        }
        a.while(rest.ge(8), () => {
          a.set(byte, mask.u8())
          for (let bit = 0; bit < 8; bit++) choose(bit)
          a.set(mask, mask.add(1))
          for (const pointer of pointers) a.set(pointer, pointer.add(8 * bytes))
          a.set(rest, rest.sub(8))
        })
        a.if(rest.gt(0), () => a.set(byte, mask.u8()))
        eachRow(
          a,
          rest,
          pointers.map((pointer) => [pointer, bytes]),
          () => {
            choose(0)
            a.set(byte, byte.shr(1))
          },
        )
        return i32(0)
      }),
  })

  /** Zeroes the rows that are not valid. */
  defineKernel({
    name: `clear_${shape}`,
    parameters: 3,
    operands: [`to ${shape}`, 'bits', 'rows'],
    closure: (arena) => (values, validity, rows) => {
      const { u8, u64 } = arena.views
      for (let row = 0; row < rows!; row++) {
        if (bitAt(u8, validity!, row) === 1) continue
        u64.fill(0n, (values! >>> 3) + row * words, (values! >>> 3) + (row + 1) * words)
      }
      return 0
    },
    wasm: () =>
      assemble(3, (a, values, validity, rows) => {
        eachInvalid(a, validity, rows, (row) => {
          const at = a.let(values.add(row.shl(shiftOf[shape])))
          for (let word = 0; word < words; word++) a.store(at, i64(0n), word * 8)
        })
        return i32(0)
      }),
  })

  /** One value in every row. */
  defineKernel({
    name: `splat_${shape}`,
    parameters: 3,
    operands: [`one ${shape}`, `to ${shape}`, 'rows'],
    closure: (arena) => (from, out, rows) => {
      for (let row = 0; row < rows!; row++) moveWords(arena, words, from!, 0, out!, row)
      return 0
    },
    wasm: () =>
      assemble(3, (a, from, out, rows) => {
        const kept = a.let(value(from))
        eachRow(a, rows, [[out, bytes]], () => a.store(out, kept))
        return i32(0)
      }),
  })
}

/** Code: once per row whose validity is 0. */
function eachInvalid(a: Assembly, validity: I32, rows: I32, body: (row: I32) => void): void {
  const first = a.let(i32(0))
  const word = a.i64()
  a.while(first.lt(rows), () => {
    a.set(
      word,
      validity
        .i64()
        .xor(-1n)
        .and(lowBits(rows.sub(first))),
    )
    eachBit(a, word, (bit) => body(a.let(first.add(bit))))
    a.set(validity, validity.add(8))
    a.set(first, first.add(64))
  })
}

/** The values, with the one at `instead` where not valid. */
defineKernel({
  name: 'patch_i64',
  parameters: 5,
  operands: ['i64', 'bits', 'one i64', 'to i64', 'rows'],
  closure: (arena) => (from, validity, instead, out, rows) => {
    const { u8, u64 } = arena.views
    for (let row = 0; row < rows!; row++) {
      const valid = bitAt(u8, validity!, row) === 1
      u64[(out! >>> 3) + row] = valid ? u64[(from! >>> 3) + row]! : u64[instead! >>> 3]!
    }
    return 0
  },
  wasm: () =>
    assemble(5, (a, from, validity, instead, out, rows) => {
      const value = a.let(instead.i64())
      a.copy(out, from, rows.shl(3))
      eachInvalid(a, validity, rows, (row) => a.store(out.add(row.shl(3)), value))
      return i32(0)
    }),
})

/** Weights and offsets of chosen rows. */
defineKernel({
  name: 'take_i32',
  parameters: 4,
  operands: ['i32', 'selection', 'to i32', 'count'],
  closure: (arena) => (from, selection, out, count) => {
    const { u32 } = arena.views
    for (let at = 0; at < count!; at++) {
      u32[(out! >>> 2) + at] = u32[(from! >>> 2) + u32[(selection! >>> 2) + at]!]!
    }
    return 0
  },
  wasm: () =>
    assemble(4, (a, from, selection, out, count) => {
      eachRow(
        a,
        count,
        [
          [selection, 4],
          [out, 4],
        ],
        () => {
          a.store(out, from.add(selection.i32().shl(2)).i32())
        },
      )
      return i32(0)
    }),
})

/** start, start + 1, … with start at an address. */
defineKernel({
  name: 'iota_f64',
  parameters: 3,
  closure: (arena) => (start, out, rows) => {
    const { f64 } = arena.views
    const first = f64[start! >>> 3]!
    for (let row = 0; row < rows!; row++) f64[(out! >>> 3) + row] = first + row
    return 0
  },
  wasm: () =>
    assemble(3, (a, start, out, rows) => {
      const next = a.let(start.f64())
      eachRow(a, rows, [[out, 8]], () => {
        a.store(out, next)
        a.set(next, next.add(1))
      })
      return i32(0)
    }),
})

/** The positions of chosen rows that follow each other; that of row 0 stands at an address. */
defineKernel({
  name: 'positions_f64',
  parameters: 4,
  closure: (arena) => (start, selection, out, count) => {
    const { f64, u32 } = arena.views
    const first = f64[start! >>> 3]!
    for (let at = 0; at < count!; at++) {
      f64[(out! >>> 3) + at] = first + u32[(selection! >>> 2) + at]!
    }
    return 0
  },
  wasm: () =>
    assemble(4, (a, start, selection, out, count) => {
      const first = a.let(start.f64().splat())
      const left = a.let(count)
      const rows = a.v128()
      const store = (low: V128, offset: number) => {
        a.store(out, low.op('f64x2.convert_low_i32x4_s').op('f64x2.add', first), offset)
      }
      a.while(left.gt(0), () => {
        a.set(rows, selection.v128())
        store(rows, 0)
        store(rows.shuffle(rows, [8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15]), 16)
        a.set(selection, selection.add(16))
        a.set(out, out.add(32))
        a.set(left, left.sub(4))
      })
      return i32(0)
    }),
})

defineKernel({
  name: 'widen_i32',
  parameters: 3,
  operands: ['i32', 'to i64', 'rows'],
  closure: (arena) => (from, out, rows) => {
    const { i32, i64 } = arena.views
    for (let row = 0; row < rows!; row++) {
      i64[(out! >>> 3) + row] = BigInt(i32[(from! >>> 2) + row]!)
    }
    return 0
  },
  wasm: () =>
    assemble(3, (a, from, out, rows) => {
      const left = a.let(rows)
      const widen = (value: V128, offset: number) => {
        a.store(out, value.op('i64x2.extend_low_i32x4_s'), offset)
        a.store(out, value.op('i64x2.extend_high_i32x4_s'), offset + 16)
      }
      a.while(left.gt(0), () => {
        for (const half of [0, 1]) widen(a.let(from.v128(half * 16)), half * 32)
        a.set(from, from.add(32))
        a.set(out, out.add(64))
        a.set(left, left.sub(8))
      })
      return i32(0)
    }),
})

/** The low halves. */
defineKernel({
  name: 'narrow_i64',
  parameters: 3,
  operands: ['i64', 'to i32', 'rows'],
  closure: (arena) => (from, out, rows) => {
    const { i32 } = arena.views
    for (let row = 0; row < rows!; row++) {
      i32[(out! >>> 2) + row] = i32[(from! >>> 2) + row * 2]!
    }
    return 0
  },
  wasm: () =>
    assemble(3, (a, from, out, rows) => {
      const evens = [0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27]
      eachGroup(a, rows, [from], () => {
        for (const half of [0, 1]) {
          const [low, high] = [from.v128(half * 32), from.v128(half * 32 + 16)]
          a.store(out, low.shuffle(high, evens), half * 16)
        }
        a.set(out, out.add(32))
      })
      return i32(0)
    }),
})

/** Code: values behind others, changed on the way; up to 56 bytes more are written. */
function copying(change: (value: V128) => V128) {
  return () =>
    assemble(3, (a, from, to, rows) => {
      eachGroup(a, rows, [from, to], () => {
        for (const offset of [0, 16, 32, 48]) a.store(to, change(from.v128(offset)), offset)
      })
      return i32(0)
    })
}

defineKernel({
  name: 'copy_i64',
  parameters: 3,
  operands: ['i64', 'to i64', 'rows'],
  closure: (arena) => (from, to, rows) => {
    const { u64 } = arena.views
    u64.copyWithin(to! >>> 3, from! >>> 3, (from! >>> 3) + rows!)
    return 0
  },
  wasm: copying((value) => value),
})

/** The values, with 0 for −0: which of two equal rows were shown would depend on who was added to whom. */
defineKernel({
  name: 'unsign_f64',
  parameters: 3,
  operands: ['f64', 'to f64', 'rows'],
  closure: (arena) => (from, to, rows) => {
    const { f64 } = arena.views
    for (let row = 0; row < rows!; row++) f64[(to! >>> 3) + row] = f64[(from! >>> 3) + row]! + 0
    return 0
  },
  wasm: copying((value) => value.op('f64x2.add', i64x2(0n, 0n))),
})

/**
 * Bits from a bitmap, or ones where `from` is 0, into the bits `at` … `at + rows` of another; zeros follow to the end
 * of the 64-bit word behind.
 */
defineKernel({
  name: 'append_bits',
  parameters: 4,
  closure: (arena) => (from, to, at, rows) => {
    const { u8 } = arena.views
    const end = ((at! >>> 6) + ((rows! + 63) >>> 6) + 1) * 64
    for (let bit = at!; rows! > 0 && bit < end; bit++) {
      const row = bit - at!
      const one = row < rows! && (from === 0 || bitAt(u8, from!, row) === 1)
      const mask = 1 << (bit & 7)
      if (one) u8[to! + (bit >>> 3)]! |= mask
      else u8[to! + (bit >>> 3)]! &= ~mask
    }
    return 0
  },
  wasm: () =>
    assemble(4, (a, from, to, at, rows) => {
      const shift = a.let(at.and(63).extendU())
      const word = a.i64()
      a.set(to, to.add(at.shr(6).shl(3)))
      const kept = a.let(to.i64().and(lowBits(at.and(63))))
      a.while(rows.gt(0), () => {
        a.set(word, i64(-1n))
        a.if(from, () => {
          a.set(word, from.i64())
          a.set(from, from.add(8))
        })
        a.set(word, word.and(lowBits(rows)))
        a.store(to, kept.or(word.shl(shift)))
        // By 64 − shift in two steps: a shift by 64 would be none.
        a.set(kept, word.shr(i64(63n).sub(shift)).shr(1n))
        a.store(to, kept, 8)
        a.set(to, to.add(8))
        a.set(rows, rows.sub(64))
      })
      return i32(0)
    }),
})

/**
 * Row numbers (u32) of the rows whose triple equals that of the row before; returns how many, or −1 where one comes
 * before the row before it. Address 0 of `middle` or `minor` stands for zeros.
 */
defineKernel({
  name: 'order_ties',
  parameters: 5,
  closure: (arena) => (major, middle, minor, rows, out) => {
    const { f64, u32 } = arena.views
    const parts = [major!, middle!, minor!].filter((address) => address !== 0)
    let count = 0
    for (let row = 1; row < rows!; row++) {
      let order = 0
      for (const address of parts) {
        order ||= f64[(address >>> 3) + row]! - f64[(address >>> 3) + row - 1]!
      }
      if (order < 0) return -1
      if (order === 0) u32[(out! >>> 2) + count++] = row
    }
    return count
  },
  wasm: () =>
    assemble(5, (a, major, middle, minor, rows, out) => {
      const row = a.let(i32(1))
      const count = a.i32()
      a.loop(row, rows, () => {
        const at = a.let(row.shl(3).sub(8))
        a.block((next) => {
          for (const part of [major, middle, minor]) {
            a.block((equal) => {
              if (part !== major) equal(part.isZero())
              const here = a.let(part.add(at))
              next(here.f64(8).gt(here.f64()))
              equal(here.f64(8).eq(here.f64()))
              a.return(i32(-1))
            })
          }
          a.store(out.add(count.shl(2)), row)
          a.set(count, count.add(1))
        })
      })
      return count
    }),
})
