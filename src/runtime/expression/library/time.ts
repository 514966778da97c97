/**
 * Time: the date and time functions of the library on single values.
 */
import {
  civilOf,
  daysInMonth,
  daysOf,
  monthName,
  parseValue,
  type Type,
  weekdayName,
} from '../../../data/index.ts'
import { dayMicros, Fault, invalid, type Known, type Outcome, ranged } from '../fault.ts'
import type { Maker, Makers } from '../maker.ts'
import { addMonths } from '../number.ts'
import { clockUnits } from '../time.ts'
import { patterns, readTime } from './pattern.ts'

const timestamp: Type = { kind: 'timestamp', precision: 6 }
const dateType: Type = { kind: 'date' }

const floorDivide = (value: bigint, unit: bigint) => {
  const rest = ((value % unit) + unit) % unit
  return (value - rest) / unit
}
const dayOf = (micros: bigint) => Number(floorDivide(micros, dayMicros))
const clockOf = (micros: bigint) => micros - BigInt(dayOf(micros)) * dayMicros
const weekday = (micros: bigint) => (((dayOf(micros) + 4) % 7) + 7) % 7

/** A function of one time. */
const at =
  (f: (micros: bigint) => Outcome): Maker =>
  () =>
  (micros) =>
    f(micros as bigint)

const monthsIn: Record<string, number> = {
  month: 1,
  quarter: 3,
  year: 12,
  decade: 120,
  century: 1200,
}

function fixedUnit(name: string): bigint | undefined {
  if (name === 'day') return dayMicros
  return name === 'week' ? 7n * dayMicros : clockUnits[name]?.unit
}

const singular = (unit: string) =>
  unit
    .toLowerCase()
    .replace(/^sql_tsi_/, '')
    .replace(/(?<=..)s$/, '')

function added(unit: string, count: bigint, micros: bigint): Outcome {
  const name = singular(unit)
  const fixed = fixedUnit(name)
  if (fixed !== undefined) return ranged(micros + count * fixed, timestamp)
  const months = monthsIn[name]
  if (months === undefined) return invalid(`no such unit: ${unit}`)
  return addMonths(micros, count * BigInt(months), timestamp)
}

const monthNumber = (micros: bigint) => {
  const { year, month } = civilOf(dayOf(micros))
  return year * 12 + month - 1
}

/** Whole units from a to b, towards zero. */
function wholeUnits(unit: string, a: bigint, b: bigint): Outcome {
  const name = singular(unit)
  const fixed = fixedUnit(name)
  if (fixed !== undefined) return (b - a) / fixed
  const months = monthsIn[name]
  if (months === undefined) return invalid(`no such unit: ${unit}`)
  const [early, late] = a <= b ? [a, b] : [b, a]
  let count = monthNumber(late) - monthNumber(early)
  const partOf = (micros: bigint) =>
    BigInt(civilOf(dayOf(micros)).day) * dayMicros + clockOf(micros)
  if (partOf(late) < partOf(early)) count--
  return BigInt(Math.trunc(count / months)) * (a <= b ? 1n : -1n)
}

/** Beginnings of units behind a, up to b. */
function boundaries(unit: string, a: bigint, b: bigint): Outcome {
  const name = singular(unit)
  if (name === 'week') {
    const monday = 4n * dayMicros
    const week = 7n * dayMicros
    return floorDivide(b - monday, week) - floorDivide(a - monday, week)
  }
  const fixed = fixedUnit(name)
  if (fixed !== undefined) return floorDivide(b, fixed) - floorDivide(a, fixed)
  const months = monthsIn[name]
  if (months === undefined) return invalid(`no such unit: ${unit}`)
  return BigInt(Math.floor(monthNumber(b) / months) - Math.floor(monthNumber(a) / months))
}

const mondayOfBuckets = BigInt(daysOf({ year: 2000, month: 1, day: 3 })) * dayMicros

function binned(width: bigint, micros: bigint, origin: bigint): Outcome {
  if (width <= 0n) return invalid('the width must be above 0')
  return ranged(origin + floorDivide(micros - origin, width) * width, timestamp)
}

