/**
 * Zones of the reference interpreter: casts that go by the clock of a session's zone.
 *
 * How      The offset of a moment is what Intl prints for it. Which moment a clock shows a time at is found by trying
 *          the offsets of the day before and the day after: of two the later moment; of none, where the clock leaps
 *          over the time, the one that counts on with the offset before the leap.
 */
import { parseValue, shownIn, type Type, type Value, valueText } from '../../../src/data/index.ts'
import { Fault, type Known } from '../value.ts'

const dayMicros = 86_400_000_000n

/** `cast` casts without a zone. */
export function castInZone(
  value: Known,
  [from, to]: [Type, Type],
  zone: string,
  cast: (value: Known, from: Type, to: Type) => Value,
): Value {
  const isPoint = (type: Type) => type.kind === 'timestamp' && type.zoned === true
  if (isPoint(from) && to.kind === 'varchar') {
    const micros = value as bigint
    const offset = offsetAt(micros, zone)
    const shown = valueText(micros + offset, clock)
    return shown + offsetText(offset)
  }
  if (from.kind === 'varchar' && isPoint(to)) {
    const text = value as string
    const local = parseValue(text, clock)
    // A text with an offset is no plain time, or ends in Z.
    if (local === undefined || /z\s*$/i.test(text)) return cast(value, from, to)
    return cast(instantOf(local as bigint, zone), clock, to)
  }
  if (isPoint(from) && !isPoint(to) && (to.kind === 'timestamp' || /^(date|time)$/.test(to.kind))) {
    const micros = value as bigint
    return cast(micros + offsetAt(micros, zone), clock, to)
  }
  if (isPoint(to) && (from.kind === 'timestamp' || from.kind === 'date')) {
    return cast(instantOf(cast(value, from, clock) as bigint, zone), clock, to)
  }
  if (to.kind === 'varchar') return valueText(value, shownIn(from, zone))
  throw new Fault('unsupported', 'the interpreter casts no parts by a zone')
}

const clock: Type = { kind: 'timestamp', precision: 6 }

/** Microseconds ahead of UTC. */
function offsetAt(micros: bigint, zone: string): bigint {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' })
  const millis = Number((micros - (((micros % 1000n) + 1000n) % 1000n)) / 1000n)
  const parts = format.formatToParts(millis)
  const name = parts.find(({ type }) => type === 'timeZoneName')!.value
  const [, sign, hours, minutes, seconds = '0'] =
    /^GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(name) ?? []
  if (sign === undefined) return 0n
  const count = BigInt(hours!) * 3600n + BigInt(minutes!) * 60n + BigInt(seconds)
  return (sign === '-' ? -count : count) * 1_000_000n
}

function instantOf(local: bigint, zone: string): bigint {
  const [before, after] = [local - dayMicros, local + dayMicros].map((at) => offsetAt(at, zone))
  const moments = [before!, after!].map((offset) => local - offset)
  const right = moments.filter((at) => at + offsetAt(at, zone) === local)
  if (right.length === 0) return moments[0]!
  return right.reduce((a, b) => (b > a ? b : a))
}

function offsetText(offset: bigint): string {
  const minutes = offset / 60_000_000n
  const size = minutes < 0n ? -minutes : minutes
  const two = (part: bigint) => String(part).padStart(2, '0')
  const rest = size % 60n === 0n ? '' : `:${two(size % 60n)}`
  return `${offset < 0n ? '-' : '+'}${two(size / 60n)}${rest}`
}
