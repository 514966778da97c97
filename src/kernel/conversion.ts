/**
 * Conversion kernels: between numbers, and floors of scaled integers and times.
 *
 * How      As in arithmetic.ts: all rows are computed, a result of 1 asks for evaluation row by row.
 * Contract 1 (checked by twins) f64_i64 is exact or rounded half to even; i64_f64 rounds half to even and flags
 *            what does not fit.
 */
import { type Assembly, assemble, type I32, type I64, i32, i64 } from './assembler.ts'
import { defineKernel } from './kernels.ts'
import { eachRow } from './rows.ts'

defineKernel({
  name: 'f64_i64',
  parameters: 3,
  operands: ['i64', 'to f64', 'rows'],
  closure: (arena) => (from, out, rows) => {
    const { i64, f64 } = arena.views
    for (let row = 0; row < rows!; row++)
      f64[(out! >>> 3) + row] = Number(i64[(from! >>> 3) + row]!)
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
        () => a.store(out, from.i64().toF64S()),
      )
      return i32(0)
    }),
})

const limit = 2 ** 63

/** Rounds half to even; flags NaN and what is outside of i64. */
defineKernel({
  name: 'i64_f64',
  parameters: 3,
  operands: ['f64', 'to i64', 'rows'],
  closure: (arena) => (from, out, rows) => {
    const { i64, f64 } = arena.views
    let flag = 0
    for (let row = 0; row < rows!; row++) {
      const value = nearestEven(f64[(from! >>> 3) + row]!)
      const fits = value >= -limit && value < limit
      if (!fits) flag = 1
      i64[(out! >>> 3) + row] = fits ? BigInt(value) : 0n
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
          const value = a.let(from.f64().nearest())
          const fits = a.let(value.ge(-limit).and(value.lt(limit)))
          a.set(flag, flag.or(fits.isZero()))
          a.store(out, value.toI64().when(fits, 0n))
        },
      )
      return flag
    }),
})

function nearestEven(value: number): number {
  const down = Math.floor(value)
  const rest = value - down
  if (rest < 0.5) return down
  if (rest > 0.5) return down + 1
  // NaN and infinities leave a rest of NaN.
  if (rest !== 0.5) return value
  return down % 2 === 0 ? down : down + 1
}

/**
 * DECIMAL to f64: value ÷ divisor, both exact as doubles; flags magnitudes above 2^53. `divisor` is an f64 at an
 * address.
 */
defineKernel({
  name: 'scale_f64_i64',
  parameters: 4,
  operands: ['i64', 'divisor', 'to f64', 'rows'],
  closure: (arena) => (from, divisor, out, rows) => {
    const { i64, f64 } = arena.views
    const by = f64[divisor! >>> 3]!
    let flag = 0
    for (let row = 0; row < rows!; row++) {
      const value = i64[(from! >>> 3) + row]!
      if (value > exactMax || value < -exactMax) flag = 1
      f64[(out! >>> 3) + row] = Number(value) / by
    }
    return flag
  },
  wasm: () =>
    assemble(4, (a, from, divisor, out, rows) => {
      const by = a.let(divisor.f64())
      const flag = a.let(i32(0))
      eachRow(
        a,
        rows,
        [
          [from, 8],
          [out, 8],
        ],
        () => {
          const value = a.let(from.i64())
          a.set(flag, flag.or(value.add(exactMax).above(2n * exactMax)))
          a.store(out, value.toF64S().div(by))
        },
      )
      return flag
    }),
})

const exactMax = 2n ** 53n

/** A kernel (from, control, out, rows) over i64 with constants in a control block. */
function withControl(
  name: string,
  words: number,
  reference: (x: bigint, control: bigint[]) => bigint,
  code: (a: Assembly, x: I64, control: I64[], flag: I32) => I64,
) {
  defineKernel({
    name,
    parameters: 4,
    operands:
      name === 'civil_i64'
        ? ['days', 'part', 'to i64', 'rows']
        : ['i64', 'control', 'to i64', 'rows'],
    closure: (arena) => (from, control, out, rows) => {
      const { i64 } = arena.views
      const constants = Array.from(i64.subarray(control! >>> 3, (control! >>> 3) + words))
      let flag = 0
      for (let row = 0; row < rows!; row++) {
        const exact = reference(i64[(from! >>> 3) + row]!, constants)
        const value = BigInt.asIntN(64, exact)
        if (value !== exact) flag = 1
        i64[(out! >>> 3) + row] = value
      }
      return flag
    },
    wasm: () =>
      assemble(4, (a, from, control, out, rows) => {
        const constants = Array.from({ length: words }, (_, word) => a.let(control.i64(word * 8)))
        const flag = a.let(i32(0))
        eachRow(
          a,
          rows,
          [
            [from, 8],
            [out, 8],
          ],
          () => {
            a.store(out, code(a, a.let(from.i64()), constants, flag))
          },
        )
        return flag
      }),
  })
}

const floorModulo = (x: bigint, unit: bigint) => ((x % unit) + unit) % unit

/** Code: x modulo unit, never negative; unit below 2^62. */
function floorModuloCode(a: Assembly, x: I64, unit: I64): I64 {
  const rest = a.let(x.remS(unit))
  return a.let(rest.add(unit.and(rest.shrS(63n))))
}

