/**
 * Time: EXTRACT and DATE_TRUNC on single values.
 *
 * Contract 1 (trusted) `second` is whole; `millisecond` and `microsecond` include the seconds; weeks are those of
 *            ISO 8601; the parts of an INTERVAL carry its sign, and it has neither months nor years.
 */
import { civilOf, daysOf, type Type } from '../../data/index.ts'
import { dayMicros, Fault, type Known, type Outcome, ranged } from './fault.ts'

/** Clock units: size, and that of the next greater unit, in microseconds. */
export const clockUnits: Record<string, { unit: bigint; within: bigint }> = {
  hour: { unit: 3_600_000_000n, within: dayMicros },
  minute: { unit: 60_000_000n, within: 3_600_000_000n },
  second: { unit: 1_000_000n, within: 60_000_000n },
  millisecond: { unit: 1000n, within: 60_000_000n },
  microsecond: { unit: 1n, within: 60_000_000n },
}

export const weekMicros = 7n * dayMicros
/** 1970-01-01 was a Thursday: Monday came four days later, or three before. */
export const mondayMicros = 4n * dayMicros

/** Parts of a date by their number in the kernel `civil_i64`. */
export const civilParts: Record<string, bigint> = {
  year: 0n,
  quarter: 1n,
  month: 2n,
  day: 3n,
  doy: 4n,
}

const floorModulo = (value: bigint, unit: bigint) => ((value % unit) + unit) % unit

function microsOf(value: Known, type: Type): bigint {
  return type.kind === 'date' ? BigInt(value as number) * dayMicros : (value as bigint)
}

export function extract(unit: string, value: Known, type: Type): Outcome {
  const micros = microsOf(value, type)
  if (unit === 'epoch') return Number(micros) / 1e6
  const clock = clockUnits[unit]
  if (type.kind === 'months') return monthPart(unit, value as bigint)
  if (type.kind === 'interval') {
    if (clock !== undefined) return (micros % clock.within) / clock.unit
    if (unit === 'day') return micros / dayMicros
    return unit === 'quarter' ? 1n : 0n
  }
  if (clock !== undefined) return floorModulo(micros, clock.within) / clock.unit
  return dayPart(unit, Number((micros - floorModulo(micros, dayMicros)) / dayMicros))
}

/** The parts of a number of months carry its sign. */
function monthPart(unit: string, months: bigint): bigint {
  if (unit === 'year') return months / 12n
  return unit === 'month' ? months % 12n : (months % 12n) / 3n + 1n
}

function dayPart(unit: string, days: number): Outcome {
  const { year, month, day } = civilOf(days)
  switch (unit) {
    case 'year':
      return BigInt(year)
    case 'quarter':
      return BigInt(Math.ceil(month / 3))
    case 'month':
      return BigInt(month)
    case 'day':
      return BigInt(day)
    case 'dow':
      return BigInt((((days + 4) % 7) + 7) % 7)
    case 'doy':
      return BigInt(days - daysOf({ year, month: 1, day: 1 }) + 1)
    case 'week': {
      // The week belongs to the year of its Thursday.
      const thursday = days + 3 - ((((days + 3) % 7) + 7) % 7)
      const first = daysOf({ year: civilOf(thursday).year, month: 1, day: 1 })
      return BigInt(Math.floor((thursday - first) / 7) + 1)
    }
    default:
      return new Fault('invalid_argument', `no such unit: ${unit}`)
  }
}

const timestamp: Type = { kind: 'timestamp', precision: 6 }

export function truncate(unit: string, value: Known, type: Type): Outcome {
  const micros = microsOf(value, type)
  const name = unit.toLowerCase()
  const clock = name === 'day' ? dayMicros : clockUnits[name]?.unit
  if (clock !== undefined) return ranged(micros - floorModulo(micros, clock), timestamp)
  if (name === 'week') {
    return ranged(micros - floorModulo(micros - mondayMicros, weekMicros), timestamp)
  }
  const { year, month } = civilOf(Number((micros - floorModulo(micros, dayMicros)) / dayMicros))
  const first = { year: 1, quarter: month - ((month - 1) % 3), month }[name]
  if (first === undefined) return new Fault('invalid_argument', `no such unit: ${unit}`)
  return ranged(BigInt(daysOf({ year, month: first, day: 1 })) * dayMicros, timestamp)
}
