/**
 * Clock: functions of the library about the clocks of time zones.
 */
import {
  parseValue,
  type Type,
  type Value,
  valueText,
  type Zone,
  zoneNamed,
} from '../../../data/index.ts'
import { Fault, type Outcome, ranged } from '../fault.ts'
import type { Maker, Makers } from '../maker.ts'
import { readTime } from './pattern.ts'

const local: Type = { kind: 'timestamp', precision: 6 }

function zoneOf(name: string): Zone | Fault {
  const reason = `'${name}' is no time zone of IANA, as 'Europe/Berlin' is one`
  return zoneNamed(name) ?? new Fault('invalid_argument', reason)
}

/** What `to` shows when `from` shows a time. */
function converted(micros: bigint, from: string, to: string): Outcome {
  const [first, second] = [zoneOf(from), zoneOf(to)]
  if (first instanceof Fault) return first
  if (second instanceof Fault) return second
  return ranged(second.local(first.instant(micros)), local)
}

const convert: Maker = (_, [type]) => {
  if (type!.kind === 'timestamp')
    return (at, from, to) => converted(at as bigint, from as string, to as string)
  return (text, from, to) => {
    const micros = parseValue(text as string, local)
    if (micros === undefined) return new Fault('invalid_cast', `'${text}' is no TIMESTAMP`)
    const shown = converted(micros as bigint, from as string, to as string)
    return shown instanceof Fault ? shown : valueText(shown, local)
  }
}

/** A point in time becomes what the clock shows, and back. */
const zoned: Maker = (_, types) => {
  const [, type] = types
  const isPoint = type!.kind === 'timestamp' && type!.zoned === true
  return (name, at) => {
    const zone = zoneOf(name as string)
    if (zone instanceof Fault) return zone
    const micros = at as bigint
    return ranged(isPoint ? zone.local(micros) : zone.instant(micros), local)
  }
}

const point: Maker = (_, [type]) => {
  if (type!.kind === 'bigint') return (number, precision) => pointOf(number as bigint, precision)
  const read = readTime('java', (micros) => micros)
  return (text, pattern, name) => {
    const micros =
      pattern === undefined
        ? parseValue(text as string, local)
        : read(text as string, pattern as string)
    if (micros instanceof Fault) return micros
    if (micros === undefined) return new Fault('invalid_cast', `'${text}' is no TIMESTAMP`)
    const zone = zoneOf((name ?? 'UTC') as string)
    return zone instanceof Fault ? zone : ranged(zone.instant(micros as bigint), local)
  }
}

function pointOf(number: bigint, precision: Value | undefined): Outcome {
  const digits = precision ?? 3n
  if (digits !== 0n && digits !== 3n)
    return new Fault('invalid_argument', 'to_timestamp_ltz takes seconds (0) or milliseconds (3)')
  return ranged(number * (digits === 0n ? 1_000_000n : 1000n), local)
}

export const clocks: Makers = {
  convert_tz: convert,
  timezone: zoned,
  to_timestamp_ltz: point,
}
