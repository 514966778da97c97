/**
 * Period: INTERVALs that have months and microseconds, as single values.
 *
 * Contract 1 (trusted) months and microseconds are computed apart; what a product or quotient leaves of a month are
 *            days, of which a month has 30, and is rounded to microseconds once, half away from zero.
 *          2 (trusted) AGE counts whole months from the earlier time on, then what is left of the last one, whose
 *            length is that of the month that the earlier time lies in.
 */
import {
  civilOf,
  daysInMonth,
  type Period,
  periodLength,
  periodValue,
  readPeriod,
  type Type,
  type Value,
} from '../../data/index.ts'
import { dayMicros, divisionByZero, Fault, type Known, type Outcome } from './fault.ts'
import type { Makers } from './maker.ts'
import { clockUnits } from './time.ts'

const outOfRange = new Fault('overflow', 'interval out of range')
const monthMicros = 30n * dayMicros

function made(period: Period): Outcome {
  return periodValue(period) ?? outOfRange
}

export function addPeriods(a: Known, b: Known, sign: bigint): Outcome {
  const [left, right] = [readPeriod(a as string), readPeriod(b as string)]
  return made({
    months: left.months + sign * right.months,
    micros: left.micros + sign * right.micros,
  })
}

export function negatePeriod(a: Known): Outcome {
  const { months, micros } = readPeriod(a as string)
  return made({ months: -months, micros: -micros })
}

/** So many times the period, or the period over it. */
export function scalePeriod(a: Known, factor: number, over: boolean): Outcome {
  if (over && factor === 0) return divisionByZero
  if (!Number.isFinite(factor)) {
    return over && !Number.isNaN(factor) ? made({ months: 0n, micros: 0n }) : outOfRange
  }
  let [whole, unit] = [factor, 1n]
  for (; !Number.isInteger(whole); whole *= 2) unit *= 2n
  const [times, parts] = over ? [unit, BigInt(whole)] : [BigInt(whole), unit]
  const { months, micros } = readPeriod(a as string)
  const kept = (months * times) / parts
  const rest = months * times - kept * parts
  return made({ months: kept, micros: nearest(micros * times + rest * monthMicros, parts) })
}

/** The quotient, rounded half away from zero. */
function nearest(dividend: bigint, divisor: bigint): bigint {
  const [a, b] = [dividend < 0n ? -dividend : dividend, divisor < 0n ? -divisor : divisor]
  const value = (2n * a + b) / (2n * b)
  return dividend < 0n === divisor < 0n ? value : -value
}

/** Casts between periods and what else tells a span of time; to months microseconds are cut off. */
export function castPeriod(value: Known, from: Type, to: Type): Outcome {
  if (from.kind !== 'period') {
    const amount = value as bigint
    return made(
      from.kind === 'months' ? { months: amount, micros: 0n } : { months: 0n, micros: amount },
    )
  }
  const { months, micros } = readPeriod(value as string)
  if (to.kind === 'months') return months
  if (to.kind === 'time') return ((micros % dayMicros) + dayMicros) % dayMicros
  if (months === 0n) return micros
  return new Fault('invalid_cast', 'an INTERVAL DAY TO SECOND has no months')
}

const secondsOfYear = 31_557_600n

export function extractPeriod(unit: string, value: Known): Outcome {
  const { months, micros } = readPeriod(value as string)
  switch (unit) {
    case 'epoch': {
      const days = (months % 12n) * monthMicros
      return Number((months / 12n) * secondsOfYear * 1_000_000n + days + micros) / 1e6
    }
    case 'year':
      return months / 12n
    case 'quarter':
      return (months % 12n) / 3n + 1n
    case 'month':
      return months % 12n
    case 'day':
      return micros / dayMicros
    default: {
      const clock = clockUnits[unit]!
      return (micros % clock.within) / clock.unit
    }
  }
}

const floorDivide = (value: bigint, by: bigint) => (value - (((value % by) + by) % by)) / by

/** Months from the beginning of year 0, day of the month and microsecond of the day. */
function fieldsOf(micros: bigint): { months: number; day: number; clock: bigint } {
  const days = floorDivide(micros, dayMicros)
  const { year, month, day } = civilOf(Number(days))
  return { months: year * 12 + month - 1, day, clock: micros - days * dayMicros }
}

/** What lies between two times, from the second to the first. */
function age(later: bigint, earlier: bigint): Outcome {
  if (later < earlier) {
    const turned = age(earlier, later)
    return turned instanceof Fault ? turned : negatePeriod(turned!)
  }
  const [to, from] = [fieldsOf(later), fieldsOf(earlier)]
  let months = to.months - from.months
  let days = to.day - from.day
  if (to.clock < from.clock) days--
  if (days < 0) {
    months--
    days += daysInMonth(Math.floor(from.months / 12), (((from.months % 12) + 12) % 12) + 1)
  }
  const clock = to.clock - from.clock + (to.clock < from.clock ? dayMicros : 0n)
  return made({ months: BigInt(months), micros: BigInt(days) * dayMicros + clock })
}

const units = [12n, 1n, 7n * dayMicros, dayMicros, 3_600_000_000n, 60_000_000n]

export const periods: Makers = {
  months_of: () => (a) => readPeriod(a as string).months,
  micros_of: () => (a) => readPeriod(a as string).micros,
  length_of: () => (a) => periodLength(readPeriod(a as string)),
  period_of: () => (months, micros) => made({ months: months as bigint, micros: micros as bigint }),
  age: () => (later, earlier) => age(later as bigint, earlier as bigint),
  make_interval: () => (_a, _b, _c, all: readonly Value[]) => {
    const [years, months, ...shorter] = units.map(
      (unit, index) => BigInt((all[index] ?? 0n) as bigint) * unit,
    )
    const seconds = Number(all[6] ?? 0) * 1e6
    if (!Number.isFinite(seconds)) return outOfRange
    const micros = shorter.reduce((sum, part) => sum + part, BigInt(Math.round(seconds)))
    return made({ months: years! + months!, micros })
  },
  justify_interval: () => (a) => {
    const { months, micros } = readPeriod(a as string)
    const length = months * monthMicros + micros
    return made({ months: length / monthMicros, micros: length % monthMicros })
  },
}