/** The same by months, counted from that of the origin or from January 2000. */
function monthsBinned(width: bigint, micros: bigint, origin: bigint | undefined): Outcome {
  if (width <= 0n) return invalid('the width must be above 0')
  const from = BigInt(origin === undefined ? 2000 * 12 : monthNumber(origin))
  const first = from + floorDivide(BigInt(monthNumber(micros)) - from, width) * width
  const year = floorDivide(first, 12n)
  const date = { year: Number(year), month: Number(first - year * 12n) + 1, day: 1 }
  return ranged(BigInt(daysOf(date)) * dayMicros, timestamp)
}

function madeDate(year: bigint, month: bigint, day: bigint): number | Fault {
  const inYears = year >= -290_000n && year <= 290_000n
  const [y, m, d] = [Number(year), Number(month), Number(day)]
  if (!inYears || m < 1 || m > 12 || d < 1 || d > daysInMonth(y, m)) {
    return invalid(`there is no date ${year}-${month}-${day}`)
  }
  return daysOf({ year: y, month: m, day: d })
}

const madeTimestamp: Maker = () => (first, _b, _c, all) => {
  if (all.length === 1) return first!
  const [year, month, day, hour, minute, seconds] = all as [
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
    number,
  ]
  const days = madeDate(year, month, day)
  if (days instanceof Fault) return days
  const isClock =
    hour >= 0n && hour < 24n && minute >= 0n && minute < 60n && seconds >= 0 && seconds < 60
  if (!isClock) return invalid(`there is no time ${hour}:${minute}:${seconds}`)
  const clock = (hour * 60n + minute) * 60_000_000n + BigInt(Math.floor(seconds * 1e6))
  return ranged(BigInt(days) * dayMicros + clock, timestamp)
}

const javaDefault = 'yyyy-MM-dd HH:mm:ss'

/** Read by a Java pattern, or as CAST reads it. */
function readAs(type: Type, finish: (micros: bigint) => Outcome): Maker {
  return (_, types) => {
    if (types[0]!.kind === 'double') {
      return (seconds) => {
        if (!Number.isFinite(seconds)) return new Fault('overflow', 'timestamp out of range')
        return ranged(BigInt(Math.round((seconds as number) * 1e6)), timestamp)
      }
    }
    const read = readTime('java', finish)
    return (text, pattern) => {
      if (pattern !== undefined) return read(text as string, pattern as string)
      const value = parseValue(text as string, type)
      return value ?? new Fault('invalid_cast', `'${text}' is no ${type.kind.toUpperCase()}`)
    }
  }
}

const toDay = (micros: bigint) => ranged(BigInt(dayOf(micros)), dateType)

const unixTimestamp: Maker = () => {
  const read = readTime('java', (micros) => floorDivide(micros, 1_000_000n))
  return (first, pattern) =>
    pattern === undefined
      ? floorDivide(first as bigint, 1_000_000n)
      : read(first as string, pattern as string)
}

const fromUnix: Maker = (call, types) => {
  const write = patterns['date_format']!(call, types)
  return (seconds, pattern, c, all) => {
    const micros = ranged((seconds as bigint) * 1_000_000n, timestamp)
    return micros instanceof Fault
      ? micros
      : write(micros, (pattern ?? javaDefault) as Known, c, all)
  }
}

const between =
  (f: (unit: string, a: bigint, b: bigint) => Outcome): Maker =>
  () =>
  (unit, a, b) =>
    f(unit as string, a as bigint, b as bigint)

/** Years from 0001 on by so many, the first ones being number 1; those before count from −1 on. */
const era = (years: number): Maker =>
  at((micros) => {
    const { year } = civilOf(dayOf(micros))
    return BigInt(year > 0 ? Math.ceil(year / years) : Math.floor((year - 1) / years))
  })

/** So many units as an interval. */
const spans =
  (unit: bigint): Maker =>
  () =>
  (count) =>
    ranged((count as bigint) * unit, { kind: 'interval' })

const seconds: Maker = () => (count) => {
  const micros = (count as number) * 1e6
  if (!Number.isFinite(micros)) return new Fault('overflow', 'interval out of range')
  return ranged(BigInt(Math.round(micros)), { kind: 'interval' })
}

