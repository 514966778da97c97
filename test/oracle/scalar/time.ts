/**
 * Dates and times of the reference interpreter, by the host's proleptic Gregorian calendar (UTC).
 */
import type { Type, Value } from '../../../src/data/index.ts'
import { Fault, type Known } from '../value.ts'
import { dayMicros, floorDivide } from './exact.ts'
import { ranged } from './number.ts'
import { extractPeriod } from './period.ts'

const secondMicros = 1_000_000n
const dayMillis = 86_400_000
const eraDays = 146_097n

/** Microseconds since the epoch of a TIMESTAMP, a DATE or, as a duration, of an INTERVAL. */
function microsOf(value: Known, type: Type): bigint {
  return type.kind === 'date' ? BigInt(value as number) * dayMicros : (value as bigint)
}

export function extract(unit: string, value: Known, type: Type): Value {
  if (type.kind === 'period') {
    return extractPeriod(unit, value, (micros) => extractDuration(unit, micros))
  }
  const micros = microsOf(value, type)
  if (unit === 'epoch') return Number(micros) / 1e6
  if (type.kind === 'interval') return extractDuration(unit, micros)
  if (type.kind === 'months') return extractMonths(unit, micros)
  const inDay = micros - floorDivide(micros, dayMicros) * dayMicros
  const { date, eras } = hostDate(micros)
  const part = extractClock(unit, inDay) ?? BigInt(extractDate(unit, date))
  return unit === 'year' ? part + 400n * eras : part
}

/** The host knows 275,000 years; further ones are moved by eras of 400 years, which are whole weeks. */
function hostDate(micros: bigint): { date: Date; eras: bigint } {
  const days = floorDivide(micros, dayMicros)
  const eras = floorDivide(days, eraDays)
  return { date: new Date(Number(days - eras * eraDays) * dayMillis), eras }
}

function extractMonths(unit: string, months: bigint): bigint {
  if (unit === 'year') return months / 12n
  const rest = months - (months / 12n) * 12n
  return unit === 'month' ? rest : rest / 3n + 1n
}

/** The same day some months on, or the last of the month; microseconds. */
export function moveMonths(micros: bigint, months: number): bigint {
  const { date, eras } = hostDate(micros)
  const total = date.getUTCFullYear() * 12 + date.getUTCMonth() + months
  const far = Math.floor(total / 4800)
  const [year, month] = [Math.floor(total / 12) - far * 400, ((total % 12) + 12) % 12]
  const last = new Date(new Date(0).setUTCFullYear(year, month + 1, 0)).getUTCDate()
  const day = new Date(0).setUTCFullYear(year, month, Math.min(date.getUTCDate(), last))
  const clock = micros - floorDivide(micros, dayMicros) * dayMicros
  return BigInt(day) * 1000n + (eras + BigInt(far)) * eraDays * dayMicros + clock
}

/** The parts of a duration carry its sign. */
function extractDuration(unit: string, micros: bigint): bigint {
  if (unit === 'day') return micros / dayMicros
  return extractClock(unit, micros % dayMicros) ?? (unit === 'quarter' ? 1n : 0n)
}

function extractClock(unit: string, inDay: bigint): bigint | undefined {
  const minute = inDay % (60n * secondMicros)
  switch (unit) {
    case 'hour':
      return inDay / (3600n * secondMicros)
    case 'minute':
      return (inDay / (60n * secondMicros)) % 60n
    case 'second':
      return minute / secondMicros
    case 'millisecond':
      return minute / 1000n
    case 'microsecond':
      return minute
    default:
      return undefined
  }
}

function extractDate(unit: string, date: Date): number {
  switch (unit) {
    case 'year':
      return date.getUTCFullYear()
    case 'quarter':
      return Math.floor(date.getUTCMonth() / 3) + 1
    case 'month':
      return date.getUTCMonth() + 1
    case 'week':
      return isoWeek(date)
    case 'day':
      return date.getUTCDate()
    case 'dow':
      return date.getUTCDay()
    case 'doy':
      return Math.round((date.getTime() - yearStart(date.getUTCFullYear())) / dayMillis) + 1
    default:
      throw new Fault('invalid_argument', `no such unit: ${unit}`)
  }
}

function yearStart(year: number): number {
  return new Date(0).setUTCFullYear(year, 0, 1)
}

/** ISO 8601: the week of the year that holds this week's Thursday. */
function isoWeek(date: Date): number {
  const thursday = new Date(date.getTime() + (3 - ((date.getUTCDay() + 6) % 7)) * dayMillis)
  const days = (thursday.getTime() - yearStart(thursday.getUTCFullYear())) / dayMillis
  return Math.floor(days / 7) + 1
}

const clockUnits: Record<string, bigint> = {
  microsecond: 1n,
  millisecond: 1000n,
  second: secondMicros,
  minute: 60n * secondMicros,
  hour: 3600n * secondMicros,
  day: dayMicros,
}

const timestamp: Type = { kind: 'timestamp', precision: 6 }

export function truncateTime(unit: string, value: Known, type: Type): Value {
  const micros = microsOf(value, type)
  const clock = clockUnits[unit.toLowerCase()]
  if (clock !== undefined) return ranged(floorDivide(micros, clock) * clock, timestamp)
  const { date, eras } = hostDate(micros)
  const millis = BigInt(truncateDate(unit.toLowerCase(), date))
  return ranged(millis * 1000n + eras * eraDays * dayMicros, timestamp)
}

function truncateDate(unit: string, date: Date): number {
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()]
  switch (unit) {
    case 'week':
      return date.getTime() - ((date.getUTCDay() + 6) % 7) * dayMillis
    case 'month':
      return new Date(0).setUTCFullYear(year, month, 1)
    case 'quarter':
      return new Date(0).setUTCFullYear(year, month - (month % 3), 1)
    case 'year':
      return yearStart(year)
    default:
      throw new Fault('invalid_argument', `no such unit: ${unit}`)
  }
}
