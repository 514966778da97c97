/**
 * Arithmetic kernels: i64 with a sticky flag for what cannot be computed, f64, range checks and floors.
 *
 * How      Every kernel goes through all rows, NULL or not. A result of 1 says that some row overflowed or divided
 *          by zero; the caller then evaluates row by row to find it. What a flagged row holds is the same in both
 *          bodies.
 * Contract 1 (checked by twins) i64 results wrap; a division that cannot be done gives 0.
 * Cost     add_i64 and the like about 0.3 ns per row, mul_i64 1 ns, div_i64 as the machine divides.
 */
import type { Arena } from './arena.ts'
import {
  type Assembly,
  assemble,
  type F64,
  type I32,
  type I64,
  i32,
  i64,
  i64x2,
} from './assembler.ts'
import { defineKernel } from './kernels.ts'
import type { LaneOperation } from './lanes.ts'
import { eachGroup, eachGroupThenRow, eachRow } from './rows.ts'

const int64Min = -(2n ** 63n)
const wrap = (value: bigint) => BigInt.asIntN(64, value)

/**
 * Closure of a kernel (a, b, out, rows) over i64; `compute` gives the exact or the replaced value and whether it is
 * bad.
 */
function closure64(compute: (x: bigint, y: bigint) => bigint | null) {
  return (arena: Arena) =>
    (a: number, b: number, out: number, rows: number): number => {
      const { i64 } = arena.views
      let flag = 0
      for (let row = 0; row < rows; row++) {
        const exact = compute(i64[(a >>> 3) + row]!, i64[(b >>> 3) + row]!)
        const value = exact === null ? 0n : wrap(exact)
        if (exact === null || value !== exact) flag = 1
        i64[(out >>> 3) + row] = value
      }
      return flag
    }
}

/**
 * Sums overflow when both operands differ in sign from the sum, differences when they differ from each other and
 * from it.
 */
function sumKernel(name: string, lanes: 'i64x2.add' | 'i64x2.sub') {
  const adds = lanes === 'i64x2.add'
  defineKernel({
    name,
    parameters: 4,
    operands: ['i64', 'i64', 'to i64', 'rows'],
    closure: closure64((x, y) => (adds ? x + y : x - y)),
    wasm: () =>
      assemble(4, (a, left, right, out, rows) => {
        const sticky = a.let(i64x2(0n, 0n))
        const stickyRow = a.let(i64(0n))
        const group = () => {
          for (const offset of [0, 16, 32, 48]) {
            const x = a.let(left.v128(offset))
            const y = a.let(right.v128(offset))
            const sum = a.let(x.op(lanes, y))
            const bad = adds ? x.xor(sum).and(y.xor(sum)) : x.xor(y).and(x.xor(sum))
            a.set(sticky, sticky.or(bad))
            a.store(out, sum, offset)
          }
        }
        const row = () => {
          const x = a.let(left.i64())
          const y = a.let(right.i64())
          const sum = a.let(adds ? x.add(y) : x.sub(y))
          const bad = adds ? x.xor(sum).and(y.xor(sum)) : x.xor(y).and(x.xor(sum))
          a.set(stickyRow, stickyRow.or(bad))
          a.store(out, sum)
        }
        eachGroupThenRow(a, rows, [left, right, out], group, row)
        return sticky.bitmask('i64x2').ne(0).or(stickyRow.lt(0n))
      }),
  })
}

sumKernel('add_i64', 'i64x2.add')
sumKernel('sub_i64', 'i64x2.sub')

/** A kernel (a, b, out, rows) row by row; `compute` returns value and badness. */
function scalar64(
  name: string,
  reference: (x: bigint, y: bigint) => bigint | null,
  compute: (a: Assembly, x: I64, y: I64) => { value: I64; bad: I32 },
) {
  defineKernel({
    name,
    parameters: 4,
    operands: ['i64', 'i64', 'to i64', 'rows'],
    closure: closure64(reference),
    wasm: () =>
      assemble(4, (a, left, right, out, rows) => {
        const flag = a.let(i32(0))
        eachRow(
          a,
          rows,
          [
            [left, 8],
            [right, 8],
            [out, 8],
          ],
          () => {
            const { value, bad } = compute(a, a.let(left.i64()), a.let(right.i64()))
            a.store(out, value)
            a.set(flag, flag.or(bad))
          },
        )
        return flag
      }),
  })
}

/** First the widths of all operands: where they add up to 62 bits no product can wrap. */
defineKernel({
  name: 'mul_i64',
  parameters: 4,
  operands: ['i64', 'i64', 'to i64', 'rows'],
  closure: closure64((x, y) => x * y),
  wasm: () =>
    assemble(4, (a, left, right, out, rows) => {
      const flag = a.let(i32(0))
      const widths = a.let(leadingBits(a, left, rows).add(leadingBits(a, right, rows)))
      a.if(
        widths.ge(66n),
        () =>
          eachGroup(a, rows, [left, right, out], () => {
            for (const offset of [0, 16, 32, 48]) {
              const product = left.v128(offset).op('i64x2.mul', right.v128(offset))
              a.store(out, product, offset)
            }
          }),
        () => checkedProducts(a, left, right, out, rows, flag),
      )
      return flag
    }),
})

