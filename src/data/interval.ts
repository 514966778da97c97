/**
 * Interval: text of a day-time interval as microseconds, and of a year-month interval as months.
 *
 * Format   quantities with units, then perhaps a time: `1 day -02:03:04.5`, `90 seconds`, `1.5 hours`; or years and
 *          months: `1 year -2 mons`, `1-2`. Every part has a sign of its own. Months and years have no fixed length:
 *          the two kinds do not mix. `ago` is not taken.
 */

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
  h: 3_600_000_000n,
  day: 86_400_000_000n,
  d: 86_400_000_000n,
  week: 604_800_000_000n,
  w: 604_800_000_000n,
}

const quantity = /^([+-]?)(\d+)(?:\.(\d{1,18}))?\s*([a-z]+)\s*/i
const clock = /^([+-]?)(\d+):(\d{2})(?::(\d{2})(?:\.(\d+))?)?$/

/** Microseconds of any size; fractions beyond a microsecond are cut off. */
export function parseInterval(text: string): bigint | undefined {
  let rest = text
  let micros = 0n
  let parts = 0
  for (let match = quantity.exec(rest); match !== null; match = quantity.exec(rest)) {
    const [all, sign, whole, fraction = '', word] = match
    const unit = unitOf(word!.toLowerCase())
    if (unit === undefined) return undefined
    const magnitude =
      BigInt(whole!) * unit + (BigInt(fraction || '0') * unit) / 10n ** BigInt(fraction.length)
    micros += sign === '-' ? -magnitude : magnitude
    rest = rest.slice(all.length)
    parts++
  }
  if (rest === '') return parts === 0 ? undefined : micros
  const time = parseTime(rest)
  return time === undefined ? undefined : micros + time
}

function unitOf(word: string): bigint | undefined {
  const singular = word.length > 2 && word.endsWith('s') ? word.slice(0, -1) : word
  return Object.hasOwn(unitMicros, singular) ? unitMicros[singular] : undefined
}

function parseTime(text: string): bigint | undefined {
  const match = clock.exec(text)
  if (match === null) return undefined
  const [, sign, hours, minutes, seconds = '0', fraction = ''] = match
  if (Number(minutes) > 59 || Number(seconds) > 59) return undefined
  const whole = (BigInt(hours!) * 60n + BigInt(minutes!)) * 60n + BigInt(seconds)
  const magnitude = whole * 1_000_000n + BigInt(fraction.slice(0, 6).padEnd(6, '0'))
  return sign === '-' ? -magnitude : magnitude
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
}

const wholeQuantity = /^([+-]?)(\d+)\s*([a-z]+)\s*/i

/** Months of any number: `1 year 2 months`, `-1-2`. */
export function parseMonths(text: string): bigint | undefined {
  const pair = /^([+-]?)(\d+)-(\d{1,2})$/.exec(text)
  if (pair !== null) {
    if (Number(pair[3]) > 11) return undefined
    const months = BigInt(pair[2]!) * 12n + BigInt(pair[3]!)
    return pair[1] === '-' ? -months : months
  }
  let rest = text
  let months = 0n
  for (let match = wholeQuantity.exec(rest); match !== null; match = wholeQuantity.exec(rest)) {
    const [all, sign, count, word] = match
    const singular = word!
      .toLowerCase()
      .replace(/(?<=..)s$/, '')
      .replace(/^centurie$/, 'century')
    if (!Object.hasOwn(unitMonths, singular)) return undefined
    const part = BigInt(count!) * unitMonths[singular]!
    months += sign === '-' ? -part : part
    rest = rest.slice(all.length)
  }
  return rest === '' && text !== '' ? months : undefined
}