const madeTime: Maker = () => (hour, minute, second) => {
  const isClock =
    (hour as bigint) >= 0n &&
    (hour as bigint) < 24n &&
    (minute as bigint) >= 0n &&
    (minute as bigint) < 60n &&
    (second as number) >= 0 &&
    (second as number) < 60
  if (!isClock) return invalid(`there is no time ${hour}:${minute}:${second}`)
  const clock = ((hour as bigint) * 60n + (minute as bigint)) * 60_000_000n
  return clock + BigInt(Math.floor((second as number) * 1e6))
}

/** Year and number of the week of ISO 8601: that of its Thursday. */
function weekOf(micros: bigint): { year: number; week: number } {
  const thursday = dayOf(micros) - (weekday(micros) || 7) + 4
  const { year } = civilOf(thursday)
  const first = daysOf({ year, month: 1, day: 1 })
  return { year, week: Math.floor((thursday - first) / 7) + 1 }
}

const shifted =
  (sign: 1n | -1n): Maker =>
  () =>
  (micros, by) =>
    ranged((micros as bigint) + sign * (by as bigint), timestamp)

export const times: Makers = {
  date_add: shifted(1n),
  date_bin: () => (width, micros, origin) =>
    binned(width as bigint, micros as bigint, origin as bigint),
  date_diff: between(boundaries),
  datediff: (_, types) =>
    types[0]!.kind === 'date'
      ? (a, b) => BigInt((a as number) - (b as number))
      : (unit, a, b) => boundaries(unit as string, a as bigint, b as bigint),
  date_sub: shifted(-1n),
  dayname: at((micros) => weekdayName(weekday(micros))),
  dayofweek: at((micros) => BigInt(weekday(micros) + 1)),
  epoch_ms: at((micros) => floorDivide(micros, 1000n)),
  epoch_us: at((micros) => micros),
  from_unixtime: fromUnix,
  isodow: at((micros) => BigInt(weekday(micros) || 7)),
  decade: at((micros) => BigInt(Math.floor(civilOf(dayOf(micros)).year / 10))),
  century: era(100),
  millennium: era(1000),
  isoyear: at((micros) => BigInt(weekOf(micros).year)),
  weekofyear: at((micros) => BigInt(weekOf(micros).week)),
  yearweek: at((micros) => {
    const { year, week } = weekOf(micros)
    return BigInt(year) * 100n + (year < 0 ? -1n : 1n) * BigInt(week)
  }),
  make_time: madeTime,
  to_days: spans(dayMicros),
  to_hours: spans(3_600_000_000n),
  to_microseconds: spans(1n),
  to_milliseconds: spans(1000n),
  to_minutes: spans(60_000_000n),
  to_months: () => (count) => count!,
  to_seconds: seconds,
  to_weeks: spans(7n * dayMicros),
  to_years: () => (count) => ranged((count as bigint) * 12n, { kind: 'months' }),
  last_day: at((micros) => {
    const { year, month } = civilOf(dayOf(micros))
    return ranged(BigInt(daysOf({ year, month, day: daysInMonth(year, month) })), dateType)
  }),
  make_date: () => (year, month, day) => madeDate(year as bigint, month as bigint, day as bigint),
  make_timestamp: madeTimestamp,
  monthname: at((micros) => monthName(civilOf(dayOf(micros)).month)),
  strptime: () => {
    const read = readTime('c', (micros) => ranged(micros, timestamp))
    return (text, pattern) => read(text as string, pattern as string)
  },
  time_bucket: (_, types) => (width, micros, origin) =>
    types[0]!.kind === 'months'
      ? monthsBinned(width as bigint, micros as bigint, origin as bigint | undefined)
      : binned(width as bigint, micros as bigint, (origin ?? mondayOfBuckets) as bigint),
  timestampadd: () => (unit, count, micros) =>
    added(unit as string, count as bigint, micros as bigint),
  timestampdiff: between(wholeUnits),
  to_date: readAs(dateType, toDay),
  to_timestamp: readAs(timestamp, (micros) => ranged(micros, timestamp)),
  unix_timestamp: unixTimestamp,
}
