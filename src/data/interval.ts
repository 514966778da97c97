/**
 * Interval: texts of intervals, as months and microseconds.
 *
 * Format   quantities with units, then perhaps a time: `1 year 3 days`, `1 day -02:03:04.5`, `90 seconds`, `1.5 hours`;
 *          years and months as `1-2`, days before a time without their unit: `3 04:05:06`; ISO 8601: `P1Y2M3DT4H5M6S`.
 *          Every part has a sign of its own, `ago` behind them turns all over. A day has 24 hours, a month no fixed
 *          length: months and microseconds are told apart. A fraction of a month is one of 30 days.
 * See      period.ts for values that have both
 */

/** A span of time. */
export interface Period {
  months: bigint
  micros: bigint
}

const unitMicros: Record<string, bigint> = {
  microsecond: 1n,
  us: 1n,
  millisecond: 1000n,
  ms: 1000n,
  second: 1_000_000n,
  sec: 1_000_000n,
  s: 1_000_000n,
  minute: 60_000_000n,
  min: 60_000_000n,
  m: 60_000_000n,
  hour: 3_600_000_000n,
  hr: 3_600_000_000n,
  h: 3_600_000_000n,
  day: 86_400_000_000n,
  d: 86_400_000_000n,
  week: 604_800_000_000n,
  w: 604_800_000_000n,
}

const unitMonths: Record<string, bigint> = {
  month: 1n,
  mon: 1n,
  quarter: 3n,
  year: 12n,
  yr: 12n,
  y: 12n,
  decade: 120n,
  century: 1200n,
  millennium: 12_000n,
}

const plurals: Record<string, string> = { centuries: 'century', millennia: 'millennium' }

/** Microseconds of a month, where months and days are weighed against each other. */
export const monthMicros = 30n * unitMicros['day']!

const quantity = /^([+-]?)(\d+)(?:\.(\d{1,18}))?\s*([a-z]+)\s*/i
const yearsAndMonths = /^([+-]?)(\d+)-(\d{1,2})(?:\s+|$)/
const clock = /^([+-]?)(\d+):(\d{2})(?::(\d{2})(?:\.(\d+))?)?$/
const daysBeforeClock = /^([+-]?\d+)\s+(?=[+-]?\d+:)/
const iso = /^P(?=.)((?:[+-]?\d+(?:\.\d+)?[YMWD])*)(?:T((?:[+-]?\d+(?:\.\d+)?[HMS])+))?$/i

/** The span that a text tells; parts of any size, fractions beyond a microsecond are cut off. */
export function parsePeriod(text: string): Period | undefined {
  const isAgo = /\sago$/i.test(text)
  const told = isoQuantities(text) ?? (isAgo ? text.slice(0, -3).trimEnd() : text)
  const sum = sumOf(told)
  return isAgo && sum !== undefined ? { months: -sum.months, micros: -sum.micros } : sum
}

/** Microseconds of a text that tells no months. */
export function parseInterval(text: string): bigint | undefined {
  const period = parsePeriod(text)
  return period?.months === 0n ? period.micros : undefined
}

/** Months of a text that tells neither days nor times. */
export function parseMonths(text: string): bigint | undefined {
  const period = parsePeriod(text)
  return period?.micros === 0n ? period.months : undefined
}

function sumOf(text: string): Period | undefined {
  const sum: Period = { months: 0n, micros: 0n }
  let rest = text
  let parts = 0
  const pair = yearsAndMonths.exec(rest)
  if (pair !== null) {
    if (Number(pair[3]) > 11) return undefined
    sum.months = signed(pair[1]!, BigInt(pair[2]!) * 12n + BigInt(pair[3]!))
    rest = rest.slice(pair[0].length)
    parts++
  }
  for (let match = quantity.exec(rest); match !== null; match = quantity.exec(rest)) {
    if (!addQuantity(sum, match)) return undefined
    rest = rest.slice(match[0].length)
    parts++
  }
  if (rest === '') return parts === 0 ? undefined : sum
  const days = daysBeforeClock.exec(rest)
  if (days !== null) {
    sum.micros += BigInt(days[1]!.replace('+', '')) * unitMicros['day']!
    rest = rest.slice(days[0].length)
  }
  const time = parseTime(rest)
  return time === undefined ? undefined : { ...sum, micros: sum.micros + time }
}

function addQuantity(sum: Period, [, sign, whole, fraction = '', word]: RegExpExecArray): boolean {
  const name = word!.toLowerCase()
  const singular = plurals[name] ?? (name.length > 2 ? name.replace(/s$/, '') : name)
  const scaled = signed(sign!, BigInt(`${whole}${fraction}`))
  const divisor = 10n ** BigInt(fraction.length)
  if (Object.hasOwn(unitMicros, singular)) {
    sum.micros += (scaled * unitMicros[singular]!) / divisor
    return true
  }
  if (!Object.hasOwn(unitMonths, singular)) return false
  const months = scaled * unitMonths[singular]!
  sum.months += months / divisor
  sum.micros += ((months % divisor) * monthMicros) / divisor
  return true
}

const signed = (sign: string, magnitude: bigint) => (sign === '-' ? -magnitude : magnitude)

const isoUnits: Record<string, string> = {
  Y: 'years',
  W: 'weeks',
  D: 'days',
  H: 'hours',
  S: 'seconds',
}

/** `P1Y2M3DT4H` as `1 years 2 months 3 days 4 hours`; undefined of other texts. */
function isoQuantities(text: string): string | undefined {
  const match = iso.exec(text)
  if (match === null) return undefined
  const spelt = (part: string, m: string) =>
    part.replace(/[YMWDHS]/gi, (unit) => ` ${isoUnits[unit.toUpperCase()] ?? m} `)
  return `${spelt(match[1]!, 'months')}${spelt(match[2] ?? '', 'minutes')}`.trim()
}

function parseTime(text: string): bigint | undefined {
  const match = clock.exec(text)
  if (match === null) return undefined
  const [, sign, hours, minutes, seconds = '0', fraction = ''] = match
  if (Number(minutes) > 59 || Number(seconds) > 59) return undefined
  const whole = (BigInt(hours!) * 60n + BigInt(minutes!)) * 60n + BigInt(seconds)
  const magnitude = whole * 1_000_000n + BigInt(fraction.slice(0, 6).padEnd(6, '0'))
  return signed(sign!, magnitude)
}
