/**
 * Interval: text of a day-time interval as microseconds.
 *
 * Format   quantities with units, then perhaps a time: `1 day -02:03:04.5`, `90 seconds`, `1.5 hours`. Every part has a
 *          sign of its own. Months and years have no fixed length and are not taken, nor is `ago`.
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