/** Code: the number of leading bits that are only sign in every row; what lies behind the last row may lower it. */
function leadingBits(a: Assembly, column: I32, rows: I32): I64 {
  const from = a.let(column)
  const seen = a.let(i64x2(0n, 0n))
  eachGroup(a, rows, [from], () => {
    for (const offset of [0, 16, 32, 48]) {
      const x = a.let(from.v128(offset))
      a.set(seen, seen.or(x.xor(x.shift('i64x2.shr_s', 63))))
    }
  })
  return seen.laneI64(0).or(seen.laneI64(1)).clz()
}

function checkedProducts(a: Assembly, left: I32, right: I32, out: I32, rows: I32, flag: I32): void {
  const pointers: [I32, number][] = [
    [left, 8],
    [right, 8],
    [out, 8],
  ]
  eachRow(a, rows, pointers, () => {
    const x = a.let(left.i64())
    const y = a.let(right.i64())
    const product = a.let(x.mul(y))
    const widths = x
      .xor(x.shrS(63n))
      .clz()
      .add(y.xor(y.shrS(63n)).clz())
    a.if(widths.lt(66n), () => {
      // Dividing back gives x unless the product wrapped; minimum ÷ −1 must not be tried.
      a.if(
        y.eq(-1n),
        () => a.set(flag, flag.or(x.eq(int64Min))),
        () => a.if(y.ne(0n), () => a.set(flag, flag.or(product.divS(y).ne(x)))),
      )
    })
    a.store(out, product)
  })
}

scalar64(
  'div_i64',
  (x, y) => (y === 0n ? null : wrap(x / y) === x / y ? x / y : null),
  (a, x, y) => {
    const bad = a.let(y.isZero().or(x.eq(int64Min).and(y.eq(-1n))))
    return { value: i64(0n).when(bad, x.divS(i64(1n).when(bad, y))), bad }
  },
)

scalar64(
  'mod_i64',
  (x, y) => (y === 0n ? null : x % y),
  (a, x, y) => {
    const bad = a.let(y.isZero())
    return { value: i64(0n).when(bad, x.remS(i64(1n).when(bad, y))), bad }
  },
)

defineKernel({
  name: 'abs_i64',
  parameters: 3,
  operands: ['i64', 'to i64', 'rows'],
  closure: (arena) => (from, out, rows) => {
    const { i64 } = arena.views
    let flag = 0
    for (let row = 0; row < rows!; row++) {
      const value = i64[(from! >>> 3) + row]!
      if (value === int64Min) flag = 1
      i64[(out! >>> 3) + row] = wrap(value < 0n ? -value : value)
    }
    return flag
  },
  wasm: () =>
    assemble(3, (a, from, out, rows) => {
      const flag = a.let(i32(0))
      eachRow(
        a,
        rows,
        [
          [from, 8],
          [out, 8],
        ],
        () => {
          const x = a.let(from.i64())
          const sign = a.let(x.shrS(63n))
          const value = a.let(x.xor(sign).sub(sign))
          a.set(flag, flag.or(value.lt(0n)))
          a.store(out, value)
        },
      )
      return flag
    }),
})

/** Is some row below bounds[0] or above bounds[1]? */
defineKernel({
  name: 'outside_i64',
  parameters: 3,
  operands: ['i64', 'control', 'rows'],
  closure: (arena) => (from, bounds, rows) => {
    const { i64 } = arena.views
    const low = i64[bounds! >>> 3]!
    const high = i64[(bounds! >>> 3) + 1]!
    for (let row = 0; row < rows!; row++) {
      const value = i64[(from! >>> 3) + row]!
      if (value < low || value > high) return 1
    }
    return 0
  },
  wasm: () =>
    assemble(3, (a, from, bounds, rows) => {
      const [low, high] = [a.let(bounds.i64()), a.let(bounds.i64(8))]
      const [lows, highs] = [a.let(low.splat()), a.let(high.splat())]
      const sticky = a.let(i64x2(0n, 0n))
      const flag = a.let(i32(0))
      const group = () => {
        for (const offset of [0, 16, 32, 48]) {
          const x = a.let(from.v128(offset))
          const bad = x.op('i64x2.lt_s', lows).or(x.op('i64x2.gt_s', highs))
          a.set(sticky, sticky.or(bad))
        }
      }
      eachGroupThenRow(a, rows, [from], group, () => {
        const x = a.let(from.i64())
        a.set(flag, flag.or(x.lt(low)).or(x.gt(high)))
      })
      return flag.or(sticky.anyTrue())
    }),
})