/** Floor to a multiple of `unit` plus `offset` (0 ≤ offset < unit); flags what falls below the minimum. */
withControl(
  'floor_i64',
  2,
  (x, [unit, offset]) => x - floorModulo(floorModulo(x, unit!) - offset!, unit!),
  (a, x, [unit, offset], flag) => {
    const rest = a.let(floorModuloCode(a, x, unit!).sub(offset!))
    a.set(rest, rest.add(unit!.and(rest.shrS(63n))))
    const value = a.let(x.sub(rest))
    a.set(flag, flag.or(value.gt(x)))
    return value
  },
)

/** ((x + offset) modulo `modulus`) ÷ unit: the hour of a time, the day of a week. */
withControl(
  'part_i64',
  3,
  (x, [modulus, unit, offset]) => floorModulo(x + offset!, modulus!) / unit!,
  (a, x, [modulus, unit, offset]) => {
    const rest = a.let(floorModuloCode(a, x, modulus!).add(offset!))
    return i64(rest.remS(modulus!)).divS(unit!)
  },
)

/** x ÷ unit, rounded half away from zero: a DECIMAL to fewer digits. */
withControl(
  'round_i64',
  1,
  (x, [unit]) => {
    const magnitude = (x < 0n ? -x : x) + unit! / 2n
    return x < 0n ? -(magnitude / unit!) : magnitude / unit!
  },
  (a, x, [unit]) => {
    const sign = a.let(x.shrS(63n))
    // Unsigned: the magnitude of the minimum, and half a unit more, are below 2^64.
    const magnitude = x.xor(sign).sub(sign).add(unit!.divS(2n))
    const quotient = a.let(magnitude.divU(unit!))
    return quotient.xor(sign).sub(sign)
  },
)

/** x ÷ unit towards minus infinity: a TIMESTAMP to its day, FLOOR of a DECIMAL. */
withControl(
  'floor_div_i64',
  1,
  (x, [unit]) => x / unit! - (x % unit! < 0n ? 1n : 0n),
  (a, x, [unit]) => {
    const quotient = a.let(x.divS(unit!))
    return quotient.sub(x.sub(quotient.mul(unit!)).shr(63n))
  },
)

/** Year, quarter, month, day or day of year (part 0 … 4) of days since 1970, as in src/data/calendar.ts. */
withControl(
  'civil_i64',
  1,
  (days, [part]) => civilPart(days, Number(part)),
  (a, x, [part]) => {
    const era = a.i64()
    const shifted = a.let(x.add(719_468n))
    const dayOfEra = floorModuloCode(a, shifted, a.let(i64(146_097n)))
    a.set(era, shifted.sub(dayOfEra).divS(146_097n))
    const leap = dayOfEra.divS(1460n).sub(dayOfEra.divS(36_524n)).add(dayOfEra.divS(146_096n))
    const yearOfEra = a.let(dayOfEra.sub(leap).divS(365n))
    const yearDays = yearOfEra.mul(365n).add(yearOfEra.divS(4n)).sub(yearOfEra.divS(100n))
    const dayOfYear = a.let(dayOfEra.sub(yearDays))
    const march = a.let(dayOfYear.mul(5n).add(2n).divS(153n))
    const day = dayOfYear.sub(march.mul(153n).add(2n).divS(5n)).add(1n)
    const month = a.let(march.add(3n).when(march.lt(10n), march.sub(9n)))
    const year = a.let(era.mul(400n).add(yearOfEra).add(month.le(2n).extendU()))
    const isLeap = a.let(
      year
        .and(3n)
        .isZero()
        .and(year.remS(100n).ne(0n).or(year.remS(400n).isZero())),
    )
    // March 1 is day 60, or 61 of a leap year; January and February end the year that began in March.
    const fromMarch = dayOfYear.add(60n).add(isLeap.extendU())
    const inYear = dayOfYear.sub(305n).when(month.le(2n), fromMarch)
    const value = a.let(year)
    a.if(part!.eq(1n), () => a.set(value, month.add(2n).divS(3n)))
    a.if(part!.eq(2n), () => a.set(value, month))
    a.if(part!.eq(3n), () => a.set(value, day))
    a.if(part!.eq(4n), () => a.set(value, inYear))
    return value
  },
)

function civilPart(days: bigint, part: number): bigint {
  const shifted = days + 719_468n
  const dayOfEra = floorModulo(shifted, 146_097n)
  const era = (shifted - dayOfEra) / 146_097n
  const leap = dayOfEra / 1460n - dayOfEra / 36_524n + dayOfEra / 146_096n
  const yearOfEra = (dayOfEra - leap) / 365n
  const dayOfYear = dayOfEra - (yearOfEra * 365n + yearOfEra / 4n - yearOfEra / 100n)
  const march = (dayOfYear * 5n + 2n) / 153n
  const month = march < 10n ? march + 3n : march - 9n
  const year = era * 400n + yearOfEra + (month <= 2n ? 1n : 0n)
  if (part === 0) return year
  if (part === 1) return (month + 2n) / 3n
  if (part === 2) return month
  if (part === 3) return dayOfYear - (march * 153n + 2n) / 5n + 1n
  if (month <= 2n) return dayOfYear - 305n
  const isLeap = year % 4n === 0n && (year % 100n !== 0n || year % 400n === 0n)
  return dayOfYear + 60n + (isLeap ? 1n : 0n)
}