function lanesKernel(
  name: string,
  lanes: LaneOperation,
  reference: (x: number, y: number) => number,
) {
  defineKernel({
    name,
    parameters: 4,
    operands: ['f64', 'f64', 'to f64', 'rows'],
    closure: (arena) => (a, b, out, rows) => {
      const { f64 } = arena.views
      for (let row = 0; row < rows!; row++) {
        f64[(out! >>> 3) + row] = reference(f64[(a! >>> 3) + row]!, f64[(b! >>> 3) + row]!)
      }
      return 0
    },
    wasm: () =>
      assemble(4, (a, left, right, out, rows) => {
        eachGroup(a, rows, [left, right, out], () => {
          for (const offset of [0, 16, 32, 48]) {
            a.store(out, left.v128(offset).op(lanes, right.v128(offset)), offset)
          }
        })
        return i32(0)
      }),
  })
}

lanesKernel('add_f64', 'f64x2.add', (x, y) => x + y)
lanesKernel('sub_f64', 'f64x2.sub', (x, y) => x - y)
lanesKernel('mul_f64', 'f64x2.mul', (x, y) => x * y)

/** Returns 1 when some divisor is 0. */
defineKernel({
  name: 'div_f64',
  parameters: 4,
  operands: ['f64', 'f64', 'to f64', 'rows'],
  closure: (arena) => (a, b, out, rows) => {
    const { f64 } = arena.views
    let flag = 0
    for (let row = 0; row < rows!; row++) {
      const divisor = f64[(b! >>> 3) + row]!
      if (divisor === 0) flag = 1
      f64[(out! >>> 3) + row] = f64[(a! >>> 3) + row]! / divisor
    }
    return flag
  },
  wasm: () =>
    assemble(4, (a, left, right, out, rows) => {
      const sticky = a.let(i64x2(0n, 0n))
      const flag = a.let(i32(0))
      const group = () => {
        for (const offset of [0, 16, 32, 48]) {
          const divisor = a.let(right.v128(offset))
          a.set(sticky, sticky.or(divisor.op('f64x2.eq', i64x2(0n, 0n))))
          a.store(out, left.v128(offset).op('f64x2.div', divisor), offset)
        }
      }
      eachGroupThenRow(a, rows, [left, right, out], group, () => {
        a.set(flag, flag.or(right.f64().eq(0)))
        a.store(out, left.f64().div(right.f64()))
      })
      return flag.or(sticky.anyTrue())
    }),
})

/** The remainder with the sign of the dividend; WebAssembly has no instruction for it. */
defineKernel({
  name: 'mod_f64',
  parameters: 4,
  operands: ['f64', 'f64', 'to f64', 'rows'],
  closure: (arena) => (a, b, out, rows) => {
    const { f64 } = arena.views
    let flag = 0
    for (let row = 0; row < rows!; row++) {
      const divisor = f64[(b! >>> 3) + row]!
      if (divisor === 0) flag = 1
      f64[(out! >>> 3) + row] = f64[(a! >>> 3) + row]! % divisor
    }
    return flag
  },
  wasm: null,
})

function unaryF64(
  name: string,
  reference: (x: number) => number,
  code: (a: Assembly, x: F64) => F64,
) {
  defineKernel({
    name,
    parameters: 3,
    operands: ['f64', 'to f64', 'rows'],
    closure: (arena) => (from, out, rows) => {
      const { f64 } = arena.views
      for (let row = 0; row < rows!; row++) {
        f64[(out! >>> 3) + row] = reference(f64[(from! >>> 3) + row]!)
      }
      return 0
    },
    wasm: () =>
      assemble(3, (a, from, out, rows) => {
        eachRow(
          a,
          rows,
          [
            [from, 8],
            [out, 8],
          ],
          () => {
            a.store(out, code(a, a.let(from.f64())))
          },
        )
        return i32(0)
      }),
  })
}

/** Halves away from zero. */
function roundHalfAway(value: number): number {
  const magnitude = Math.abs(value)
  const whole = Math.floor(magnitude)
  const rounded = magnitude - whole >= 0.5 ? whole + 1 : whole
  return value < 0 || Object.is(value, -0) ? -rounded : rounded
}

unaryF64('abs_f64', Math.abs, (_, x) => x.abs())
unaryF64('floor_f64', Math.floor, (_, x) => x.floor())
unaryF64('ceil_f64', Math.ceil, (_, x) => x.ceil())
unaryF64(
  'round_f64',
  (x) => (Number.isFinite(x) ? roundHalfAway(x) : x),
  (a, x) => {
    const magnitude = a.let(x.abs())
    const whole = a.let(magnitude.floor())
    // The difference is exact; infinities and NaN fall through as they are.
    const rounded = whole.add(1).when(magnitude.sub(whole).ge(0.5), whole)
    return rounded.copysign(x)
  },
)
